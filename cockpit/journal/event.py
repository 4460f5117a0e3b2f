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


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did it. Identity comes from the kernel, never from what a client says of itself."""

    user: str
    uid: int = -1
    host: str = ""
    tty: str = ""
    """The terminal (`pts/3`); empty when there is none."""
    origin: str = ""
    """Where the SSH session came from; empty on a local one."""
    position: str = ""
    engine: bool = False
    """The engine did it by itself: a timer, a measurement."""

    def __str__(self) -> str:
        """In words: `ada on pts/3 from 10.0.0.7`."""
        words = self.user + (f" on {self.tty}" if self.tty else "") + (f" from {self.origin}" if self.origin else "")
        return f"{words} ({self.position})" if self.position else words


class Data(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an event says. `kind` and `version` name it in the journal."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1


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
    took: dict[str, float] = {}
    """Seconds that steps took when they were last done: `STEP`, and `undo STEP` for a compensation."""


class RunClosed(Data, frozen=True):
    """The run ended. Nothing but reading follows."""

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


class ChecksAffirmed(Data, frozen=True):
    """Measurements that came out as before: item to the time of the newest one."""

    kind: ClassVar[str] = "checks.affirmed"

    at: dict[str, dt.datetime]


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
    """What was not good, in words."""


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


class RollbackEnded(Data, frozen=True):
    """The way back was gone to its end."""

    kind: ClassVar[str] = "rollback.ended"

    not_undone: dict[str, str] = {}
    """What stands as it was made, and why."""


class RunCleared(Data, frozen=True):
    """After a rollback, a named person said that the run may go on."""

    kind: ClassVar[str] = "run.cleared"

    reason: str


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
        BaselineTaken,
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
