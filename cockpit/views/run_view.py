"""What a screen looks at: a run, live or replayed.

Screens, plain mode and tests draw from this and from nothing else. A live run follows the journal and sends commands
to the engine; a replay folds the same journal up to the moment that is shown, and refuses every command.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Protocol

import msgspec

from cockpit.checklist.model import Check
from cockpit.checklist.plan import Action
from cockpit.journal.event import Actor, Event
from cockpit.logs.tap import Taken
from cockpit.run.command import Command
from cockpit.run.state import State
from cockpit.run.tape import Tape


class Outcome(msgspec.Struct, frozen=True):
    """What became of a command."""

    seq: int = -1
    """The event it is recorded as, on disk; -1 when it was refused."""
    reason: str = ""
    """Why it was refused, in a sentence to be shown as it is."""

    @property
    def accepted(self) -> bool:
        """It happened, and is on disk."""
        return self.seq >= 0


class Look(msgspec.Struct, frozen=True):
    """A quick command that only reads: it is under way, or was."""

    command: str
    number: int
    by: str
    begun: dt.datetime
    over: bool = False
    done: bool = False
    """It is over, and ended well."""
    stopped: bool = False
    """Somebody ended it, or nobody looked on any more."""
    summary: str = ""
    ended: dt.datetime | None = None


class Link(msgspec.Struct, frozen=True):
    """How the view stands to the engine and the record."""

    connected: bool = False
    recording: bool = True
    """False: NOT RECORDED; `problem` says why."""
    problem: str = ""
    captain: bool = False
    """This view is in command."""
    you: Actor | None = None
    measuring: frozenset[str] = frozenset()
    """Items being measured at this moment."""
    looks: tuple[Look, ...] = ()
    """The quick commands that only read, the last time of each."""
    position: str = ""
    """The position that this view answers for; it looks on otherwise."""


class Printed(msgspec.Struct, frozen=True):
    """The end of what an attempt at an action printed, safe to draw."""

    lines: tuple[str, ...] = ()
    left_out: int = 0
    """Bytes before them that are not shown."""
    size: int = 0
    """Bytes in all."""
    alive: bool | None = None
    """Whether the process that carries it out lives; None where that cannot be known."""


class LogTap(Protocol):
    """The logs of a run as they come, for whoever asks again and again."""

    @property
    def problem(self) -> str:
        """Why nothing can be read, in words; empty when it can."""

    def take(self) -> Taken | None:
        """What has come since the last time, if it has been read by now; it waits for nothing."""

    def close(self) -> None:
        """Nobody looks any more."""


class RunView(Protocol):
    """A run, live or replayed. Nothing here waits for a disk, a network or a lock but `send`."""

    @property
    def state(self) -> State:
        """The state at the moment shown."""

    @property
    def events(self) -> Sequence[Event]:
        """All events up to the moment shown."""

    @property
    def link(self) -> Link:
        """How the view stands to the engine and the record."""

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever `state`, `events` or `link` changed; whoever draws clears it."""

    def now(self) -> dt.datetime:
        """The time to show ages against: the clock's, or that of the moment replayed."""

    def exact(self, what: Action | Check | None) -> str:
        """Exactly what an action of the plan, or a check, does, secrets hidden; empty when there is none."""

    def printed(self, step: str, *, undo: bool, attempt: int) -> Printed | None:
        """What an attempt printed, as far as this view has read it; None when only the journal can say.

        Asking makes the view follow it: `changed` is set when there is more.
        """

    def printed_by(self, command: str, number: int) -> Printed | None:
        """What a quick command printed, that time; otherwise as `printed`."""

    def logs(self) -> LogTap | None:
        """Let logs be followed, and read them until the tap is closed; None in a replay: the record has none."""

    async def send(self, command: Command) -> Outcome:
        """Ask the engine for something, and wait until it is on disk or refused."""


class ReplayControls(RunView, Protocol):
    """A run played back: a view with the keys of a player. Moving sets `changed`."""

    @property
    def tape(self) -> Tape:
        """Every event of the journal, also those after the moment shown."""

    @property
    def position(self) -> int:
        """The place of the last event shown."""

    @property
    def elapsed(self) -> float:
        """Seconds from the first event to the moment shown."""

    @property
    def length(self) -> float:
        """Seconds from the first event to the last."""

    @property
    def playing(self) -> bool:
        """Whether time goes on in it."""

    @property
    def speed(self) -> int:
        """How many seconds of the run pass in one second."""

    def play(self) -> None:
        """Let time go on; from the end, start again."""

    def pause(self) -> None:
        """Stop at the moment shown."""

    def faster(self, by: int) -> None:
        """Go `by` places up or down the speeds."""

    def step(self, by: int) -> None:
        """Go `by` events on, or back when negative."""

    def next_section(self, by: int) -> bool:
        """Go to where people's work moves to another section; False when it does not any more."""

    def next_failure(self, by: int) -> bool:
        """Go to the next thing that went bad, or with -1 the one before; False when there is none."""

    def go_to(self, where: int | dt.datetime) -> None:
        """Go to an event by its number, or to the last one at or before a time."""

    def advance(self, seconds: float) -> None:
        """Let `seconds` of the watcher's time pass: whoever draws calls this while it is playing."""
