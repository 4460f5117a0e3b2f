"""By when somebody wants an answer, so that whoever keeps them waiting can say in time what for.

Who measures sets it; what is on the way looks at it before it waits. Without one, one waits for as long as it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import TypeVar

from cockpit.connect.dial import Unreachable

T = TypeVar("T")

MARGIN = 0.02
"""Seconds before the deadline at which one gives up, so that the reason is told before the time is over."""

_ends: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Want an answer within `seconds`, or by an earlier deadline that is set already."""
    ends, before = time.monotonic() + seconds, _ends.get()
    token = _ends.set(ends if before is None else min(ends, before))
    try:
        yield
    finally:
        _ends.reset(token)


async def awaited(awaitable: Awaitable[T], what: Callable[[], str], limit: float | None = None) -> T:
    """What `awaitable` comes to, unless the deadline or `limit` seconds are over before.

    Raises Unreachable then: `timed out`, what it was about, and after how long.
    """
    began, ends = time.monotonic(), _ends.get()
    left = None if ends is None else max(0.0, ends - MARGIN - began)
    seconds = min((each for each in (left, limit) if each is not None), default=None)
    try:
        async with asyncio.timeout(seconds):
            return await awaitable
    except TimeoutError:
        raise Unreachable(f"timed out {what()} after {time.monotonic() - began:.1f} s") from None
