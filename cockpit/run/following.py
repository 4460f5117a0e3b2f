"""What the engine has to do next on the plan: pure, from the state and the time.

The engine asks after every event and every second, does what it is told, and records what comes of it. Nothing here
begins anything that a person has not begun, but for what the plan says goes by itself: steps with `auto`, and the
compensations of a rollback that was confirmed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from cockpit.checklist.plan import Step
from cockpit.journal import event as ev
from cockpit.journal.event import Data
from cockpit.run.criteria import fired
from cockpit.run.doubt import probed, shows
from cockpit.run.gate import item_is_good
from cockpit.run.procedure import Doing, Phase
from cockpit.run.standing import Standing, standing
from cockpit.run.state import State
from cockpit.run.way import (
    Current,
    action_of,
    current,
    next_on_the_way_back,
    next_step,
    nothing_to_undo,
    only_rehearsed,
    plan_of,
)


class Record(msgspec.Struct, frozen=True):
    """Record these events, together."""

    events: tuple[Data, ...]


class Begin(msgspec.Struct, frozen=True):
    """Record the intent to carry out a step, or its compensation: what it will do exactly, the engine knows."""

    step: str
    undo: bool


class Attend(msgspec.Struct, frozen=True):
    """See to the action that is under way: start it when it was not, follow it when it runs."""

    step: str
    undo: bool
    attempt: int


class Measure(msgspec.Struct, frozen=True):
    """Measure these items now."""

    items: tuple[str, ...]


class RollBackNow(msgspec.Struct, frozen=True):
    """Begin the rollback that a watch has asked for."""

    reason: str


Work = Record | Begin | Attend | Measure | RollBackNow


PROBE_EVERY = 15.0
"""Seconds between two measurements of the probe of a step in doubt."""

NOT_VERIFIED = "not verified: it was rehearsed, and nothing has changed"
NOT_SOAKED = "no soak: it was rehearsed, and nothing has changed"


def following(state: State, now: dt.datetime) -> tuple[Work, ...]:
    """What is to be done in `state` at `now`; nothing when everything waits for a person or for time."""
    if state.closed is not None or not plan_of(state).steps:
        return ()
    return (*_watches(state, now), *_poll(state, now), *_steps(state, now))


def _steps(state: State, now: dt.datetime) -> Iterator[Work]:
    here = current(state)
    if here is not None:
        yield from _on(state, here, now)
        return
    if state.hold is not None:
        return
    back = state.procedure.way_back
    if back is not None and back.cleared is None:
        yield from _way_back(state)
        return
    turn = next_step(state)
    if turn is not None and turn.auto and _may_begin_by_itself(state, turn, now):
        yield Begin(turn.id, undo=False)


def _may_begin_by_itself(state: State, step: Step, now: dt.datetime) -> bool:
    """An automatic step begins after one that is done, when everything that it waits for is good."""
    number = plan_of(state).index(step.id)
    if state.procedure.step(step.id).tried:
        return False  # it was done before, and undone: again only on somebody's word
    if number <= 0 or step.second or step.irreversible or step.gate is not None or step.hold:
        return False
    if any(each.reversible_until == step.id for each in plan_of(state).steps):
        return False
    unreal = only_rehearsed(state)
    items = (state.document.find(name) for name in step.before if name not in unreal)
    return all(item is not None and not item_is_good(state, item, now) for item in items)


def _on(state: State, here: Current, now: dt.datetime) -> Iterator[Work]:
    doing = here.doing
    match doing.phase:
        case Phase.RUNNING:
            yield from _running(here)
        case Phase.VERIFYING:
            yield from _verifying(state, here, now)
        case Phase.SOAKING:
            yield from _soaking(state, here, now)
        case Phase.DOUBT:
            yield from _doubted(state, here, now)
        case _:
            return  # failed: a person says how it goes on


def _doubted(state: State, here: Current, now: dt.datetime) -> Iterator[Work]:
    """The probe is measured, and again while nobody has said what happened: it says, and decides nothing."""
    probe = probed(state, here)
    age = (now - probe.measurement.at).total_seconds() if probe.measurement is not None else PROBE_EVERY
    if probe.item and (age >= PROBE_EVERY or age < 0):
        yield Measure((probe.item,))


def _running(here: Current) -> Iterator[Work]:
    action = action_of(here)
    if action is not None and action.kind != "manual":
        yield Attend(here.step.id, here.undo, here.doing.attempt)


def _verifying(state: State, here: Current, now: dt.datetime) -> Iterator[Work]:
    verify = here.step.undo.verify if here.undo and here.step.undo else here.step.verify
    if here.doing.rehearsed:
        yield Record((ev.StepVerified(here.step.id, here.undo, summary=NOT_VERIFIED if verify else ""),))
        return
    within = here.step.undo.within if here.undo and here.step.undo else here.step.within
    waiting, bad = _shown(state, verify, here.doing, now)
    if not waiting and not bad:
        yield Record((ev.StepVerified(here.step.id, here.undo),))
        return
    over = (now - here.doing.since).total_seconds() >= within
    if bad and not waiting and over:
        yield Record((ev.StepVerified(here.step.id, here.undo, good=False, summary="; ".join(bad)),))
        return
    # A check that changes something is not repeated until it is good: a person asks for it.
    measured = tuple(
        item.id for name in verify if (item := state.document.find(name)) and item.check and not item.check.on_demand
    )
    if measured:
        yield Measure(measured)


def _shown(state: State, names: tuple[str, ...], doing: Doing, now: dt.datetime) -> tuple[list[str], list[str]]:
    """What has not been measured or said since the phase began, and what has and is not good."""
    waiting, bad = [], []
    for name in names:
        item = state.document.find(name)
        if item is None:
            continue
        known = state.item(name)
        if item.check is None:
            fresh = known.word is not None and known.word.seq > doing.ended_seq
        else:
            fresh = known.measurement is not None and shows(known.measurement, doing)
        if not fresh:
            waiting.append(name)
        elif reason := item_is_good(state, item, now):
            bad.append(reason)
    return waiting, bad


def _soaking(state: State, here: Current, now: dt.datetime) -> Iterator[Work]:
    soak = here.step.soak if not here.undo else None
    skipped = soak is not None and bool(here.doing.rehearsed)
    if soak is not None and not skipped:
        bad = [reason for name in soak.watch or here.step.verify for reason in _gone_bad(state, name, now)]
        if bad:
            yield Record((ev.SoakEnded(here.step.id, good=False, summary="; ".join(bad)),))
            return
        if (now - here.doing.since).total_seconds() < soak.seconds:
            return
    if state.hold is None:
        ended = (ev.SoakEnded(here.step.id, summary=NOT_SOAKED if skipped else ""),) if soak is not None else ()
        yield Record((*ended, ev.StepDone(here.step.id, here.undo)))


def _gone_bad(state: State, name: str, now: dt.datetime) -> Iterator[str]:
    item = state.document.find(name)
    if item is not None and standing(item, state.item(name), now) is not Standing.OPEN:
        reason = item_is_good(state, item, now)
        if reason:
            yield reason


def _way_back(state: State) -> Iterator[Work]:
    back = state.procedure.way_back
    if back is None or not back.under_way:
        return
    turn = next_on_the_way_back(state)
    if turn is not None:
        yield Begin(turn[0].id, turn[1])
        return
    left = {
        name: f"left out: {undo.summary}"
        for name in back.steps
        if (undo := state.procedure.step(name).undo) is not None and undo.phase is Phase.SKIPPED
    }
    held = ev.HoldStarted("rolled back: a named person clears the run")
    yield Record((ev.RollbackEnded({**back.cannot, **left}), held))


def _poll(state: State, now: dt.datetime) -> Iterator[Work]:
    poll = state.procedure.poll
    if poll is not None and not poll.ended and poll.ends is not None and now >= poll.ends:
        step = plan_of(state).find(poll.step)
        asked = step.gate.poll.positions if step is not None and step.gate is not None and step.gate.poll else ()
        silent = [position for position in asked if position not in poll.answers]
        missing = f"no answer from {', '.join(silent)}" if silent else "all have answered, and the gate was not opened"
        yield Record((ev.PollEnded(poll.step, f"the time to answer is over: {missing}"),))


def _watches(state: State, now: dt.datetime) -> Iterator[Work]:
    if state.procedure.zero is None:
        return  # criteria are agreed on for what is being changed
    back = state.procedure.way_back
    cleared = back.cleared_at if back is not None else None
    for item in state.document.watch:
        if item.abort is None or item.excluded:
            continue
        before = state.procedure.fired.get(item.id)
        if before is not None and not before.taken and not before.vetoed:
            if before.due is not None and now >= before.due:
                yield from _taken(state, item.id, before.action, before.criterion)
            continue
        since = max(
            state.procedure.zero, before.at if before else state.procedure.zero, cleared or state.procedure.zero
        )
        criterion = fired(item, state.item(item.id), since, now)
        if not criterion or (back is not None and cleared is None and item.abort.action == "rollback"):
            continue
        would = state.run_kind != "live"
        due = None if item.abort.action == "advise" or would else now + dt.timedelta(seconds=item.abort.grace)
        yield Record((ev.WatchFired(item.id, criterion, item.abort.action, due, would),))


def _taken(state: State, item: str, action: str, criterion: str) -> Iterator[Work]:
    """What a watch asked for; in a hold it waits for the person who releases that, in doubt for their word."""
    reason = f"{item}: {criterion}"
    if state.hold is not None:
        return
    here = current(state)
    if action == "rollback" and here is not None and here.doing.phase in (Phase.RUNNING, Phase.DOUBT):
        return  # what it has to undo is not known before that has ended, or somebody has said what happened
    if action == "rollback" and not (nothing := nothing_to_undo(state)):
        yield RollBackNow(reason)
    elif action == "rollback":
        yield Record((ev.HoldStarted(f"abort criteria: {reason}; {nothing}", item),))
    else:
        yield Record((ev.HoldStarted(f"abort criteria: {reason}"),))
