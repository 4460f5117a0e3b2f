"""Which items of a checklist a command is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.checklist.model import Branch, Document, Item
from cockpit.checklist.problem import suggest
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit


def to_measure(document: Document, names: Sequence[str], heading: str) -> list[Item]:
    """The live items that are named or stand under `heading`, and what they need, in the order of the checklist.

    Raises Ended when one cannot be had, or nothing is left to measure.
    """
    return _with_needs(document, _select(document, names, heading))


def left_out(document: Document, names: Sequence[str], heading: str) -> list[Item]:
    """The live items that are not measured because they change something, and none of them is named."""
    if names:
        return []
    items = _heading(document, heading).items() if heading else document.checkable()
    return [item for item in items if _on_demand(item) and not item.excluded]


def _select(document: Document, names: Sequence[str], heading: str) -> list[Item]:
    items = list(_heading(document, heading).items()) if heading else list(document.checkable())
    if names:
        known = {item.id: item for item in items}
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None:
            where = f"under {heading}" if heading else f"in {document.name}"
            raise Ended(Exit.WRONG, f"there is no item {unknown!r} {where}; {suggest(unknown, list(known))}")
        items = [known[name] for name in dict.fromkeys(names)]
        for item in items:
            _refuse_unmeasurable(item)
    live = [item for item in items if item.check is not None and not item.excluded]
    if not names:
        live = [item for item in live if not _on_demand(item)]
    if not live:
        unset = sorted({name for item in items for name in item.unwired})
        hint = f"; set {', '.join(unset)} with --var NAME=VALUE" if unset else ""
        raise Ended(Exit.UNDONE, f"there is nothing to measure: {output.counted(len(items), 'manual item')}{hint}")
    return live


def _on_demand(item: Item) -> bool:
    return item.check is not None and item.check.on_demand


def _refuse_unmeasurable(item: Item) -> None:
    from cockpit.cli.show import why

    if item.check is None:
        raise Ended(Exit.UNDONE, f"{item.id} cannot be measured: {why(item)}")
    if item.excluded:
        raise Ended(Exit.UNDONE, f"{item.id} is not counted: {item.excluded}")


def _heading(document: Document, name: str) -> Branch:
    found = document.branch(name)
    if found is None:
        known = [branch.id for branch in document.branches()]
        raise Ended(Exit.WRONG, f"there is no part, section or group {name!r}; {suggest(name, known)}")
    return found


def _with_needs(document: Document, wanted: Iterable[Item]) -> list[Item]:
    known = {item.id: item for item in document.checkable()}
    found: set[str] = set()
    asked = list(wanted)
    left = [item.id for item in asked]
    while left:
        name = left.pop()
        item = known.get(name)
        if name not in found and item is not None and item.check is not None and not item.excluded:
            if _on_demand(item) and item not in asked:
                continue
            found.add(name)
            left.extend(item.check.needs)
    return [item for item in known.values() if item.id in found]
