"""What happened: the kinds of event, and their data.

An event is one line of the journal. Its kind says which data it has; kinds are named in the past tense and carry a
version, and fields and kinds are only ever added. Reading an unknown kind or version yields `Unknown`, so an older
Cockpit can still replay the rest of a newer journal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from cockpit.journal.command_event import CallMade as CallMade
from cockpit.journal.command_event import CommandBegun as CommandBegun
from cockpit.journal.command_event import CommandEnded as CommandEnded
from cockpit.journal.data import Actor as Actor
from cockpit.journal.data import Data as Data
from cockpit.journal.notice_event import NoticeBegun as NoticeBegun
from cockpit.journal.notice_event import NoticeDelivered as NoticeDelivered
from cockpit.journal.notice_event import NoticeFailed as NoticeFailed
from cockpit.journal.notice_event import NoticeWithheld as NoticeWithheld
from cockpit.journal.plan_event import AbortVetoed as AbortVetoed
from cockpit.journal.plan_event import ActionEnded as ActionEnded
from cockpit.journal.plan_event import DoubtSettled as DoubtSettled
from cockpit.journal.plan_event import GateOpened as GateOpened
from cockpit.journal.plan_event import PlanRecycled as PlanRecycled
from cockpit.journal.plan_event import PollAnswered as PollAnswered
from cockpit.journal.plan_event import PollEnded as PollEnded
from cockpit.journal.plan_event import PollOpened as PollOpened
from cockpit.journal.plan_event import RehearsalWaived as RehearsalWaived
from cockpit.journal.plan_event import RollbackBegun as RollbackBegun
from cockpit.journal.plan_event import RollbackEnded as RollbackEnded
from cockpit.journal.plan_event import RunCleared as RunCleared
from cockpit.journal.plan_event import SecondGiven as SecondGiven
from cockpit.journal.plan_event import SoakEnded as SoakEnded
from cockpit.journal.plan_event import StepBegun as StepBegun
from cockpit.journal.plan_event import StepDone as StepDone
from cockpit.journal.plan_event import StepDoubted as StepDoubted
from cockpit.journal.plan_event import StepSkipped as StepSkipped
from cockpit.journal.plan_event import StepVerified as StepVerified
from cockpit.journal.plan_event import WatchFired as WatchFired


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes wrong on purpose in a drill: an action, a host, or a check. Times are seconds."""

    step: str = ""
    undo: bool = False
    """It is in the compensation of the step."""
    ends: str = ""
    """How its action ends: `failed`, `unknown` or `timed out`."""
    times: int = 1
    """In how many attempts."""
    host: str = ""
    """It cannot be reached."""
    check: str = ""
    turns: str = ""
    """What the check comes out as."""
    summary: str = ""
    after: float = 0.0
    lasts: float = 0.0
    """0: to the end."""
    since: str = ""
    """The step from whose beginning `after` counts; empty: from the opening of the run."""


class Rehearsal(msgspec.Struct, frozen=True, omit_defaults=True):
    """An earlier run that carried this very plan to its end with nothing changed."""

    run: str
    run_kind: str
    """`rehearsal` or `drill`."""
    at: dt.datetime
    """When its last event was recorded."""
    by: str
    """Its captain."""
    verdict: str


class RunOpened(Data, frozen=True):
    """The first event: the whole checklist as loaded, and what is being released where."""

    kind: ClassVar[str] = "run.opened"

    run: str
    run_kind: str
    """`live`, `rehearsal` or `drill`."""
    release: str
    environment: str
    document: msgspec.Raw
    """`cockpit.checklist.model.Document` as JSON."""
    digest: str
    """SHA-256 of `document`."""
    tool: str
    """The version of Cockpit that wrote this journal."""
    rehearsals: tuple[str, ...] = ()
    """Rehearsals and drills that carried this very plan to its end, the newest first."""
    rehearsed: tuple[Rehearsal, ...] = ()
    """The same, with who, when and how they ended."""
    took: dict[str, float] = {}
    """Seconds that steps took when they were last done: `STEP`, and `undo STEP` for a compensation."""
    faults: tuple[Fault, ...] = ()
    """Of a drill."""


class RunClosed(Data, frozen=True):
    """The run ended. Nothing but reading follows, and how its last notifications fared."""

    kind: ClassVar[str] = "run.closed"

    verdict: str
    reason: str = ""


class EngineStarted(Data, frozen=True):
    """An engine took the run up: the first time, or after the one before it ended or died."""

    kind: ClassVar[str] = "engine.started"

    pid: int
    tool: str
    after: str = ""
    """How the engine before it ended: empty for the first, `stopped`, or `died` when it left no word."""


class EngineStopped(Data, frozen=True):
    """The engine ended in good order."""

    kind: ClassVar[str] = "engine.stopped"

    reason: str


class JournalRecovered(Data, frozen=True):
    """A torn last line was set aside."""

    kind: ClassVar[str] = "journal.recovered"

    offset: int
    size: int
    sha256: str
    kept_as: str


class ClockJumped(Data, frozen=True):
    """The machine's clock was set: later times are shifted by `seconds` against those before."""

    kind: ClassVar[str] = "clock.jumped"

    seconds: float


class CheckpointSigned(Data, frozen=True):
    """Somebody signed how far the journal had got, so that a later change, or a cut, of what stands before shows.

    What is signed is `cockpit.journal.checkpoint.Checkpoint(run, seq, head).text`.
    """

    kind: ClassVar[str] = "checkpoint.signed"

    seq: int
    """The last event that the signature covers."""
    head: str
    """The chain's hash up to that event."""
    signature: str
    """As `ssh-keygen -Y sign` writes it."""
    key: str
    """The key's fingerprint, `SHA256:...`."""


class CommandTaken(Data, frozen=True):
    """Somebody became captain."""

    kind: ClassVar[str] = "command.taken"

    reason: str = ""
    before: str = ""
    """Who was captain until then, in words."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What backs a person's word: a text, a link, or a file with the size and SHA-256 that it had."""

    text: str = ""
    link: str = ""
    path: str = ""
    size: int = 0
    sha256: str = ""


class ItemConfirmed(Data, frozen=True):
    """A person said what they saw."""

    kind: ClassVar[str] = "item.confirmed"

    item: str
    value: str
    holds: bool = True
    """False: the value does not satisfy what the item expects."""
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


class ItemWaived(Data, frozen=True):
    """A person accepted an item undone or failing."""

    kind: ClassVar[str] = "item.waived"

    item: str
    reason: str
    expires: dt.datetime | None = None


class ItemRuledOut(Data, frozen=True):
    """A person said that an item is not applicable."""

    kind: ClassVar[str] = "item.ruled-out"

    item: str
    reason: str = ""


class WordTakenBack(Data, frozen=True):
    """A person took back what was said last on an item; nothing is erased."""

    kind: ClassVar[str] = "word.taken-back"

    item: str
    event: int
    """`seq` of the event that no longer counts."""
    reason: str = ""


class NoteAdded(Data, frozen=True):
    """A remark, on an item or on the run."""

    kind: ClassVar[str] = "note.added"

    text: str
    item: str = ""
    evidence: tuple[Evidence, ...] = ()


class HoldStarted(Data, frozen=True):
    """Nothing advances until the hold is released."""

    kind: ClassVar[str] = "hold.started"

    reason: str
    watch: str = ""
    """The watch that asked for more than could be done: a rollback, and there was nothing to undo."""


class HoldReleased(Data, frozen=True):
    """The hold ended."""

    kind: ClassVar[str] = "hold.released"

    reason: str = ""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One condition, whether it held, and the value found for each name in it."""

    condition: str
    holds: bool
    found: dict[str, str] = {}
    problem: str = ""
    """Why it could not be decided (a key that is not there); empty when it could."""


class CheckMeasured(Data, frozen=True):
    """A measurement whose result differs from the one before, or the first one."""

    kind: ClassVar[str] = "check.measured"

    item: str
    result: str
    """`PASS`, `WARN`, `FAIL`, `ERROR` or `BLOCKED`."""
    summary: str = ""
    """One line: `200 in 18 ms`, `connection refused by 127.0.0.1:8080`."""
    flaky: bool = False
    """PASS only after a retry."""
    tries: int = 1
    took: float = 0.0
    """Seconds, all tries."""
    request: str = ""
    """What was asked, exactly, secrets hidden: `GET http://127.0.0.1:8080/health`."""
    findings: tuple[Finding, ...] = ()
    evidence: str = ""
    """What came back, capped."""
    value: float | None = None
    """The figure to plot, when the kind has one."""
    unit: str = ""
    """`s` when the figure is a length of time in seconds."""


class CheckAsked(Data, frozen=True):
    """A person asked for a check that changes something: the intent, on disk before it is begun."""

    kind: ClassVar[str] = "check.asked"

    item: str
    action: str = ""
    """Exactly what it does, secrets hidden."""
    host: str = ""
    """The host from which it is measured; empty: where the engine runs."""
    rehearsed: bool = False
    """A rehearsal: it is shown, and not done."""


class ChecksAffirmed(Data, frozen=True):
    """Measurements that came out as before: item to the time of the newest one."""

    kind: ClassVar[str] = "checks.affirmed"

    at: dict[str, dt.datetime]


Value = bool | int | float | str | None
"""One value that was found."""


class Remembered(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an item came out when a baseline was taken."""

    result: str
    """As in `check.measured`."""
    figure: float | None = None
    """The figure to plot."""
    found: dict[str, bool | int | float | str] = {}
    """The value of each name in the item's conditions: a number as one, a length of time in seconds, anything else as a
    finding shows it."""
    times: tuple[str, ...] = ()
    """Which of those names are lengths of time; `figure` among them when the figure is one."""


class BaselineTaken(Data, frozen=True):
    """What the run is compared with: how items came out at an earlier time. A large one takes several events."""

    kind: ClassVar[str] = "baseline.taken"

    name: str
    """Where it was read from: a path, or the name that it is kept under."""
    at: dt.datetime
    """When it was measured."""
    host: str
    """Where it was measured."""
    items: dict[str, Remembered]
    digest: str = ""
    """SHA-256 of the checklist that it was measured with."""
    more: bool = False
    """It goes on with the baseline that the event before began."""


class Unknown(Data, frozen=True):
    """An event of a kind or version that this Cockpit does not know; kept as it is."""

    kind: ClassVar[str] = "unknown"

    name: str
    raw: msgspec.Raw


class Event(msgspec.Struct, frozen=True):
    """One thing that happened. Order is `seq` alone; `at` is for people."""

    seq: int
    at: dt.datetime
    kind: str
    by: Actor
    data: Data
    mono: int = 0
    """Microseconds since the machine booted, sleep included."""
    boot: str = ""
    """The boot that `mono` counts from."""
    h: str = ""
    """The chain's hash up to and including this event."""


KINDS: dict[tuple[str, int], type[Data]] = {
    (kind.kind, kind.version): kind
    for kind in (
        RunOpened,
        RunClosed,
        EngineStarted,
        EngineStopped,
        JournalRecovered,
        ClockJumped,
        CheckpointSigned,
        CommandTaken,
        ItemConfirmed,
        ItemWaived,
        ItemRuledOut,
        WordTakenBack,
        NoteAdded,
        HoldStarted,
        HoldReleased,
        CheckMeasured,
        CheckAsked,
        ChecksAffirmed,
        StepBegun,
        ActionEnded,
        StepDoubted,
        DoubtSettled,
        StepVerified,
        SoakEnded,
        StepDone,
        StepSkipped,
        SecondGiven,
        PollOpened,
        PollAnswered,
        PollEnded,
        GateOpened,
        WatchFired,
        AbortVetoed,
        RollbackBegun,
        RollbackEnded,
        RunCleared,
        PlanRecycled,
        RehearsalWaived,
        BaselineTaken,
        CommandBegun,
        CommandEnded,
        CallMade,
        NoticeBegun,
        NoticeDelivered,
        NoticeFailed,
        NoticeWithheld,
    )
}
"""Every kind this Cockpit knows, by name and version."""


class _Line(msgspec.Struct, frozen=True):
    v: int
    seq: int
    at: dt.datetime
    mono: int
    boot: str
    kind: str
    by: Actor
    data: msgspec.Raw
    h: str


_decode_line = msgspec.json.Decoder(_Line).decode

READ: dict[tuple[str, int], Callable[[bytes | msgspec.Raw], Data]] = {
    key: msgspec.json.Decoder(kind).decode for key, kind in KINDS.items()
}
"""How the data of each kind is read from JSON. Raises msgspec.DecodeError."""


def decode(line: bytes) -> Event:
    """The event that a line of a journal holds. Raises msgspec.DecodeError when it holds none."""
    record = _decode_line(line)
    kind, raw = record.kind, record.data
    read = READ.get((kind, record.v))
    data = read(raw) if read else Unknown(kind, msgspec.Raw(bytes(raw)))
    return Event(record.seq, record.at, kind, record.by, data, record.mono, record.boot, record.h)


def plain(data: Data) -> Any:
    """The data of an event as plain JSON values."""
    return msgspec.to_builtins(data, enc_hook=msgspec.json.decode)
