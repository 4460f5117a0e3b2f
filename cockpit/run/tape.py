"""The events of a run with the state at each of them: what a replay plays."""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
from collections.abc import Callable, Sequence

from cockpit.checklist.model import Branch
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.run.state import State, apply, open_state

_SNAPSHOT_EVERY = 200


class Tape:
    """All events of a journal. The state at any of them is the fold up to there: what the captain's screen showed."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Take the events in order. Raises ValueError when there are none or the first opens no run."""
        if not events:
            raise ValueError("the journal has no events")
        self.events = events
        self.seconds = _seconds(events)
        """Seconds from the first event to each, never falling, whatever was done to the clock."""
        state = open_state(events[0])
        self._snapshots = [state]
        for index, event in enumerate(events[1:], 1):
            state = apply(state, event)
            if index % _SNAPSHOT_EVERY == 0:
                self._snapshots.append(state)
        self._section_of = _sections_worked_on(events, state.document.parts)

    @property
    def last(self) -> int:
        """The position of the last event."""
        return len(self.events) - 1

    def state_at(self, position: int) -> State:
        """The state after the event at `position`."""
        start = position // _SNAPSHOT_EVERY
        state = self._snapshots[start]
        for event in self.events[start * _SNAPSHOT_EVERY + 1 : position + 1]:
            state = apply(state, event)
        return state

    def position_at(self, when: float | dt.datetime) -> int:
        """The last event that had happened by then: seconds since the first, or a time of day."""
        if isinstance(when, dt.datetime):
            return max((index for index, event in enumerate(self.events) if event.at <= when), default=0)
        return max(0, bisect.bisect_right(self.seconds, when) - 1)

    def next_section(self, position: int, by: int) -> int | None:
        """Where people's work moves to another section, seen from `position`; `by` is +1 or -1."""
        here = next((name for name in reversed(self._section_of[: position + 1]) if name), "")
        return self._seek(position, by, lambda index: self._section_of[index] not in ("", here))

    def next_failure(self, position: int, by: int) -> int | None:
        """The next thing that went bad, or with -1 the one before."""
        return self._seek(position, by, lambda index: failed(self.events[index]))

    def _seek(self, position: int, by: int, wanted: Callable[[int], bool]) -> int | None:
        stop = len(self.events) if by > 0 else -1
        return next((index for index in range(position + by, stop, by) if wanted(index)), None)


def failed(event: Event) -> bool:
    """Whether something went bad in this event."""
    data = event.data
    if isinstance(data, ev.CheckMeasured):
        return data.result in ("FAIL", "ERROR")
    if isinstance(data, ev.ActionEnded):
        return not data.done
    if isinstance(data, ev.StepVerified | ev.SoakEnded):
        return not data.good
    if isinstance(data, ev.StepDoubted | ev.WatchFired):
        return True
    return isinstance(data, ev.ItemConfirmed) and not data.holds


def _seconds(events: Sequence[Event]) -> list[float]:
    """Seconds since the first event: by the boot clock within one boot, by the wall clock across boots."""
    passed = [0.0]
    for before, after in itertools.pairwise(events):
        if before.boot and before.boot == after.boot:
            step = (after.mono - before.mono) / 1e6
        else:
            step = (after.at - before.at).total_seconds()
        passed.append(passed[-1] + max(step, 0.0))
    return passed


def _sections_worked_on(events: Sequence[Event], parts: Sequence[Branch]) -> list[str]:
    """For each event the section in which a person worked; empty for what the engine did by itself."""
    section_of = {item.id: section.id for section in _sections(parts) for item in section.items()}
    return ["" if event.by.engine else section_of.get(getattr(event.data, "item", ""), "") for event in events]


def _sections(branches: Sequence[Branch]) -> list[Branch]:
    """The sections of a document; a part that has none stands for one."""
    found: list[Branch] = []
    for branch in branches:
        below = [child for child in branch.children if isinstance(child, Branch)]
        if branch.level == "part" and below:
            found += _sections(below)
        else:
            found.append(branch)
    return found
