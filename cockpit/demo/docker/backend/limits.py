"""How many requests an address may send: a count for each minute, shared by all instances through Redis."""

from __future__ import annotations

import time
from dataclasses import dataclass

import settings
import store

MOST = {"login": int(settings.get("RATELIMIT_LOGIN")), "api": int(settings.get("RATELIMIT_DEFAULT"))}
WINDOW = 60
"""Seconds."""


@dataclass(frozen=True)
class Limit:
    """Where an address stands."""

    most: int
    left: int
    """Requests that are left; below 0: refused."""
    seconds: int
    """Until the count begins again."""


def take(scope: str, address: str) -> Limit:
    """Count one request of an address."""
    now = int(time.time())
    key = f"limit:{scope}:{address}:{now // WINDOW}"
    counting = store.CACHE.pipeline()
    counting.incr(key)
    counting.expire(key, WINDOW)
    used = counting.execute()[0]
    return Limit(MOST[scope], MOST[scope] - used, WINDOW - now % WINDOW)
