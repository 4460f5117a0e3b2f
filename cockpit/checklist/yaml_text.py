"""Nodes written as YAML for people to go on with: in their order, one key a line, a blank line between parts."""

from __future__ import annotations

from typing import Any

import yaml

from cockpit.checklist.node import Node, plain


def yaml_text(root: Node) -> str:
    """The checklist as YAML; reading it gives the same values."""
    pieces = []
    for key, value in plain(root).items():
        if key == "parts" and isinstance(value, list):
            pieces += [_dump({key: [part]}).removeprefix("" if first else "parts:\n") for first, part in _firsts(value)]
        else:
            pieces.append(_dump({key: value}))
    short = [piece for piece in pieces if piece.count("\n") == 1]
    long = [piece for piece in pieces if piece.count("\n") > 1]
    return "\n".join(["".join(short), *long])


def _firsts(values: list[Any]) -> list[tuple[bool, Any]]:
    return [(index == 0, value) for index, value in enumerate(values)]


class _Dumper(yaml.SafeDumper):
    """Lists are indented under their key, texts of more than one line stand as they are read."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - its signature
        super().increase_indent(flow, indentless=False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _dump(value: Any) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))
