"""How many may do something at once, when the number may turn out to be smaller than was thought."""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """Places that are taken in the order in which they were asked for."""

    def __init__(self, limit: int) -> None:
        """Begin with `limit` places."""
        self.limit = limit
        self.taken = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a place and take it; whoever has one calls `give` when it is free again."""
        if self.taken < self.limit and not self._queue:
            self.taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()
            else:
                self._queue.remove(turn)
            raise

    def give(self) -> None:
        """Give a place back."""
        self.taken -= 1
        self._let_in()

    def shrink(self) -> bool:
        """Take note that there are only as many places as others than the caller have; whether there are any."""
        self.limit = max(1, min(self.limit, self.taken - 1))
        return self.taken > 1

    def _let_in(self) -> None:
        while self._queue and self.taken < self.limit:
            turn = self._queue.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)
