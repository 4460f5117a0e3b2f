"""`cockpit kinds` and `cockpit schema`: what the kinds of check say of themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from cockpit.checklist.kinds import DocumentedKind, goes_through_hosts
from cockpit.cli import output
from cockpit.cli.documented import cell, chosen, columns, described, indented, keys, print_list
from cockpit.cli.exits import Exit

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

    shown = chosen(known_kinds(), args.kind, "check")
    if args.json:
        output.print_json({"format": FORMAT, "kinds": [describe(kind) for kind in shown]})
    elif args.markdown:
        print(markdown(shown), end="")
    elif args.kind:
        print(text(shown[0]))
    else:
        print_list(shown, "`cockpit kinds KIND` shows its keys, what conditions may use, and an example.")
    return Exit.GOOD


def describe(kind: DocumentedKind) -> dict[str, Any]:
    """All that is documented of a kind, as plain values."""
    return {
        "name": kind.name,
        "about": kind.about,
        "keys": described(kind.spec),
        "fields": [
            {"name": field.name, "type": field.type, "unit": field.unit, "about": field.about} for field in kind.fields
        ],
        "implied": kind.implied,
        "via": goes_through_hosts(kind),
        "example": kind.example,
    }


def text(kind: DocumentedKind) -> str:
    """All that is documented of a kind, for a terminal."""
    rows = [(row.name, row.type, row.about + row.unless_given) for row in keys(kind.spec)]
    fields = [(field.name, _with_unit(field.type, field.unit), field.about) for field in kind.fields]
    parts = [
        f"{kind.name}: {kind.about}",
        "Keys:\n" + columns(rows),
        "Conditions may use:\n" + columns(fields),
        f"{_implied(kind)}\n{_via(kind)}",
        "Example:\n" + indented(kind.example),
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
        lines += [f"| `{row.name}` | {row.type} | {cell(row.about + row.unless_given)} |" for row in keys(kind.spec)]
        lines += ["", "| conditions may use | type | meaning |", "|---|---|---|"]
        lines += [
            f"| `{field.name}` | {_with_unit(field.type, field.unit)} | {cell(field.about)} |" for field in kind.fields
        ]
        lines += ["", f"{_implied(kind)} {_via(kind)}"]
        lines += ["", "```yaml", kind.example.strip("\n"), "```"]
    return "\n".join(lines) + "\n"


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
