"""A program that leads to a host's SSH server through its standard input and output (ProxyCommand)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket

from cockpit.connect.dial import Unreachable

_KEPT = 2048
_LAST_WORDS = 1.0
"""Seconds that a program which has let go of the connection has to say why."""


class ProxyCommand:
    """The program, for as long as the connection lasts."""

    def __init__(self, process: asyncio.subprocess.Process, carrier: socket.socket) -> None:
        """Use `start`."""
        self.carrier = carrier
        self._process = process
        self._said = b""
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, command: str, where: str) -> ProxyCommand:
        """Start it, as ssh does: by the shell. Raises Unreachable."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", command if command.startswith("exec ") else f"exec {command}"),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise Unreachable(f"the ProxyCommand of {where} cannot be started: {error.strerror}") from None
        finally:
            theirs.close()
        return cls(process, ours)

    @property
    def said(self) -> str:
        """The last line that it printed on its standard error."""
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    async def heard_out(self) -> None:
        """Wait for what it says at its end: that comes by another way than the end of the connection."""
        await asyncio.wait({self._listening}, timeout=_LAST_WORDS)

    def kill(self) -> None:
        """End it with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def ended(self) -> None:
        """Wait for its end."""
        await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(_KEPT):
            self._said = (self._said + piece)[-_KEPT:]
