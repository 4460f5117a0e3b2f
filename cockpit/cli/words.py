"""What stands on the command line, as values. Each raises argparse.ArgumentTypeError with a sentence."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

THEMES = ("terminal", "high-contrast", "light", "colour-blind", "mono")
"""The names of `cockpit.views.themes`, here so that no command waits for what draws."""

STEP_WORDS = ("go", "retry", "verify", "skip", "tell", "stop", "happened", "not-happened", "agree")
"""What can be done to a step, by the word for it."""


def assignment(text: str) -> tuple[str, str]:
    """`NAME=VALUE` as a pair."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def moment(text: str) -> dt.datetime:
    """A time to come: `2026-12-01T18:00` (local time unless it says otherwise), or from now: `45m`, `2h`, `3d`."""
    import datetime as dt

    now = dt.datetime.now(dt.UTC)
    if from_now := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return now + dt.timedelta(seconds=int(from_now[1]) * _SECONDS[from_now[2]])
    try:
        then = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a time (2026-12-01T18:00) nor one from now (2h)"
        ) from None
    if then <= now:
        raise argparse.ArgumentTypeError(f"{text} is past")
    return then


def past(text: str) -> dt.datetime:
    """A time that is over: `2026-12-01T18:00` (local time unless it says otherwise), or so long ago: `45m`, `2h`."""
    import datetime as dt

    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return dt.datetime.now(dt.UTC) - dt.timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a time (2026-12-01T18:00) nor how long ago (10m)"
        ) from None


def interval(text: str) -> float:
    """A length of time in seconds, more than nothing: `500ms`, `5s`, `2m`."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)(ms|[smhd])", text)
    seconds = float(match[1]) * (0.001 if match[2] == "ms" else _SECONDS[match[2]]) if match else 0.0
    if not seconds:
        raise argparse.ArgumentTypeError(f"{text!r} is not a length of time (5s, 2m, 500ms)")
    return seconds


def speed(text: str) -> int:
    """How many times faster than it happened, a whole number from 1 to 1000."""
    try:
        times = int(text.removesuffix("x"))
    except ValueError:
        times = 0
    if not 1 <= times <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000")
    return times
