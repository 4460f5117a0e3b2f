"""A checklist measured by a command, without a run."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cockpit.checklist.model import Document, Item
from cockpit.checks.kind import Kind, Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.cli import passphrases
from cockpit.connect import open_files
from cockpit.connect.routes import HostRoutes
from cockpit.connect.values import Values
from cockpit.engine.scheduler import Scheduler
from cockpit.journal.event import CheckMeasured

if TYPE_CHECKING:
    from cockpit.cli.progress import Progress
    from cockpit.journal.baseline import ItemBaseline


class Measured:
    """Results as they come, of the items of one checklist."""

    def __init__(self, *, remember: bool) -> None:
        """Nothing yet. With `remember`, everything that is found is kept too."""
        self.results: dict[str, CheckMeasured] = {}
        """The newest result of each item."""
        self.found: dict[str, ItemBaseline] = {}
        """What a baseline would remember of each item."""
        self.remember = remember


async def once(
    document: Document, items: Sequence[Item], into: Measured, progress: Progress, within: float | None = None
) -> None:
    """Measure `items` one time, for at most `within` seconds; results stand in `into` as soon as they are there."""

    def report(result: CheckMeasured) -> None:
        into.results[result.item] = result
        progress.measured(result)

    async with _scheduler(document, items, into, report, progress.measuring) as scheduler:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await scheduler.once()


async def again_and_again(
    document: Document, items: Sequence[Item], into: Measured, report: Callable[[CheckMeasured], None]
) -> None:
    """Measure `items`, each again at its interval, until cancelled; `report` hears of every result."""
    async with _scheduler(document, items, into, report, lambda _: None) as scheduler:
        await scheduler.run()


def _import_for(used: Iterable[Kind]) -> None:
    """Import what kinds measure with, before the first measurement: later, it would count as the time of an answer.

    What cannot be imported is told by the measurements that need it.
    """
    for module in dict.fromkeys(module for kind in used for module in getattr(kind, "imports", ())):
        with contextlib.suppress(Exception):
            importlib.import_module(module)


@contextlib.asynccontextmanager
async def _scheduler(
    document: Document,
    items: Sequence[Item],
    into: Measured,
    report: Callable[[CheckMeasured], None],
    measuring: Callable[[frozenset[str]], None],
) -> AsyncIterator[Scheduler]:
    """What measures `items`; its connections are closed at the end."""
    open_files.allow_many()
    known = kinds()
    values = Values(document.variables, os.environ, passphrases=await passphrases.for_items(document, items))
    values.learn()
    _import_for(known[item.check.kind] for item in items if item.check is not None and item.check.kind in known)
    session = Session(HostRoutes(document.hosts, values))

    async def measure_item(item: Item) -> CheckMeasured:
        assert item.check is not None  # the scheduler takes only items that have one
        found: dict[str, Any] = {}
        keep: Callable[[Mapping[str, Any]], None] | None = found.update if into.remember else None
        result = await measure(item.id, item.check, kinds=known, values=values, session=session, found=keep)
        if into.remember:
            from cockpit.report.found import item_baseline

            kind = known.get(item.check.kind)
            into.found[item.id] = item_baseline(result, found, item.check, kind, values.redactor)
        return result

    try:
        yield Scheduler(items, measure_item, report, kinds=known, measuring=measuring)
    finally:
        await session.close()
