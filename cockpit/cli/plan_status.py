"""Where the plan of a run stands, for `cockpit status`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec

from cockpit.actions.folder import attempt_folder
from cockpit.checklist.plan import Step
from cockpit.engine.printing import look
from cockpit.journal.folder import RunFolder
from cockpit.run.countdown import clock, planned_window
from cockpit.run.doubt import probed
from cockpit.run.gate import gate_standing
from cockpit.run.procedure import Doing, Phase, StepState
from cockpit.run.state import State
from cockpit.run.turning_back import turning_back
from cockpit.run.way import Current, current, next_step, plan_of
from cockpit.views.doubt import RUNS
from cockpit.views.moment import Moment
from cockpit.views.rehearsed import rehearsed_entry
from cockpit.views.run_view import Link, Printed
from cockpit.views.turning_back import turning_words

_PRINTED = 10
"""Lines of the end of the output."""


def seen_of_doubt(run: RunFolder, state: State) -> Printed | None:
    """What is to be seen here of the action in doubt: its output so far, and whether anything of it runs. Blocks."""
    here = current(state)
    if here is None or here.doing.phase is not Phase.DOUBT:
        return None
    return look(attempt_folder(run.steps, here.step.id, here.doing.attempt, undo=here.undo))


def as_json(state: State, now: dt.datetime, seen: Printed | None = None) -> dict[str, Any]:
    """`steps`, `poll`, `clock`, `rollback`, `fired` and `doubt`; empty where there is no plan.

    `seen` is what is to be seen of the action in doubt.
    """
    return {
        "doubt": _doubt(state, seen),
        "steps": [_step(step, state.procedure.step(step.id)) for step in plan_of(state).every()],
        "poll": _poll(state, now),
        "clock": _clock(state, now),
        "rollback": _rollback(state),
        "turning_back": _turning_back(state, now),
        "rehearsed": _rehearsed(state),
        "fired": {
            item: {"at": fired.at.isoformat(), "criterion": fired.criterion, "action": fired.action}
            | {"due": fired.due.isoformat() if fired.due else None, "vetoed": fired.vetoed, "taken": fired.taken}
            for item, fired in state.procedure.fired.items()
        },
    }


def lines(state: State, now: dt.datetime, seen: Printed | None = None) -> Iterator[str]:
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
        yield from _doubt_lines(state, here, seen)
    elif turn is not None:
        yield f"step      {turn.id} is next"
    moment = Moment(state, (), Link(), now, zone=dt.UTC)
    told = rehearsed_entry(moment)
    if told is not None:
        yield f"plan      {told.text}"
    if back := turning_words(moment):
        yield f"if back   {back}"
    for number, step in enumerate(plan.steps, 1):
        yield f"  {number:3}  {standing_of(state.procedure.step(step.id)):10}  {step.id}: {step.title}"


def _doubt_lines(state: State, here: Current, seen: Printed | None) -> Iterator[str]:
    if here.doing.phase is not Phase.DOUBT:
        return
    yield f"probe     {probed(state, here)}"
    yield f"process   {RUNS[seen.alive if seen is not None else None]}"
    printed = seen.lines if seen is not None and seen.lines else tuple(here.doing.output.splitlines())
    for text in printed[-_PRINTED:] or ("nothing",):
        yield f"printed   {text}"
    yield f"answer    cockpit step {state.run} {here.step.id} happened|not-happened --because ..."


def _doubt(state: State, seen: Printed | None) -> dict[str, Any] | None:
    here = current(state)
    if here is None or here.doing.phase is not Phase.DOUBT:
        return None
    probe = probed(state, here)
    found = probe.measurement
    return {
        "step": here.step.id,
        "undo": here.undo,
        "attempt": here.doing.attempt,
        "reason": here.doing.summary,
        "runs": seen.alive if seen is not None else None,
        "output": list(seen.lines) if seen is not None and seen.lines else here.doing.output.splitlines(),
        "probe": {
            "item": probe.item,
            "result": probe.result,
            "summary": found.result.summary if found is not None else "",
            "at": found.at.isoformat() if found is not None else None,
        }
        if probe.item
        else None,
        "says": str(probe),
    }


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
        "second": str(known.second) if known.second is not None else "",
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
                "captain": voice.own,
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


def _turning_back(state: State, now: dt.datetime) -> dict[str, Any] | None:
    back = turning_back(state, now)
    if back is None:
        return None
    return {
        "parts": back.parts,
        "seconds": back.seconds,
        "unknown": list(back.unknown),
        "cannot": list(back.cannot),
        "until": back.end.isoformat() if back.end else None,
        "latest": back.latest.isoformat() if back.latest else None,
        "near": back.near,
        "missed": back.missed,
    }


def _rehearsed(state: State) -> dict[str, Any] | None:
    if not plan_of(state).steps:
        return None
    waived = state.unrehearsed
    return {
        "demanded": plan_of(state).rehearsed,
        "runs": [msgspec.to_builtins(each) for each in state.rehearsed],
        "waived": {"reason": waived.reason, "by": str(waived.by)} if waived is not None else None,
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
