"""A big file looked at without reading it: from its end, by blocks, and searched in the background."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cockpit.logs.pattern import compiled, ignores_case
from cockpit.text import LINE_LIMIT, safe_line

BLOCK = 256 * 1024
"""Bytes read at a time to show something."""

SEARCHED_AT_ONCE = 1024 * 1024
"""Bytes searched at a time, few enough to stay in a processor's cache: the search can be ended between two of them."""

_LONGEST_LINE = 1024 * 1024


class FileLine(NamedTuple):
    """A line of the file."""

    start: int
    """The offset of its first byte."""
    end: int
    """The offset after its last one, its newline included."""
    text: str
    """Safe to draw."""


class BigFile:
    """A file as it is now; it may grow. All methods block for no longer than reading some blocks takes."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`. Raises OSError."""
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    @property
    def size(self) -> int:
        """Bytes in it now."""
        return os.fstat(self._fd).st_size

    def before(self, offset: int, count: int) -> list[FileLine]:
        """The last `count` lines that end at or before an offset, which is where a line begins, or the end."""
        data, start = b"", offset
        while start > 0 and data.count(b"\n", 0, max(0, len(data) - 1)) < count and len(data) < _LONGEST_LINE * 8:
            step = min(BLOCK, start)
            start -= step
            data = os.pread(self._fd, step, start) + data
        if start > 0:
            # Without a newline there it is a piece of a line that is far too long.
            cut = data.find(b"\n", 0, len(data) - 1) + 1
            start, data = start + cut, data[cut:]
        return list(_lines(data, start))[-count:] if count else []

    def after(self, offset: int, count: int) -> list[FileLine]:
        """The first `count` lines from an offset on, which is where a line begins."""
        data = b""
        while data.count(b"\n") < count and len(data) < _LONGEST_LINE * 8:
            piece = os.pread(self._fd, BLOCK, offset + len(data))
            if not piece:
                break
            data += piece
        return list(_lines(data, offset))[:count]

    def line_at(self, offset: int) -> int:
        """Where the line begins that the byte at an offset belongs to."""
        while offset > 0:
            start = max(0, offset - BLOCK)
            found = os.pread(self._fd, offset - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            offset = start
        return 0

    def close(self) -> None:
        """Look no more; a search that goes on must have been ended."""
        os.close(self._fd)

    def search(self, pattern: str, start: int = 0, end: int | None = None) -> Search:
        """Search for a regular expression (RE2) between two offsets, in a thread. Raises WrongPattern."""
        return Search(self._fd, pattern, start, self.size if end is None else end)


class Search:
    """A search that goes on in a thread; what it has found by now can be looked at at any time."""

    def __init__(self, fd: int, pattern: str, start: int, end: int) -> None:
        """Use `BigFile.search`."""
        self.found: list[int] = []
        """Offsets of the lines that match, ascending; at most `limit` of them are kept."""
        self.count = 0
        """How many lines match."""
        self.limit = 1_000_000
        self.done = False
        self.problem = ""
        """Why it ended before the end of the file, in words."""
        self._fd, self._start, self._at, self._end = fd, start, start, end
        self._stop = threading.Event()
        # `(?m)`: `^` and `$` are those of lines.
        self._pattern = compiled(f"(?m:{pattern})".encode(), any_case=ignores_case(pattern))
        plain = pattern.isascii() and pattern.isalnum() and not ignores_case(pattern)
        self._plain = pattern.encode() if plain else b""
        self._thread = threading.Thread(target=self._run, name="cockpit search", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> float:
        """How much has been searched, 0 to 1."""
        return 1.0 if self._end <= self._start else (self._at - self._start) / (self._end - self._start)

    def stop(self) -> None:
        """End it, and wait for the block that is being searched."""
        self._stop.set()
        self._thread.join()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for its end; whether it has come."""
        self._thread.join(timeout)
        return self.done

    def _run(self) -> None:
        try:
            while self._at < self._end and not self._stop.is_set():
                data = self._next_lines()
                if not data:
                    break
                self._look_through(data)
                self._at += len(data)
        except OSError as error:
            self.problem = f"searched to byte {self._at:,} only: {(error.strerror or '').lower()}"
        self.done = True

    def _next_lines(self) -> bytes:
        """What is searched next: whole lines, or a piece of one that is far too long."""
        want = SEARCHED_AT_ONCE
        while True:
            data = os.pread(self._fd, min(want, self._end - self._at), self._at)
            if len(data) < want or self._at + len(data) >= self._end:
                return data
            whole = data.rfind(b"\n") + 1
            if whole or want >= 64 * SEARCHED_AT_ONCE:
                return data[:whole] if whole else data
            want *= 2

    def _look_through(self, data: bytes) -> None:
        place = 0
        while (hit := self._next(data, place)) >= 0:
            start = data.rfind(b"\n", 0, hit) + 1
            self.count += 1
            if len(self.found) < self.limit:
                self.found.append(self._at + start)
            place = data.find(b"\n", hit) + 1
            if not place or self._stop.is_set():
                return

    def _next(self, data: bytes, place: int) -> int:
        if self._plain:
            return data.find(self._plain, place)
        match = self._pattern.search(data, place)
        return int(match.start()) if match is not None else -1


def _lines(data: bytes, start: int) -> Iterator[FileLine]:
    at = 0
    while at < len(data):
        newline = data.find(b"\n", at)
        end = len(data) if newline < 0 else newline
        after = end if newline < 0 else newline + 1
        # Characters of a line that is far too long need not be decoded to be cut.
        kept = data[at : min(end, at + 4 * LINE_LIMIT + 4)].removesuffix(b"\r")
        yield FileLine(start + at, start + after, safe_line(kept))
        at = after
