"""A run played back: the same view as a live one, at a moment of the past.

The state shown is the fold of the events up to that moment: exactly what the captain's screen was drawn from.
"""

from __future__ import annotations

import asyncio
import bisect
import datetime as dt
from collections.abc import Callable, Sequence

from cockpit.checklist.model import Branch
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.run.state import State, apply, open_state

SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Seconds of the run in one second of the replay."""

_SNAPSHOT_EVERY = 200


class Tape:
    """The events of a run with the state at each of them, and the seconds at which they happened."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Take all events of a journal. Raises ValueError when there are none or the first opens no run."""
        if not events:
            raise ValueError("the journal has no events")
        self.events = events
        self.seconds = _seconds(events)
        """Seconds since the first event, never falling, whatever was done to the clock."""
        state = open_state(events[0])
        self._snapshots = [state]
        for index, event in enumerate(events[1:], 1):
            state = apply(state, event)
            if index % _SNAPSHOT_EVERY == 0:
                self._snapshots.append(state)

    def state_at(self, position: int) -> State:
        """The state after the event at `position`."""
        start = position // _SNAPSHOT_EVERY
        state = self._snapshots[start]
        for event in self.events[start * _SNAPSHOT_EVERY + 1 : position + 1]:
            state = apply(state, event)
        return state

    def position_at(self, seconds: float) -> int:
        """The last event that had happened after `seconds`."""
        return max(0, bisect.bisect_right(self.seconds, seconds) - 1)

    @property
    def length(self) -> float:
        """Seconds from the first event to the last."""
        return self.seconds[-1]


class Replay:
    """A tape with a place on it, and the keys of a player."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Stand at the first event, paused."""
        self.tape = Tape(events)
        self.position = 0
        self.elapsed = 0.0
        """Seconds since the first event of the moment shown."""
        self.playing = False
        self.speed = 1
        self.changed = asyncio.Event()
        self._state = self.tape.state_at(0)
        sections = {
            item.id: section.id
            for section in _sections(self.tape.state_at(len(events) - 1).document.parts)
            for item in section.items()
        }
        self._section_of = [sections.get(_worked_on(event), "") for event in events]

    @property
    def state(self) -> State:
        """The state at the moment shown."""
        return self._state

    @property
    def events(self) -> Sequence[Event]:
        """All events up to the moment shown."""
        return self.tape.events[: self.position + 1]

    def now(self) -> dt.datetime:
        """The time of the moment shown, as the captain's clock had it."""
        since = self.elapsed - self.tape.seconds[self.position]
        return self.tape.events[self.position].at + dt.timedelta(seconds=since)

    @property
    def at_end(self) -> bool:
        """Nothing more happened."""
        return self.position == len(self.tape.events) - 1

    def play(self) -> None:
        """Go on from here; from the end, start again."""
        if self.at_end:
            self._stand_at(0)
        self.playing = True
        self.changed.set()

    def pause(self) -> None:
        """Stop here."""
        self.playing = False
        self.changed.set()

    def faster(self, by: int) -> None:
        """Go `by` steps up or down the speeds."""
        place = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]
        self.changed.set()

    def advance(self, seconds: float) -> None:
        """Let `seconds` of the watcher's time pass."""
        if not self.playing:
            return
        self.elapsed = min(self.elapsed + seconds * self.speed, self.tape.length)
        self._show(self.tape.position_at(self.elapsed))
        if self.elapsed >= self.tape.length:
            self.playing = False

    def step(self, by: int) -> None:
        """Go `by` events on, or back when negative."""
        self.playing = False
        self._stand_at(self.position + by)

    def go_to(self, where: int | dt.datetime) -> None:
        """Go to an event by its number, or to the last one at or before a time."""
        if isinstance(where, int):
            self._stand_at(where)
            return
        passed = [index for index, event in enumerate(self.tape.events) if event.at <= where]
        self._stand_at(passed[-1] if passed else 0)

    def next_section(self, by: int) -> bool:
        """Go to where the people's work moves to another section; False when it does not any more."""
        here = next((name for name in reversed(self._section_of[: self.position + 1]) if name), "")
        return self._seek(by, lambda index: self._section_of[index] not in ("", here))

    def next_failure(self, by: int) -> bool:
        """Go to the next, or the last, thing that went bad; False when there is none."""
        return self._seek(by, lambda index: _failed(self.tape.events[index]))

    def _seek(self, by: int, wanted: Callable[[int], bool]) -> bool:
        stop = len(self.tape.events) if by > 0 else -1
        for index in range(self.position + by, stop, by):
            if wanted(index):
                self.playing = False
                self._stand_at(index)
                return True
        return False

    def _stand_at(self, position: int) -> None:
        position = min(max(position, 0), len(self.tape.events) - 1)
        self.elapsed = self.tape.seconds[position]
        self._show(position)

    def _show(self, position: int) -> None:
        if position == self.position + 1:
            self._state = apply(self._state, self.tape.events[position])
        elif position != self.position:
            self._state = self.tape.state_at(position)
        self.position = position
        self.changed.set()


def _seconds(events: Sequence[Event]) -> list[float]:
    """Seconds since the first event: by the boot clock within one boot, by the wall clock across boots."""
    passed = [0.0]
    for before, after in zip(events, events[1:], strict=False):
        if before.boot and before.boot == after.boot:
            step = (after.mono - before.mono) / 1e6
        else:
            step = (after.at - before.at).total_seconds()
        passed.append(passed[-1] + max(step, 0.0))
    return passed


def _sections(branches: Sequence[Branch]) -> list[Branch]:
    """The sections of a document; a heading that has none stands for one."""
    found: list[Branch] = []
    for branch in branches:
        below = [child for child in branch.children if isinstance(child, Branch)]
        if branch.level == "part" and below:
            found += _sections(below)
        else:
            found.append(branch)
    return found


def _worked_on(event: Event) -> str:
    """The item that a person worked on; empty for what the engine did by itself."""
    return "" if event.by.engine else getattr(event.data, "item", "")


def _failed(event: Event) -> bool:
    data = event.data
    if isinstance(data, ev.CheckMeasured):
        return data.result in ("FAIL", "ERROR")
    return isinstance(data, ev.ItemConfirmed) and not data.holds
