"""One line of a log, as it is kept and shown."""

from __future__ import annotations

import enum
from typing import Literal

import msgspec


class Level(enum.IntEnum):
    """How bad a line says it is; the words of the many formats come down to these (syslog's severities and `TRACE`)."""

    TRACE = 1
    DEBUG = 2
    INFO = 3
    NOTICE = 4
    WARNING = 5
    ERROR = 6
    CRITICAL = 7

    @property
    def word(self) -> str:
        """As it is written in a filter and on a screen: `warning`."""
        return self.name.lower()


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A line that a source printed, or one of ours among them. Times are seconds since 1970, UTC."""

    number: int
    """From 1, in the order in which lines were received, over all sources of a spool or a file; it stays the same."""
    source: str
    """The id of its source."""
    at: float | None
    """When it was printed, by the daemon's word or its own timestamp; None when neither says."""
    received: float
    """When it came here."""
    level: Level | None
    """None when it does not say."""
    text: str
    """Safe to draw: no control characters, no secrets, bounded."""
    kind: Literal["line", "notice", "mark"] = "line"
    """`notice`: what happened to its source, in our words. `mark`: a moment that somebody marked."""
    continues: bool = False
    """It belongs to the line before it of its source, as those of a stack trace do, and has that one's level."""

    @property
    def moment(self) -> float:
        """Where it stands in time."""
        return self.received if self.at is None else self.at


def mark(text: str, received: float) -> LogLine:
    """A mark of a person's own, to be added to a buffer; `text` is safe."""
    return LogLine(0, "", received, received, None, text, "mark")
