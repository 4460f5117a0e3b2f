"""A spool read in a thread, so that whoever draws its lines never waits for a disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cockpit.logs.line import LogLine
from cockpit.logs.spool import Skipped, SpoolReader

LOOK_EVERY = 0.2
"""Seconds between two looks at the spool."""

LINES_AT_ONCE = 8_000
"""Lines that are handed over at a time; when more have come meanwhile the oldest of them are counted, not shown."""


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

    def _run(self) -> None:
        limit = None
        while not self._stop.wait(LOOK_EVERY if limit else 0):
            if self._ready is not None:
                continue
            try:
                read = self._reader.read(*((limit,) if limit else ()))
            except OSError as error:
                self.problem = f"the lines kept cannot be read: {(error.strerror or str(error)).lower()}"
            else:
                self.problem = ""
                self._ready = Taken(read.lines, read.skipped, time.time())
            limit = LINES_AT_ONCE
        self._reader.close()
