"""Processes of OpenSSH's client: the master that keeps a connection, and those that use it for a while."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import tempfile
from collections.abc import Callable, Sequence

from cockpit.connect.dial import Unreachable
from cockpit.connect.ssh import command

SOCKET_LONGEST = 80
"""Characters of the master's socket: ssh adds some when it makes it, and 107 are the limit (unix(7))."""

KILLED_WITHIN = 2.0
"""Seconds for a process to be gone after it was killed."""

LOOK_AFTER = 0.5
"""Seconds between two looks whether a socket that has nothing more to send is still there to be sent to."""

_PIECE = 64 * 1024
_SAID_KEPT = 8192
_SPOKEN = 1024
_LAST = 256
_OPENED = b"master session id"


async def started(words: Sequence[str], *, pipes: bool) -> asyncio.subprocess.Process:
    """An `ssh`, its standard error piped; the other streams too, or nothing. Raises Unreachable."""
    pipe = asyncio.subprocess.PIPE if pipes else asyncio.subprocess.DEVNULL
    try:
        return await asyncio.create_subprocess_exec(
            *words, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        raise Unreachable(f"`ssh` cannot be started: {error.strerror}") from None


def kill(process: asyncio.subprocess.Process) -> None:
    """End a process with all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def reaped(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a process, and of its streams."""
    with contextlib.suppress(OSError):
        await process.communicate()


class Master:
    """The process that keeps the connection."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Watch `process`."""
        self.said = ""
        """What it printed, the end of it."""
        self.count = 0
        """Characters that it has printed, all in all."""
        self.ended = asyncio.Event()
        self._process = process
        self._watching = asyncio.create_task(self._watch())

    @property
    def alive(self) -> bool:
        """Whether it is there."""
        return not self.ended.is_set()

    def since(self, count: int) -> str:
        """What it has printed since it had printed `count` characters."""
        return self.said[-(self.count - count) :] if self.count > count else ""

    async def end(self) -> None:
        """End it."""
        kill(self._process)
        await asyncio.wait({self._watching}, timeout=KILLED_WITHIN)

    async def _watch(self) -> None:
        assert self._process.stderr is not None
        reading = asyncio.create_task(self._read(self._process.stderr))
        try:
            await self._process.wait()
        finally:
            kill(self._process)  # a ProxyCommand that it left
            await asyncio.wait({reading}, timeout=KILLED_WITHIN)
            self.ended.set()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while piece := await stream.read(_SAID_KEPT):
            text = piece.decode("utf-8", "replace")
            self.said = (self.said + text)[-_SAID_KEPT:]
            self.count += len(text)


class Running:
    """A client that carries a program's streams; they are read to their end, and kept up to a limit."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        limit: int,
        token: str,
        sink: Callable[[bytes], None] | None = None,
    ) -> None:
        """Carry those of `process`; what is marked by `token` tells when the program has ended."""
        self._sink = sink
        self.output = bytearray()
        self.cut = False
        self.left_behind = False
        """It has ended, and something that it left running has not."""
        self._errors = bytearray()
        self._last = bytearray()
        """The end of the errors, when they were cut."""
        self._process = process
        self._limit = limit
        self._began, self._ended = (f"{token} {word} ".encode() for word in ("group", "status"))
        self._told = asyncio.Event()
        """Set when it is known what there is to end."""
        self._reading: list[asyncio.Task[None]] = []
        self._loop = asyncio.get_running_loop()
        self._heard = 0.0

    @property
    def errors(self) -> bytes:
        """What it printed on its standard error, with what the script that runs it said."""
        return bytes(self._errors + self._last)

    def begin(self, given: bytes) -> None:
        """Feed `given`, and read all that comes."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._reading = [
            asyncio.create_task(self._feed(given)),
            asyncio.create_task(self._read(self._process.stdout, self._keep_output)),
            asyncio.create_task(self._read(self._process.stderr, self._keep_errors)),
        ]

    async def wait(self) -> None:
        """Wait until all was read, or the program has ended and something that it left running has not."""
        while left := [task for task in self._reading if not task.done()]:
            await asyncio.wait(left, timeout=command.SILENCE)
            if self._loop.time() - self._heard >= command.SILENCE and self._ended in self.errors:
                self.left_behind = True
                return

    async def begun(self) -> None:
        """Wait until it is known what there is to end, for a moment at most."""
        telling = asyncio.create_task(self._told.wait())
        await asyncio.wait({telling, self._reading[-1]}, timeout=KILLED_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()

    async def end(self) -> None:
        """End the client, and wait for the end of its streams."""
        kill(self._process)
        await asyncio.wait(self._reading)
        await reaped(self._process)

    async def _feed(self, given: bytes) -> None:
        stream = self._process.stdin
        assert stream is not None
        with contextlib.suppress(OSError):
            stream.write(given)
            await stream.drain()
        stream.close()

    async def _read(self, stream: asyncio.StreamReader, keep: Callable[[bytes], None]) -> None:
        while piece := await stream.read(_PIECE):
            self._heard = self._loop.time()
            keep(piece)

    def _keep_output(self, piece: bytes) -> None:
        if self._sink is not None:
            self._sink(piece)
        room = self._limit - len(self.output)
        self.output += piece[:room]
        self.cut = self.cut or len(piece) > room

    def _keep_errors(self, piece: bytes) -> None:
        room = self._limit + _SPOKEN - len(self._errors)
        self._errors += piece[:room]
        if self._began in self._errors:
            self._told.set()
        if len(piece) > room:
            self.cut = True
            self._last = (self._last + piece[room:])[-_LAST:]


async def opened(process: asyncio.subprocess.Process) -> tuple[bool, str]:
    """Whether a client's forwarded connection (`ssh -v -W`) is open, and what it said if not."""
    assert process.stderr is not None
    said = b""
    while line := await process.stderr.readline():
        if _OPENED in line:
            return True, ""
        said = (said + line)[-_SAID_KEPT:]
    return False, said.decode("utf-8", "replace")


async def pump(process: asyncio.subprocess.Process, end: socket.socket) -> None:
    """Carry data between a client's streams and our end of a pair of sockets, until both have ended."""
    tasks = [asyncio.create_task(each) for each in (_up(process, end), _down(process, end))]
    assert process.stderr is not None
    draining = asyncio.create_task(_drain(process.stderr))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*tasks, draining):
            task.cancel()
        await asyncio.gather(*tasks, draining, return_exceptions=True)
        end.close()
        kill(process)
        await reaped(process)


async def _up(process: asyncio.subprocess.Process, end: socket.socket) -> None:
    """Carry data to the host, until whoever uses the socket has closed it."""
    stream = process.stdin
    assert stream is not None
    while data := await asyncio.get_running_loop().sock_recv(end, _PIECE):
        stream.write(data)
        await stream.drain()
    stream.close()
    # Only half of it may have been closed, and nothing tells of the rest.
    poll = select.poll()
    poll.register(end, 0)
    while not any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0)):  # noqa: ASYNC110
        await asyncio.sleep(LOOK_AFTER)


async def _down(process: asyncio.subprocess.Process, end: socket.socket) -> None:
    """Carry data from the host, until the connection has ended."""
    assert process.stdout is not None
    while data := await process.stdout.read(_PIECE):
        await asyncio.get_running_loop().sock_sendall(end, data)
    end.shutdown(socket.SHUT_WR)
    await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(_SAID_KEPT):
        pass


def short_folder() -> str:
    """A private folder whose path is short enough for sockets in it. Raises Unreachable."""
    for place in (tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp"):  # noqa: S108
        if place and len(place) + 20 < SOCKET_LONGEST and os.access(place, os.W_OK):
            return tempfile.mkdtemp(prefix="ck-", dir=place)
    raise Unreachable("there is no folder with a short path for the socket of `ssh`: set TMPDIR to one")
