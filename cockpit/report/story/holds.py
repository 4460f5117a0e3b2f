"""Every hold, who called it and why, and how long all of one cause took."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from cockpit.checklist.plan import Plan
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.report.story.items import person
from cockpit.report.story.model import HoldCause, HoldStory
from cockpit.text import safe

PERSON = "called by a person"


def holds(events: Iterable[Event], plan: Plan, until: dt.datetime) -> tuple[HoldStory, ...]:
    """Every hold of a run; one that lasts is measured up to `until`."""
    planned = {step.hold for step in plan.every() if step.hold}
    found: list[HoldStory] = []
    for event in events:
        data = event.data
        if isinstance(data, ev.HoldStarted):
            cause = _cause(event, data.reason, planned)
            found.append(HoldStory(cause, safe(data.reason), person(event.by), event.at))
        elif isinstance(data, ev.HoldReleased) and found and found[-1].until is None:
            seconds = (event.at - found[-1].at).total_seconds()
            found[-1] = msgspec.structs.replace(
                found[-1], until=event.at, seconds=seconds, released_by=person(event.by), released=safe(data.reason)
            )
    if found and found[-1].until is None:
        found[-1] = msgspec.structs.replace(found[-1], seconds=(until - found[-1].at).total_seconds())
    return tuple(found)


def causes(of: Iterable[HoldStory]) -> tuple[HoldCause, ...]:
    """The holds by cause, the longest first."""
    summed: dict[str, HoldCause] = {}
    for hold in of:
        known = summed.get(hold.cause, HoldCause(hold.cause, 0, 0.0))
        summed[hold.cause] = HoldCause(hold.cause, known.count + 1, known.seconds + hold.seconds)
    return tuple(sorted(summed.values(), key=lambda each: -each.seconds))


def _cause(event: Event, reason: str, planned: set[str]) -> str:
    if reason in planned:
        return "planned"
    if not event.by.engine:
        return PERSON
    for beginning, cause in (
        ("abort criteria", "abort criteria"),
        ("rolled back", "after a rollback"),
        ("the journal", "the record"),
    ):
        if reason.startswith(beginning):
            return cause
    return "the engine"
