"""The built-in trader: a steady, light flow of requests through the router, so that the figures move."""

from __future__ import annotations

import itertools
import math
import threading

from cockpit.demo.calling import NotAnswered, call

PAUSE = 0.5
"""Seconds between two requests."""

_PRICES = {1: 64_000.0, 2: 3_400.0, 3: 180.0}
"""A price for each bot of the first migration, around which its trades move."""


class Trader(threading.Thread):
    """Reads, then records a trade, in turn, until told to stop. What fails shows in the router's figures."""

    def __init__(self, url: str) -> None:
        """Trade through the router at `url`."""
        super().__init__(daemon=True)
        self._url = url
        self._stopped = threading.Event()
        self._numbers = itertools.count()

    def trade(self) -> int:
        """Record one trade; return the status of the answer. Raises NotAnswered."""
        number = next(self._numbers)
        bot = number % len(_PRICES) + 1
        swing = math.sin(number / 7)
        trade = {
            "bot": bot,
            "side": "buy" if swing < 0 else "sell",
            "quantity": round(0.5 + swing / 4, 4),
            "price": round(_PRICES[bot] * (1 + swing / 100), 2),
        }
        status, _, _ = call("POST", f"{self._url}/api/trades", trade)
        return status

    def run(self) -> None:
        """One request after the other."""
        reads = itertools.cycle(("/api/bots", "/api/trades?limit=10"))
        while not self._stopped.wait(PAUSE):
            try:
                call("GET", f"{self._url}{next(reads)}")
                if not self._stopped.wait(PAUSE):
                    self.trade()
            except NotAnswered:
                continue

    def stop(self) -> None:
        """End after the request under way."""
        self._stopped.set()
