"""Where we stand: the state of a run, and the fold that makes it.

`apply` is pure: no clock, no I/O. The same events give the same state, in the engine, in every viewer, and in a
replay years later. A state is never changed; the next one shares what did not change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec
from immutables import Map

from cockpit.checklist import model
from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Data, Event

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


class Note(msgspec.Struct, frozen=True):
    """A remark."""

    text: str
    by: Actor
    at: dt.datetime
    seq: int
    evidence: tuple[ev.Evidence, ...] = ()


class ItemState(msgspec.Struct, frozen=True):
    """All that is known of one item."""

    word: Word | None = None
    earlier: tuple[Word, ...] = ()
    """Words before `word` that still stand beneath it: taking `word` back brings the last of them up again."""
    measurement: Measurement | None = None
    notes: tuple[Note, ...] = ()
    history: tuple[tuple[dt.datetime, str, float | None], ...] = ()
    """The last results: when, which, and the figure if there is one."""


class Captain(msgspec.Struct, frozen=True):
    """Who is in command, and since when."""

    who: Actor
    since: dt.datetime


class Hold(msgspec.Struct, frozen=True):
    """Why nothing advances."""

    reason: str
    by: Actor
    since: dt.datetime


class Engine(msgspec.Struct, frozen=True):
    """The process that carries the run, as far as the journal knows."""

    pid: int
    host: str
    since: dt.datetime
    stopped: str = ""


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

    def item(self, item_id: str) -> ItemState:
        """What is known of an item; nothing yet for one that nothing happened to."""
        return self.items.get(item_id, _NOTHING)

    @property
    def phase(self) -> str:
        """`checks` while the run is open, `closed` after."""
        return "closed" if self.closed else "checks"


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
        seq=first.seq,
        at=first.at,
        head=first.h,
    )


def apply(state: State, event: Event) -> State:
    """The state after `event`. Unknown kinds change nothing but the place reached."""
    change = _CHANGES.get(type(event.data))
    if change is not None:
        state = change(state, event, event.data)
    return _replace(state, seq=event.seq, at=event.at, head=event.h)


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after all of `events`. Raises ValueError when there is none to begin with."""
    for event in events:
        state = open_state(event) if state is None else apply(state, event)
    if state is None:
        raise ValueError("a journal without events has no state")
    return state


def _with_item(state: State, item: str, change: Callable[[ItemState], ItemState]) -> State:
    return _replace(state, items=state.items.set(item, change(state.item(item))))


def _word_said(state: State, event: Event, data: Any) -> State:
    word = Word(data, event.by, event.at, event.seq)

    def say(item: ItemState) -> ItemState:
        earlier = (*item.earlier, item.word) if item.word else item.earlier
        return _replace(item, word=word, earlier=earlier)

    return _with_item(state, data.item, say)


def _word_taken_back(state: State, event: Event, data: ev.WordTakenBack) -> State:
    def take_back(item: ItemState) -> ItemState:
        standing = tuple(word for word in (*item.earlier, item.word) if word and word.seq != data.event)
        return _replace(item, word=standing[-1] if standing else None, earlier=standing[:-1])

    return _with_item(state, data.item, take_back)


def _note_added(state: State, event: Event, data: ev.NoteAdded) -> State:
    note = Note(data.text, event.by, event.at, event.seq, data.evidence)
    if not data.item:
        return _replace(state, notes=(*state.notes, note))
    return _with_item(state, data.item, lambda item: _replace(item, notes=(*item.notes, note)))


def _check_measured(state: State, event: Event, data: ev.CheckMeasured) -> State:
    def measure(item: ItemState) -> ItemState:
        before = item.measurement
        same = before is not None and before.result.result == data.result
        measurement = Measurement(data, event.at, before.since if before and same else event.at, event.seq)
        history = (*item.history[1 - HISTORY :], (event.at, data.result, data.value))
        return _replace(item, measurement=measurement, history=history)

    return _with_item(state, data.item, measure)


def _checks_affirmed(state: State, event: Event, data: ev.ChecksAffirmed) -> State:
    items = state.items.mutate()
    for name, at in data.at.items():
        known = items.get(name)
        if known is not None and known.measurement is not None:
            items[name] = _replace(known, measurement=_replace(known.measurement, at=at))
    return _replace(state, items=items.finish())


def _command_taken(state: State, event: Event, data: ev.CommandTaken) -> State:
    return _replace(state, captain=Captain(event.by, event.at))


def _hold_started(state: State, event: Event, data: ev.HoldStarted) -> State:
    return _replace(state, hold=Hold(data.reason, event.by, event.at))


def _hold_released(state: State, event: Event, data: ev.HoldReleased) -> State:
    return _replace(state, hold=None)


def _engine_started(state: State, event: Event, data: ev.EngineStarted) -> State:
    return _replace(state, engine=Engine(data.pid, event.by.host, event.at))


def _engine_stopped(state: State, event: Event, data: ev.EngineStopped) -> State:
    return _replace(state, engine=_replace(state.engine, stopped=data.reason) if state.engine else None)


def _journal_recovered(state: State, event: Event, data: ev.JournalRecovered) -> State:
    return _replace(state, recovered=state.recovered + 1)


def _run_closed(state: State, event: Event, data: ev.RunClosed) -> State:
    return _replace(state, closed=event.at, verdict=data.verdict)


_Change = Callable[[State, Event, Any], State]
_CHANGES: dict[type[Data], _Change] = {
    ev.ItemConfirmed: _word_said,
    ev.ItemWaived: _word_said,
    ev.ItemRuledOut: _word_said,
    ev.WordTakenBack: cast("_Change", _word_taken_back),
    ev.NoteAdded: _note_added,
    ev.CheckMeasured: _check_measured,
    ev.ChecksAffirmed: _checks_affirmed,
    ev.CommandTaken: _command_taken,
    ev.HoldStarted: _hold_started,
    ev.HoldReleased: _hold_released,
    ev.EngineStarted: _engine_started,
    ev.EngineStopped: _engine_stopped,
    ev.JournalRecovered: _journal_recovered,
    ev.RunClosed: _run_closed,
}
