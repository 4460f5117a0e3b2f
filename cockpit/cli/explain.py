"""`cockpit explain`: where each value of an item was written."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cockpit.checklist.model import Check, Source, Variable
from cockpit.checklist.problem import suggest
from cockpit.cli.document import load_named
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.show import why
from cockpit.text import safe_line

if TYPE_CHECKING:
    from cockpit.checklist.load import Loaded
    from cockpit.checklist.node import Node

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_VALUE_WIDTH = 60
"""Columns that values are lined up in; the place of a longer one stands further right."""


def explain(args: argparse.Namespace) -> int:
    """Print each value of an item or a heading with its file, line and column, and what its variables stand for."""
    loaded = load_named(args.file, dict(args.var))
    node = loaded.nodes.get(args.item)
    if node is None:
        raise Ended(
            Exit.WRONG, f"there is no item {args.item!r} in {args.file}; {suggest(args.item, list(loaded.nodes))}"
        )
    for line in _lines(loaded, args.item, node):
        print(safe_line(line))
    return Exit.GOOD


def _lines(loaded: Loaded, name: str, node: Node) -> Iterator[str]:
    document = loaded.document
    item = document.find(name)
    headings = [branch.title for branch in document.branches() if any(each.id == name for each in branch.items())]
    yield f"{name}  {node.source}"
    if headings:
        yield f"in {' > '.join(headings)}"
    if item is not None:
        yield f"{item.mode}: {why(item)}"
    yield ""
    rows = list(_written(node))
    rows += list(_defaults(item.check, {key for key, _, _ in rows})) if item is not None and item.check else []
    key_width = max((len(key) for key, _, _ in rows), default=0)
    value_width = min(_VALUE_WIDTH, max((len(value) for _, value, _ in rows), default=0))
    for key, value, source in rows:
        yield f"{key:{key_width}}  {value:{value_width}}  {source}"
    used = {name for _, value, _ in rows for name in _VARIABLE.findall(value)}
    used.update(item.unwired if item is not None else ())
    if used:
        yield ""
        known = {variable.name: variable for variable in document.variables}
        yield from (_variable(each, known) for each in sorted(used))


def _written(node: Node, prefix: str = "") -> Iterator[tuple[str, str, Source | str]]:
    """What stands in the files under `node`: dotted key, value, place. What stands under a heading is not its own."""
    from cockpit.checklist.file import CHILDREN
    from cockpit.checklist.node import plain

    for key, child in node.entries().items():
        if child.entries():
            yield from _written(child, f"{prefix}{key}.")
        elif prefix or key not in CHILDREN:
            value = plain(child)
            yield prefix + key, _in_words(value), child.source


def _defaults(check: Check, written: set[str]) -> Iterator[tuple[str, str, Source | str]]:
    """What holds of a check although it was not written."""
    deadline = check.deadline or check.timeout + check.retry_for
    for key, value in (("check.timeout", check.timeout), ("check.deadline", deadline)):
        if key not in written:
            yield key, f"{value:g}s", "default"


def _variable(name: str, known: Mapping[str, Variable]) -> str:
    variable = known.get(name)
    if variable is None:
        return f"${{{name}}} is not a variable of this checklist"
    if not variable.is_set:
        return f"${{{name}}} is not set" + (f": {variable.about}" if variable.about else "")
    value = "a secret" if variable.secret else variable.value
    return f"${{{name}}} is {value} ({variable.origin})"


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(_in_words, value)) or "[]"
    return str(value)
