"""A socket on this machine that leads through a route, for libraries that insist on an address.

Whoever connects to it is let through only when it is our own user: on a bastion others are logged in, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import struct
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route

CHUNK = 64 * 1024

Open = Callable[[], Awaitable[socket.socket]]


class Forward:
    """A listening socket, and what goes through it; open until it is closed."""

    address = "127.0.0.1"

    def __init__(self, listening: socket.socket, open_far: Open, folder: Path | None = None) -> None:
        self._listening = listening
        self._open_far = open_far
        self._folder = folder
        self._tasks: set[asyncio.Task[None]] = set()
        self.failure = ""
        """Why the last connection could not be made, in words; empty when it could."""
        self._accepting = asyncio.create_task(self._accept())

    @property
    def port(self) -> int:
        """The loopback port that it listens on."""
        return int(self._listening.getsockname()[1])

    @property
    def path(self) -> str:
        """The Unix socket that it listens on."""
        return str(self._listening.getsockname())

    async def close(self) -> None:
        """End it with all connections."""
        tasks = [self._accepting, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listening.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _accept(self) -> None:
        while True:
            near, _ = await asyncio.get_running_loop().sock_accept(self._listening)
            near.setblocking(False)
            task = asyncio.create_task(self._lead(near))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _lead(self, near: socket.socket) -> None:
        with near:
            if not is_ours(near):
                return
            try:
                far = await self._open_far()
            except Unreachable as error:
                self.failure = str(error)
                return
            self.failure = ""
            with far:
                await join(near, far)


async def tcp(route: Route, host: str, port: int) -> Forward:
    """A loopback port that leads to `host:port` as the far end of `route` sees it."""
    listening = socket.create_server((Forward.address, 0))
    listening.setblocking(False)
    return Forward(listening, lambda: route.connect(host, port))


async def unix(route: Route, path: str) -> Forward:
    """A Unix socket in a folder of our own that leads to the one at `path` at the far end of `route`."""
    folder = Path(tempfile.mkdtemp(prefix="cockpit-"))
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(folder / "s"))
        listening.listen()
        listening.setblocking(False)
    except OSError:
        listening.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Forward(listening, lambda: route.connect_unix(path), folder)


async def join(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways between two non-blocking sockets until both sides have ended, or one has failed."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_carry(one, other))
        group.create_task(_carry(other, one))


async def _carry(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await loop.sock_recv(source, CHUNK):
            await loop.sock_sendall(target, data)
    # A side that has ended, or broken, is told to the other, which may still have something to say.
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def is_ours(accepted: socket.socket) -> bool:
    """Whether a connection on this machine was made by our own user."""
    if accepted.family == socket.AF_UNIX:
        _, uid, _ = struct.unpack("3i", accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return bool(uid == os.geteuid())
    return _user_of(accepted.getpeername()[1], accepted.getsockname()[1]) == os.geteuid()


def _user_of(local: int, remote: int) -> int | None:
    """The user whose socket goes from a loopback port to another, as the kernel lists it (proc(5), /proc/net/tcp)."""
    wanted = (f"0100007F:{local:04X}", f"0100007F:{remote:04X}")
    with Path("/proc/net/tcp").open() as table:
        for line in table:
            columns = line.split()
            if tuple(columns[1:3]) == wanted:
                return int(columns[7])
    return None
