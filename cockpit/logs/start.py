"""Starting and ending the process that follows logs."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import cockpit
from cockpit.logs.job import Job, encode

ENDS_WITHIN = 3.0
"""Seconds that it has to end in order before it is killed."""


class Follower:
    """The process, as long as it is wanted."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Use `start`."""
        self._process = process

    @property
    def lives(self) -> bool:
        """Whether it still follows."""
        return self._process.returncode is None

    async def end(self) -> None:
        """End it, and wait until it has ended."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            raise


async def start(folder: Path, job: Job) -> Follower:
    """Start to follow what `job` says into the spool in `folder`. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit.logs", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        cwd=Path(cockpit.__file__).parents[1],  # so that it is this Cockpit that starts, installed or not
    )
    assert process.stdin is not None
    process.stdin.write(encode(job) + b"\n")
    with contextlib.suppress(OSError):  # it has ended at once, and said why
        await process.stdin.drain()
    return Follower(process)
