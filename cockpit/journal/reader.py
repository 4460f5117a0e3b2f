"""Reading a journal: proving it, going through its events, following it while it grows.

All of it checks the chain before it hands an event out, and none of it changes anything.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from cockpit.journal import event as ev
from cockpit.journal.ahead import WORTH_IT, Ahead
from cockpit.journal.chain import LONGEST_FIRST, Chain, Damage, Lines
from cockpit.journal.line import digest
from cockpit.text import safe_line


class JournalUnreadable(Exception):
    """A journal that cannot be gone on with; the message says why."""


class NotAJournal(JournalUnreadable):
    """There is no journal there: no file, an empty one, or something else."""


class JournalDamaged(JournalUnreadable):
    """A journal that is not what was written."""

    def __init__(self, path: Path, damage: Damage) -> None:
        """`path` is damaged at `damage`."""
        super().__init__(f"{safe_line(str(path))}: {damage}")
        self.path = path
        self.damage = damage


class Torn(msgspec.Struct, frozen=True):
    """An unfinished last line: what an interrupted write left. Nobody was ever told that it was recorded."""

    offset: int
    size: int


class Verification(msgspec.Struct, frozen=True):
    """What verifying a journal found."""

    path: Path
    events: int
    """Good events, from the first."""
    head: str
    """The chain's hash after the last of them."""
    size: int
    """Bytes that they take."""
    problem: Damage | None = None
    torn: Torn | None = None

    @property
    def ok(self) -> bool:
        """The chain holds from the first line to the last whole one."""
        return self.problem is None


def verify(path: Path, *, typed: bool = False) -> Verification:
    """Check the whole chain of the journal at `path`, in one pass and little memory.

    With `typed`, every event is decoded too, and the checklist compared with its digest. Raises NotAJournal.
    """
    problem = None
    with _scanning(path, ahead_by_half=not typed) as scan:
        try:
            for lines in scan:
                if typed:
                    for _ in _decoded(path, lines, scan.chain):
                        pass
        except JournalDamaged as damaged:
            problem = damaged.damage
        return scan.verification(problem)


def read(path: Path) -> Iterator[ev.Event]:
    """The events of the journal at `path`, each after its place in the chain was checked.

    A torn last line is no event. Raises NotAJournal, and JournalDamaged after all events that stand before the damage.
    """
    with _scanning(path) as scan:
        for lines in scan:
            yield from _decoded(path, lines, scan.chain)


def load(path: Path) -> tuple[list[ev.Event], Verification]:
    """All events of the journal at `path`, and how it ends. Raises NotAJournal and JournalDamaged."""
    with _scanning(path) as scan:
        events = [event for lines in scan for event in _decoded(path, lines, scan.chain)]
        return events, scan.verification()


class Follower:
    """Reads a journal while it grows. Not for use by several threads."""

    def __init__(self, path: Path) -> None:
        """Follow the journal at `path` from its first event. Raises NotAJournal when there is no such file."""
        self.path = path
        self._file = _open(path, may_be_empty=True)
        self._identity = _identity(os.fstat(self._file.fileno()))
        self._chain = Chain()
        self._seen = (-1, -1)

    def poll(self) -> list[ev.Event]:
        """The whole lines since the last poll; costs one system call when there are none.

        A line that is not finished waits for its end. Raises JournalDamaged when the chain breaks, when another file
        stands at the path, or when lines that were read are gone: also when the writer took back what it could not
        flush. A Follower made afresh then tells what the file holds.
        """
        try:
            now = self.path.stat()
        except OSError as problem:
            raise self._damaged(f"the file is gone: {problem.strerror}") from problem
        if _identity(now) != self._identity:
            raise self._damaged("another file was put in its place")
        if now.st_size < self._chain.offset:
            raise self._damaged(f"the file was cut back to {now.st_size} bytes")
        if (now.st_size, now.st_mtime_ns) == self._seen:
            return []
        self._seen = (now.st_size, now.st_mtime_ns)
        events: list[ev.Event] = []
        try:
            self._file.seek(self._chain.offset)
            for lines in _Scan(self.path, self._file, self._chain):
                events.extend(_decoded(self.path, lines, self._chain))
        except JournalDamaged:
            self._seen = (-1, -1)
            if not events:
                raise
        return events

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _damaged(self, what: str) -> JournalDamaged:
        return JournalDamaged(self.path, self._chain.damage(what))


@contextlib.contextmanager
def _scanning(path: Path, *, ahead_by_half: bool = False) -> Iterator[_Scan]:
    """A scan of the whole journal at `path`; of a big one, a second process does the hashing or half of it."""
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size < WORTH_IT or (os.cpu_count() or 1) < 2:
            yield _Scan(path, file, Chain())
            return
        with Ahead(path, size // 2 if ahead_by_half else 0) as ahead:
            yield _Scan(path, file, Chain(), ahead)


class _Scan:
    """Goes through a journal from where `chain` stands, which it takes along.

    Iterating yields good lines, some at a time, and raises JournalDamaged where they end for a bad reason. `torn` is
    what was unfinished at the end. What `ahead` finds good is not yielded when it began further on.
    """

    def __init__(self, path: Path, file: BinaryIO, chain: Chain, ahead: Ahead | None = None) -> None:
        self.path = path
        self.chain = chain
        self.torn: Torn | None = None
        self._file = file
        self._ahead = ahead

    def __iter__(self) -> Iterator[list[bytes]]:
        chain, ahead = self.chain, self._ahead
        if ahead is not None and ahead.place is not None and ahead.place.offset > chain.offset:
            for lines in Lines(self._file, ahead.place.offset):
                if chain.take(lines):
                    break
            ahead.carry(chain)
            self._file.seek(chain.offset)
        whole = Lines(self._file)
        for lines in whole:
            before = chain.seq
            wrong = ""
            if ahead is None or not ahead.carry(chain, chain.offset + sum(map(len, lines)) + len(lines)):
                wrong = chain.take(lines)
            yield lines[: chain.seq - before] if wrong else lines
            if wrong:
                self._end(self._tail(), wrong)
                return
        if whole.rest:
            self._end(whole.rest, "its newline was changed, or it has no end")

    def verification(self, problem: Damage | None = None) -> Verification:
        chain = self.chain
        return Verification(self.path, chain.seq, chain.head.hex(), chain.offset, problem, self.torn)

    def _end(self, tail: bytes, wrong: str) -> None:
        if len(tail) > LONGEST_FIRST or not self.chain.is_torn(tail):
            raise JournalDamaged(self.path, self.chain.damage(wrong))
        self.torn = Torn(self.chain.offset, len(tail))

    def _tail(self) -> bytes:
        self._file.seek(self.chain.offset)
        return self._file.read(LONGEST_FIRST + 1)


def _decoded(path: Path, lines: list[bytes], after: Chain) -> Iterator[ev.Event]:
    """The events of `lines`, the last ones before the place where the chain `after` stands."""
    seq = after.seq - len(lines)
    for line in lines:
        wrong = ""
        try:
            event = ev.decode(line)
        except ValueError as problem:
            wrong = f"it cannot be read as an event: {problem}"
        else:
            if event.seq != seq:
                wrong = f"it is event {event.seq}, not {seq}"
            elif seq == 0 and not _has_its_checklist(event):
                wrong = "its checklist is not the one that its digest was made of"
        if wrong:
            rest = lines[seq - after.seq :]
            place = Chain(seq, after.offset - sum(map(len, rest)) - len(rest))
            raise JournalDamaged(path, place.damage(wrong))
        yield event
        seq += 1


def _has_its_checklist(first: ev.Event) -> bool:
    return isinstance(first.data, ev.RunOpened) and digest(bytes(first.data.document)) == first.data.digest


def _open(path: Path, *, may_be_empty: bool = False) -> BinaryIO:
    name = safe_line(str(path))
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for ever.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as problem:
        raise NotAJournal(f"{name}: {problem.strerror}") from problem
    status = os.fstat(fd)
    wrong = ""
    if stat.S_ISDIR(status.st_mode):
        wrong = "is a folder, not a journal"
    elif not stat.S_ISREG(status.st_mode):
        wrong = "is not a regular file"
    elif status.st_size == 0 and not may_be_empty:
        wrong = "is empty: nothing was ever recorded in it"
    elif status.st_size and os.pread(fd, 7, 0) != b'{"at":"'[: status.st_size]:
        wrong = "is not a journal: it does not begin as one"
    if wrong:
        os.close(fd)
        raise NotAJournal(f"{name} {wrong}")
    return os.fdopen(fd, "rb", buffering=0)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
