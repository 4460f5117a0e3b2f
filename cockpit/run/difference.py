"""What differs from a baseline, and what only varies.

A whole number, a text and a truth value differ when they are not the same. What always differs a little is compared
with sense:

- a length of time (a latency, a lag) differs when it is more than half as long again, or less than two thirds as long,
  and by more than 100 ms;
- a length of time that runs (an age, the time until a certificate expires) does not differ when it grew or shrank by
  as much as has passed since the baseline, give or take a tenth of that or a minute;
- any other number with a fraction differs when it is more than a tenth larger or smaller;
- a moment does not differ when it was "now" both times: the `Date` of an answer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import math
import re
from collections.abc import Container, Iterable, Mapping

import msgspec

from cockpit.journal.event import CheckMeasured, Remembered, Value

FIGURE = "figure"
"""The name under which the figure to plot is compared."""

RESULT = "result"
"""The name under which the result is compared."""

LONGER = 1.5
"""By which factor a length of time differs."""

JITTER = 0.1
"""Seconds by which lengths of time vary without anybody's doing."""

FRACTION = 0.1
"""The part by which a number with a fraction varies."""

RUNS = 60.0
"""Seconds by which a running time may be off, and a moment be away from now."""

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(ms|s))?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:|[A-Z][a-z]{2}, \d")


class Change(msgspec.Struct, frozen=True):
    """One value that differs."""

    name: str
    before: Value
    now: Value
    percent: float | None = None
    """By how much a number grew, in percent; None when it is no number, or grew from nothing."""


class Passed(msgspec.Struct, frozen=True):
    """When the baseline was taken, and when the values that are compared with it were found."""

    then: dt.datetime
    now: dt.datetime

    @property
    def seconds(self) -> float:
        """How long that is."""
        return (self.now - self.then).total_seconds()


def changes(
    before: Mapping[str, Value], now: Mapping[str, Value], times: Container[str], passed: Passed
) -> list[Change]:
    """What differs between two sets of values, those of `before` first. A name that only one has differs from None.

    `times` are the names of lengths of time, in seconds.
    """
    names = [*before, *(name for name in now if name not in before)]
    found = (Change(name, before.get(name), now.get(name)) for name in names)
    return [
        msgspec.structs.replace(each, percent=_percent(each.before, each.now))
        for each in found
        if not _same(each.before, each.now, passed, time=each.name in times)
    ]


def since_baseline(remembered: Remembered, measured: CheckMeasured, passed: Passed) -> list[Change]:
    """What differs between an item of a baseline and a measurement, as far as a journal knows both."""
    texts = {name: text for each in measured.findings for name, text in each.found.items()}
    before: dict[str, Value] = {name: value for name, value in remembered.found.items() if name in texts}
    now = {name: _like(value, texts[name]) for name, value in before.items()}
    values = changes(before, now, remembered.times, passed)
    figures = figure_changes(remembered.figure, measured.value, remembered.times, passed, values)
    return [*result_changes(remembered.result, measured.result, passed), *figures, *values]


def result_changes(before: str, now: str, passed: Passed) -> list[Change]:
    """Whether the result differs."""
    return changes({RESULT: before}, {RESULT: now}, (), passed)


def figure_changes(
    before: float | None, now: float | None, times: Container[str], passed: Passed, values: Iterable[Change]
) -> list[Change]:
    """Whether the figure differs; not told again when it is one of the `values` that do.

    A figure that is missing at one of the times is no difference: the result tells why.
    """
    if before is None or now is None:
        return []
    told = {(value_text(each.before), value_text(each.now)) for each in values}
    found = changes({FIGURE: before}, {FIGURE: now}, times, passed)
    return [each for each in found if (value_text(each.before), value_text(each.now)) not in told]


def value_text(value: Value) -> str:
    """A value as people read it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.4g}"
        case _:
            return str(value)


def number_of(text: str) -> float | None:
    """What a finding shows, read as a number: a length of time in seconds; None when it is neither."""
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return number(text)
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    days, hours, amount, unit = match.groups()
    seconds = float(amount or 0) / (1000 if unit == "ms" else 1)
    return int(days or 0) * 86400 + int(hours or 0) * 3600 + seconds


def _like(value: Value, text: str) -> Value:
    """What a finding shows, read as `value` is: as a number, a length of time in seconds, a truth value, or text."""
    if isinstance(value, bool):
        return {"true": True, "false": False}.get(text, text)
    if not isinstance(value, int | float):
        return text
    number = number_of(text)
    return text if number is None else number


def _same(before: Value, now: Value, passed: Passed, *, time: bool) -> bool:
    if before == now and isinstance(before, bool) == isinstance(now, bool):
        return True
    if isinstance(before, str) and isinstance(now, str):
        return _is_now(before, passed.then) and _is_now(now, passed.now)
    if not _is_number(before) or not _is_number(now):
        return False
    assert isinstance(before, int | float)
    assert isinstance(now, int | float)
    if time:
        return _same_time(before, now, passed.seconds)
    if isinstance(before, int) and isinstance(now, int):
        return False
    return abs(now - before) <= FRACTION * abs(before)


def _same_time(before: float, now: float, passed: float) -> bool:
    grown = abs(now - before)
    if grown <= JITTER or (before > 0 and before / LONGER <= now <= before * LONGER):
        return True
    return before > RUNS and abs(grown - abs(passed)) <= max(RUNS, FRACTION * abs(passed))


def _is_now(text: str, now: dt.datetime) -> bool:
    """Whether a text is a moment that was just then."""
    if not _MOMENT.match(text):
        return False
    try:
        at = email.utils.parsedate_to_datetime(text) if text[0].isalpha() else dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return abs((now - at).total_seconds()) <= RUNS


def _percent(before: Value, now: Value) -> float | None:
    if not _is_number(before) or not _is_number(now) or not before:
        return None
    assert isinstance(before, int | float)
    assert isinstance(now, int | float)
    grown = (now - before) / abs(before) * 100
    return round(grown, 1) if math.isfinite(grown) else None


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
