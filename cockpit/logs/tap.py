"""A spool read in a thread, so that whoever draws its lines never waits for a disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cockpit.logs.line import LogLine
from cockpit.logs.spool import Read, Skipped, SpoolReader

LOOK_EVERY = 0.2
"""Seconds between two looks at the spool."""

LINES_AT_ONCE = 4_000
"""Lines that are handed over at a time; when more have come meanwhile the oldest of them are counted, not shown."""

LINES_IN_A_FLOOD = 1_000
"""The same as long as that goes on: each line costs whoever draws some time, and a flood needs no more to be seen."""

GAPS_EVERY = 10.0
"""Seconds between two notices of lines that were skipped, while that goes on: their count is always told."""


class Taken(NamedTuple):
    """What has come since the last time."""

    lines: list[LogLine]
    skipped: list[Skipped]
    at: float
    """When it was read, by the clock that the lines were received by."""


class SpoolTap:
    """The end of a spool, and what comes after it; no more than one portion is ever waiting to be taken."""

    def __init__(self, folder: Path, ended: Callable[[], None] = lambda: None) -> None:
        """Begin to read in `folder`, which need not be there yet; `ended` is called when nobody wants it any more."""
        self.problem = ""
        """Why nothing can be read, in words; empty when it can."""
        self._reader = SpoolReader(folder)
        self._ended = ended
        self._ready: Taken | None = None
        self._told_gap = -GAPS_EVERY
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cockpit logs", daemon=True)
        self._thread.start()

    def take(self) -> Taken | None:
        """What has come since, if it has been read by now; it waits for nothing."""
        taken, self._ready = self._ready, None
        return taken

    def close(self) -> None:
        """Read no more."""
        self._stop.set()
        self._ended()

    def _without_repeated_gaps(self, read: Read) -> list[LogLine]:
        """In a flood each look would bring a notice, and nothing else could be seen."""
        if not read.skipped:
            return read.lines
        now = time.monotonic()
        if now - self._told_gap >= GAPS_EVERY:
            self._told_gap = now
            return read.lines
        return [each for each in read.lines if each.kind != "notice" or each.source or "skipped" not in each.text]

    def _run(self) -> None:
        limit: int | None = None
        while not self._stop.wait(LOOK_EVERY if limit else 0):
            if self._ready is not None:
                continue
            try:
                read = self._reader.read(*((limit,) if limit else ()))
            except OSError as error:
                self.problem = f"the lines kept cannot be read: {(error.strerror or str(error)).lower()}"
                limit = LINES_AT_ONCE
            else:
                self.problem = ""
                self._ready = Taken(self._without_repeated_gaps(read), read.skipped, time.time())
                limit = LINES_IN_A_FLOOD if read.skipped and limit else LINES_AT_ONCE
        self._reader.close()
