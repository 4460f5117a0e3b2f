"""Connections that are kept between uses."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

MAX_AGE = 60.0
"""Seconds. An older connection is replaced, so that a change of name, certificate or backend is noticed."""


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
        self._swept = clock()

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
        if self._clock() - self._swept > MAX_AGE:
            self._swept = self._clock()
            await self._sweep()

    async def close(self) -> None:
        """Close all that is idle."""
        places, self._idle = self._idle, defaultdict(list)
        for idle in places.values():
            for connection in idle:
                await connection.close()

    async def _sweep(self) -> None:
        """Close what nobody took for long: places that are no longer visited would keep theirs for ever."""
        for place in list(self._idle):
            idle = self._idle[place]
            old = [connection for connection in idle if self._old(connection)]
            self._idle[place] = [connection for connection in idle if not self._old(connection)]
            if not self._idle[place]:
                del self._idle[place]
            for connection in old:
                await connection.close()

    def _old(self, connection: C) -> bool:
        return self._clock() - connection.opened >= MAX_AGE
