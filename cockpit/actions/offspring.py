"""What an action has started on this machine, found and ended wherever it went.

All that a runner starts inherits a mark in its environment; a session of its own (`setsid`, a daemon) hides nothing
from those who look for that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

MARK = "COCKPIT_ATTEMPT"
"""The environment variable; its value is the folder of the attempt."""


def mark(attempt: Path) -> None:
    """Mark all that this process starts from now on; it does not bear the mark itself."""
    os.environ[MARK] = str(attempt)


def end_all(attempt: Path, mercy: float) -> None:
    """End all that bears the mark: told to, and killed after `mercy` seconds. Blocks until then at most."""
    ends, told = time.monotonic() + mercy, set[int]()
    while found := _marked(attempt):
        number = signal.SIGTERM if time.monotonic() < ends else signal.SIGKILL
        for pid in found:
            if number == signal.SIGKILL or pid not in told:
                told.add(pid)
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        if time.monotonic() > ends + 1:  # what not even a kill ends waits for a device
            return
        time.sleep(0.02)


def any_lives(attempt: Path) -> bool:
    """Whether anything that bears the mark runs: a runner that was killed leaves its action running."""
    return bool(_marked(attempt))


def _marked(attempt: Path) -> list[int]:
    wanted = f"{MARK}={attempt}".encode()
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and _bears(entry, wanted)]


def _bears(process: Path, wanted: bytes) -> bool:
    """Whether a process of ours bears the mark; one that has ended has no environment any more."""
    try:
        return wanted in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
