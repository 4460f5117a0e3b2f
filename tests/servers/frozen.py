"""A process that stands still, as on a hung disk or a machine that hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

BORN_WITHIN = 1.0
"""Seconds in which a child that is not stopped is born: until then its parent waits for it and heeds no signal."""

STOPS_WITHIN = 30.0
"""Seconds in which every thread has heeded the signal, however busy the machine is."""


@contextlib.contextmanager
def frozen(*processes: int) -> Iterator[None]:
    """Stop them, with all their threads, and let them go on afterwards; one that is gone is passed over."""
    try:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        # The signal comes to each thread in its own time: one on another core may still answer a request.
        while not all(_stands(pid, long=time.monotonic() - began > BORN_WITHIN) for pid in processes):
            assert time.monotonic() - began < STOPS_WITHIN, f"one of {processes} does not stop"
            time.sleep(0.001)
        yield
    finally:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _stands(process: int, *, long: bool) -> bool:
    """Whether no thread of it runs; after long, one that waits for its new-born child, which is stopped, stands too."""
    for status in Path(f"/proc/{process}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if status.read_text().rpartition(")")[2].split()[0] not in ("TtZXD" if long else "TtZX"):
                return False
    return True
