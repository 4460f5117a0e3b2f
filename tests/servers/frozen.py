"""A process that stands still, as on a hung disk or a machine that hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def frozen(*processes: int) -> Iterator[None]:
    """Stop them, with all their threads, and let them go on afterwards; one that is gone is passed over."""
    try:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        ends = time.monotonic() + 5
        # The signal comes to each thread in its own time: one on another core may still answer a request.
        while not all(_stands(pid) for pid in processes):
            assert time.monotonic() < ends, f"one of {processes} does not stop"
            time.sleep(0.001)
        yield
    finally:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _stands(process: int) -> bool:
    for status in Path(f"/proc/{process}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if status.read_text().rpartition(")")[2].split()[0] not in "TtZX":
                return False
    return True
