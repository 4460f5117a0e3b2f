"""The measurements of a run: taken when they are due, recorded when they differ from the one before."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Mapping

from cockpit.checklist.model import Item
from cockpit.checks.kind import Kind, Session
from cockpit.checks.measure import measure
from cockpit.connect.routes import HostRoutes
from cockpit.connect.values import Values
from cockpit.engine import protocol
from cockpit.engine.record import RunRecord
from cockpit.engine.scheduler import Scheduler
from cockpit.journal.event import CheckMeasured, ChecksAffirmed
from cockpit.run.drill import reading, spoiled

AFFIRM_EVERY = 30.0
"""Seconds between two events that say which measurements came out as before."""

FAULTS_EVERY = 0.5
"""Seconds between two looks at which faults of a drill have begun or ended."""

AFFIRMED_AT_ONCE = 1000
"""Measurements named in one such event: 1,000 ids of 30 characters stay within a journal line."""


class Measurements:
    """Keeps the checks of a run measured and recorded."""

    def __init__(self, record: RunRecord, kinds: Mapping[str, Kind], values: Values) -> None:
        """Measure the checks of the record's run."""
        self._recorder = record
        self._kinds = kinds
        self._values = values
        document = record.state.document
        self._session = Session(HostRoutes(document.hosts, values))
        self._watches = {item.id for item in document.watch}
        self._on_demand = {item.id for item in document.checkable() if item.check is not None and item.check.on_demand}
        self._affirmed: dict[str, float] = {}
        self._asked: set[str] = set()
        """Items that somebody waits for: that they came out as before is recorded at once."""
        checks = [item.check for item in document.checkable() if item.check is not None]
        ages = [check.max_age / 3 for check in checks if check.max_age]
        self._affirm_every = max(1.0, min([AFFIRM_EVERY, *ages]))
        self._scheduler = Scheduler(
            document.checkable(),
            self._measure,
            self._report,
            kinds=kinds,
            measuring=lambda items: record.tell(protocol.Measuring(tuple(sorted(items)))),
        )

    async def run(self) -> None:
        """Measure until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._scheduler.run())
                group.create_task(self._affirm())
                if self._recorder.state.faults:
                    group.create_task(self._put_faults_in())
        finally:
            await self._session.close()

    def ask(self, item: str = "") -> None:
        """Measure `item` now, or everything when it is empty."""
        if item:
            self._asked.add(item)
        self._scheduler.ask(item)

    async def _measure(self, item: Item) -> CheckMeasured:
        assert item.check is not None  # the scheduler takes only items that have one
        if self._recorder.state.faults and (fault := reading(self._recorder.state, item, self._recorder.now())):
            return fault
        return await measure(item.id, item.check, kinds=self._kinds, values=self._values, session=self._session)

    def _report(self, result: CheckMeasured) -> None:
        known = self._recorder.state.item(result.item).measurement
        asked = result.item in self._asked
        self._asked.discard(result.item)
        if known is not None and result.item not in self._watches and _same(known.result, result):
            if asked:
                self._recorder.append(self._recorder.engine, ChecksAffirmed({result.item: self._recorder.wall()}))
            else:
                self._affirmed[result.item] = time.monotonic()
            return
        self._affirmed.pop(result.item, None)
        self._recorder.append(self._recorder.engine, result)

    async def _put_faults_in(self) -> None:
        """Have measured at once what a fault of the drill begins, or ceases, to spoil."""
        before = frozenset[str]()
        while True:
            after = spoiled(self._recorder.state, self._recorder.now())
            for item in before ^ after:
                if item in after or item not in self._on_demand:
                    self._scheduler.ask(item)
            before = after
            await asyncio.sleep(FAULTS_EVERY)

    async def _affirm(self) -> None:
        while True:
            await asyncio.sleep(self._affirm_every)
            while self._affirmed:
                names = list(self._affirmed)[:AFFIRMED_AT_ONCE]
                now, elapsed = self._recorder.wall(), time.monotonic()
                at = {name: now - dt.timedelta(seconds=elapsed - self._affirmed.pop(name)) for name in names}
                self._recorder.append(self._recorder.engine, ChecksAffirmed(at))


def _same(one: CheckMeasured, other: CheckMeasured) -> bool:
    """Whether two measurements say the same, but for figures that always differ a little.

    What could not be measured differs when its reason does; what was measured, when a condition does.
    """
    if (one.result, one.flaky) != (other.result, other.flaky):
        return False
    if one.result in ("ERROR", "BLOCKED"):
        return one.summary == other.summary
    return [finding.holds for finding in one.findings] == [finding.holds for finding in other.findings]
