"""The way there and the way back: whose turn it is, what is past, and what a rollback would do."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cockpit.checklist.plan import Plan, Step
from cockpit.run.procedure import Doing, Phase, StepState
from cockpit.run.state import State

UNDECIDED = frozenset({Phase.RUNNING, Phase.DOUBT, Phase.VERIFYING, Phase.SOAKING, Phase.FAILED})
"""Phases of a step that somebody or something still works on."""


class Current(msgspec.Struct, frozen=True):
    """What is under way, or has failed, or is in doubt."""

    step: Step
    undo: bool
    doing: Doing


def plan_of(state: State) -> Plan:
    """The plan of a run; one without steps when it has none."""
    return state.document.plan or Plan(())


def next_step(state: State) -> Step | None:
    """The first step of going live that is not past; None when all are, or on the way back."""
    way_back = state.procedure.way_back
    if way_back is not None and way_back.cleared is None:
        return None
    return next((step for step in plan_of(state).steps if not state.procedure.step(step.id).passed), None)


def current(state: State) -> Current | None:
    """The step, or the compensation, that is not over; at most one is."""
    for step in plan_of(state).every():
        known = state.procedure.step(step.id)
        if known.undo is not None and known.undo.phase in UNDECIDED:
            return Current(step, True, known.undo)
    if _on_the_way_back(state):
        first = state.procedure.way_back.first if state.procedure.way_back else ()
        candidates = [step for step in plan_of(state).rollback if step.id in first]
    else:
        candidates = list(plan_of(state).every())
    for step in candidates:
        known = state.procedure.step(step.id)
        if known.go is not None and known.go.phase in UNDECIDED and not known.undone:
            return Current(step, False, known.go)
    return None


def next_on_the_way_back(state: State) -> tuple[Step, bool] | None:
    """The first part of the rollback that was not begun, and whether it is a compensation; None when all were."""
    way_back = state.procedure.way_back
    plan = plan_of(state)
    if way_back is None or not way_back.under_way:
        return None
    for name in way_back.first:
        step = plan.find(name)
        if step is not None and state.procedure.step(name).go is None:
            return step, False
    for name in way_back.steps:
        step = plan.find(name)
        if step is not None and state.procedure.step(name).undo is None:
            return step, True
    return None


class Return(msgspec.Struct, frozen=True):
    """What a rollback would do now."""

    first: tuple[Step, ...]
    compensations: tuple[Step, ...]
    """Steps to undo, the last one done first."""
    cannot: dict[str, str]
    """Steps that were done and cannot be undone, and why."""
    takes: dict[str, float] = {}
    """Seconds for each part: as it took when it was last done, else as planned."""

    @property
    def seconds(self) -> float:
        """Seconds that all of it takes."""
        return sum(self.takes.values())


def way_back(state: State) -> Return:
    """What a rollback would do now: what is done first, and the compensation of all that happened, in reverse."""
    plan = plan_of(state)
    compensations, cannot = [], {}
    for step in reversed(plan.steps):
        if not _happened(state.procedure.step(step.id)):
            continue
        reason = _no_way_back(step, state)
        if reason:
            cannot[step.id] = reason
        elif step.undo is not None:
            compensations.append(step)
    takes = {step.id: state.took.get(step.id, step.takes) for step in plan.rollback}
    for step in compensations:
        planned = step.undo.takes if step.undo is not None else 0.0
        takes[step.id] = state.took.get(f"undo {step.id}", planned)
    return Return(plan.rollback, tuple(compensations), cannot, takes)


def gone_for_good(step: Step, state: State) -> tuple[str, ...]:
    """The steps whose undo will be no way back any more once `step` is begun; itself when it cannot be undone."""
    if state.procedure.step(step.id).go is not None and not state.procedure.step(step.id).undone:
        return ()
    closing = [each.id for each in plan_of(state).steps if each.reversible_until == step.id]
    done = [name for name in closing if _happened(state.procedure.step(name))]
    return (*done, *([step.id] if step.irreversible else []))


def _on_the_way_back(state: State) -> bool:
    way = state.procedure.way_back
    return way is not None and way.cleared is None


def _happened(known: StepState) -> bool:
    """Something was done that has not been undone."""
    return known.go is not None and known.go.happened and not known.undone and known.go.rehearsed != "shown"


def _no_way_back(step: Step, state: State) -> str:
    """Why a step that was done cannot be undone; empty when it can, or needs no undoing."""
    if step.irreversible:
        return "it cannot be undone"
    if step.reversible_until and _happened(state.procedure.step(step.reversible_until)):
        return f"not after {step.reversible_until}"
    if step.undo is None and step.changes and step.action is not None:
        return "the plan says nothing of how it is undone"
    return ""


def steps_with_state(state: State) -> Iterator[tuple[Step, StepState]]:
    """Each step of the plan and what is known of it."""
    for step in plan_of(state).every():
        yield step, state.procedure.step(step.id)
