"""Where the plan stands: each step and its compensation, the roll call, what fired, the way back. Part of the fold."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from immutables import Map

from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Data, Event

_replace = msgspec.structs.replace


class Phase(enum.StrEnum):
    """Where a step that was begun, or its compensation, stands."""

    RUNNING = "running"
    """Its action is under way."""
    DOUBT = "in doubt"
    """Its action was begun, and its end is not known."""
    VERIFYING = "verifying"
    SOAKING = "soaking"
    FAILED = "failed"
    DONE = "done"
    SKIPPED = "skipped"


class Doing(msgspec.Struct, frozen=True):
    """One direction of a step: the step itself, or its compensation."""

    phase: Phase
    attempt: int
    by: Actor
    begun: dt.datetime
    """The first attempt."""
    since: dt.datetime
    """When the phase began."""
    action: str = ""
    rehearsed: str = ""
    hosts: tuple[str, ...] = ()
    hosts_done: tuple[str, ...] = ()
    failed_in: str = ""
    """`action`, `verify` or `soak`; `not done` when an action in doubt turned out not to have happened."""
    summary: str = ""
    """How the phase before this one ended, in words."""
    status: int | None = None
    output: str = ""
    seq: int = 0
    """The event that began the last attempt."""
    ended_seq: int = 0
    """The event with which its action ended, or came into doubt: what was measured before shows nothing of it."""
    touched: bool = False
    """An attempt before the last one did something, or may have."""

    @property
    def over(self) -> bool:
        """Nothing is left to do on it."""
        return self.phase in (Phase.DONE, Phase.SKIPPED)

    @property
    def happened(self) -> bool:
        """Its action has been done, or may have been, in part or whole."""
        return self.touched or self.failed_in != "not done"


class StepState(msgspec.Struct, frozen=True):
    """All that is known of one step."""

    go: Doing | None = None
    undo: Doing | None = None
    second: Actor | None = None
    """Who agreed that it may begin."""
    tried: int = 0
    """Attempts at it so far, however often the plan came by here: no two have the same number."""
    undo_tried: int = 0
    """The same for its compensation."""

    @property
    def undone(self) -> bool:
        """It was done, and undone since."""
        return self.undo is not None and self.undo.phase is Phase.DONE

    @property
    def passed(self) -> bool:
        """The plan has gone past it."""
        return self.go is not None and self.go.over and not self.undone


class Answer(msgspec.Struct, frozen=True):
    """What a position said in a roll call."""

    go: bool
    reason: str
    by: Actor
    at: dt.datetime
    seq: int
    relayed: str = ""

    @property
    def who(self) -> str:
        """Whose word it is."""
        return self.relayed or self.by.user


class PollState(msgspec.Struct, frozen=True):
    """A roll call."""

    step: str
    opened: dt.datetime
    seq: int
    ends: dt.datetime | None = None
    answers: Map[str, Answer] = Map()
    ended: str = ""
    """Why it ended without opening its gate."""


class Fired(msgspec.Struct, frozen=True):
    """A watch that did what it must not do."""

    at: dt.datetime
    criterion: str
    action: str
    due: dt.datetime | None = None
    would: bool = False
    vetoed: str = ""
    """Why the captain vetoed it."""
    taken: bool = False
    """What was agreed on was done, or was only advice."""


class WayBack(msgspec.Struct, frozen=True):
    """A rollback."""

    begun: dt.datetime
    by: Actor
    reason: str
    first: tuple[str, ...]
    steps: tuple[str, ...]
    cannot: dict[str, str]
    to: str = ""
    """The step back to which it goes; empty: all the way."""
    ended: dt.datetime | None = None
    not_undone: dict[str, str] = {}
    cleared: Actor | None = None
    cleared_at: dt.datetime | None = None

    @property
    def under_way(self) -> bool:
        """It has not been gone to its end."""
        return self.ended is None


class Procedure(msgspec.Struct, frozen=True):
    """Where the plan stands."""

    steps: Map[str, StepState] = Map()
    poll: PollState | None = None
    fired: Map[str, Fired] = Map()
    """What fired last, by watch."""
    way_back: WayBack | None = None
    holds: tuple[tuple[dt.datetime, dt.datetime | None], ...] = ()
    """Every hold: from, and until; None while it lasts."""
    zero: dt.datetime | None = None
    """T-0: when the first step that changes production was begun."""

    def step(self, step_id: str) -> StepState:
        """What is known of a step; nothing yet for one that nothing happened to."""
        return self.steps.get(step_id, _NOTHING)


_NOTHING = StepState()


def changed(procedure: Procedure, event: Event, *, changes_production: Callable[[str], bool]) -> Procedure:
    """The procedure after `event`. `changes_production` says which steps do."""
    change = _CHANGES.get(type(event.data))
    if change is None:
        return procedure
    after = change(procedure, event, event.data)
    begun = event.data
    if isinstance(begun, ev.StepBegun) and after.zero is None and not begun.undo and changes_production(begun.step):
        return _replace(after, zero=event.at)
    if isinstance(begun, ev.RunCleared) and not any(map(changes_production, _standing(after))):
        return _replace(after, zero=None)  # production is as it was before: T-0 is to come
    return after


def concerns_the_plan(data: Data) -> bool:
    """Whether an event changes where the plan stands."""
    return type(data) in _CHANGES


def _standing(procedure: Procedure) -> Iterator[str]:
    """Steps that happened, or may have, and have not been undone."""
    for name, known in procedure.steps.items():
        if known.go is not None and known.go.happened and not known.undone:
            yield name


def _with(procedure: Procedure, step: str, state: StepState) -> Procedure:
    return _replace(procedure, steps=procedure.steps.set(step, state))


def _doing(procedure: Procedure, data: Any) -> Doing | None:
    state = procedure.step(data.step)
    return state.undo if getattr(data, "undo", False) else state.go


def _with_doing(procedure: Procedure, data: Any, doing: Doing) -> Procedure:
    state = procedure.step(data.step)
    if getattr(data, "undo", False):
        return _with(procedure, data.step, _replace(state, undo=doing))
    return _with(procedure, data.step, _replace(state, go=doing))


def _step_begun(procedure: Procedure, event: Event, data: ev.StepBegun) -> Procedure:
    state = procedure.step(data.step)
    before = state.undo if data.undo else (state.go if not state.undone else None)
    doing = Doing(
        phase=Phase.RUNNING,
        attempt=data.attempt,
        by=event.by,
        begun=before.begun if before is not None and data.attempt > 1 else event.at,
        since=event.at,
        action=data.action,
        rehearsed=data.rehearsed,
        hosts=data.hosts,
        seq=event.seq,
        touched=before is not None and before.happened,
    )
    if data.undo:
        begun = _replace(state, undo=doing, undo_tried=max(state.undo_tried, data.attempt))
    else:
        begun = _replace(state, go=doing, undo=None, tried=max(state.tried, data.attempt))
    return _with(procedure, data.step, begun)


def _action_ended(procedure: Procedure, event: Event, data: ev.ActionEnded) -> Procedure:
    doing = _doing(procedure, data)
    if doing is None:
        return procedure
    hosts_done = (*doing.hosts_done, data.host) if data.host and data.done else doing.hosts_done
    ended = _replace(doing, summary=data.summary, status=data.status, output=data.output, hosts_done=hosts_done)
    if not data.done:
        failed_in = "not done" if data.nothing else "action"
        ended = _replace(ended, phase=Phase.FAILED, failed_in=failed_in, since=event.at)
    elif data.last:
        ended = _replace(ended, phase=Phase.VERIFYING, since=event.at, ended_seq=event.seq)
    return _with_doing(procedure, data, ended)


def _step_doubted(procedure: Procedure, event: Event, data: ev.StepDoubted) -> Procedure:
    doing = _doing(procedure, data)
    if doing is None:
        return procedure
    doubted = _replace(
        doing, phase=Phase.DOUBT, since=event.at, summary=data.reason, output=data.output, ended_seq=event.seq
    )
    return _with_doing(procedure, data, doubted)


def _doubt_settled(procedure: Procedure, event: Event, data: ev.DoubtSettled) -> Procedure:
    doing = _doing(procedure, data)
    if doing is None:
        return procedure
    phase, failed_in = (Phase.VERIFYING, "") if data.happened else (Phase.FAILED, "not done")
    settled = _replace(
        doing, phase=phase, failed_in=failed_in, since=event.at, summary=data.reason, ended_seq=event.seq
    )
    return _with_doing(procedure, data, settled)


def _step_verified(procedure: Procedure, event: Event, data: ev.StepVerified) -> Procedure:
    doing = _doing(procedure, data)
    if doing is None:
        return procedure
    if data.good:
        return _with_doing(procedure, data, _replace(doing, phase=Phase.SOAKING, failed_in="", since=event.at))
    failed = _replace(doing, phase=Phase.FAILED, failed_in="verify", since=event.at, summary=data.summary)
    return _with_doing(procedure, data, failed)


def _soak_ended(procedure: Procedure, event: Event, data: ev.SoakEnded) -> Procedure:
    doing = _doing(procedure, data)
    if doing is None or data.good:
        return procedure
    failed = _replace(doing, phase=Phase.FAILED, failed_in="soak", since=event.at, summary=data.summary)
    return _with_doing(procedure, data, failed)


def _step_done(procedure: Procedure, event: Event, data: ev.StepDone) -> Procedure:
    doing = _doing(procedure, data)
    if doing is None:
        return procedure
    after = _with_doing(procedure, data, _replace(doing, phase=Phase.DONE, failed_in="", since=event.at))
    if not data.undo:
        return after
    # Whoever agreed to it has not agreed to have it done again.
    return _with(after, data.step, _replace(after.step(data.step), second=None))


def _step_skipped(procedure: Procedure, event: Event, data: ev.StepSkipped) -> Procedure:
    doing = _doing(procedure, data) or Doing(Phase.SKIPPED, 0, event.by, event.at, event.at)
    kept = "" if doing.attempt == 0 or doing.failed_in == "not done" else doing.failed_in
    skipped = _replace(doing, phase=Phase.SKIPPED, since=event.at, summary=data.reason, failed_in=kept or "not done")
    return _with_doing(procedure, data, skipped)


def _second_given(procedure: Procedure, event: Event, data: ev.SecondGiven) -> Procedure:
    return _with(procedure, data.step, _replace(procedure.step(data.step), second=event.by))


def _poll_opened(procedure: Procedure, event: Event, data: ev.PollOpened) -> Procedure:
    return _replace(procedure, poll=PollState(data.step, event.at, event.seq, data.ends))


def _poll_answered(procedure: Procedure, event: Event, data: ev.PollAnswered) -> Procedure:
    if procedure.poll is None:
        return procedure
    answer = Answer(data.go, data.reason, event.by, event.at, event.seq, data.relayed)
    return _replace(procedure, poll=_replace(procedure.poll, answers=procedure.poll.answers.set(data.position, answer)))


def _poll_ended(procedure: Procedure, event: Event, data: ev.PollEnded) -> Procedure:
    if procedure.poll is None:
        return procedure
    return _replace(procedure, poll=_replace(procedure.poll, ended=data.reason))


def _gate_opened(procedure: Procedure, event: Event, data: ev.GateOpened) -> Procedure:
    doing = Doing(Phase.DONE, 1, event.by, event.at, event.at)
    return _with(_replace(procedure, poll=None), data.step, _replace(procedure.step(data.step), go=doing))


def _watch_fired(procedure: Procedure, event: Event, data: ev.WatchFired) -> Procedure:
    held = bool(procedure.holds) and procedure.holds[-1][1] is None
    taken = data.action == "advise" or data.would or (data.action == "hold" and held)
    fired = Fired(event.at, data.criterion, data.action, data.due, data.would, taken=taken)
    return _replace(procedure, fired=procedure.fired.set(data.item, fired))


def _abort_vetoed(procedure: Procedure, event: Event, data: ev.AbortVetoed) -> Procedure:
    fired = procedure.fired.get(data.item)
    if fired is None:
        return procedure
    return _replace(procedure, fired=procedure.fired.set(data.item, _replace(fired, vetoed=data.reason)))


def _rollback_begun(procedure: Procedure, event: Event, data: ev.RollbackBegun) -> Procedure:
    way = WayBack(event.at, event.by, data.reason, data.first, data.steps, data.cannot, data.to)
    steps = procedure.steps
    for step, known in steps.items():
        if known.second is not None:
            steps = steps.set(step, _replace(known, second=None))
    # An earlier rollback may have done what comes first, and left out what is to be undone now.
    for step in data.first:
        steps = steps.set(step, _replace(steps.get(step, _NOTHING), go=None))
    for step in data.steps:
        steps = steps.set(step, _replace(steps.get(step, _NOTHING), undo=None))
    return _replace(procedure, way_back=way, poll=None, fired=_all_taken(procedure.fired), steps=steps)


def _rollback_ended(procedure: Procedure, event: Event, data: ev.RollbackEnded) -> Procedure:
    if procedure.way_back is None:
        return procedure
    return _replace(procedure, way_back=_replace(procedure.way_back, ended=event.at, not_undone=data.not_undone))


def _run_cleared(procedure: Procedure, event: Event, data: ev.RunCleared) -> Procedure:
    if procedure.way_back is None:
        return procedure
    cleared = _replace(procedure.way_back, cleared=event.by, cleared_at=event.at)
    return _forgotten(_replace(procedure, way_back=cleared), data.again)


def _plan_recycled(procedure: Procedure, event: Event, data: ev.PlanRecycled) -> Procedure:
    return _forgotten(_replace(procedure, poll=None), data.again)


def _forgotten(procedure: Procedure, again: Iterable[str]) -> Procedure:
    """Steps that are past no more: all that is left of them is how often they were tried."""
    steps = procedure.steps
    for step in again:
        known = steps.get(step, _NOTHING)
        steps = steps.set(step, StepState(tried=known.tried, undo_tried=known.undo_tried))
    return _replace(procedure, steps=steps)


def _hold_started(procedure: Procedure, event: Event, data: ev.HoldStarted) -> Procedure:
    fired = _all_taken(procedure.fired, "hold")
    asked = fired.get(data.watch)
    if asked is not None:
        fired = fired.set(data.watch, _replace(asked, taken=True))
    return _replace(procedure, holds=(*procedure.holds, (event.at, None)), fired=fired)


def _hold_released(procedure: Procedure, event: Event, data: ev.HoldReleased) -> Procedure:
    holds = procedure.holds
    if holds and holds[-1][1] is None:
        holds = (*holds[:-1], (holds[-1][0], event.at))
    return _replace(procedure, holds=holds)


def _all_taken(fired: Map[str, Fired], action: str = "") -> Map[str, Fired]:
    """Those that wanted `action`, or all, have what they wanted."""
    for item, one in fired.items():
        if not one.taken and action in ("", one.action):
            fired = fired.set(item, _replace(one, taken=True))
    return fired


_CHANGES: dict[type[Data], Callable[[Procedure, Event, Any], Procedure]] = {
    ev.StepBegun: _step_begun,
    ev.ActionEnded: _action_ended,
    ev.StepDoubted: _step_doubted,
    ev.DoubtSettled: _doubt_settled,
    ev.StepVerified: _step_verified,
    ev.SoakEnded: _soak_ended,
    ev.StepDone: _step_done,
    ev.StepSkipped: _step_skipped,
    ev.SecondGiven: _second_given,
    ev.PollOpened: _poll_opened,
    ev.PollAnswered: _poll_answered,
    ev.PollEnded: _poll_ended,
    ev.GateOpened: _gate_opened,
    ev.WatchFired: _watch_fired,
    ev.AbortVetoed: _abort_vetoed,
    ev.RollbackBegun: _rollback_begun,
    ev.RollbackEnded: _rollback_ended,
    ev.RunCleared: _run_cleared,
    ev.PlanRecycled: _plan_recycled,
    ev.HoldStarted: _hold_started,
    ev.HoldReleased: _hold_released,
}
