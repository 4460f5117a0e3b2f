"""The T-clock: down to T-0, the first step that changes production, then up; it stands in a hold."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import msgspec

from cockpit.checklist.plan import Window
from cockpit.run.state import State


class Clock(msgspec.Struct, frozen=True):
    """The T-clock at a moment."""

    seconds: float
    """Below 0 before T-0."""
    stands: bool
    """In a hold."""
    planned: bool = True
    """False: no window says when T-0 is planned, and it has not been: there is nothing to count."""

    def __str__(self) -> str:
        """`T-00:12:30`, `T+01:02:03`."""
        if not self.planned:
            return "T-"
        whole = int(abs(self.seconds))
        sign = "-" if self.seconds < 0 else "+"
        return f"T{sign}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def clock(state: State, now: dt.datetime) -> Clock:
    """The T-clock at `now`."""
    stands = state.hold is not None
    zero = state.procedure.zero
    if zero is not None:
        return Clock((now - zero).total_seconds() - _held(state, zero, now), stands)
    window = planned_window(state)
    if window is None:
        return Clock(0.0, stands, planned=False)
    return Clock((now - window[0]).total_seconds() - _held(state, state.opened, now), stands)


def planned_window(state: State) -> tuple[dt.datetime, dt.datetime | None] | None:
    """When going live is planned to begin, and to be over, in UTC; None without a window.

    None, too, for one that cannot be told here: a journal may come from a machine that knows more zones.
    """
    plan = state.document.plan
    if plan is None or plan.window is None:
        return None
    try:
        return window_at(plan.window, state.opened)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


def window_at(window: Window, opened: dt.datetime) -> tuple[dt.datetime, dt.datetime | None]:
    """When `window` begins and ends, in UTC, for a run that was opened at `opened`."""
    zone = zoneinfo.ZoneInfo(window.zone)
    local = opened.astimezone(zone)
    day = dt.date.fromisoformat(window.date) if window.date else local.date()
    start = _at(day, window.start, zone)
    if not window.date and start <= opened:
        day += dt.timedelta(days=1)
        start = _at(day, window.start, zone)
    if not window.end:
        return start, None
    end = _at(day, window.end, zone)
    return start, end if end > start else _at(day + dt.timedelta(days=1), window.end, zone)


def lateness(state: State, now: dt.datetime) -> float | None:
    """Seconds by which T-0 is, or was, later than planned; None without a window."""
    window = planned_window(state)
    if window is None:
        return None
    return ((state.procedure.zero or max(now, window[0])) - window[0]).total_seconds()


def _at(day: dt.date, time_of_day: str, zone: dt.tzinfo) -> dt.datetime:
    hour, minute = time_of_day.split(":")
    return dt.datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone).astimezone(dt.UTC)


def _held(state: State, since: dt.datetime, now: dt.datetime) -> float:
    """Seconds of holds between `since` and `now`."""
    total = 0.0
    for start, end in state.procedure.holds:
        begun, over = max(start, since), min(end or now, now)
        total += max(0.0, (over - begun).total_seconds())
    return total
