"""What is drawn: the plan over time, planned above actual, and each figure. Geometry only, in percent; no markup."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cockpit.report.story.model import Attempt, GoLive, HoldStory, Story, WatchStory
from cockpit.report.story.wording import Clock

_NARROWEST = 0.5
"""Percent: what took less is drawn as wide as this."""

_TICKS = 5
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800)
"""Seconds between two ticks."""

WIDE, HIGH = 1000, 100
"""The size of a plot in its own units."""

_IN_SIGHT = 5
"""A threshold that is more times higher than the figure ever was is left out: the figure would be a flat line."""

POINTS = 600
"""Points that are drawn of one figure; of more, the highest and lowest of each stretch."""


@dataclass(frozen=True)
class Bar:
    """A stretch of time."""

    x: float
    width: float
    look: str = ""
    """`good`, `bad`, `warn` or nothing."""
    told: str = ""
    """What it is, for who points at it or has it read out."""


@dataclass(frozen=True)
class Lane:
    """A step: as planned, and what was done."""

    title: str
    told: str
    planned: Bar | None
    actual: tuple[Bar, ...]


@dataclass(frozen=True)
class Timeline:
    """The plan over time."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    bands: tuple[Bar, ...]
    """Holds."""
    zero: float | None
    """T-0."""
    shifted: bool
    """What was planned is drawn from where the first step was begun: it was planned for another time."""


@dataclass(frozen=True)
class Plot:
    """A figure over time."""

    lines: tuple[str, ...]
    """Points of a line each, as SVG has them."""
    bad: tuple[tuple[float, float], ...]
    """Where it was not good."""
    threshold: float | None
    low: float
    high: float
    begins: dt.datetime
    ends: dt.datetime


def timeline(story: Story, clock: Clock) -> Timeline | None:
    """The plan as planned and as it went; None when no step was begun."""
    golive = story.golive
    if golive is None:
        return None
    tries = [each for step in (*golive.steps, *golive.way_back) for each in (*step.attempts, *step.undo)]
    if not tries:
        return None
    first = min(each.begun for each in tries)
    last = max([_end(each, story.until) for each in tries])
    planned, shifted = _planned(golive, story.run_kind, first, last)
    begins = min([first, *(start for start, _ in planned)])
    ends = max([last, *(end for _, end in planned)])
    scale = _Scale(begins, ends)
    return Timeline(
        tuple(_lanes(golive, planned, scale, story)),
        tuple(scale.ticks(clock)),
        tuple(_bands(story.holds, scale, story.until)),
        scale.x(golive.zero) if golive.zero is not None else None,
        shifted,
    )


def plot(watch: WatchStory) -> Plot | None:
    """A figure over time with its threshold; None with fewer than two measurements."""
    series = watch.series
    if len(series) < 2:
        return None
    begins, ends = series[0][0], series[-1][0]
    values = [value for _, value, _ in series]
    low, high = min([0.0, *values]), max(values)
    if watch.threshold is not None and (watch.threshold < _IN_SIGHT * high or high <= 0 < watch.threshold):
        high = max(high, watch.threshold)
    room = (high - low) * 0.08 or 1.0
    high += room
    scale = _Scale(begins, ends)
    marks = [
        (round(scale.x(at) / 100 * WIDE, 1), round(HIGH * (high - value) / (high - low), 1)) for at, value, _ in series
    ]
    bad = [mark for mark, (_, _, result) in zip(marks, series, strict=True) if result not in ("PASS", "WARN")]
    threshold = watch.threshold
    height = HIGH * (high - threshold) / (high - low) if threshold is not None and low <= threshold <= high else None
    line = " ".join(f"{x:g},{y:g}" for x, y in _thinned(marks))
    return Plot((line,), tuple(_thinned(bad)), height, low, high, begins, ends)


class _Scale:
    """Time to percent."""

    def __init__(self, begins: dt.datetime, ends: dt.datetime) -> None:
        self.begins = begins
        self.seconds = max((ends - begins).total_seconds(), 1.0)

    def x(self, at: dt.datetime) -> float:
        part = (at - self.begins).total_seconds() / self.seconds
        return round(100 * min(max(part, 0.0), 1.0), 3)

    def bar(self, start: dt.datetime, end: dt.datetime, look: str = "", told: str = "") -> Bar:
        width = max(self.x(end) - self.x(start), _NARROWEST)
        return Bar(min(self.x(start), 100 - _NARROWEST), round(width, 3), look, told)

    def ticks(self, clock: Clock) -> Iterator[tuple[float, str]]:
        every = next((step for step in _STEPS if self.seconds / step <= _TICKS), _STEPS[-1])
        local = self.begins.astimezone(clock.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (local - midnight).total_seconds()
        at = local + dt.timedelta(seconds=-passed % every)
        end = self.begins + dt.timedelta(seconds=self.seconds)
        while at <= end:
            yield self.x(at), clock(at, seconds=every < 60)
            at += dt.timedelta(seconds=every)


def _planned(
    golive: GoLive, run_kind: str, first: dt.datetime, last: dt.datetime
) -> tuple[list[tuple[dt.datetime, dt.datetime]], bool]:
    """When each step was planned to begin and end; nothing when the plan says no times."""
    lengths = [dt.timedelta(seconds=step.planned_seconds) for step in golive.steps]
    whole = sum(lengths, dt.timedelta())
    if not whole:
        return [], False
    start = golive.window[0] if golive.window is not None else first
    apart = max(start - last, first - (start + whole), dt.timedelta())
    shifted = run_kind != "live" or apart > max(last - first, whole)
    if shifted:
        start = first
    ends = [start + each for each in itertools.accumulate(lengths)]
    return list(zip([start, *ends[:-1]], ends, strict=True)), shifted and golive.window is not None


def _lanes(
    golive: GoLive, planned: Sequence[tuple[dt.datetime, dt.datetime]], scale: _Scale, story: Story
) -> Iterator[Lane]:
    for number, step in enumerate((*golive.steps, *golive.way_back)):
        tries = [*step.attempts, *step.undo]
        span = planned[number] if number < len(golive.steps) and planned else None
        if not tries and span is None:
            continue
        title = f"{number + 1}. {step.title}" if number < len(golive.steps) else step.title
        actual = tuple(scale.bar(each.begun, _end(each, story.until), _look(each), _told(each)) for each in tries)
        bar = scale.bar(*span, told="planned") if span is not None and span[1] > span[0] else None
        yield Lane(title, step.state, bar, actual)


def _end(attempt: Attempt, until: dt.datetime) -> dt.datetime:
    return attempt.ended or until


def _look(attempt: Attempt) -> str:
    if attempt.outcome == "done":
        return "back" if attempt.undo else "good"
    return "bad" if attempt.outcome in ("failed", "in doubt") else "warn"


def _told(attempt: Attempt) -> str:
    what = "undo, " if attempt.undo else ""
    return f"{what}attempt {attempt.number}: {attempt.outcome}" if attempt.number else attempt.outcome


def _bands(holds: Sequence[HoldStory], scale: _Scale, until: dt.datetime) -> Iterator[Bar]:
    end = scale.begins + dt.timedelta(seconds=scale.seconds)
    for hold in holds:
        if hold.at < end and (hold.until or until) > scale.begins:
            yield scale.bar(hold.at, hold.until or until, told=f"hold: {hold.reason}")


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """No more points than can be seen: the highest and the lowest of each stretch, in their order."""
    if len(points) <= POINTS:
        return points
    stretch = len(points) * 2 // POINTS + 1
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), stretch):
        some = points[start : start + stretch]
        kept += sorted({min(some, key=lambda each: each[1]), max(some, key=lambda each: each[1])})
    return kept
