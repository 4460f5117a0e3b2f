"""One attempt at telling somebody, in a process of its own: whatever the library does, it ends when its time is up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import msgspec

import cockpit
from cockpit.notify.outcome import Outcome

LONGEST_ANSWER = 1 << 14
"""Bytes read of what the process answers."""


class Letter(msgspec.Struct, frozen=True):
    """What is sent where. Handed over on standard input: the URL may hold a secret, and arguments are seen by all."""

    url: str
    heading: str
    sentence: str
    within: float
    """Seconds after which the process ends itself: it may outlive the engine that started it."""


async def deliver(letter: Letter) -> Outcome:
    """Send it, once; how that ended. When the caller is cancelled the process is killed: it may have arrived."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cockpit.notify",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=Path(cockpit.__file__).parents[1],
            start_new_session=True,
            limit=LONGEST_ANSWER,
        )
    except OSError as problem:
        return Outcome("refused", f"no process could be started: {problem.strerror}")
    answer = b""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(letter.within):
                answer = await _asked(process, msgspec.json.encode(letter))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
    try:
        return msgspec.json.decode(answer, type=Outcome)
    except msgspec.DecodeError:
        return Outcome("unknown", f"no answer within {letter.within:g} s")


async def _asked(process: asyncio.subprocess.Process, letter: bytes) -> bytes:
    assert process.stdin is not None  # both are pipes
    assert process.stdout is not None
    with contextlib.suppress(ConnectionError):
        process.stdin.write(letter)
        await process.stdin.drain()
        process.stdin.close()
    try:
        return await process.stdout.readline()
    except ValueError:  # longer than any answer of ours
        return b""
