"""The route that starts on this machine."""

from __future__ import annotations

import asyncio
import socket

from cockpit.connect import dial, local
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Ended, Program, Route


class Here:
    """This machine."""

    name = ""
    words = ""

    async def connect(self, host: str, port: int) -> socket.socket:
        """A non-blocking socket that is connected to `host`. Raises Unreachable."""
        addresses = await dial.resolve(host, port)
        try:
            return await dial.first_to_connect(addresses, lambda address: _connected(address, port), _closed)
        except OSError as error:
            where = dial.at(host if host in addresses else addresses[0], port)
            raise dial.no_connection(error, where) from None

    async def connect_unix(self, path: str) -> socket.socket:
        """A non-blocking socket that is connected to the Unix socket at `path`. Raises Unreachable."""
        door = socket.socket(socket.AF_UNIX)
        door.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(door, path)
        except OSError as error:
            door.close()
            raise Unreachable(dial.why(error, path) or f"cannot connect to {path}: {error}") from None
        except BaseException:
            door.close()
            raise
        return door

    async def run(self, program: Program, timeout: float) -> Ended:
        """Run a program here. Raises Unreachable when there is none of its name."""
        return await local.run(program, timeout)


HERE: Route = Here()


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


async def _closed(other: socket.socket) -> None:
    other.close()
