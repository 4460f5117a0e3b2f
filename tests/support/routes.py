"""A route for tests of kinds: what would go through a host goes round a corner of this machine, and is counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field

from cockpit.connect import dial
from cockpit.connect.dial import Unreachable
from cockpit.connect.here import HERE
from cockpit.connect.route import Ended, Program, Route


@dataclass
class Detour(Route):
    """A route from here under the name of a host, and the routes of a checklist that has this host only.

    As over SSH, what it hands out is one end of a pair of Unix sockets, and names are looked up at its far end:

        detour = Detour(names={"db.internal": "127.0.0.1"})
        measured("tcp", {"host": "db.internal", "port": port}, via="detour", routes=detour)
        assert detour.went == [f"db.internal:{port}"]
    """

    names: dict[str, str] = field(default_factory=dict)
    """What names lead to at the far end, and nowhere else."""
    went: list[str] = field(default_factory=list)
    """What went through, in order: `HOST:PORT`, the path of a socket, the command of a program."""
    name: str = "detour"
    words: str = " on detour"
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)

    async def connect(self, host: str, port: int) -> socket.socket:
        self.went.append(dial.at(host, port))
        return self._round(await HERE.connect(self.names.get(host, host), port))

    async def connect_unix(self, path: str) -> socket.socket:
        self.went.append(path)
        return self._round(await HERE.connect_unix(path))

    async def run(self, program: Program, timeout: float) -> Ended:
        self.went.append(program.command if isinstance(program.command, str) else " ".join(program.command))
        return await HERE.run(program, timeout)

    def to(self, name: str) -> Route:
        if name not in ("", self.name):
            raise Unreachable(f"there is no host {name} in this checklist")
        return self if name else HERE

    async def close(self) -> None:
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def _round(self, far: socket.socket) -> socket.socket:
        near, ours = socket.socketpair()
        near.setblocking(False)
        ours.setblocking(False)
        pump = asyncio.create_task(_pump(ours, far))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)
        return near


async def _pump(near: socket.socket, far: socket.socket) -> None:
    """Carry bytes both ways until both ends have said all; the far one has a second for it after the near one."""
    with near, far:
        answers = asyncio.create_task(_carry(far, near))
        try:
            await _carry(near, far)
            await asyncio.wait({answers}, timeout=1)
        finally:
            answers.cancel()
            await asyncio.wait({answers})


async def _carry(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await loop.sock_recv(source, 65536):
            await loop.sock_sendall(target, data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
