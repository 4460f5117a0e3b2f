"""When each check is measured: all in parallel within limits, what others need first, and again in time.

The scheduler decides nothing about results; it calls `measure` and hands every result to `report`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cockpit.checklist.kinds import DocumentedKind
from cockpit.checklist.model import Check, Item
from cockpit.journal.event import CheckMeasured

Measure = Callable[[Item], Awaitable[CheckMeasured]]
Report = Callable[[CheckMeasured], None]

AT_ONCE = 50
"""How many checks of one kind are measured at once, when the kind says nothing else."""

IN_ALL = 500
"""How many checks are measured at once, whatever they are: each may need a few files, and a process has some 1,000."""

_SPREAD = 0.5
"""The part of the first interval over which checks with the same `every` are spread, so that they do not all fire
at once."""


_NO_KINDS: Mapping[str, DocumentedKind] = MappingProxyType({})


class Scheduler:
    """Keeps the checks of a run measured."""

    def __init__(
        self,
        items: Iterable[Item],
        measure: Measure,
        report: Report,
        *,
        kinds: Mapping[str, DocumentedKind] = _NO_KINDS,
        measuring: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> None:
        """Take the items that have a check and count.

        `kinds` say how many checks may ask one server at once. `measuring` is told which are under way when that
        changes.
        """
        self._measure = measure
        self._report = report
        self._tell = measuring
        self._under_way: set[str] = set()
        self._lanes = {
            item.id: _Lane(item, item.check) for item in items if item.check is not None and not item.excluded
        }
        for lane in self._lanes.values():
            # A need that is not measured in this run (not wired, not counted) cannot block.
            # Neither can one that waits to be asked for: what needs it would wait with it.
            needed = (self._lanes[need] for need in lane.check.needs if need in self._lanes)
            lane.needs = [need for need in needed if not need.check.on_demand]
        self._in_all = asyncio.Semaphore(IN_ALL)
        limits: dict[tuple[str, ...], asyncio.Semaphore] = {}
        for lane in self._lanes.values():
            kind = kinds.get(lane.check.kind)
            at_once = asyncio.Semaphore(getattr(kind, "at_once", AT_ONCE))
            lane.limit = limits.setdefault(_server(lane.check, kind), at_once)

    async def once(self) -> None:
        """Measure everything one time."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes.values():
                group.create_task(self._measure_lane(lane))

    async def run(self) -> None:
        """Measure everything, and again whenever it is due or asked for, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes.values():
                group.create_task(self._keep(lane))

    def ask(self, item: str = "") -> None:
        """Measure `item` now, or everything when it is empty. What is being measured already is not measured twice.

        Everything is without what must be asked for by name.
        """
        for lane in [self._lanes[item]] if item else self._lanes.values():
            if item or not lane.check.on_demand:
                lane.asked.set()

    async def _keep(self, lane: _Lane) -> None:
        interval = lane.check.every
        wait = interval * (1 - _SPREAD * random.random()) if interval else None  # noqa: S311 - spreads load
        if lane.check.on_demand:
            await lane.asked.wait()
        while True:
            await self._measure_lane(lane)
            lane.asked.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await lane.asked.wait()
            wait = interval or None

    async def _measure_lane(self, lane: _Lane) -> None:
        for need in lane.needs:
            await need.measured.wait()
        missing = [need for need in lane.needs if not need.good]
        if missing:
            words = ", ".join(f"{need.item.id} ({need.latest.result})" for need in missing if need.latest)
            lane.latest = CheckMeasured(lane.item.id, "BLOCKED", summary=f"needs {words}")
        else:
            async with lane.limit, self._in_all:
                self._under_way.add(lane.item.id)
                self._tell(frozenset(self._under_way))
                try:
                    lane.latest = await self._measure(lane.item)
                finally:
                    self._under_way.discard(lane.item.id)
                    self._tell(frozenset(self._under_way))
        lane.measured.set()
        self._report(lane.latest)
        if lane.good:
            self._wake_blocked_by(lane)

    def _wake_blocked_by(self, lane: _Lane) -> None:
        for other in self._lanes.values():
            if other.check.on_demand:
                continue  # it was asked for when it was blocked; that is no word for now
            if lane in other.needs and other.latest is not None and other.latest.result == "BLOCKED":
                other.asked.set()


def _server(check: Check, kind: DocumentedKind | None) -> tuple[str, ...]:
    """What checks with a limit in common have in common: the kind, the host they go through, the server they ask."""
    server: tuple[str, ...] | Callable[[Mapping[str, Any]], tuple[str, ...]] = getattr(kind, "server", ())
    named = server(check.spec) if callable(server) else tuple(repr(check.spec.get(key)) for key in server)
    return (check.kind, check.via, *named)


@dataclass(eq=False)
class _Lane:
    item: Item
    check: Check
    needs: list[_Lane] = field(default_factory=list)
    limit: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    latest: CheckMeasured | None = None
    measured: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def good(self) -> bool:
        return self.latest is not None and self.latest.result in ("PASS", "WARN")
