"""Writing a journal: a thread that takes whatever is waiting, and makes it one write and one flush.

Nobody waits for a timer to group events: while one flush is under way the next ones gather by themselves. Only events
that say so (`soon`) wait, up to `GROUPING` seconds, for others to share a flush with.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from cockpit.journal.clock import Clock, SystemClock
from cockpit.journal.disk import Disk, SystemDisk
from cockpit.journal.event import Actor, Event, RunOpened
from cockpit.journal.file import NotRecorded
from cockpit.journal.recorder import Entry, Recorder

__all__ = ["GROUPING", "Entry", "NotRecorded", "Writer"]

GROUPING = 0.05
"""Seconds that an event which may wait is held back for others to share its flush."""


class _Append(Future[list[Event]]):
    """The future of events that are to be recorded."""

    def __init__(self, entries: Sequence[Entry], soon: bool) -> None:
        super().__init__()
        self.entries = entries
        self.soon = soon


class _Call(Future[list[Event]]):
    """The future of what the writer's thread does by itself, after all that was given before: the events of it."""

    def __init__(self, action: Callable[[], list[Event]]) -> None:
        super().__init__()
        self.action = action


class Writer:
    """The one writer of a journal. Every method may be called from any thread, and returns at once unless it says so.

    Whoever makes one must hold the run's lock. `engine` is the actor of the events that the writer adds by itself:
    that the clock was set, that a torn line was set aside.
    """

    def __init__(self, recorder: Recorder) -> None:
        """Use `create` or `resume`."""
        self.events = recorder.events
        """The events that the journal held when it was opened, with those added by opening it."""
        self._recorder = recorder
        self._waiting: queue.SimpleQueue[_Append | _Call] = queue.SimpleQueue()
        self._open = True
        self._giving = threading.Lock()
        self._running = True
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def create(
        cls,
        path: Path,
        by: Actor,
        opened: RunOpened,
        *,
        engine: Actor,
        clock: Clock | None = None,
        disk: Disk | None = None,
    ) -> Self:
        """Begin the journal of a run at `path`, in a folder that exists; returns when its first event is on the disk.

        Raises ValueError when `opened.digest` is not `line.digest` of its document, UnsafePath, and NotRecorded: then
        there is no journal.
        """
        clock, disk = clock or SystemClock(), disk or SystemDisk()
        return cls(Recorder.create(path, by, opened, engine=engine, clock=clock, disk=disk))

    @classmethod
    def resume(cls, path: Path, *, engine: Actor, clock: Clock | None = None, disk: Disk | None = None) -> Self:
        """Go on with the journal at `path`, after verifying it and reading its events.

        A torn last line is set aside, and that is recorded. Raises JournalDamaged, NotAJournal, UnsafePath, and
        NotRecorded when the file cannot be written to.
        """
        return cls(Recorder.resume(path, engine=engine, clock=clock or SystemClock(), disk=disk or SystemDisk()))

    @property
    def recording(self) -> bool:
        """Whether the last thing that had to be recorded was. When not, `problem` says why."""
        return not self.problem

    @property
    def problem(self) -> str:
        """Why nothing can be recorded, in a sentence; empty while all is well."""
        return self._recorder.file.problem

    @property
    def trusted(self) -> bool:
        """Whether the next append may succeed by itself. When not, only `recover` can make it so."""
        return self._recorder.file.trusted

    def append(self, entries: Sequence[Entry], *, soon: bool = False) -> Future[list[Event]]:
        """Record what happened, in the order in which the calls come; all of `entries`, or none of them.

        The future holds the events as anyone will read them, once they are flushed. It raises NotRecorded when they
        could not be, and line.Unrecordable when one of them can never be a line. With `soon` they may wait for others
        for a moment; they never hold back those that may not. A future that is cancelled in time is not recorded.
        """
        recorded = _Append(entries, soon)
        self._give(recorded)
        return recorded

    def recover(self) -> Future[list[Event]]:
        """Read the file back from the disk after a failure, and go on with it if it holds all that was acknowledged.

        What was written and not acknowledged is set aside, and that is recorded: the future holds those events. It
        raises JournalDamaged, NotAJournal, UnsafePath or NotRecorded when nothing can be recorded after all.
        """
        recovered = _Call(self._recorder.recover)
        self._give(recovered)
        return recovered

    def close(self) -> None:
        """Write all that was given, and end; waits for that. What comes later is refused."""
        with self._giving:
            if self._open:
                self._open = False
                self._waiting.put(_Call(self._stop))
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _give(self, work: _Append | _Call) -> None:
        with self._giving:
            if self._open:
                self._waiting.put(work)
                return
        work.set_exception(NotRecorded("the journal is closed"))

    def _stop(self) -> list[Event]:
        self._running = False
        self._recorder.file.close()
        return []

    def _work(self) -> None:
        while self._running:
            appends, call = self._gather()
            appends = [work for work in appends if work.set_running_or_notify_cancel()]
            while appends:
                appends = appends[self._record(appends) :]
            if call is not None and call.set_running_or_notify_cancel():
                try:
                    events = call.action()
                except Exception as failure:  # noqa: BLE001 - it belongs to whoever asked
                    call.set_exception(failure)
                else:
                    call.set_result(events)

    def _gather(self) -> tuple[list[_Append], _Call | None]:
        """Wait for work, and take all that has come, up to a call; wait a moment longer while none of it is urgent."""
        appends: list[_Append] = []
        until = 0.0
        urgent = False
        with contextlib.suppress(queue.Empty):
            while True:
                if not appends:
                    work = self._waiting.get()
                    until = time.monotonic() + GROUPING
                elif urgent:
                    work = self._waiting.get_nowait()
                else:
                    work = self._waiting.get(timeout=max(0.0, until - time.monotonic()))
                if isinstance(work, _Call):
                    return appends, work
                appends.append(work)
                urgent = urgent or not work.soon
        return appends, None

    def _record(self, appends: list[_Append]) -> int:
        """Record the first of `appends`, and settle them; returns how many."""
        try:
            outcomes = self._recorder.record([work.entries for work in appends])
        except Exception as failure:  # noqa: BLE001 - nobody may be left waiting, whatever happens on this thread
            outcomes = [failure] * len(appends)
        for work, outcome in zip(appends, outcomes, strict=False):
            if isinstance(outcome, Exception):
                work.set_exception(outcome)
            else:
                work.set_result(outcome)
        return len(outcomes)
