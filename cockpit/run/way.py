"""The way there and the way back: whose turn it is, what is past, and what a rollback would do."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cockpit.checklist.plan import Action, Plan, Step
from cockpit.run.procedure import Doing, Phase, StepState
from cockpit.run.state import State

UNDECIDED = frozenset({Phase.RUNNING, Phase.DOUBT, Phase.VERIFYING, Phase.SOAKING, Phase.FAILED})
"""Phases of a step that somebody or something still works on."""


class Current(msgspec.Struct, frozen=True):
    """What is under way, or has failed, or is in doubt."""

    step: Step
    undo: bool
    doing: Doing


def action_of(here: Current) -> Action | None:
    """What is carried out at the moment: the action, the compensation, or, in a rehearsal, the stand-in."""
    if here.undo:
        return here.step.undo.action if here.step.undo is not None else None
    return here.step.rehearse if here.doing.rehearsed == "stand-in" else here.step.action


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
            return Current(step, False, known.go) if _is_its_turn(step, known.go, state) else None
    return None


def _is_its_turn(step: Step, doing: Doing, state: State) -> bool:
    """A failure waits until all before it is past again, when something there has been undone since."""
    return doing.phase is not Phase.FAILED or _on_the_way_back(state) or step == next_step(state)


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


def way_back(state: State, to: str = "") -> Return:
    """What a rollback would do now: what is done first, and the compensation of all that happened, in reverse.

    With `to`, it goes back to that step only, and undoes it too: what a whole rollback does first is left out.
    """
    plan = plan_of(state)
    first = () if to else plan.rollback
    compensations, cannot = [], {}
    for step in reversed(plan.steps[max(0, plan.index(to)) :]):
        if not _happened(state.procedure.step(step.id)):
            continue
        reason = _no_way_back(step, state)
        if reason:
            cannot[step.id] = reason
        elif step.undo is not None:
            compensations.append(step)
    takes = {step.id: state.took.get(step.id, step.takes) for step in first}
    for step in compensations:
        planned = step.undo.takes if step.undo is not None else 0.0
        takes[step.id] = state.took.get(f"undo {step.id}", planned)
    return Return(first, tuple(compensations), cannot, takes)


def nothing_to_undo(state: State, to: str = "") -> str:
    """Why a rollback, of all or back to a step, would do nothing; empty when it would do something."""
    back, begun = way_back(state, to), state.procedure.way_back
    if not back.compensations and not back.cannot:
        return f"nothing was done{f' from {to} on' if to else ''} that could be rolled back"
    if not back.compensations and begun is not None and back.cannot.keys() <= begun.not_undone.keys():
        return f"nothing is left that could be undone; it stands: {', '.join(back.cannot)}"
    return ""


def standing_from(state: State, step_id: str) -> tuple[Step, ...]:
    """Steps, from `step_id` on, that stand as they were made: done, or partly, and not undone."""
    steps = plan_of(state).steps[max(0, plan_of(state).index(step_id)) :]
    return tuple(step for step in steps if _stands(step, state.procedure.step(step.id)))


def past_no_more(state: State, step_id: str) -> tuple[str, ...]:
    """Steps that have to be gone through again when the plan goes on at `step_id`: all that do not stand."""
    steps = plan_of(state).steps[max(0, plan_of(state).index(step_id)) :]
    known = ((step, state.procedure.step(step.id)) for step in steps)
    return tuple(step.id for step, each in known if each.go is not None and not each.undone and not _stands(step, each))


def first_undone(state: State) -> Step | None:
    """The first step of going live that was done and undone since."""
    return next((step for step in plan_of(state).steps if state.procedure.step(step.id).undone), None)


def _stands(step: Step, known: StepState) -> bool:
    leaves_something = step.changes or step.undo is not None or step.irreversible
    return step.action is not None and leaves_something and _happened(known)


def only_rehearsed(state: State) -> frozenset[str]:
    """Ids of items that steps would have made good, had they not been rehearsed only: nobody waits for those."""
    if state.run_kind == "live":
        return frozenset()
    steps = plan_of(state).steps
    rehearsed = (step for step in steps if (go := state.procedure.step(step.id).go) is not None and go.rehearsed)
    return frozenset(name for step in rehearsed for name in step.verify)


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
    """Something was done, or rehearsed, that has not been undone."""
    return known.go is not None and known.go.happened and not known.undone


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
