"""Durations, ages and clock times in few letters."""

from __future__ import annotations

import datetime as dt

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """A length of time in its largest unit that says something: `0.4s`, `41s`, `4m`, `2h`, `3d`."""
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 10:
        return f"{seconds:.1f}s" if seconds % 1 >= 0.05 else f"{int(seconds)}s"
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= 2 * size or (size == _MINUTE and seconds >= size):
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def age(then: dt.datetime, now: dt.datetime, step: int = 10) -> str:
    """How long ago `then` was; under a minute in steps of `step` seconds, so that a list at rest stays still."""
    seconds = max(0.0, (now - then).total_seconds())
    if seconds >= _MINUTE:
        return duration(seconds)
    stepped = int(seconds // step * step)
    return f"{stepped}s" if stepped else "now"


def ago(then: dt.datetime, now: dt.datetime, step: int = 10) -> str:
    """The same as words: `just now`, `40s ago`."""
    words = age(then, now, step)
    return "just now" if words == "now" else f"{words} ago"


def clock(at: dt.datetime, zone: dt.tzinfo | None, now: dt.datetime | None = None, *, seconds: bool = False) -> str:
    """The time of day in `zone` (None: the machine's); with the date when that is another day than `now`."""
    local = at.astimezone(zone)
    time = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    if now is not None and local.date() != now.astimezone(zone).date():
        return f"{local:%Y-%m-%d} {time}"
    return time


def countdown(seconds: float) -> str:
    """A position in a run, to the second: `14:32`, `1:02:10`."""
    whole = int(max(0.0, seconds))
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"
