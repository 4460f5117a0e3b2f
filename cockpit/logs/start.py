"""Starting and ending the process that follows logs."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from pathlib import Path

import cockpit
from cockpit.logs.job import Job, encode

ENDS_WITHIN = 3.0
"""Seconds that it has to end in order before it is killed."""


class Follower:
    """The process, as long as it is wanted."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Use `start`."""
        self._process = process

    @property
    def lives(self) -> bool:
        """Whether it still follows."""
        return self._process.poll() is None

    async def end(self) -> None:
        """End it, and wait until it has ended."""
        _close(self._process)
        ends = time.monotonic() + ENDS_WITHIN
        try:
            while self.lives and time.monotonic() < ends:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.02)
        finally:
            if self.lives:
                self._process.kill()
                self._process.wait()


def start(folder: Path, job: Job) -> Follower:
    """Start to follow what `job` says into the spool in `folder`; blocks for as long as that takes. Raises OSError."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cockpit.logs", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        cwd=Path(cockpit.__file__).parents[1],  # so that it is this Cockpit that starts, installed or not
    )
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it has ended at once, and said why
        process.stdin.write(encode(job) + b"\n")
        process.stdin.flush()
    return Follower(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    """Let go of the pipe by which it knows that it is wanted."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
