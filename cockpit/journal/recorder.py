"""Recording what happened, a batch at a time: one time, one write and one flush for all that is in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self, cast

from cockpit.journal import disk as disks
from cockpit.journal import line
from cockpit.journal.chain import origin
from cockpit.journal.clock import Clock, jump
from cockpit.journal.event import Actor, ClockJumped, Data, Event, JournalRecovered, RunOpened
from cockpit.journal.file import JournalFile, NotRecorded
from cockpit.journal.reader import NotAJournal, load
from cockpit.journal.torn import set_aside, set_aside_so_far
from cockpit.text import safe_line

_WRITE_LIMIT = 1024 * 1024
"""Bytes after which one write is long enough, and the rest of a batch goes into the next."""

Entry = tuple[Actor, Data]
"""Who did it, and what happened."""


class Recorder:
    """Gives events their number, time and hash, and appends them to the file. Not for use by several threads.

    `engine` is the actor of the events that it adds by itself: the clock was set, a torn line was set aside.
    """

    def __init__(self, file: JournalFile, place: Place, engine: Actor, clock: Clock) -> None:
        """Use `create` or `resume`."""
        self.file = file
        self.events: list[Event] = []
        """What the journal held when it was opened, and what opening it added."""
        self._place = place
        self._engine = engine
        self._clock = clock
        self._told: set[str] = set()

    @classmethod
    def create(cls, path: Path, by: Actor, opened: RunOpened, *, engine: Actor, clock: Clock, disk: disks.Disk) -> Self:
        """Begin the journal of a run at `path`, in a folder that exists, with its first event on the disk.

        Raises ValueError when `opened.digest` is not `line.digest` of its document, UnsafePath, and NotRecorded: then
        there is no journal.
        """
        if opened.digest != line.digest(bytes(opened.document)):
            raise ValueError("the digest of run.opened is not that of its document")
        with _not_recorded(f"{safe_line(str(path))} cannot be created"):
            fd = disks.create(path)
        recorder = cls(JournalFile(path, fd, 0, disk), Place(0, origin(opened.run), None), engine, clock)
        try:
            recorder.events = recorder._record_now([(by, opened)])
            with _not_recorded(f"{safe_line(str(path))} cannot be created"):
                disks.sync_folder(path.parent)
        except BaseException:
            recorder.file.close()
            path.unlink(missing_ok=True)
            raise
        return recorder

    @classmethod
    def resume(cls, path: Path, *, engine: Actor, clock: Clock, disk: disks.Disk) -> Self:
        """Go on with the journal at `path`, after verifying it and reading its events.

        A torn last line is set aside, and that is recorded. Raises JournalDamaged, NotAJournal, UnsafePath, and
        NotRecorded when the file cannot be written to.
        """
        events, found = load(path)
        if not events:
            raise NotAJournal(f"{safe_line(str(path))} holds no whole event: its run was never opened")
        with _not_recorded(f"{safe_line(str(path))} cannot be gone on with"):
            fd = disks.open_again(path)
        recorder = cls(JournalFile(path, fd, found.size, disk), Place.after(events[-1]), engine, clock)
        recorder._told = {event.data.kept_as for event in events if isinstance(event.data, JournalRecovered)}
        try:
            with _not_recorded(f"the torn last line of {safe_line(str(path))} cannot be set aside"):
                if found.torn:
                    set_aside(path, fd, found.size, disk)
            recorder.events = events + recorder._tell_of_set_aside()
        except BaseException:
            recorder.file.close()
            raise
        return recorder

    def record(self, batch: Sequence[Sequence[Entry]]) -> list[list[Event] | Exception]:
        """Record as many of `batch` as go into one write, each wholly or not at all, and flush them.

        Returns, for each of those, its events as anyone will read them, or why it could not be recorded: NotRecorded
        or line.Unrecordable. At least one is dealt with. That the clock was set stands before the events of the first:
        whoever folds what is returned has every event of the journal.
        """
        draft = _Draft(self._place, self._clock.stamp(), self._engine)
        outcomes: list[list[Event] | Exception] = []
        for entries in batch:
            outcomes.append(draft.add(entries))
            if draft.size > _WRITE_LIMIT:
                break
        if not draft.wanted:
            return outcomes
        try:
            self.file.append(b"".join(draft.lines))
        except NotRecorded as refusal:
            return [each if isinstance(each, Exception) else NotRecorded(str(refusal)) for each in outcomes]
        self._place = Place(draft.seq, draft.head, draft.stamp)
        first = next(number for number, each in enumerate(outcomes) if not isinstance(each, Exception))
        outcomes[first] = [*draft.own, *cast("list[Event]", outcomes[first])]
        return outcomes

    def recover(self) -> list[Event]:
        """Read the file back from the disk after a failure, and go on with it if it holds all that was acknowledged.

        What was written and not acknowledged is set aside, and that is recorded: returns those events. Raises
        JournalDamaged, NotAJournal, UnsafePath or NotRecorded when nothing can be recorded after all.
        """
        with _not_recorded(f"{self.file.path.name} cannot be read back"):
            self.file.recover(self._place.head)
            return self._tell_of_set_aside()

    def _tell_of_set_aside(self) -> list[Event]:
        """Record what was set aside and is not in the journal: just now, or before a crash that came in between."""
        aside = [found for found in set_aside_so_far(self.file.path) if found.kept_as not in self._told]
        events = self._record_now([(self._engine, data) for data in aside]) if aside else []
        self._told.update(data.kept_as for data in aside)
        return events

    def _record_now(self, entries: list[Entry]) -> list[Event]:
        (outcome,) = self.record([entries])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Place(NamedTuple):
    """Where the next event goes."""

    seq: int
    head: bytes
    """The hash of the event before it."""
    stamp: line.Stamp | None
    """When the event before it was written."""

    @classmethod
    def after(cls, event: Event) -> Place:
        """The place after `event`."""
        return cls(event.seq + 1, bytes.fromhex(event.h), line.Stamp(event.at, event.mono, event.boot))


class _Draft:
    """Lines about to be written, in one write, with one time."""

    __slots__ = ("head", "lines", "own", "seq", "size", "stamp", "wanted")

    def __init__(self, place: Place, stamp: line.Stamp, engine: Actor) -> None:
        self.seq, self.head, before = place
        self.stamp = stamp
        self.lines: list[bytes] = []
        self.size = 0
        seconds = jump(before, stamp) if before else 0.0
        self.own = cast("list[Event]", self.add([(engine, ClockJumped(seconds))])) if seconds else []
        """What was not asked for."""
        self.wanted = False
        """Whether anything is in it that was asked for: that the clock was set is not worth a write of its own."""

    def add(self, entries: Sequence[Entry]) -> list[Event] | Exception:
        """Draft the lines of `entries`: all of them, or none when one cannot be a line."""
        seq, head, events = self.seq, self.head, []
        lines, size = [], 0
        try:
            for by, data in entries:
                text, event, head = line.compose(seq, self.stamp, by, data, head)
                lines.append(text)
                events.append(event)
                size += len(text)
                seq += 1
        except line.Unrecordable as refusal:
            return refusal
        self.lines += lines
        self.size += size
        self.seq, self.head, self.wanted = seq, head, True
        return events


@contextlib.contextmanager
def _not_recorded(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        raise NotRecorded(f"{what}: {os.strerror(failure.errno) if failure.errno else failure}") from failure
