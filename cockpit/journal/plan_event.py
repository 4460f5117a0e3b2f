"""What happened on the plan: the kinds of event of going live and of the way back."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from cockpit.journal.data import Data


class StepBegun(Data, frozen=True):
    """A step, or its compensation, was begun: the intent, on disk before anything happens."""

    kind: ClassVar[str] = "step.begun"

    step: str
    attempt: int = 1
    undo: bool = False
    """It is the compensation of the step."""
    action: str = ""
    """Exactly what is done, secrets hidden; empty for a gate or a planned hold."""
    hosts: tuple[str, ...] = ()
    """Where, in turn; none: where the engine runs."""
    rehearsed: str = ""
    """In a rehearsal: `shown` when nothing is done, `stand-in` when something else is done instead."""


class ActionEnded(Data, frozen=True):
    """An action ended: by itself, or, for what a person does, by that person's word."""

    kind: ClassVar[str] = "action.ended"

    step: str
    attempt: int = 1
    undo: bool = False
    done: bool = True
    """False: it failed."""
    summary: str = ""
    """One line: `exit status 0 after 2.1 s`; of a person's act, the value that was seen."""
    status: int | None = None
    took: float = 0.0
    """Seconds."""
    output: str = ""
    """The last of what it printed."""
    host: str = ""
    """Which of several hosts this was; the action goes on with the next one unless `last`."""
    last: bool = True
    nothing: bool = False
    """It failed before anything was done: nothing has to be undone."""


class StepDoubted(Data, frozen=True):
    """An action was begun, and its end is not known. Nothing goes on until it is settled."""

    kind: ClassVar[str] = "step.doubted"

    step: str
    attempt: int = 1
    undo: bool = False
    reason: str = ""
    output: str = ""


class DoubtSettled(Data, frozen=True):
    """A probe or the captain said what happened to an action that was in doubt."""

    kind: ClassVar[str] = "doubt.settled"

    step: str
    happened: bool
    undo: bool = False
    reason: str = ""


class StepVerified(Data, frozen=True):
    """What shows whether a step worked was measured."""

    kind: ClassVar[str] = "step.verified"

    step: str
    undo: bool = False
    good: bool = True
    summary: str = ""
    """What was not good, or why nothing was looked at, in words."""


class SoakEnded(Data, frozen=True):
    """Conditions stayed good for the time agreed on, or did not."""

    kind: ClassVar[str] = "soak.ended"

    step: str
    good: bool = True
    summary: str = ""


class StepDone(Data, frozen=True):
    """A step, or its compensation, is over and good."""

    kind: ClassVar[str] = "step.done"

    step: str
    undo: bool = False


class StepSkipped(Data, frozen=True):
    """The captain left a step, or its compensation, out."""

    kind: ClassVar[str] = "step.skipped"

    step: str
    reason: str
    undo: bool = False


class SecondGiven(Data, frozen=True):
    """A second person agreed that a step may begin."""

    kind: ClassVar[str] = "second.given"

    step: str
    position: str


class PollOpened(Data, frozen=True):
    """A roll call began; whatever was answered before counts no more."""

    kind: ClassVar[str] = "poll.opened"

    step: str
    ends: dt.datetime | None = None


class PollAnswered(Data, frozen=True):
    """A position said GO or NO-GO."""

    kind: ClassVar[str] = "poll.answered"

    step: str
    position: str
    go: bool
    reason: str = ""
    relayed: str = ""
    """Whose voice the captain recorded; empty when the position answered from its own login."""


class PollEnded(Data, frozen=True):
    """A roll call ended without opening its gate."""

    kind: ClassVar[str] = "poll.ended"

    step: str
    reason: str


class GateOpened(Data, frozen=True):
    """A gate's conditions and its poll held."""

    kind: ClassVar[str] = "gate.opened"

    step: str
    go: dict[str, str] = {}
    """Position to who said GO."""


class WatchFired(Data, frozen=True):
    """A watch did what it must not do."""

    kind: ClassVar[str] = "watch.fired"

    item: str
    criterion: str
    """`3 of 5`, `for 120 s`."""
    action: str
    """`advise`, `hold` or `rollback`."""
    due: dt.datetime | None = None
    """When the action is taken unless somebody vetoes it."""
    would: bool = False
    """A rehearsal: it would have been taken."""


class AbortVetoed(Data, frozen=True):
    """The captain vetoed what a watch had fired."""

    kind: ClassVar[str] = "abort.vetoed"

    item: str
    reason: str


class RollbackBegun(Data, frozen=True):
    """The way back: what is done first, and the steps whose compensations follow, in their order."""

    kind: ClassVar[str] = "rollback.begun"

    first: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    reason: str = ""
    cannot: dict[str, str] = {}
    """Steps that were done and cannot be undone, and why."""
    to: str = ""
    """The step back to which it goes, that one undone too; empty: all the way."""


class RollbackEnded(Data, frozen=True):
    """The way back was gone to its end."""

    kind: ClassVar[str] = "rollback.ended"

    not_undone: dict[str, str] = {}
    """What stands as it was made, and why."""


class RunCleared(Data, frozen=True):
    """After a rollback, a named person said that the run may go on."""

    kind: ClassVar[str] = "run.cleared"

    reason: str
    again: tuple[str, ...] = ()
    """What was past and is not any more, for something before it was undone: gates, holds, what changes nothing."""


class PlanRecycled(Data, frozen=True):
    """The plan is carried out again from an earlier step on; answers of old roll calls count no more."""

    kind: ClassVar[str] = "plan.recycled"

    step: str
    reason: str
    again: tuple[str, ...] = ()
    """What was past and is not any more."""


class RehearsalWaived(Data, frozen=True):
    """A plan that demands to be rehearsed is carried out without it."""

    kind: ClassVar[str] = "rehearsal.waived"

    reason: str
