"""Connections that are kept between uses."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

MAX_AGE = 60.0
"""Seconds. An older connection is closed: a change of name, certificate or backend is noticed, and a server's own limit
of connections is not used up by checks that were made once."""


class Connection(Protocol):
    """What can be kept."""

    @property
    def opened(self) -> float:
        """When it was opened, on the monotonic clock."""

    async def close(self) -> None:
        """End it. Raises nothing."""


C = TypeVar("C", bound=Connection)


class Kept(Generic[C]):
    """Idle connections by where they lead; each belongs to one user at a time.

    A user takes one, or opens one when there is none, and gives it back while it is still good.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._idle: defaultdict[Hashable, list[C]] = defaultdict(list)
        self._sweeping: asyncio.Task[None] | None = None

    async def take(self, place: Hashable) -> C | None:
        """An idle connection to `place`, or None."""
        idle = self._idle[place]
        while idle:
            connection = idle.pop()
            if not self._old(connection):
                return connection
            await connection.close()
        return None

    async def give(self, place: Hashable, connection: C) -> None:
        """Keep `connection` for the next one who goes to `place`."""
        self._idle[place].append(connection)
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self._sweep_on())

    async def sweep(self) -> None:
        """Close what is too old to be used again."""
        for place in list(self._idle):
            idle = self._idle.pop(place)
            young = [connection for connection in idle if not self._old(connection)]
            if young:
                self._idle[place] = young
            for connection in idle:
                if connection not in young:
                    await connection.close()

    async def close(self) -> None:
        """Close all that is idle."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        places, self._idle = self._idle, defaultdict(list)
        for idle in places.values():
            for connection in idle:
                await connection.close()

    async def _sweep_on(self) -> None:
        """Sweep for as long as anything is kept."""
        while self._idle:
            await asyncio.sleep(MAX_AGE)
            await self.sweep()

    def _old(self, connection: C) -> bool:
        return self._clock() - connection.opened >= MAX_AGE
