"""A run without an engine and without a disk: events in memory, the real rules, the real fold."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

from launch import ADA, NOW, event, story

from cockpit.checklist.model import Check
from cockpit.checklist.plan import Action
from cockpit.engine.exact import exact_in
from cockpit.journal.event import Actor, Data, Event
from cockpit.logs.tap import Taken
from cockpit.run.command import Command
from cockpit.run.decide import decide
from cockpit.run.refusal import Refusal
from cockpit.run.state import State, apply, fold
from cockpit.views.run_view import Link, Outcome, Printed


class FakeTap:
    """Logs without a spool: what is put into `ready` is taken at the next look."""

    def __init__(self) -> None:
        self.ready: list[Taken] = []
        self.problem = ""
        self.closed = False
        self.at = NOW.timestamp() + 2
        """When everything has come."""

    def take(self) -> Taken | None:
        return self.ready.pop(0) if self.ready else Taken([], [], self.at)

    def close(self) -> None:
        self.closed = True


class FakeRun:
    """A RunView whose clock stands still, so that what it shows is always the same."""

    def __init__(
        self, events: Sequence[Event] | None = None, *, captain: bool = True, you: Actor = ADA, connected: bool = True
    ) -> None:
        self.events: list[Event] = list(story() if events is None else events)
        self.state: State = fold(self.events)
        self.link = Link(connected=connected, captain=captain, you=you)
        self.changed = asyncio.Event()
        self.time = NOW
        self.delay = 0.0
        self.refuse = ""
        self.sent: list[Command] = []
        self.output: dict[tuple[str, bool, int], Printed] = {}
        """What actions printed, as if their files had been read."""
        self.quick: dict[tuple[str, int], Printed] = {}
        """The same of quick commands."""

        self.tap = FakeTap()

    def now(self) -> dt.datetime:
        return self.time

    def exact(self, what: Action | Check | None) -> str:
        return exact_in(self.state.document.variables, what)

    def printed(self, step: str, *, undo: bool, attempt: int) -> Printed | None:
        return self.output.get((step, undo, attempt))

    def printed_by(self, command: str, number: int) -> Printed | None:
        return self.quick.get((command, number))

    def logs(self) -> FakeTap:
        return self.tap

    async def send(self, command: Command) -> Outcome:
        await asyncio.sleep(self.delay)
        self.sent.append(command)
        if self.refuse:
            return Outcome(reason=self.refuse)
        decided = decide(self.state, command, now=self.time, who=self.link.you or ADA, in_command=self.link.captain)
        if isinstance(decided, Refusal):
            return Outcome(reason=decided.reason)
        for data in decided:
            self.add(data)
        return Outcome(self.state.seq)

    def add(self, data: Data, by: Actor | None = None) -> None:
        """Let something happen."""
        happened = event(self.state.seq + 1, data, by or self.link.you or ADA, self.time)
        self.events = [*self.events, happened]
        self.state = apply(self.state, happened)
        self.changed.set()
