"""`cockpit check`: measure a checklist without a run."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cockpit.checklist.model import Branch, Document, Item
from cockpit.checklist.problem import suggest
from cockpit.cli import output
from cockpit.cli.document import load_named
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.passphrases import for_items
from cockpit.journal.event import CheckMeasured, plain

FORMAT = 1
"""Version of the JSON output: `{format, file, counts, results}`.

`counts` says how many came out `PASS`, `WARN`, `FAIL`, `ERROR` and `BLOCKED`; a result is `{item, title, result,
advisory, ...}` and what a journal records of a measurement.
"""

_GOOD = ("PASS", "WARN")
_EVIDENCE_LINES = 5
"""Lines of evidence shown in the table; JSON has all that was kept."""


def check(args: argparse.Namespace) -> int:
    """Measure, print the results in the order of the checklist, and say by the exit status how it came out."""
    document = load_named(args.file, dict(args.var)).document
    wanted = _with_needs(document, _select(document, args.items, args.section))
    results = asyncio.run(_measure(document, wanted, for_items(document, wanted)))
    measured = [(item, results[item.id]) for item in wanted]
    shown = [each for each in measured if args.only != "failed" or each[1].result not in _GOOD]
    tally = {name: sum(each.result == name for _, each in measured) for name in _RESULTS}
    if args.format == "json":
        rows = [_as_json(item, result) for item, result in shown]
        output.print_json({"format": FORMAT, "file": args.file, "counts": tally, "results": rows})
    else:
        for line in _table(shown):
            print(line)
    output.say(", ".join(f"{number} {name}" for name, number in tally.items() if number))
    return _status(measured)


_RESULTS = ("PASS", "WARN", "FAIL", "ERROR", "BLOCKED")


def _select(document: Document, names: Sequence[str], heading: str) -> list[Item]:
    """The live items that are wanted. Raises Ended when one cannot be had, or nothing is left to measure."""
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
    if not live:
        unset = sorted({name for item in items for name in item.unwired})
        hint = f"; set {', '.join(unset)} with --var NAME=VALUE" if unset else ""
        raise Ended(Exit.UNDONE, f"there is nothing to measure: {output.counted(len(items), 'manual item')}{hint}")
    return live


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
    """What is wanted and what that needs, in the order of the checklist."""
    known = {item.id: item for item in document.checkable()}
    found: set[str] = set()
    left = [item.id for item in wanted]
    while left:
        name = left.pop()
        item = known.get(name)
        if name not in found and item is not None and item.check is not None and not item.excluded:
            found.add(name)
            left.extend(item.check.needs)
    return [item for item in known.values() if item.id in found]


async def _measure(
    document: Document, items: Sequence[Item], passphrases: Mapping[str, str]
) -> dict[str, CheckMeasured]:
    from cockpit.checks.kind import Session
    from cockpit.checks.measure import measure
    from cockpit.checks.registry import kinds
    from cockpit.connect.routes import HostRoutes
    from cockpit.connect.values import Values
    from cockpit.engine.scheduler import Scheduler

    known, values = kinds(), Values(document.variables, os.environ, passphrases=passphrases)
    session = Session(HostRoutes(document.hosts, values))
    results: dict[str, CheckMeasured] = {}

    async def measure_item(item: Item) -> CheckMeasured:
        assert item.check is not None  # the scheduler takes only items that have one
        return await measure(item.id, item.check, kinds=known, values=values, session=session)

    try:
        await Scheduler(items, measure_item, lambda result: results.update({result.item: result}), kinds=known).once()
    finally:
        await session.close()
    return results


def _status(measured: Iterable[tuple[Item, CheckMeasured]]) -> Exit:
    """An advisory check decides nothing."""
    results = {result.result for item, result in measured if item.check is not None and not item.check.advisory}
    if "FAIL" in results:
        return Exit.NO
    return Exit.UNDONE if results & {"ERROR", "BLOCKED"} else Exit.GOOD


def _table(measured: Sequence[tuple[Item, CheckMeasured]]) -> Iterator[str]:
    width = max((len(item.id) for item, _ in measured), default=0)
    for item, result in measured:
        marks = (" (flaky)" if result.flaky else "") + (" (advisory)" if item.check and item.check.advisory else "")
        yield f"{result.result:7}  {item.id:{width}}  {result.took:6.2f} s  {result.summary}{marks}".rstrip()
        if result.result != "PASS":
            yield from (f"         {line}" for line in _details(result))


def _details(result: CheckMeasured) -> Iterator[str]:
    """What was asked, which conditions did not hold and what was found, and the first lines of what came back."""
    if result.request:
        yield f"asked     {result.request}"
    for finding in result.findings:
        if not finding.holds:
            yield f"expected  {finding.condition}"
            yield from (f"found     {name} = {value}" for name, value in finding.found.items())
            if finding.problem:
                yield f"problem   {finding.problem}"
    lines = result.evidence.splitlines()
    yield from (f"evidence  {line}" for line in lines[:_EVIDENCE_LINES])
    if len(lines) > _EVIDENCE_LINES:
        yield f"          ({len(lines) - _EVIDENCE_LINES} more lines with --format json)"


def _as_json(item: Item, result: CheckMeasured) -> dict[str, Any]:
    advisory = item.check is not None and item.check.advisory
    return {"item": item.id, "title": item.title, "result": result.result, "advisory": advisory, **plain(result)}
