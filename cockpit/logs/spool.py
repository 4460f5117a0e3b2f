"""What was followed, on disk: segments of batches, the oldest removed when there are too many.

One process writes; any number read, each at its own pace, and none can hold the writer up. A batch stands between its
length and its length again, so that a file can be read from its end. Files are for whoever may read the run's.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from cockpit.logs.line import Level, LogLine
from cockpit.logs.recognise import CONTINUES

SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENTS = 8

LINES_AT_ONCE = 20_000
"""Lines that a reader is given at a time; when more have come meanwhile the oldest of them are counted, not built."""

_MOMENT = array("d").itemsize
_LENGTH = struct.Struct("<I")
_LONGEST = 64 * 1024 * 1024


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Lines that one source printed at about the same time, by columns."""

    first: int
    """The number of the first of them."""
    source: str
    received: float
    kind: Literal["line", "notice", "mark"]
    text: bytes
    """The lines in UTF-8, between them a newline: only those that are looked at become text."""
    levels: bytes
    """One byte for each: its level, 0 for none; the highest bit for one that continues."""
    at: bytes
    """Doubles, NaN for None."""

    @property
    def count(self) -> int:
        """How many lines."""
        return len(self.levels)

    @property
    def errors(self) -> int:
        """How many of them are errors, each counted where it begins."""
        return self.levels.count(Level.ERROR) + self.levels.count(Level.CRITICAL)

    def cut(self, count: int) -> tuple[Batch, Batch]:
        """The first `count` lines, fewer than there are, and the others."""
        later = b"\n".join(self.text.rsplit(b"\n", self.count - count)[1:])
        return (
            msgspec.structs.replace(
                self,
                text=self.text[: len(self.text) - len(later) - 1],
                levels=self.levels[:count],
                at=self.at[: count * _MOMENT],
            ),
            msgspec.structs.replace(
                self,
                first=self.first + count,
                text=later,
                levels=self.levels[count:],
                at=self.at[count * _MOMENT :],
            ),
        )

    def lines(self) -> list[LogLine]:
        """The lines."""
        moments = array("d")
        moments.frombytes(self.at)
        return [
            LogLine(
                number,
                self.source,
                None if at != at else at,  # noqa: PLR0124 - NaN is not itself
                self.received,
                _LEVELS[code & 0x7F],
                text,
                self.kind,
                code >= CONTINUES,
            )
            for number, (text, code, at) in enumerate(
                zip(self.text.decode().split("\n"), self.levels, moments, strict=True), self.first
            )
        ]


_LEVELS: tuple[Level | None, ...] = (None, *Level)

_decoder = msgspec.msgpack.Decoder(Batch)


class SpoolWriter:
    """Writes the spool in a folder; only one may at a time."""

    def __init__(
        self, folder: Path, group: int | None = None, *, segment: int = SEGMENT_BYTES, segments: int = SEGMENTS
    ) -> None:
        """Go on after what is there in `folder`, which is made; `group` may read it. Raises OSError."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if group is not None:
            os.chown(folder, -1, group)
            folder.chmod(0o750)
        self._folder, self._group = folder, group
        self._limit, self._segments = segment, segments
        self._number = _next_number(folder)
        self._fd = -1
        self._size = 0
        self._lost = 0
        self._open_next()

    def add(
        self,
        source: str,
        texts: Sequence[str],
        received: float,
        *,
        levels: bytes = b"",
        at: Sequence[float] = (),
        kind: Literal["line", "notice", "mark"] = "line",
    ) -> None:
        """Write the next lines of a source: safe texts without newlines. Without `levels` and `at` they say neither.

        On a disk that takes nothing they are lost; that is noted with what can be written next.
        """
        if not texts:
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            words = f"{lost:,} lines were lost here: the disk of the run took nothing"
            self.add("", [words], received, kind="notice")
            if self._lost:
                self._lost = lost + len(texts)
                return
        batch = Batch(
            self._number,
            source,
            received,
            kind,
            "\n".join(texts).encode(),
            levels or bytes(len(texts)),
            array("d", at or [math.nan] * len(texts)).tobytes(),
        )
        self._number += len(texts)
        data = msgspec.msgpack.encode(batch)
        length = _LENGTH.pack(len(data))
        if not self._write(length + data + length):
            self._lost += len(texts)
        elif self._size >= self._limit:
            with contextlib.suppress(OSError):
                self._open_next()

    def notice(self, source: str, words: str, received: float) -> None:
        """Write what happened to a source."""
        self.add(source, [words], received, kind="notice")

    def close(self) -> None:
        """Write no more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write(self, data: bytes) -> bool:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
                os.lseek(self._fd, self._size, os.SEEK_SET)
            return False
        self._size += len(data)
        return True

    def _open_next(self) -> None:
        names = _segments(self._folder)
        name = f"{int(names[-1].stem) + 1 if names else 1:08}.seg"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(self._folder / name, flags, 0o600)
        if self._group is not None:
            os.fchown(fd, -1, self._group)
            os.fchmod(fd, 0o640)
        self.close()
        self._fd, self._size = fd, 0
        for old in names[: max(0, len(names) + 1 - self._segments)]:
            old.unlink(missing_ok=True)


class Skipped(NamedTuple):
    """Lines that were counted only: whoever reads was behind."""

    source: str
    lines: int
    received: float
    errors: int
    warnings: int


def _skipped(batch: Batch) -> Skipped:
    return Skipped(batch.source, batch.count, batch.received, batch.errors, batch.levels.count(Level.WARNING))


class Read(NamedTuple):
    """What was read at one time."""

    lines: list[LogLine]
    skipped: list[Skipped]


class SpoolReader:
    """Reads a spool from near its end, and on; it blocks for no longer than a read from a disk takes."""

    def __init__(self, folder: Path, lines: int = LINES_AT_ONCE) -> None:
        """Begin with the last `lines` lines of the spool in `folder`, which need not be there yet."""
        self._folder = folder
        self._begin_with = lines
        self._segment: Path | None = None
        self._fd = -1
        self._at = 0
        self._next = 0

    def read(self, limit: int = LINES_AT_ONCE) -> Read:
        """What has come since; when that is more than `limit` lines, the newest of them. Raises OSError."""
        if self._segment is None and not self._begin():
            return Read([], [])
        batches: list[Batch] = []
        lost = 0
        kept = 0
        skipped: list[Skipped] = []
        for batch in self._unread():
            if self._next and batch.first > self._next:
                lost += batch.first - self._next
            self._next = batch.first + batch.count
            batches.append(batch)
            kept += batch.count
            while batches and kept - batches[0].count >= limit:
                gone = batches.pop(0)
                kept -= gone.count
                skipped.append(_skipped(gone))
        if kept > limit:
            gone, batches[0] = batches[0].cut(kept - limit)
            skipped.append(_skipped(gone))
        notices = []
        if batches and (skipped or lost):
            received, first = batches[0].received, batches[0].first
            if lost:
                words = f"{lost:,} lines are gone here: the spool went round before they were read"
                notices.append(LogLine(first, "", None, received, None, words, "notice"))
            if skipped:
                count = sum(each.lines for each in skipped)
                words = f"{count:,} lines skipped here: more came than can be shown"
                notices.append(LogLine(first, "", None, received, None, words, "notice"))
        return Read([*notices, *(line for batch in batches for line in batch.lines())], skipped)

    def close(self) -> None:
        """Read no more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _begin(self) -> bool:
        """Find the place from which on there are so many lines."""
        wanted = self._begin_with
        found = False
        for segment in reversed(_segments(self._folder)):
            try:
                fd = os.open(segment, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                break
            self.close()
            self._segment, self._fd, found = segment, fd, True
            self._at = end = _whole(fd)
            while self._at > 0 and wanted > 0:
                data = _before(fd, self._at)
                if data is None:
                    break
                wanted -= _decoder.decode(data).count
                self._at -= len(data) + 2 * _LENGTH.size
            if wanted <= 0 or (self._at > 0 and end):
                break
        return found

    def _unread(self) -> Iterator[Batch]:
        while True:
            for data in _from(self._fd, self._at):
                yield _decoder.decode(data)
                self._at += len(data) + 2 * _LENGTH.size
            assert self._segment is not None
            later = [each for each in _segments(self._folder) if each.name > self._segment.name]
            if not later:
                return
            # Its writer may have added to it before it began the next one.
            for data in _from(self._fd, self._at):
                yield _decoder.decode(data)
            try:
                fd = os.open(later[0], os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            self.close()
            self._segment, self._fd, self._at = later[0], fd, 0


def _segments(folder: Path) -> list[Path]:
    return sorted(each for each in folder.glob("*.seg") if each.stem.isdecimal())


def _next_number(folder: Path) -> int:
    for segment in reversed(_segments(folder)):
        with segment.open("rb") as file:
            data = _before(file.fileno(), _whole(file.fileno()))
            if data is not None:
                last = _decoder.decode(data)
                return last.first + last.count
    return 1


def _from(fd: int, at: int) -> Iterator[bytes]:
    """The whole batches from a place on; a torn one at the end is none yet."""
    while True:
        head = os.pread(fd, _LENGTH.size, at)
        if len(head) < _LENGTH.size:
            return
        (length,) = _LENGTH.unpack(head)
        data = os.pread(fd, length + _LENGTH.size, at + _LENGTH.size)
        if length > _LONGEST or len(data) < length + _LENGTH.size or data[length:] != head:
            return
        yield data[:length]
        at += length + 2 * _LENGTH.size


def _before(fd: int, end: int) -> bytes | None:
    """The batch that ends at a place; None where none does."""
    tail = os.pread(fd, _LENGTH.size, end - _LENGTH.size) if end >= 2 * _LENGTH.size else b""
    if len(tail) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(tail)
    start = end - length - 2 * _LENGTH.size
    return os.pread(fd, length, start + _LENGTH.size) if start >= 0 and os.pread(fd, 4, start) == tail else None


def _whole(fd: int) -> int:
    """Where the last whole batch ends: a writer that died may have left a part of one."""
    end = os.fstat(fd).st_size
    if _before(fd, end) is not None:
        return end
    at = 0
    for data in _from(fd, 0):
        at += len(data) + 2 * _LENGTH.size
    return at
