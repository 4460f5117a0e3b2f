"""When a waiver ends, as people type it."""

from __future__ import annotations

import datetime as dt
import re

_SPAN = re.compile(r"(\d+)\s*(m|min|h|d|w)")
_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}

HINT = "2h, 3d, 18:00 or 2026-12-01; empty: no end"


def read_expiry(text: str, now: dt.datetime, zone: dt.tzinfo | None = None) -> dt.datetime | None:
    """The time that `text` names, None when it is empty.

    A length of time counts from `now`; a time of day is the next one; a date ends with that day; days are those of
    `zone` (None: the machine's). Raises ValueError with a sentence for the person when it is none of these, or over.
    """
    asked = text.strip().lower()
    if not asked:
        return None
    if span := _SPAN.fullmatch(asked):
        return now + dt.timedelta(seconds=int(span[1]) * _UNITS[span[2]])
    local = now.astimezone(zone)
    when = _time_of_day(asked, local) or _date(asked, local)
    if when is None:
        raise ValueError(f"{text.strip()!r} is no time: write 2h, 3d, 18:00 or 2026-12-01")
    if when <= now:
        raise ValueError(f"{text.strip()!r} is over already")
    return when


def _time_of_day(asked: str, local: dt.datetime) -> dt.datetime | None:
    try:
        time = dt.time.fromisoformat(asked.zfill(5))
    except ValueError:
        return None
    when = local.replace(hour=time.hour, minute=time.minute, second=time.second, microsecond=0)
    return when if when > local else when + dt.timedelta(days=1)


def _date(asked: str, local: dt.datetime) -> dt.datetime | None:
    try:
        when = dt.datetime.fromisoformat(asked)
    except ValueError:
        return None
    if len(asked) <= len("2026-12-01"):
        when = when.replace(hour=23, minute=59, second=59)
    return when if when.tzinfo else when.replace(tzinfo=local.tzinfo)
