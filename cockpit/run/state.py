"""Where we stand: the state of a run, and the fold that makes it.

`apply` is pure: no clock, no I/O. The same events give the same state, in the engine, in every viewer, and in a
replay years later. A state is never changed; the next one shares what did not change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from immutables import Map

from cockpit.checklist import model
from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Data, Event
from cockpit.run.notices import Notices, concerns_notices, noticed
from cockpit.run.procedure import Procedure, changed, concerns_the_plan
from cockpit.run.shifted import shifted

HISTORY = 20
"""Changes of result remembered for each item."""

_replace = msgspec.structs.replace


class Word(msgspec.Struct, frozen=True):
    """What a person said last on an item, and has not taken back."""

    said: ev.ItemConfirmed | ev.ItemWaived | ev.ItemRuledOut
    by: Actor
    at: dt.datetime
    seq: int


class Measurement(msgspec.Struct, frozen=True):
    """What a check found."""

    result: ev.CheckMeasured
    at: dt.datetime
    """When it was last seen to be so."""
    since: dt.datetime
    """When this result began."""
    seq: int
    since_seq: int = 0
    """The event with which this result began: order is by these alone, a clock may jump."""
    seen_seq: int = 0
    """The event with which it was last seen to be so."""


class Note(msgspec.Struct, frozen=True):
    """A remark."""

    text: str
    by: Actor
    at: dt.datetime
    seq: int
    evidence: tuple[ev.Evidence, ...] = ()


class Extreme(msgspec.Struct, frozen=True):
    """A figure that none of the run goes beyond, and when it was first measured."""

    value: float
    at: dt.datetime


class Asked(msgspec.Struct, frozen=True):
    """Who asked for a check that changes something, whose result has not come."""

    by: Actor
    at: dt.datetime
    lost: bool = False
    """The engine ended meanwhile: what it did is in doubt, and it is not begun again by itself."""


class ItemState(msgspec.Struct, frozen=True):
    """All that is known of one item."""

    word: Word | None = None
    earlier: tuple[Word, ...] = ()
    """Words before `word` that still stand beneath it: taking `word` back brings the last of them up again."""
    measurement: Measurement | None = None
    notes: tuple[Note, ...] = ()
    history: tuple[tuple[dt.datetime, str, float | None], ...] = ()
    """The last results: when, which, and the figure if there is one."""
    lowest: Extreme | None = None
    """The lowest figure of the whole run."""
    highest: Extreme | None = None
    asked: Asked | None = None
    """Until the result of a check that was asked for is known."""


class Captain(msgspec.Struct, frozen=True):
    """Who is in command, and since when."""

    who: Actor
    since: dt.datetime


class Hold(msgspec.Struct, frozen=True):
    """Why nothing advances."""

    reason: str
    by: Actor
    since: dt.datetime


class Waived(msgspec.Struct, frozen=True):
    """What is accepted undone: why, by whom, since when."""

    reason: str
    by: Actor
    at: dt.datetime


class Engine(msgspec.Struct, frozen=True):
    """The process that carries the run, as far as the journal knows."""

    pid: int
    host: str
    since: dt.datetime
    stopped: str = ""


class Baseline(msgspec.Struct, frozen=True):
    """What the run is compared with."""

    name: str
    at: dt.datetime
    host: str
    items: Map[str, ev.Remembered] = Map()


class Ran(msgspec.Struct, frozen=True):
    """The last time that a quick command was begun which changes something."""

    begun: ev.CommandBegun
    by: Actor
    at: dt.datetime
    seq: int
    ended: ev.CommandEnded | None = None
    """None while its end is not on disk."""
    ended_at: dt.datetime | None = None
    doubts: int = 0
    """How many times of it, this one among them, ended in doubt: a later one that went well does not settle them."""


class Call(msgspec.Struct, frozen=True):
    """A call that was made."""

    made: ev.CallMade
    by: Actor
    at: dt.datetime
    seq: int


class State(msgspec.Struct, frozen=True):
    """A run after the event `seq`."""

    run: str
    run_kind: str
    release: str
    environment: str
    document: model.Document
    digest: str
    tool: str
    opened: dt.datetime
    captain: Captain
    items: Map[str, ItemState] = Map()
    notes: tuple[Note, ...] = ()
    hold: Hold | None = None
    engine: Engine | None = None
    closed: dt.datetime | None = None
    verdict: str = ""
    seq: int = 0
    at: dt.datetime = dt.datetime.fromtimestamp(0, dt.UTC)
    head: str = ""
    """The chain's hash up to `seq`."""
    recovered: int = 0
    """Torn lines set aside so far."""
    procedure: Procedure = Procedure()
    """Where the plan stands."""
    rehearsals: tuple[str, ...] = ()
    """Rehearsals and drills that carried this very plan to its end."""
    rehearsed: tuple[ev.Rehearsal, ...] = ()
    """The same, with who, when and how they ended; nothing in journals that do not tell."""
    unrehearsed: Waived | None = None
    """Why the plan is carried out though it demands to be rehearsed, and was not."""
    took: dict[str, float] = {}
    """Seconds that steps took in earlier runs: `STEP`, and `undo STEP`."""
    faults: tuple[ev.Fault, ...] = ()
    """What goes wrong on purpose in this drill."""
    baseline: Baseline | None = None
    commands: Map[str, Ran] = Map()
    """Quick commands that change something, by id: the last time of each."""
    calls: Map[str, Call] = Map()
    """The last call to each contact, by name."""
    notices: Notices = Notices()
    """How those were told who are to be told."""

    def item(self, item_id: str) -> ItemState:
        """What is known of an item; nothing yet for one that nothing happened to."""
        return self.items.get(item_id, _NOTHING)

    @property
    def phase(self) -> str:
        """`checks` until a step has begun, then `go-live`; `rollback`, `rolled back`; `closed` at the end."""
        if self.closed:
            return "closed"
        way_back = self.procedure.way_back
        if way_back is not None and way_back.cleared is None:
            return "rollback" if way_back.under_way else "rolled back"
        return "go-live" if self.procedure.steps else "checks"


_NOTHING = ItemState()


def open_state(first: Event) -> State:
    """The state after the first event. Raises ValueError when it is not `run.opened`."""
    if not isinstance(first.data, ev.RunOpened):
        raise ValueError(f"a journal begins with run.opened, this one with {first.kind}")
    data = first.data
    return State(
        run=data.run,
        run_kind=data.run_kind,
        release=data.release,
        environment=data.environment,
        document=model.decode(bytes(data.document)),
        digest=data.digest,
        tool=data.tool,
        opened=first.at,
        captain=Captain(first.by, first.at),
        rehearsals=data.rehearsals,
        rehearsed=data.rehearsed,
        took=data.took,
        faults=data.faults,
        seq=first.seq,
        at=first.at,
        head=first.h,
    )


def apply(state: State, event: Event) -> State:
    """The state after `event`. Unknown kinds change nothing but the place reached."""
    return fold((event,), state)


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after all of `events`. Raises ValueError when there is none to begin with."""
    following = iter(events)
    if state is None:
        first = next(following, None)
        if first is None:
            raise ValueError("a journal without events has no state")
        state = open_state(first)
    draft = _Draft(state)
    event = None
    for event in following:
        change = _CHANGES.get(type(event.data))
        if change is not None:
            change(draft, event, event.data)
        if concerns_the_plan(event.data):
            draft.procedure = changed(draft.procedure, event, changes_production=draft.changes_production)
        elif concerns_notices(event.data):
            draft.run = _replace(draft.run, notices=noticed(draft.run.notices, event))
    return draft.finish(event) if event is not None else state


class _Draft:
    """A state in the making: what the changes of one fold work on, so that no state is made for each event."""

    __slots__ = ("items", "procedure", "run")

    def __init__(self, state: State) -> None:
        self.run = state
        """All but the items."""
        self.items = state.items.mutate()
        self.procedure = state.procedure

    def finish(self, last: Event) -> State:
        return _replace(
            self.run, items=self.items.finish(), procedure=self.procedure, seq=last.seq, at=last.at, head=last.h
        )

    def item(self, item_id: str) -> ItemState:
        return self.items.get(item_id, _NOTHING)

    def changes_production(self, step_id: str) -> bool:
        plan = self.run.document.plan
        step = plan.find(step_id) if plan is not None else None
        return step is not None and step.changes


def _word_said(draft: _Draft, event: Event, data: Any) -> None:
    item = draft.item(data.item)
    earlier = (*item.earlier, item.word) if item.word else item.earlier
    draft.items[data.item] = _replace(item, word=Word(data, event.by, event.at, event.seq), earlier=earlier)


def _word_taken_back(draft: _Draft, event: Event, data: ev.WordTakenBack) -> None:
    item = draft.item(data.item)
    standing = tuple(word for word in (*item.earlier, item.word) if word and word.seq != data.event)
    draft.items[data.item] = _replace(item, word=standing[-1] if standing else None, earlier=standing[:-1])


def _note_added(draft: _Draft, event: Event, data: ev.NoteAdded) -> None:
    note = Note(data.text, event.by, event.at, event.seq, data.evidence)
    if data.item:
        item = draft.item(data.item)
        draft.items[data.item] = _replace(item, notes=(*item.notes, note))
    else:
        draft.run = _replace(draft.run, notes=(*draft.run.notes, note))


def _check_asked(draft: _Draft, event: Event, data: ev.CheckAsked) -> None:
    if not data.rehearsed:
        draft.items[data.item] = _replace(draft.item(data.item), asked=Asked(event.by, event.at))


def _check_measured(draft: _Draft, event: Event, data: ev.CheckMeasured) -> None:
    item, at, result = draft.item(data.item), event.at, data.result
    before = item.measurement
    since = before.since if before is not None and before.result.result == result else at
    history = (*item.history[1 - HISTORY :], (at, result, data.value))
    begun = before.since_seq if before is not None and before.result.result == result else event.seq
    measurement = Measurement(data, at, since, event.seq, begun, event.seq)
    lowest, highest = item.lowest, item.highest
    if data.value is not None:
        lowest = Extreme(data.value, at) if lowest is None or data.value < lowest.value else lowest
        highest = Extreme(data.value, at) if highest is None or data.value > highest.value else highest
    draft.items[data.item] = ItemState(
        item.word, item.earlier, measurement, item.notes, history, lowest=lowest, highest=highest
    )


def _checks_affirmed(draft: _Draft, event: Event, data: ev.ChecksAffirmed) -> None:
    for name, at in data.at.items():
        known = draft.item(name)
        if known.measurement is not None:
            draft.items[name] = _replace(known, measurement=_replace(known.measurement, at=at, seen_seq=event.seq))


def _command_taken(draft: _Draft, event: Event, data: ev.CommandTaken) -> None:
    draft.run = _replace(draft.run, captain=Captain(event.by, event.at))


def _hold_started(draft: _Draft, event: Event, data: ev.HoldStarted) -> None:
    draft.run = _replace(draft.run, hold=Hold(data.reason, event.by, event.at))


def _hold_released(draft: _Draft, event: Event, data: ev.HoldReleased) -> None:
    draft.run = _replace(draft.run, hold=None)


def _clock_jumped(draft: _Draft, event: Event, data: ev.ClockJumped) -> None:
    """How long things have been so stays true. When the run was opened stays a date: what is planned counts from it."""
    run = draft.run
    draft.run = _replace(
        run,
        captain=shifted(run.captain, data.seconds),
        notes=shifted(run.notes, data.seconds),
        hold=shifted(run.hold, data.seconds),
        engine=shifted(run.engine, data.seconds),
    )
    draft.items = shifted(draft.items.finish(), data.seconds).mutate()
    draft.procedure = shifted(draft.procedure, data.seconds)


def _engine_started(draft: _Draft, event: Event, data: ev.EngineStarted) -> None:
    draft.run = _replace(draft.run, engine=Engine(data.pid, event.by.host, event.at))
    items = draft.items.finish()
    draft.items = items.mutate()
    for name, item in items.items():
        if item.asked is not None:
            draft.items[name] = _replace(item, asked=_replace(item.asked, lost=True))


def _engine_stopped(draft: _Draft, event: Event, data: ev.EngineStopped) -> None:
    if draft.run.engine is not None:
        draft.run = _replace(draft.run, engine=_replace(draft.run.engine, stopped=data.reason))


def _journal_recovered(draft: _Draft, event: Event, data: ev.JournalRecovered) -> None:
    draft.run = _replace(draft.run, recovered=draft.run.recovered + 1)


def _baseline_taken(draft: _Draft, event: Event, data: ev.BaselineTaken) -> None:
    before = draft.run.baseline
    known = before.items if data.more and before is not None else Map[str, ev.Remembered]()
    draft.run = _replace(draft.run, baseline=Baseline(data.name, data.at, data.host, known.update(data.items)))


def _rehearsal_waived(draft: _Draft, event: Event, data: ev.RehearsalWaived) -> None:
    draft.run = _replace(draft.run, unrehearsed=Waived(data.reason, event.by, event.at))


def _command_begun(draft: _Draft, event: Event, data: ev.CommandBegun) -> None:
    before = draft.run.commands.get(data.command)
    ran = Ran(data, event.by, event.at, event.seq, doubts=before.doubts if before is not None else 0)
    draft.run = _replace(draft.run, commands=draft.run.commands.set(data.command, ran))


def _command_ended(draft: _Draft, event: Event, data: ev.CommandEnded) -> None:
    ran = draft.run.commands.get(data.command)
    if ran is not None and ran.begun.number == data.number:
        ended = _replace(ran, ended=data, ended_at=event.at, doubts=ran.doubts + data.unknown)
        draft.run = _replace(draft.run, commands=draft.run.commands.set(data.command, ended))


def _call_made(draft: _Draft, event: Event, data: ev.CallMade) -> None:
    call = Call(data, event.by, event.at, event.seq)
    draft.run = _replace(draft.run, calls=draft.run.calls.set(data.contact, call))


def _run_closed(draft: _Draft, event: Event, data: ev.RunClosed) -> None:
    draft.run = _replace(draft.run, closed=event.at, verdict=data.verdict)


_CHANGES: dict[type[Data], Callable[[_Draft, Event, Any], None]] = {
    ev.ItemConfirmed: _word_said,
    ev.ItemWaived: _word_said,
    ev.ItemRuledOut: _word_said,
    ev.WordTakenBack: _word_taken_back,
    ev.NoteAdded: _note_added,
    ev.CheckAsked: _check_asked,
    ev.CheckMeasured: _check_measured,
    ev.ChecksAffirmed: _checks_affirmed,
    ev.CommandTaken: _command_taken,
    ev.HoldStarted: _hold_started,
    ev.HoldReleased: _hold_released,
    ev.ClockJumped: _clock_jumped,
    ev.EngineStarted: _engine_started,
    ev.EngineStopped: _engine_stopped,
    ev.JournalRecovered: _journal_recovered,
    ev.BaselineTaken: _baseline_taken,
    ev.RehearsalWaived: _rehearsal_waived,
    ev.RunClosed: _run_closed,
    ev.CommandBegun: _command_begun,
    ev.CommandEnded: _command_ended,
    ev.CallMade: _call_made,
}
