"""The story of a run: what every format is written from.

All of it is plain data: `cockpit report --format json` is this model as it stands, and docs/reports.md documents it.
Times are UTC, lengths of time are seconds. Texts are safe to draw as text, and to be escaped by whoever makes markup.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.report.story.quick import QuickStory
from cockpit.run.difference import Change

FORMAT = 1
"""Version of the JSON format; fields are only ever added to one."""


class Person(msgspec.Struct, frozen=True):
    """Who did something, as the kernel said."""

    user: str
    where: str = ""
    """Terminal and where the login came from: `pts/3 from 10.0.0.7`."""
    host: str = ""
    position: str = ""
    engine: bool = False
    """The engine did it by itself."""

    def __str__(self) -> str:
        """As people are named: `ada`, `grace (security)`, `the engine`."""
        if self.engine:
            return "the engine"
        return f"{self.user} ({self.position})" if self.position else self.user


class Backing(msgspec.Struct, frozen=True):
    """What backs a person's word."""

    text: str = ""
    link: str = ""
    path: str = ""
    size: int = 0
    sha256: str = ""


class Found(msgspec.Struct, frozen=True):
    """One condition, whether it held, and what was found."""

    condition: str
    holds: bool
    found: dict[str, str] = {}
    problem: str = ""


class Measured(msgspec.Struct, frozen=True):
    """What a check found last."""

    result: str
    summary: str
    at: dt.datetime
    since: dt.datetime
    kind: str = ""
    value: float | None = None
    request: str = ""
    evidence: str = ""
    findings: tuple[Found, ...] = ()
    flaky: bool = False
    tries: int = 1
    took: float = 0.0


class Said(msgspec.Struct, frozen=True):
    """A person's word on an item."""

    what: str
    """`confirmed`, `waived` or `not applicable`."""
    by: Person
    at: dt.datetime
    seq: int
    value: str = ""
    """The value seen, or the reason."""
    holds: bool = True
    note: str = ""
    evidence: tuple[Backing, ...] = ()
    expires: dt.datetime | None = None


class Remark(msgspec.Struct, frozen=True):
    """A note, on the run or on an item."""

    text: str
    by: Person
    at: dt.datetime
    seq: int
    evidence: tuple[Backing, ...] = ()
    item: str = ""


class ItemStory(msgspec.Struct, frozen=True):
    """One item, and how it was established."""

    id: str
    title: str
    standing: str
    """As in `cockpit status`: `pass`, `fail`, `open`, `waived`, `n/a`, `not counted`, ..."""
    established: str
    """`measured`, `confirmed`, `measured and confirmed`, `waived`, `not applicable`, `excluded`; empty while open."""
    advisory: bool = False
    required: bool = True
    measured: Measured | None = None
    said: Said | None = None
    earlier: tuple[Said, ...] = ()
    """Words that still stand beneath `said`."""
    notes: tuple[Remark, ...] = ()
    excluded: str = ""
    """Why it does not count in this run."""
    differs: tuple[Change, ...] = ()
    """From the baseline."""


class Counts(msgspec.Struct, frozen=True):
    """How many items stand how."""

    total: int = 0
    settled: int = 0
    standings: dict[str, int] = {}


class Section(msgspec.Struct, frozen=True):
    """What stands under a heading, groups and all, in order."""

    id: str
    title: str
    counts: Counts
    items: tuple[ItemStory, ...]


class Part(msgspec.Struct, frozen=True):
    """A part of the checklist."""

    id: str
    title: str
    counts: Counts
    sections: tuple[Section, ...]


class Waiver(msgspec.Struct, frozen=True):
    """Something accepted undone or failing: an item waived, or a step left out."""

    what: str
    """`item` or `step`."""
    id: str
    title: str
    reason: str
    by: Person
    at: dt.datetime
    expires: dt.datetime | None = None
    expired: bool = False
    """It no longer counted when the run stood as told here."""


class Failure(msgspec.Struct, frozen=True):
    """A time during which something was bad, and how it came to an end."""

    what: str
    """`item`, `watch` or `step`."""
    id: str
    title: str
    at: dt.datetime
    seq: int
    how: str
    """`FAIL`, `ERROR`, `action`, `verify`, `soak`, `in doubt`, `value`."""
    summary: str
    resolved: str = ""
    """In words; empty while it lasts."""
    until: dt.datetime | None = None


class Attempt(msgspec.Struct, frozen=True):
    """One try of a step, or of its compensation."""

    number: int
    by: Person
    begun: dt.datetime
    undo: bool = False
    action: str = ""
    hosts: tuple[str, ...] = ()
    rehearsed: str = ""
    """`shown` or `stand-in` in a rehearsal."""
    acted: dt.datetime | None = None
    """When its action ended."""
    ended: dt.datetime | None = None
    outcome: str = "under way"
    """`done`, `failed`, `in doubt`, `skipped`, `under way`."""
    failed_in: str = ""
    """`action`, `verify`, `soak`."""
    summary: str = ""
    output: str = ""
    doubted: bool = False
    """It was in doubt for a time."""
    choice: str = ""
    """What a person chose after it failed, in words."""


class StepStory(msgspec.Struct, frozen=True):
    """A step of the plan: as planned, and as it went."""

    id: str
    title: str
    sort: str
    """`action`, `manual`, `gate`, `hold`."""
    state: str
    """`done`, `skipped`, `failed`, `in doubt`, `waiting`, `undone`, `under way`, ..."""
    action: str = ""
    note: str = ""
    required: bool = True
    irreversible: bool = False
    planned: dt.datetime | None = None
    """When it was planned to begin: the window's start and what the steps before it take."""
    planned_seconds: float = 0.0
    begun: dt.datetime | None = None
    ended: dt.datetime | None = None
    seconds: float | None = None
    late: float | None = None
    """Seconds by which it began later than planned."""
    pressed: Person | None = None
    """Who pressed go."""
    second: Person | None = None
    skipped: str = ""
    """Why it was left out."""
    attempts: tuple[Attempt, ...] = ()
    undo: tuple[Attempt, ...] = ()


class HoldStory(msgspec.Struct, frozen=True):
    """A time in which nothing advanced."""

    cause: str
    """`planned`, `abort criteria`, `after a rollback`, `the record`, `called by a person`."""
    reason: str
    by: Person
    at: dt.datetime
    until: dt.datetime | None = None
    seconds: float = 0.0
    """Up to where the story goes, if it lasts."""
    released_by: Person | None = None
    released: str = ""
    """Why it was released."""


class HoldCause(msgspec.Struct, frozen=True):
    """All holds of one cause."""

    cause: str
    count: int
    seconds: float


class Voice(msgspec.Struct, frozen=True):
    """What a position said in a roll call."""

    position: str
    answer: str = ""
    """`GO`, `NO-GO`; empty when it did not answer."""
    who: str = ""
    relayed_by: str = ""
    """Who recorded the voice of `who`; empty when it came from its own login."""
    reason: str = ""
    at: dt.datetime | None = None
    veto: bool = False
    before: tuple[str, ...] = ()
    """Earlier answers of this roll call, oldest first."""


class PollStory(msgspec.Struct, frozen=True):
    """A roll call."""

    step: str
    title: str
    at: dt.datetime
    by: Person
    need: int
    voices: tuple[Voice, ...]
    until: dt.datetime | None = None
    ended: str = ""
    """`the gate was opened by ...`, or why it ended without; empty while it is open."""
    opened: bool = False
    """It opened its gate."""


class FiredStory(msgspec.Struct, frozen=True):
    """Abort criteria that were met."""

    item: str
    title: str
    criterion: str
    action: str
    at: dt.datetime
    would: bool
    outcome: str
    """What came of it, in words."""


class RollbackStory(msgspec.Struct, frozen=True):
    """A way back."""

    at: dt.datetime
    by: Person
    reason: str
    steps: tuple[str, ...]
    """Titles of what was to be done, in its order."""
    until: dt.datetime | None = None
    not_undone: dict[str, str] = {}
    """Title of a step to why it stands as it was made."""
    cleared: str = ""
    """Who cleared the run, and why."""


class GoLive(msgspec.Struct, frozen=True):
    """The plan, and how it went."""

    steps: tuple[StepStory, ...]
    way_back: tuple[StepStory, ...] = ()
    """Steps that only a rollback does, when there was one."""
    window: tuple[dt.datetime, dt.datetime | None] | None = None
    zero: dt.datetime | None = None
    """T-0: when the first step that changes production was begun."""
    late: float | None = None
    """Seconds by which T-0 was later than planned."""
    polls: tuple[PollStory, ...] = ()
    fired: tuple[FiredStory, ...] = ()
    rollbacks: tuple[RollbackStory, ...] = ()
    rehearsals: tuple[str, ...] = ()
    """Earlier runs that carried this very plan to its end."""


class WatchStory(msgspec.Struct, frozen=True):
    """A figure over time."""

    item: ItemStory
    series: tuple[tuple[dt.datetime, float, str], ...]
    """When, how much, and with which result."""
    target: str = ""
    threshold: float | None = None
    bound: str = ""
    """`<`, `<=`, `>`, `>=`: how the figure must stand to the threshold."""
    worst: float | None = None
    """The figure farthest on the wrong side; the highest when no threshold is known."""
    unit: str = ""
    """`s` when it is a length of time."""


class FlakyStory(msgspec.Struct, frozen=True):
    """A check that passed only after a retry, or went from good to bad and back by itself."""

    id: str
    title: str
    after_retry: int
    """Measurements that were good only after a retry."""
    turns: int
    """How often it turned bad after it had been good."""


class BaselineStory(msgspec.Struct, frozen=True):
    """What the run was compared with."""

    name: str
    at: dt.datetime
    host: str
    compared: int
    differ: int


class Command(msgspec.Struct, frozen=True):
    """A time in which somebody was captain."""

    who: Person
    at: dt.datetime
    how: str


class Acts(msgspec.Struct, frozen=True):
    """What a person did in the run: kind of act to how many."""

    who: str
    where: tuple[str, ...]
    first: dt.datetime
    last: dt.datetime
    acts: dict[str, int]


class Checkpoint(msgspec.Struct, frozen=True):
    """A signature under the record."""

    seq: int
    by: str
    key: str
    problem: str = ""
    """Empty when it is good, and holds the journal."""


class Proof(msgspec.Struct, frozen=True):
    """What proves the record, or says that it cannot be."""

    events: int
    head: str
    """The chain's hash over all of them."""
    damage: str = ""
    """Where and how the journal is damaged: only what stands before it is told."""
    torn: int = 0
    """Bytes of an unfinished last line, which was never said to be recorded."""
    checkpoints: tuple[Checkpoint, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What the run came to."""

    good: bool
    final: bool
    """The run is closed; else this is how it stands so far."""
    headline: str
    """`GOOD`, `NOT GOOD`."""
    asterisks: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Good, with nothing beside it."""
        return self.good and not self.asterisks


class Happening(msgspec.Struct, frozen=True):
    """An event in words."""

    seq: int
    at: dt.datetime
    who: str
    what: str
    look: str = ""
    """`good`, `bad`, `warn`, `strong`, `dim` or nothing."""


class Story(msgspec.Struct, frozen=True):
    """A run, up to `until`."""

    run: str
    run_kind: str
    release: str
    environment: str
    checklist: str
    digest: str
    tool: str
    opened: dt.datetime
    until: dt.datetime
    """How far the story goes: the closing, or the last event."""
    closed: bool
    captain: Person
    outcome: Outcome
    counts: Counts
    proof: Proof
    parts: tuple[Part, ...]
    plan_checks: tuple[ItemStory, ...]
    """Checks that only the plan uses: they count in no part, and show whether steps worked."""
    waivers: tuple[Waiver, ...]
    failures: tuple[Failure, ...]
    golive: GoLive | None
    holds: tuple[HoldStory, ...]
    hold_causes: tuple[HoldCause, ...]
    watches: tuple[WatchStory, ...]
    flaky: tuple[FlakyStory, ...]
    baseline: BaselineStory | None
    commands: tuple[Command, ...]
    quick: tuple[QuickStory, ...]
    people: tuple[Acts, ...]
    notes: tuple[Remark, ...]
    trouble: tuple[str, ...]
    """What went wrong with the record or the engine itself, in words."""
    faults: tuple[str, ...]
    """What a drill put in, in words."""
    zone: str
    """The plan's own time zone, in which people read its times; `UTC` without one."""
    happenings: tuple[Happening, ...]
    """What happened, without measurements that came out as before."""
    format: int = FORMAT

    def items(self) -> list[ItemStory]:
        """Every item, in order."""
        return [item for part in self.parts for section in part.sections for item in section.items]

    def checkable(self) -> list[ItemStory]:
        """Every item, then the watches, then the checks of the plan."""
        return [*self.items(), *(watch.item for watch in self.watches), *self.plan_checks]
