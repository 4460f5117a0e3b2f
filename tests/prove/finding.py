"""What a promise came to when it was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Effort:
    """How long to try: `full` once in a while, short with every change."""

    full: bool = False

    def times(self, full: int, short: int) -> int:
        """How often to try something."""
        return full if self.full else short


def until_it_bites(tries: int, once: Callable[[int], bool]) -> int:
    """How often the control broke when it was tried `tries` times; 1 as soon as it does in a short trial."""
    if tries <= SHORT:
        return int(any(map(once, range(tries))))
    return sum(map(once, range(tries)))


SHORT = 40
"""Tries of a control up to which one that breaks is enough."""


@dataclass(frozen=True)
class Finding:
    """One way in which a promise was tried, and what came of it."""

    tried: str
    """What was done, in a few words: `kill -9 at a random moment`."""
    times: int
    broken: int
    """How often the promise did not hold: it must be 0."""
    without: str
    """Which guard the control goes without."""
    bites: int
    """How often the promise did not hold without that guard: it must be more than 0."""
    examples: tuple[str, ...] = field(default=())
    """Of what broke, the first few."""

    @property
    def good(self) -> bool:
        """The promise held, and the harness is worth something."""
        return self.times > 0 and self.broken == 0 and self.bites > 0

    def __str__(self) -> str:
        """In a line."""
        return f"{self.tried}: {self.times:,} times, {self.broken:,} broken; {self.without}: {self.bites:,} broken"


@dataclass(frozen=True)
class Cannot:
    """A trial that this machine does not allow."""

    tried: str
    why: str


Prove = Callable[[Effort, Path], Iterator[Finding | Cannot]]
"""Tries a promise with an effort, in an empty folder of its own."""
