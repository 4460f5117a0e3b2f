"""`cockpit actions`: what the kinds of action say of themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from cockpit.checklist.actions import DocumentedAction, needs_host
from cockpit.cli import output
from cockpit.cli.documented import cell, chosen, columns, described, indented, keys, print_list
from cockpit.cli.exits import Exit

FORMAT = 1
"""Version of the JSON output: `{format, actions: [{name, about, keys, alone, hosts, changes, example}]}`; `alone` is
the key that a text stands for, `hosts` is `no`, `may` or `must`, `changes` whether a step of this kind changes
production when it does not say otherwise."""


def actions(args: argparse.Namespace) -> int:
    """Print what kinds of action there are, or all about one of them."""
    from cockpit.cli.document import known_actions

    shown = chosen(known_actions(), args.kind, "action")
    if args.json:
        output.print_json({"format": FORMAT, "actions": [describe(kind) for kind in shown]})
    elif args.markdown:
        print(markdown(shown), end="")
    elif args.kind:
        print(text(shown[0]))
    else:
        print_list(shown, "`cockpit actions KIND` shows its keys and an example.")
    return Exit.GOOD


def describe(kind: DocumentedAction) -> dict[str, Any]:
    """All that is documented of a kind, as plain values."""
    return {
        "name": kind.name,
        "about": kind.about,
        "keys": described(kind.spec),
        "alone": kind.alone,
        "hosts": "must" if needs_host(kind) else "may" if kind.on_hosts else "no",
        "changes": kind.changes,
        "example": kind.example,
    }


def text(kind: DocumentedAction) -> str:
    """All that is documented of a kind, for a terminal."""
    parts = [
        f"{kind.name}: {kind.about}",
        "Keys:\n" + columns([(row.name, row.type, row.about + row.unless_given) for row in keys(kind.spec)]),
        "\n".join(_notes(kind)),
        "Example:\n" + indented(kind.example),
    ]
    return "\n\n".join(parts)


def markdown(shown: Sequence[DocumentedAction]) -> str:
    """The page that documents kinds of action."""
    lines = [
        "# Kinds of action",
        "",
        "What a step of a plan can do (`run`, in `undo` and `rehearse` too), and what it needs to know for that.",
        "Beside the kind stand `host` or `hosts` with `batch`, and `timeout`, the limit for each host.",
        "`cockpit actions` prints the same. This page is written by `make generated`.",
    ]
    for kind in shown:
        lines += ["", f"## `{kind.name}`", "", kind.about, "", "| key | type | meaning |", "|---|---|---|"]
        lines += [f"| `{row.name}` | {row.type} | {cell(row.about + row.unless_given)} |" for row in keys(kind.spec)]
        lines += ["", " ".join(_notes(kind)), "", "```yaml", kind.example.strip("\n"), "```"]
    return "\n".join(lines) + "\n"


def _notes(kind: DocumentedAction) -> list[str]:
    notes = []
    if kind.alone:
        notes.append(f"A text alone stands for `{kind.alone}`.")
    if needs_host(kind):
        notes.append("It is carried out on hosts only.")
    elif kind.on_hosts:
        notes.append("With `host` or `hosts` it is carried out on those; without, on this machine.")
    else:
        notes.append("It is carried out on this machine only.")
    if not kind.changes:
        notes.append("It changes nothing in production, as long as its step does not say `changes: true`.")
    return notes
