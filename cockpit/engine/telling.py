"""Telling people what happens: each of them has a queue of their own, so that one who hangs holds up nobody.

An attempt is on disk before it is sent, and its outcome after. What may have arrived is never sent again: not after a
time-out, and not by an engine that takes over from one that died.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from cockpit.connect.thread import Stuck, in_thread
from cockpit.connect.values import ValueMissing, Values
from cockpit.engine.owed import Owed, due, owed
from cockpit.engine.record import RunRecord
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.journal.line import Unrecordable
from cockpit.journal.writer import NotRecorded
from cockpit.notify.deliver import Letter, deliver
from cockpit.notify.outcome import Outcome
from cockpit.run.state import State
from cockpit.text import safe_line

WITHIN = 20.0
"""Seconds for one attempt, the start of its process included."""

WAITS = (2.0, 10.0, 30.0)
"""Seconds before each further attempt; after the last one it is given up."""

TOO_OLD = 3600.0
"""Seconds after which it is not sent any more: by then it would mislead."""

MOST_WAITING = 100
"""Notifications that wait for one who is told; more are given up."""

_IN_VAIN = 2.0
"""Seconds before another try to record that an attempt begins."""

Deliver = Callable[[Letter], Awaitable[Outcome]]


class Telling:
    """The notifications of one run, as long as its engine lives."""

    def __init__(self, record: RunRecord, values: Values, *, send: Deliver = deliver) -> None:
        """Tell those whom the checklist of the record's run names; `values` fill in their URLs."""
        self._record = record
        self._values = values
        self._send = send
        self._dry = record.state.run_kind != "live"
        self._under_way: dict[tuple[int, str], Owed] = {}
        """What waits or is being sent."""
        self._one_done = asyncio.Event()
        self._queues = {to.id: asyncio.Queue[Owed]() for to in record.state.document.notify}

    async def run(self) -> None:
        """Tell what is owed, and what happens from now on, until cancelled."""
        for each in owed(self._record.follow(self._happened), self._record.state):
            self._take(each)
        async with asyncio.TaskGroup() as group:
            for queue in self._queues.values():
                group.create_task(self._serve(queue))

    async def rest(self, within: float) -> None:
        """Wait until all have been told, at most `within` seconds; what is then left of a closed run is given up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._under_way:
                    self._one_done.clear()
                    await self._one_done.wait()
        if self._record.state.closed is None:
            return  # another engine takes them up
        begun = self._record.state.notices.under_way
        for (about, to), each in list(self._under_way.items()):
            self._note(self._failed(each, "the run was closed before it came to that", doubt=(about, to) in begun))

    def _happened(self, event: Event, state: State) -> None:
        found = list(due(event, state))
        if found and self._dry:
            words = self._words(found[0])
            self._note(ev.NoticeWithheld(event.seq, tuple(each.to.id for each in found), words))
            return
        for each in found:
            self._take(each)

    def _take(self, each: Owed) -> None:
        if self._dry:
            self._note(ev.NoticeWithheld(each.about.seq, (each.to.id,), self._words(each)))
        elif each.doubt:
            self._note(self._failed(each, "the engine ended while it was sent: it may have arrived", doubt=True))
        elif self._queues[each.to.id].qsize() >= MOST_WAITING:
            self._note(self._failed(each, f"{MOST_WAITING} others wait already"))
        else:
            self._under_way[each.about.seq, each.to.id] = each
            self._queues[each.to.id].put_nowait(each)

    async def _serve(self, queue: asyncio.Queue[Owed]) -> None:
        while True:
            each = await queue.get()
            await self._tell(each)
            self._under_way.pop((each.about.seq, each.to.id), None)
            self._one_done.set()

    async def _tell(self, each: Owed) -> None:
        """Try until it is delivered, given up or not known."""
        while True:
            if (self._record.now() - each.about.at).total_seconds() > TOO_OLD:
                await self._noted(self._failed(each, f"not sent: it is older than {TOO_OLD / 60:.0f} minutes"))
                return
            each = each._replace(attempts=each.attempts + 1)
            words = self._words(each) if each.attempts == 1 else ""
            begun = ev.NoticeBegun(each.about.seq, each.to.id, words, each.attempts)
            if not await self._noted(begun):
                each = each._replace(attempts=each.attempts - 1)
                await asyncio.sleep(_IN_VAIN)
                continue
            began = time.monotonic()
            outcome = await self._sent(each)
            took = round(time.monotonic() - began, 3)
            again = outcome.state == "refused" and each.attempts <= len(WAITS)
            if outcome.state == "delivered":
                await self._noted(ev.NoticeDelivered(each.about.seq, each.to.id, each.attempts, took))
            else:
                doubt = outcome.state == "unknown"
                await self._noted(self._failed(each, outcome.reason, again=again, doubt=doubt))
            if not again:
                return
            await asyncio.sleep(WAITS[each.attempts - 1])

    async def _sent(self, each: Owed) -> Outcome:
        """One attempt: the URL is filled in as late as can be, as a secret may have been changed."""
        try:
            async with asyncio.timeout(WITHIN):
                filled = await in_thread(f"URL of {each.to.id}", lambda: self._values.fill({"to": each.to.to}))
        except ValueMissing as problem:
            return Outcome("impossible", str(problem))
        except (Stuck, TimeoutError) as problem:
            return Outcome("refused", str(problem) or f"its URL could not be read within {WITHIN:g} s")
        words = self._words(each)  # after the URL is known to the redactor
        return await self._send(Letter(str(filled["to"]), self._values.redactor(each.notice.heading), words, WITHIN))

    def _failed(self, each: Owed, reason: str, *, again: bool = False, doubt: bool = False) -> ev.NoticeFailed:
        said = safe_line(self._values.redactor(reason), width=300)
        return ev.NoticeFailed(each.about.seq, each.to.id, said, each.attempts, again, doubt)

    def _words(self, each: Owed) -> str:
        return safe_line(self._values.redactor(each.notice.sentence))

    def _note(self, event: ev.Data) -> None:
        self._record.append(self._record.engine, event, soon=True)

    async def _noted(self, event: ev.Data) -> bool:
        """Whether it is on disk."""
        with contextlib.suppress(NotRecorded, Unrecordable):
            await self._record.record(self._record.engine, event)
            return True
        return False
