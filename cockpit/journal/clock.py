"""The time that goes into a journal: the wall clock for people, the boot clock for durations."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Protocol

from cockpit.journal.line import Stamp

JUMP = 1.0
"""Seconds by which the wall clock may drift against the boot clock between two events before that is recorded."""


class Clock(Protocol):
    """Says when something is written."""

    def stamp(self) -> Stamp:
        """The time at this moment."""
        ...


class SystemClock:
    """The machine's clocks. Where there is no boot clock that counts sleep, the monotonic one stands in."""

    def __init__(self) -> None:
        self._clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        try:
            self._boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            self._boot = ""

    def stamp(self) -> Stamp:
        """The time at this moment."""
        return Stamp(dt.datetime.now(dt.UTC), time.clock_gettime_ns(self._clock) // 1000, self._boot)


def moment_after(last: Stamp, now: Stamp) -> dt.datetime:
    """The time `now`, by the clock as it stood at `last`: whoever sets the clock makes nothing older or younger.

    That the clock was set is known from the next event on, and so is everything before it by the new one.
    """
    if last.boot != now.boot or not now.boot:
        return now.at
    return last.at + dt.timedelta(microseconds=now.mono - last.mono)


def jump(before: Stamp, now: Stamp) -> float:
    """Seconds by which the wall clock was set between two stamps of one boot; 0 when it was not, or nobody can know."""
    if before.boot != now.boot or not now.boot:
        return 0.0
    seconds = (now.at - before.at).total_seconds() - (now.mono - before.mono) / 1e6
    return round(seconds, 6) if abs(seconds) > JUMP else 0.0
