"""Running a program on this machine, ended in time with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time

from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Ended, Program

DRAIN = 0.25
"""Seconds that a program's output may stay open after its end: somebody it set free may hold it for ever."""


async def run(program: Program, timeout: float) -> Ended:
    """Run `program` to its end, or end it after `timeout` seconds. Raises Unreachable when it cannot be started."""
    command = ("/bin/sh", "-c", program.command) if isinstance(program.command, str) else program.command
    started = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **program.environment},
            cwd=program.folder or None,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise Unreachable(f"there is no program {command[0]} here") from None
    except OSError as error:
        raise Unreachable(f"{command[0]} cannot be started: {error.strerror}") from None
    timed_out = False
    try:
        async with asyncio.timeout(timeout):
            output, errors = await process.communicate(program.input)
    except TimeoutError:
        timed_out, output, errors = True, b"", b""
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):  # so that nothing of it stays open, cancelled or not
                await process.communicate()
    status = await process.wait()
    return Ended(
        None if timed_out or status < 0 else status,
        output[: program.limit],
        errors[: program.limit],
        time.monotonic() - started,
        signal.Signals(-status).name.removeprefix("SIG") if status < 0 else "",
        timed_out,
        max(len(output), len(errors)) > program.limit,
    )
