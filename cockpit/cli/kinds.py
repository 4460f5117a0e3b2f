"""`cockpit kinds` and `cockpit schema`: what the kinds of check say of themselves."""

from __future__ import annotations

import argparse
import builtins
import collections.abc
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pydantic

from cockpit.checklist.kinds import DocumentedKind, goes_through_hosts
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit

FORMAT = 1
"""Version of the JSON output: `{format, kinds: [{name, about, keys, fields, implied, via, example}]}`; `via` says
whether a check of the kind may go through a host."""


def schema(args: argparse.Namespace) -> int:  # noqa: ARG001 - every command has this shape
    """Print the JSON Schema of checklists."""
    from cockpit.checklist.schema import json_schema
    from cockpit.cli.document import known_actions, known_kinds

    output.print_json(json_schema(known_kinds(), known_actions()))
    return Exit.GOOD


def kinds(args: argparse.Namespace) -> int:
    """Print what kinds of check there are, or all about one of them."""
    from cockpit.cli.document import known_kinds

    shown = _chosen(known_kinds(), args.kind)
    if args.json:
        output.print_json({"format": FORMAT, "kinds": [describe(kind) for kind in shown]})
    elif args.markdown:
        print(markdown(shown), end="")
    elif args.kind:
        print(text(shown[0]))
    else:
        width = max(len(kind.name) for kind in shown)
        for kind in shown:
            print(f"{kind.name:{width}}  {kind.about}")
        output.say("\n`cockpit kinds KIND` shows its keys, what conditions may use, and an example.")
    return Exit.GOOD


def describe(kind: DocumentedKind) -> dict[str, Any]:
    """All that is documented of a kind, as plain values."""
    return {
        "name": kind.name,
        "about": kind.about,
        "keys": [
            {"name": row.name, "type": row.type, "required": row.required, "default": row.default, "about": row.about}
            for row in _keys(kind.spec)
        ],
        "fields": [
            {"name": field.name, "type": field.type, "unit": field.unit, "about": field.about} for field in kind.fields
        ],
        "implied": kind.implied,
        "via": goes_through_hosts(kind),
        "example": kind.example,
    }


def text(kind: DocumentedKind) -> str:
    """All that is documented of a kind, for a terminal."""
    keys = [(row.name, row.type, row.about + row.unless_given) for row in _keys(kind.spec)]
    fields = [(field.name, _with_unit(field.type, field.unit), field.about) for field in kind.fields]
    parts = [
        f"{kind.name}: {kind.about}",
        "Keys:\n" + _columns(keys),
        "Conditions may use:\n" + _columns(fields),
        f"{_implied(kind)}\n{_via(kind)}",
        "Example:\n" + _indented(kind.example),
    ]
    return "\n\n".join(parts)


def markdown(shown: Sequence[DocumentedKind]) -> str:
    """The page that documents kinds of check."""
    lines = [
        "# Kinds of check",
        "",
        "What a check can measure, what it needs to know, and the names that its conditions (`expect`, `warn`) may",
        "use. `cockpit kinds` prints the same. This page is written by `make generated`.",
    ]
    for kind in shown:
        lines += ["", f"## `{kind.name}`", "", kind.about, "", "| key | type | meaning |", "|---|---|---|"]
        lines += [f"| `{row.name}` | {row.type} | {_cell(row.about + row.unless_given)} |" for row in _keys(kind.spec)]
        lines += ["", "| conditions may use | type | meaning |", "|---|---|---|"]
        lines += [
            f"| `{field.name}` | {_with_unit(field.type, field.unit)} | {_cell(field.about)} |" for field in kind.fields
        ]
        lines += ["", f"{_implied(kind)} {_via(kind)}"]
        lines += ["", "```yaml", kind.example.strip("\n"), "```"]
    return "\n".join(lines) + "\n"


class _Key(typing.NamedTuple):
    name: str
    type: str
    required: bool
    default: str | int | float | None
    about: str

    @property
    def unless_given(self) -> str:
        """What holds when the key is left out, to stand after `about`."""
        if self.required:
            return " (required)"
        if isinstance(self.default, bool):
            return f" (default: {'yes' if self.default else 'no'})"
        return f" (default: {self.default})" if self.default not in (None, "") else ""


def _keys(spec: type[pydantic.BaseModel], prefix: str = "") -> Iterator[_Key]:
    """The keys that `spec` takes; those of a mapping with keys of its own are dotted."""
    for name, field in spec.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        key = prefix + (field.alias or name)
        yield _Key(
            name=key,
            type=_type_in_words(field.annotation),
            required=field.is_required(),
            default=default if isinstance(default, str | int | float) else None,
            about=field.description or "",
        )
        for inner in _models_in(field.annotation):
            yield from _keys(inner, f"{key}.")


def _models_in(annotation: Any) -> Iterator[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "yes or no",
    type(None): "",
    Any: "anything",
}


def _type_in_words(annotation: Any) -> str:
    """How people say a type: `text`, `list of text`, `GET, POST or PUT`."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    arguments = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case typing.Annotated:
            words = _type_in_words(arguments[0])
        case typing.Literal:
            words = _either([f"`{value}`" for value in arguments])
        case typing.Union | types.UnionType:
            words = _either([each for each in map(_type_in_words, arguments) if each])
        case builtins.list | builtins.tuple | builtins.set | builtins.frozenset:
            words = f"list of {_type_in_words(arguments[0])}"
        case builtins.dict | collections.abc.Mapping:
            words = f"map of {_type_in_words(arguments[1])}"
        case _ if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
            words = "mapping"
        case _:
            words = getattr(annotation, "__name__", str(annotation)).lower()
    return words


def _either(words: Sequence[str]) -> str:
    several = list(dict.fromkeys(words))
    return " or ".join(filter(None, [", ".join(several[:-1]), *several[-1:]]))


def _chosen(known: Mapping[str, DocumentedKind], name: str | None) -> list[DocumentedKind]:
    if name is None:
        return [known[each] for each in sorted(known)]
    if name not in known:
        from cockpit.checklist.problem import suggest

        raise Ended(Exit.WRONG, f"there is no kind of check {name!r}; {suggest(name, sorted(known))}")
    return [known[name]]


def _implied(kind: DocumentedKind) -> str:
    if not kind.implied:
        return "A check of this kind must have a condition."
    warned = getattr(kind, "implied_warn", "")
    also = f", and it is a WARN when `{warned}` does not" if warned else ""
    return f"Without a condition it must hold that `{kind.implied}`{also}."


def _via(kind: DocumentedKind) -> str:
    if goes_through_hosts(kind):
        return "With `via: HOST` it is measured from that host."
    return "It is measured on this machine only."


def _with_unit(type_name: str, unit: str) -> str:
    return f"{type_name}, {unit}" if unit else type_name


def _columns(rows: Sequence[tuple[str, str, str]]) -> str:
    first = max((len(row[0]) for row in rows), default=0)
    second = max((len(row[1]) for row in rows), default=0)
    return "\n".join(f"  {row[0]:{first}}  {row[1]:{second}}  {row[2]}".rstrip() for row in rows)


def _indented(block: str) -> str:
    return "\n".join(f"  {line}" for line in block.strip("\n").splitlines())


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")
