"""What happened beside the plan: quick commands that change something, and calls that were made."""

from __future__ import annotations

from typing import ClassVar

from cockpit.journal.data import Data


class CommandBegun(Data, frozen=True):
    """A quick command that changes something was begun: the intent, on disk before anything happens."""

    kind: ClassVar[str] = "command.begun"

    command: str
    number: int = 1
    """How many times it has been begun in this run, this time among them."""
    action: str = ""
    """Exactly what is run, secrets hidden."""
    host: str = ""
    """Where; empty: where the engine runs."""
    rehearsed: bool = False
    """A rehearsal: it is shown, and not done."""


class CommandEnded(Data, frozen=True):
    """A quick command that changes something ended, or its end cannot be known."""

    kind: ClassVar[str] = "command.ended"

    command: str
    number: int = 1
    done: bool = True
    """False: it failed."""
    summary: str = ""
    """One line: `exit status 0 after 2.1 s`."""
    status: int | None = None
    took: float = 0.0
    """Seconds."""
    output: str = ""
    """The last of what it printed."""
    unknown: bool = False
    """In doubt: it may or may not have happened."""


class CallMade(Data, frozen=True):
    """Somebody who is to be called was called."""

    kind: ClassVar[str] = "call.made"

    contact: str
    """The name that the checklist gives them."""
    position: str = ""
    said: str = ""
    """What came of it, in words."""
