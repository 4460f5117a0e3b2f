"""Where the plan of a run stands, for `cockpit status`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from cockpit.checklist.plan import Step
from cockpit.run.countdown import clock, planned_window
from cockpit.run.gate import gate_standing
from cockpit.run.procedure import Doing, StepState
from cockpit.run.state import State
from cockpit.run.way import current, next_step, plan_of


def as_json(state: State, now: dt.datetime) -> dict[str, Any]:
    """`steps`, `poll`, `clock`, `rollback` and `fired`; empty where there is no plan."""
    return {
        "steps": [_step(step, state.procedure.step(step.id)) for step in plan_of(state).every()],
        "poll": _poll(state, now),
        "clock": _clock(state, now),
        "rollback": _rollback(state),
        "fired": {
            item: {"at": fired.at.isoformat(), "criterion": fired.criterion, "action": fired.action}
            | {"due": fired.due.isoformat() if fired.due else None, "vetoed": fired.vetoed, "taken": fired.taken}
            for item, fired in state.procedure.fired.items()
        },
    }


def lines(state: State, now: dt.datetime) -> Iterator[str]:
    """The same for people."""
    plan = plan_of(state)
    if not plan.steps:
        return
    here, turn = current(state), next_step(state)
    yield f"clock     {clock(state, now)}"
    if here is not None:
        what = f"the undo of {here.step.id}" if here.undo else here.step.id
        summary = f": {here.doing.summary}" if here.doing.summary else ""
        yield f"step      {what} is {here.doing.phase}{summary}"
    elif turn is not None:
        yield f"step      {turn.id} is next"
    for number, step in enumerate(plan.steps, 1):
        yield f"  {number:3}  {standing_of(state.procedure.step(step.id)):10}  {step.id}: {step.title}"


def standing_of(known: StepState) -> str:
    """How a step stands, in a word: `waiting`, `running`, ..., `done`, `skipped`, `undone`."""
    if known.undo is not None:
        return "undone" if known.undone else f"undo {known.undo.phase}"
    return str(known.go.phase) if known.go is not None else "waiting"


def _step(step: Step, known: StepState) -> dict[str, Any]:
    return {
        "step": step.id,
        "title": step.title,
        "state": standing_of(known),
        "go": _doing(known.go),
        "undo": _doing(known.undo),
    }


def _doing(doing: Doing | None) -> dict[str, Any] | None:
    if doing is None:
        return None
    return {
        "phase": str(doing.phase),
        "attempt": doing.attempt,
        "by": str(doing.by),
        "begun": doing.begun.isoformat(),
        "since": doing.since.isoformat(),
        "failed_in": doing.failed_in,
        "summary": doing.summary,
        "status": doing.status,
        "rehearsed": doing.rehearsed,
        "hosts_done": list(doing.hosts_done),
    }


def _poll(state: State, now: dt.datetime) -> dict[str, Any] | None:
    poll = state.procedure.poll
    step = plan_of(state).find(poll.step) if poll is not None else None
    if poll is None or step is None:
        return None
    gate = gate_standing(state, step, now)
    return {
        "step": poll.step,
        "opened": poll.opened.isoformat(),
        "ends": poll.ends.isoformat() if poll.ends else None,
        "ended": poll.ended,
        "need": gate.need,
        "shut": list(gate.shut),
        "answers": [
            {
                "position": voice.position,
                "answer": "GO" if voice.answer.go else "NO-GO",
                "reason": voice.answer.reason,
                "who": voice.answer.who,
                "relayed": bool(voice.answer.relayed),
                "at": voice.answer.at.isoformat(),
                "stale": voice.stale,
            }
            for voice in gate.voices
            if voice.answer is not None
        ],
    }


def _clock(state: State, now: dt.datetime) -> dict[str, Any] | None:
    if not plan_of(state).steps:
        return None
    told, window = clock(state, now), planned_window(state)
    start, end = window if window is not None else (None, None)
    return {
        "t": str(told),
        "seconds": round(told.seconds, 3) if told.planned else None,
        "stands": told.stands,
        "zero": state.procedure.zero.isoformat() if state.procedure.zero else None,
        "planned": start.isoformat() if start else None,
        "until": end.isoformat() if end else None,
    }


def _rollback(state: State) -> dict[str, Any] | None:
    back = state.procedure.way_back
    if back is None:
        return None
    return {
        "begun": back.begun.isoformat(),
        "by": str(back.by),
        "reason": back.reason,
        "to": back.to,
        "steps": list(back.steps),
        "cannot": back.cannot,
        "ended": back.ended.isoformat() if back.ended else None,
        "not_undone": back.not_undone,
        "cleared": str(back.cleared) if back.cleared else None,
    }
