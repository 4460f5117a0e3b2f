"""What an action prints, as its viewers see it: the end of a file that grows, read in a thread of its own.

One attempt at a time is followed: the one that is looked at. Whoever draws never waits for the disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from cockpit.actions.folder import AttemptFolder, attempt_folder
from cockpit.actions.offspring import any_lives
from cockpit.text import safe
from cockpit.views.run_view import Printed

LOOK_EVERY = 0.25
"""Seconds between two looks at a file."""

LONGEST = 64 * 1024
"""Bytes of the end of a file that are shown."""

LINES = 500
"""Lines that are shown at most."""


class Printing:
    """Follows the output of the attempt that was asked for last."""

    def __init__(self, steps: Path, grew: Callable[[], None]) -> None:
        """Attempts are kept under `steps`; `grew` is called, from a thread, whenever there is more to see."""
        self._steps = steps
        self._grew = grew
        self._asked: tuple[str, bool, int] | None = None
        self._seen: dict[tuple[str, bool, int], Printed] = {}
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def of(self, step: str, *, undo: bool, attempt: int) -> Printed | None:
        """What is known of an attempt; from now on it is the one that is followed. None until it was looked at."""
        asked = (step, undo, attempt)
        if asked != self._asked:
            self._asked = asked
            self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="printed", daemon=True)
            self._thread.start()
        return self._seen.get(asked)

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2.0)

    def _follow(self) -> None:
        while not self._stopped:
            asked = self._asked
            if asked is not None:
                step, undo, attempt = asked
                seen = look(attempt_folder(self._steps, step, attempt, undo=undo), self._seen.get(asked))
                if seen != self._seen.get(asked):
                    self._seen = {asked: seen}
                    self._grew()
            self._wake.wait(LOOK_EVERY)
            self._wake.clear()


def look(folder: AttemptFolder, before: Printed | None = None) -> Printed:
    """The end of what was printed, and whether anything of it runs; what has not grown is not read again. Blocks."""
    alive = _lives(folder)
    try:
        with folder.output.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if before is not None and size == before.size:
                return Printed(before.lines, before.left_out, size, alive)
            file.seek(max(0, size - LONGEST))
            raw = file.read(LONGEST)
    except OSError:
        return Printed((), 0, 0, alive)
    text = raw.decode("utf-8", "backslashreplace")
    if size > LONGEST:
        text = text.partition("\n")[2]
    lines = text.rstrip("\n").split("\n") if text.strip("\n") else []
    kept = tuple(safe("\n".join(lines[-LINES:]), lines=LINES).split("\n")) if lines else ()
    cut = len(lines) > LINES or size > LONGEST
    return Printed(kept, max(0, size - len("\n".join(lines[-LINES:]).encode())) if cut else 0, size, alive)


def _lives(folder: AttemptFolder) -> bool | None:
    """Whether its runner lives, or what a runner that was killed has left running; None when that cannot be seen."""
    if folder.runner() is not None:
        return True
    if folder.has_ended:
        return False
    try:
        mine = os.geteuid() in (0, folder.path.stat().st_uid)
    except OSError:
        return False
    return any_lives(folder.path) if mine else None
