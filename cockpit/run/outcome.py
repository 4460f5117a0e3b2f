"""What the plan and quick commands add to the verdict: what keeps it from being good, or from being plain."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.procedure import Doing, Phase
from cockpit.run.state import State


def of_the_plan_blockers(state: State) -> list[str]:
    """What keeps a run from being good, in words."""
    return list(_blockers(state))


def of_the_plan_asterisks(state: State) -> list[str]:
    """What keeps a good run from being plainly so, in words, counted."""
    doings = list(_doings(state))
    skipped = sum(doing.phase is Phase.SKIPPED for doing in doings)
    again = sum(doing.attempt > 1 for doing in doings)
    relayed = 0 if state.procedure.poll is None else sum(bool(a.relayed) for a in state.procedure.poll.answers.values())
    vetoed = sum(bool(fired.vetoed) for fired in state.procedure.fired.values())
    unrehearsed = state.document.plan is not None and state.run_kind == "live" and not state.rehearsals
    return [
        words
        for count, words in (
            (unrehearsed, "plan not rehearsed" + (" (waived)" if state.unrehearsed is not None else "")),
            (skipped, _counted(skipped, "step") + " skipped"),
            (again, _counted(again, "step") + " tried again"),
            (relayed, _counted(relayed, "voice") + " relayed"),
            (vetoed, _counted(vetoed, "abort") + " vetoed"),
        )
        if count
    ]


def of_quick_commands_asterisks(state: State) -> list[str]:
    """What is not known of quick commands that change something, in words, counted."""
    doubts = sum(ran.doubts for ran in state.commands.values())
    under_way = sum(ran.ended is None for ran in state.commands.values())
    return [
        words
        for count, words in (
            (doubts, _counted(doubts, "quick command") + " in doubt"),
            (under_way, _counted(under_way, "quick command") + " under way"),
        )
        if count
    ]


def _blockers(state: State) -> Iterator[str]:
    plan = state.document.plan
    if plan is None:
        return
    procedure = state.procedure
    back = procedure.way_back
    if back is not None and back.cleared is None:
        yield "the rollback is under way" if back.under_way else "rolled back"
        if back.not_undone:
            yield f"{_counted(len(back.not_undone), 'step')} not undone"
    for phase in (Phase.FAILED, Phase.DOUBT):
        count = sum(doing.phase is phase for doing in _doings(state))
        if count:
            yield f"{_counted(count, 'step')} {phase}"
    left = sum(not procedure.step(step.id).passed for step in plan.steps)
    if left and (back is None or back.cleared is not None):
        yield f"{_counted(left, 'step')} not done"


def _doings(state: State) -> Iterator[Doing]:
    for known in state.procedure.steps.values():
        if known.go is not None and not known.undone:
            yield known.go
        if known.undo is not None:
            yield known.undo


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"
