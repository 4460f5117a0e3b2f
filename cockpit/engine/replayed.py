"""A run played back: the same view as a live one, at a moment of the past."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

from cockpit.checklist.model import Check
from cockpit.checklist.plan import Action
from cockpit.engine.exact import exact_in
from cockpit.journal.event import Event
from cockpit.run.command import Command
from cockpit.run.state import State, apply
from cockpit.run.tape import Tape
from cockpit.views.run_view import Link, Outcome, Printed

SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Seconds of the run in one second of the replay."""


class ReplayedRun:
    """A tape with a place on it, and the keys of a player."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Stand at the first event, paused. Raises ValueError when the events are no journal."""
        self.tape = Tape(events)
        self.position = 0
        self.elapsed = 0.0
        """Seconds from the first event to the moment shown."""
        self.playing = False
        self.speed = SPEEDS[0]
        self.changed = asyncio.Event()
        self.link = Link()
        self._state = self.tape.state_at(0)

    @property
    def state(self) -> State:
        """The state at the moment shown."""
        return self._state

    @property
    def events(self) -> Sequence[Event]:
        """All events up to the moment shown."""
        return self.tape.events[: self.position + 1]

    @property
    def length(self) -> float:
        """Seconds from the first event to the last."""
        return self.tape.seconds[-1]

    def now(self) -> dt.datetime:
        """The time of the moment shown, as the captain's clock had it."""
        since = self.elapsed - self.tape.seconds[self.position]
        return self.tape.events[self.position].at + dt.timedelta(seconds=since)

    def exact(self, what: Action | Check | None) -> str:
        """Exactly what an action of the plan, or a check, does."""
        return exact_in(self._state.document.variables, what)

    def printed(self, step: str, *, undo: bool, attempt: int) -> Printed | None:  # noqa: ARG002 - it is a RunView
        """None: a replay has what the journal kept, and no other file."""
        return None

    def printed_by(self, command: str, number: int) -> Printed | None:  # noqa: ARG002 - it is a RunView
        """None, as above."""
        return None

    def logs(self) -> None:
        """None: the record has what people said of logs, and no logs."""

    async def send(self, command: Command) -> Outcome:  # noqa: ARG002 - it is a RunView, and changes nothing
        """Refuse: what happened stays as it is."""
        return Outcome(reason="this is a replay: nothing can be changed")

    def play(self) -> None:
        """Go on from here; from the end, start again."""
        if self.position == self.tape.last:
            self._stand_at(0)
        self.playing = True
        self.changed.set()

    def pause(self) -> None:
        """Stop here."""
        self.playing = False
        self.changed.set()

    def set_speed(self, speed: int) -> None:
        """Play at the known speed nearest to `speed`."""
        self.speed = min(SPEEDS, key=lambda known: abs(known - speed))
        self.changed.set()

    def faster(self, by: int) -> None:
        """Go `by` places up or down the speeds."""
        place = SPEEDS.index(self.speed) + by
        self.set_speed(SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])

    def advance(self, seconds: float) -> None:
        """Let `seconds` of the watcher's time pass."""
        if not self.playing:
            return
        self.elapsed = min(self.elapsed + seconds * self.speed, self.length)
        self._show(self.tape.position_at(self.elapsed))
        if self.elapsed >= self.length:
            self.playing = False

    def step(self, by: int) -> None:
        """Go `by` events on, or back when negative."""
        self.playing = False
        self._stand_at(self.position + by)

    def go_to(self, where: int | dt.datetime) -> None:
        """Go to an event by its number, or to the last one at or before a time."""
        self._stand_at(where if isinstance(where, int) else self.tape.position_at(where))

    def next_section(self, by: int) -> bool:
        """Go to where people's work moves to another section; False when it does not any more."""
        return self._jump(self.tape.next_section(self.position, by))

    def next_failure(self, by: int) -> bool:
        """Go to the next thing that went bad; False when there is none."""
        return self._jump(self.tape.next_failure(self.position, by))

    def _jump(self, position: int | None) -> bool:
        if position is None:
            return False
        self.playing = False
        self._stand_at(position)
        return True

    def _stand_at(self, position: int) -> None:
        position = min(max(position, 0), self.tape.last)
        self.elapsed = self.tape.seconds[position]
        self._show(position)

    def _show(self, position: int) -> None:
        if position == self.position + 1:
            self._state = apply(self._state, self.tape.events[position])
        elif position != self.position:
            self._state = self.tape.state_at(position)
        self.position = position
        self.changed.set()
