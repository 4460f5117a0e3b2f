"""What is spoken with beanstalkd. It stands for the library that a kind measures with: imported only when it measures."""

from __future__ import annotations

import asyncio
import time

from cockpit.checks.kind import Unmeasurable
from cockpit.connect.route import Route


class Closed(Exception):
    """The server has ended the connection."""


async def connect(route: Route, server: str) -> Connection:
    """A connection over `route`, which may begin at a host behind a bastion. Raises Unreachable."""
    host, _, port = server.rpartition(":")
    door = await route.connect(host, int(port))
    return Connection(*await asyncio.open_connection(sock=door))


class Connection:
    """One that can be kept: it knows when it was opened, and can be closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened = time.monotonic()
        self._reader, self._writer = reader, writer

    async def stats(self, tube: str) -> dict[str, str] | None:
        """What the server says of a tube; None when it has none of this name. Raises Closed, Unmeasurable."""
        try:
            self._writer.write(f"stats-tube {tube}\r\n".encode())
            answer = (await self._reader.readline()).decode().split()
            if answer[:1] == ["NOT_FOUND"]:
                return None
            if answer[:1] == ["OK"]:
                lines = (await self._reader.readexactly(int(answer[1]) + 2)).decode().splitlines()
                return dict(line.split(": ", 1) for line in lines if ": " in line)
        except (OSError, asyncio.IncompleteReadError):
            answer = []
        if not answer:
            raise Closed("closed the connection")
        raise Unmeasurable(f"it answered {' '.join(answer)[:80]!r}, which is no answer of beanstalkd")

    async def close(self) -> None:
        """End it."""
        self._writer.close()
