"""What differs between two runs: what every format of a comparison is written from. `before` is always the first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from cockpit.journal.event import Value
from cockpit.report.story.model import ItemStory, StepStory, Story, WatchStory
from cockpit.report.story.wording import verdict_line
from cockpit.run.difference import Change, Passed, changes, number_of

FORMAT = 1
"""Version of the JSON format; fields are only ever added to one."""

_ENOUGH = 0.25
"""Seconds by which a check must be slower or faster to be told: below that it is the machine that varies."""

_PACE = 2.0
"""By which factor."""


_Of = TypeVar("_Of")
_Pair = TypeVar("_Pair")


class Head(msgspec.Struct, frozen=True):
    """One of the two runs."""

    run: str
    run_kind: str
    checklist: str
    release: str
    environment: str
    digest: str
    opened: dt.datetime
    seconds: float
    closed: bool
    good: bool
    verdict: str
    settled: int
    total: int
    held: float
    """Seconds in hold."""
    damage: str = ""


class Seen(msgspec.Struct, frozen=True):
    """How an item stood in one run."""

    state: str
    found: str = ""
    """What was found or said."""
    took: float | None = None
    """Seconds that its measurement took."""


class ItemDifference(msgspec.Struct, frozen=True):
    """An item that did not come out alike."""

    id: str
    title: str
    before: Seen | None
    """None: it was not in that run's checklist."""
    after: Seen | None
    changes: tuple[Change, ...] = ()
    """Values that differ, of those that its conditions name; a person's word under `word`."""
    slower: float | None = None
    """By how many seconds measuring it took longer (less, below 0); None when that says nothing."""

    @property
    def state_differs(self) -> bool:
        """Whether it stood otherwise, or was in one of them only."""
        return self.before is None or self.after is None or self.before.state != self.after.state


class StepPair(msgspec.Struct, frozen=True):
    """A step of the plan in both runs."""

    id: str
    title: str
    before: str
    """Its state; empty when the plan had no such step."""
    after: str
    before_seconds: float | None = None
    after_seconds: float | None = None
    seconds: float | None = None
    """By how much it took longer."""
    before_attempts: int = 0
    after_attempts: int = 0
    planned_seconds: float = 0.0
    differs: bool = False
    """Its state does, or the number of its attempts."""
    another_length: bool = False
    """It took half as long again, or a third less, and by more than 100 ms."""


class WatchPair(msgspec.Struct, frozen=True):
    """A watch in both runs."""

    id: str
    title: str
    before: str
    after: str
    before_worst: float | None = None
    after_worst: float | None = None
    unit: str = ""
    differs: bool = False
    """Its state does."""
    moved: bool = False
    """Its worst figure differs by more than such figures always do."""


class Comparison(msgspec.Struct, frozen=True):
    """Two runs side by side."""

    before: Head
    after: Head
    same_checklist: bool
    changed: tuple[ItemDifference, ...]
    """Items whose state or value differs."""
    added: tuple[ItemDifference, ...]
    removed: tuple[ItemDifference, ...]
    pace: tuple[ItemDifference, ...]
    """Checks that took at least twice as long, or half, and by a quarter of a second."""
    alike: int
    """Items in both whose state and values are the same."""
    steps: tuple[StepPair, ...]
    watches: tuple[WatchPair, ...]
    format: int = FORMAT

    @property
    def differ(self) -> bool:
        """Whether anything does that decides: how long a step or a check took, and the worst of a watch, do not."""
        return bool(
            self.changed
            or self.added
            or self.removed
            or self.before.good != self.after.good
            or any(pair.differs for pair in self.steps)
            or any(pair.differs for pair in self.watches)
        )


def compare(before: Story, after: Story) -> Comparison:
    """Compare two runs."""
    passed = Passed(before.opened, after.opened)
    was, now = _by_id(before.items()), _by_id(after.items())
    both = [_item(was[name], now[name], passed) for name in now if name in was]
    changed = tuple(each for each in both if each.changes or each.state_differs)
    return Comparison(
        before=_head(before),
        after=_head(after),
        same_checklist=before.digest == after.digest,
        changed=changed,
        added=tuple(
            ItemDifference(name, item.title, None, _seen(item)) for name, item in now.items() if name not in was
        ),
        removed=tuple(
            ItemDifference(name, item.title, _seen(item), None) for name, item in was.items() if name not in now
        ),
        pace=tuple(sorted((each for each in both if each.slower is not None), key=lambda each: -abs(each.slower or 0))),
        alike=len(both) - len(changed),
        steps=_steps(before, after, passed),
        watches=_watches(before, after, passed),
    )


def _head(story: Story) -> Head:
    return Head(
        run=story.run,
        run_kind=story.run_kind,
        checklist=story.checklist,
        release=story.release,
        environment=story.environment,
        digest=story.digest,
        opened=story.opened,
        seconds=(story.until - story.opened).total_seconds(),
        closed=story.closed,
        good=story.outcome.good,
        verdict=verdict_line(story.outcome),
        settled=story.counts.settled,
        total=story.counts.total,
        held=sum(hold.seconds for hold in story.holds),
        damage=story.proof.damage,
    )


def _by_id(items: Iterable[ItemStory]) -> dict[str, ItemStory]:
    return {item.id: item for item in items}


def _item(was: ItemStory, now: ItemStory, passed: Passed) -> ItemDifference:
    found, before = _values(now), _values(was)
    names = [name for name in before if name in found]  # what only one of them found, its state tells
    differ = changes(
        {name: before[name] for name in names}, {name: found[name] for name in names}, _Lengths(was), passed
    )
    return ItemDifference(was.id, now.title, _seen(was), _seen(now), tuple(differ), _slower(was, now))


def _values(item: ItemStory) -> dict[str, Value]:
    """The value of each name in its conditions, and what a person said."""
    values: dict[str, Value] = {}
    if item.measured is not None:
        for finding in item.measured.findings:
            for name, shown in finding.found.items():
                number = number_of(shown)
                values[name] = shown if number is None else number
    if item.said is not None and item.said.what == "confirmed":
        values["word"] = item.said.value
    return values


class _Lengths:
    """The names of an item's values that are lengths of time."""

    def __init__(self, item: ItemStory) -> None:
        findings = item.measured.findings if item.measured is not None else ()
        shown = {name: text for each in findings for name, text in each.found.items()}
        self._names = {name for name, text in shown.items() if text.endswith(("s", "h", "d"))}
        self._names |= {name for name in shown if name.endswith(("latency", "took", "uptime", "age", "lag"))}

    def __contains__(self, name: object) -> bool:
        return name in self._names


def _seen(item: ItemStory) -> Seen:
    found = item.said.value if item.said is not None else ""
    if item.measured is not None and not found:
        found = item.measured.summary
    return Seen(item.standing, found, item.measured.took if item.measured is not None else None)


def _slower(was: ItemStory, now: ItemStory) -> float | None:
    if was.measured is None or now.measured is None:
        return None
    before, after = was.measured.took, now.measured.took
    apart = abs(after - before) >= _ENOUGH and max(before, after) >= _PACE * min(before, after)
    return after - before if apart else None


def _steps(before: Story, after: Story, passed: Passed) -> tuple[StepPair, ...]:
    was = {step.id: step for step in (*before.golive.steps, *before.golive.way_back)} if before.golive else {}
    now = {step.id: step for step in (*after.golive.steps, *after.golive.way_back)} if after.golive else {}
    return tuple(_pairs(was, now, lambda one, two: _step(one, two, passed)))


def _step(was: StepStory | None, now: StepStory | None, passed: Passed) -> StepPair:
    known = now or was
    assert known is not None  # a pair is of at least one
    first, second = (was.seconds if was else None), (now.seconds if now else None)
    apart = first is not None and second is not None and bool(changes({"s": first}, {"s": second}, ("s",), passed))
    states = was.state if was else "", now.state if now else ""
    tries = len(was.attempts) if was else 0, len(now.attempts) if now else 0
    return StepPair(
        known.id,
        known.title,
        *states,
        first,
        second,
        second - first if first is not None and second is not None else None,
        *tries,
        known.planned_seconds,
        differs=states[0] != states[1] or tries[0] != tries[1],
        another_length=apart,
    )


def _watches(before: Story, after: Story, passed: Passed) -> tuple[WatchPair, ...]:
    was, now = ({watch.item.id: watch for watch in story.watches} for story in (before, after))
    return tuple(_pairs(was, now, lambda one, two: _watch(one, two, passed)))


def _watch(was: WatchStory | None, now: WatchStory | None, passed: Passed) -> WatchPair:
    known = now or was
    assert known is not None  # a pair is of at least one
    states = was.item.standing if was else "", now.item.standing if now else ""
    worst = was.worst if was else None, now.worst if now else None
    times = ("worst",) if known.unit == "s" else ()
    apart = None not in worst and bool(changes({"worst": worst[0]}, {"worst": worst[1]}, times, passed))
    return WatchPair(
        known.item.id, known.item.title, *states, *worst, known.unit, differs=states[0] != states[1], moved=apart
    )


def _pairs(
    was: Mapping[str, _Of], now: Mapping[str, _Of], pair: Callable[[_Of | None, _Of | None], _Pair]
) -> list[_Pair]:
    """What is in either, in the order of the second."""
    names = [*now, *(name for name in was if name not in now)]
    return [pair(was.get(name), now.get(name)) for name in names]
