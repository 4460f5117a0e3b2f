"""The one place where events of a run come from: written first, then folded into the state, then told."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from cockpit.engine.identity import myself
from cockpit.engine.protocol import FromEngine, Recorded, Recording
from cockpit.journal.clock import SystemClock, moment_after
from cockpit.journal.disk import UnsafePath
from cockpit.journal.event import Actor, Data, Event, HoldStarted
from cockpit.journal.line import Stamp, Unrecordable
from cockpit.journal.reader import JournalUnreadable
from cockpit.journal.writer import NotRecorded, Writer
from cockpit.run.state import State, apply, fold

TRY_AGAIN_EVERY = 1.0
"""Seconds between two tries to write a journal that could not be written."""


class RunRecord:
    """The state of a run, kept true to its journal."""

    def __init__(self, writer: Writer) -> None:
        """Take up the run that `writer` holds."""
        self.state: State = fold(writer.events)
        self.engine = myself(engine=True)
        """Who the engine's own events are by."""
        self.problem = ""
        """Why nothing can be recorded; empty while all is well."""
        self._writer = writer
        self._clock = SystemClock()
        self._last = _stamp(writer.events[-1])
        self._listeners: list[Callable[[FromEngine], None]] = []
        self._follower: Callable[[Event, State], None] | None = None
        self._earlier = list(writer.events)
        self._trying: asyncio.Task[None] | None = None

    def now(self) -> dt.datetime:
        """The time, as the last event has it: a clock that somebody sets ends no soak, and makes nothing fresh."""
        return moment_after(self._last, self._clock.stamp())

    def wall(self) -> dt.datetime:
        """The time by the machine's clock, as the next event will have it."""
        return self._clock.stamp().at

    def listen(self, listener: Callable[[FromEngine], None]) -> None:
        """Call `listener` with what every viewer should hear."""
        self._listeners.append(listener)

    def follow(self, follower: Callable[[Event, State], None]) -> list[Event]:
        """All events so far; `follower`, the only one, is called with each that follows, and the state after it."""
        self._follower = follower
        earlier, self._earlier = self._earlier, []
        return earlier

    def tell(self, message: FromEngine) -> None:
        """Let every listener hear `message`."""
        for listener in self._listeners:
            listener(message)

    async def record(self, by: Actor, *data: Data) -> int:
        """Write events, wait until they are on disk, return the `seq` of the last. Raises NotRecorded, Unrecordable."""
        events = await asyncio.wrap_future(self.append(by, *data))
        return events[-1].seq

    def append(self, by: Actor, *data: Data, soon: bool = False) -> Future[list[Event]]:
        """Write events without waiting; those that come `soon` may share a flush with others.

        The state knows them once they are on disk. Once something could not be recorded, nothing is until the journal
        was read back and the run stands in hold: nothing may go on in between.
        """
        if not self.problem:
            return self._append(by, *data, soon=soon)
        refused = Future[list[Event]]()
        refused.set_exception(NotRecorded(self.problem))
        return refused

    def close(self) -> None:
        """Close the journal after what was appended is on disk."""
        self._writer.close()

    def _append(self, by: Actor, *data: Data, soon: bool = False) -> Future[list[Event]]:
        loop = asyncio.get_running_loop()
        future = self._writer.append([(by, one) for one in data], soon=soon)
        # Runs in the order of the journal, and before whoever awaits the future goes on.
        future.add_done_callback(lambda done: _call_in(loop, self._settled, done))
        return future

    def _settled(self, done: Future[list[Event]]) -> None:
        problem = done.exception()
        if isinstance(problem, Unrecordable):
            return  # the journal is fine; whoever gave this event hears of it, if anybody waits
        if problem is not None:
            self._not_recorded(problem)
            return
        self._take(done.result())
        self.tell(Recorded(self.state.seq))

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            self.state = apply(self.state, event)
            self._last = _stamp(event)
            if self._follower is not None:
                self._follower(event, self.state)
            else:
                self._earlier.append(event)

    def _not_recorded(self, problem: BaseException) -> None:
        self.problem = str(problem) or type(problem).__name__
        self.tell(Recording(self.problem))
        if self._trying is None:
            self._trying = asyncio.get_running_loop().create_task(self._try_again())

    async def _try_again(self) -> None:
        """Try until the journal can be written; the run stands in hold from then on, until a person releases it."""
        while True:
            await asyncio.sleep(TRY_AGAIN_EVERY)
            with contextlib.suppress(NotRecorded, JournalUnreadable, UnsafePath):
                recovered = await asyncio.wrap_future(self._writer.recover())
                self._take(recovered)
                if self.state.hold is None:
                    held = HoldStarted(f"the journal could not be written: {self.problem}")
                    await asyncio.wrap_future(self._append(self.engine, held))
                self.problem, self._trying = "", None
                self.tell(Recording())
                return


def _stamp(event: Event) -> Stamp:
    return Stamp(event.at, event.mono, event.boot)


def _call_in(
    loop: asyncio.AbstractEventLoop, function: Callable[[Future[list[Event]]], None], done: Future[list[Event]]
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to hear of it
        loop.call_soon_threadsafe(function, done)
