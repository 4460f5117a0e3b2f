"""The plan: the steps of going live, and of the way back, as loaded. All times are seconds.

What a step waits for and is verified by are items of the document, named by their ids; checks that only the plan uses
are `Document.plan_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from cockpit.checklist.source import Source


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changes something, or what a person is to do."""

    kind: str
    spec: dict[str, Any]
    """What the kind needs to know, as written: `${variable}` is filled in when it is carried out."""
    hosts: tuple[str, ...] = ()
    """Where it is carried out, in turn; none: on this machine."""
    batch: int = 1
    """How many hosts at the same time."""
    timeout: float = 300.0
    """The limit for each host."""


class Soak(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long conditions must stay good before going on."""

    seconds: float
    watch: tuple[str, ...] = ()
    """Ids of watches and items; empty: those that verify the step."""


class Undo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The compensation of a step."""

    action: Action
    verify: tuple[str, ...] = ()
    within: float = 0.0
    """The window in which `verify` must become good."""
    takes: float = 0.0
    """How long it is planned to take."""


class Poll(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is asked before a gate, and how many must say GO."""

    positions: tuple[str, ...]
    need: int
    veto: tuple[str, ...] = ()
    """Positions whose NO-GO is final."""
    answer_within: float = 0.0
    """The poll ends after this time, and the gate stays shut; 0: it does not end."""
    captain: bool = True
    """False: the captain's own GO does not count."""


class Gate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A point that opens only when its conditions and its poll hold."""

    items: tuple[str, ...]
    """Ids of all items that must be good: those of its parts too."""
    poll: Poll | None = None
    max_age: float = 0.0
    """Older measurements do not count; 0: as old as their checks allow."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One act of the plan. It has an action, or a gate, or is a built-in hold."""

    id: str
    title: str
    source: Source
    note: str = ""
    action: Action | None = None
    gate: Gate | None = None
    hold: str = ""
    """A built-in hold: its reason."""
    before: tuple[str, ...] = ()
    """Ids of items that must be good before it begins."""
    probe: str = ""
    """The item that tells whether its action has happened, when that is in doubt."""
    verify: tuple[str, ...] = ()
    """Ids of items that show that it worked."""
    within: float = 0.0
    """The window in which `verify` must become good."""
    soak: Soak | None = None
    undo: Undo | None = None
    irreversible: bool = False
    """Once it has begun, its own action cannot be undone: it is a point of no return."""
    reversible_until: str = ""
    """The step after which its `undo` is no way back any more."""
    required: bool = True
    auto: bool = False
    """It begins by itself when the step before it is done; never past a gate."""
    rehearse: Action | None = None
    """What a rehearsal does in place of the action; none: the action is shown, and not carried out."""
    changes: bool = True
    """Its action changes production: the first such step is T-0."""
    takes: float = 0.0
    """How long it is planned to take."""
    second: str = ""
    """The position whose holder has to agree, a person other than the captain, before it begins."""


class Window(msgspec.Struct, frozen=True, omit_defaults=True):
    """When going live is planned, in the plan's own time zone."""

    start: str
    """`22:00`."""
    end: str = ""
    zone: str = "UTC"
    date: str = ""
    """`2026-11-24`; empty: the next time that it is `start` after the run was opened."""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Going live, and the way back."""

    steps: tuple[Step, ...]
    rollback: tuple[Step, ...] = ()
    """What a rollback does before it undoes what was done."""
    window: Window | None = None
    rehearsed: bool = False
    """A live run demands that this very plan was rehearsed."""

    def every(self) -> Iterator[Step]:
        """All steps of going live, then those of the rollback."""
        yield from self.steps
        yield from self.rollback

    def find(self, step_id: str) -> Step | None:
        """The step with this id."""
        return next((step for step in self.every() if step.id == step_id), None)

    def index(self, step_id: str) -> int:
        """Where a step of going live stands; -1 when it is none."""
        return next((number for number, step in enumerate(self.steps) if step.id == step_id), -1)


class Criterion(msgspec.Struct, frozen=True, omit_defaults=True):
    """So many of the last measurements, or all of them for so long."""

    of: int = 0
    bad: int = 0
    """Of the last `of` measurements, this many."""
    seconds: float = 0.0
    """Without a break for this long."""

    def __str__(self) -> str:
        """As it is written: `3 of 5`, `for 120 s`."""
        return f"{self.bad} of {self.of}" if self.of else f"for {self.seconds:g} s"


class Abort(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a watch must not do, and what is done then."""

    when: Criterion
    """Of measurements that are bad."""
    errors: Criterion | None = None
    """Of those that could not be made; None: they count as bad."""
    action: Literal["advise", "hold", "rollback"] = "advise"
    grace: float = 0.0
    """Seconds in which the captain may veto it."""
