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

from cockpit.journal.event import Actor, Event
from cockpit.run.command import Command
from cockpit.run.state import State


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

    async def send(self, command: Command) -> Outcome:
        """Ask the engine for something, and wait until it is on disk or refused."""
