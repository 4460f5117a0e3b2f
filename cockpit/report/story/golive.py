"""The plan as it went: each step with its attempts, planned beside actual, and the way back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.checklist.plan import Plan, Step
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.report.story.items import person
from cockpit.report.story.model import Attempt, GoLive, RollbackStory, StepStory
from cockpit.report.story.polls import fired, polls
from cockpit.run.countdown import planned_window
from cockpit.run.procedure import Phase, StepState
from cockpit.run.state import State
from cockpit.run.way import plan_of
from cockpit.text import safe, safe_line
from cockpit.views.words import title

_with = msgspec.structs.replace

_LONGEST = 366 * 86400.0
"""Seconds that a step is taken to be planned for at most: dates have an end."""

Attempts = dict[tuple[str, bool], list[Attempt]]
"""Step, and whether it is its compensation, to its attempts in order."""


def go_live(events: Sequence[Event], state: State, names: Mapping[str, str]) -> GoLive | None:
    """How the plan went; None when the checklist has none."""
    plan = plan_of(state)
    if not plan.steps:
        return None
    tried = _attempts(events, plan)
    window = planned_window(state)
    zero = state.procedure.zero
    back = _rollbacks(events, names)
    return GoLive(
        steps=tuple(_steps(plan.steps, state, tried, window[0] if window else None)),
        way_back=tuple(_steps(plan.rollback, state, tried, None)) if back else (),
        window=window,
        zero=zero,
        late=(zero - window[0]).total_seconds() if zero and window else None,
        polls=polls(events, plan, names),
        fired=fired(events, names),
        rollbacks=back,
        rehearsals=tuple(map(safe_line, state.rehearsals)),
    )


def _steps(steps: Sequence[Step], state: State, tried: Attempts, planned: dt.datetime | None) -> Iterator[StepStory]:
    """Each step. `planned` is when the first one is planned to begin: each begins when the one before has its time."""
    for step in steps:
        yield _step(step, state.procedure.step(step.id), tried, planned)
        if planned is not None:
            planned += dt.timedelta(seconds=_takes(step))


def _step(step: Step, known: StepState, tried: Attempts, planned: dt.datetime | None) -> StepStory:
    attempts, undo = tuple(tried.get((step.id, False), ())), tuple(tried.get((step.id, True), ()))
    begun = attempts[0].begun if attempts else None
    ended = attempts[-1].ended if attempts else None
    skipped = known.go is not None and known.go.phase is Phase.SKIPPED
    return StepStory(
        id=step.id,
        title=safe_line(title(step.title)),
        sort=_sort(step),
        state=_state(known),
        action=_action(step, attempts),
        note=safe(step.note),
        required=step.required,
        irreversible=step.irreversible,
        planned=planned,
        planned_seconds=_takes(step),
        begun=begun,
        ended=ended,
        seconds=(ended - begun).total_seconds() if begun and ended else None,
        late=(begun - planned).total_seconds() if begun and planned else None,
        pressed=attempts[0].by if attempts else None,
        second=person(known.second) if known.second is not None else None,
        skipped=safe(known.go.summary) if known.go is not None and skipped else "",
        attempts=attempts,
        undo=undo,
    )


def _takes(step: Step) -> float:
    """Seconds that a step is planned to take: what the plan says, or else its soak."""
    return min(step.takes or (step.soak.seconds if step.soak is not None else 0.0), _LONGEST)


def _sort(step: Step) -> str:
    if step.gate is not None:
        return "gate"
    if step.hold:
        return "hold"
    return "manual" if step.action is not None and step.action.kind == "manual" else "action"


def _state(known: StepState) -> str:
    if known.undone:
        return "undone"
    if known.undo is not None:
        return f"undo {_word(known.undo.phase)}"
    return _word(known.go.phase) if known.go is not None else "not begun"


def _word(phase: Phase) -> str:
    return "under way" if phase in (Phase.RUNNING, Phase.VERIFYING, Phase.SOAKING) else str(phase)


def _action(step: Step, attempts: Sequence[Attempt]) -> str:
    """Exactly what was done, or else what a person is to do."""
    done = next((each.action for each in reversed(attempts) if each.action), "")
    if done or step.action is None:
        return done
    return safe(str(step.action.spec.get("do", ""))) if step.action.kind == "manual" else ""


def _attempts(events: Sequence[Event], plan: Plan) -> Attempts:
    tried: Attempts = {}
    for event in events:
        data = event.data
        step = getattr(data, "step", "")
        if not step:
            if isinstance(data, ev.RollbackBegun):
                _given_up(tried, event)
            continue
        key = (step, getattr(data, "undo", False))
        mine = tried.setdefault(key, [])
        if isinstance(data, ev.StepBegun):
            if mine and mine[-1].outcome in ("failed", "in doubt"):
                mine[-1] = _with(mine[-1], choice=f"tried again by {person(event.by)}")
            mine.append(_begun(event, data))
        elif isinstance(data, ev.GateOpened):
            mine.append(Attempt(len(mine) + 1, person(event.by), event.at, ended=event.at, outcome="done"))
        elif isinstance(data, ev.StepSkipped) and not mine:
            mine.append(Attempt(0, person(event.by), event.at, data.undo, ended=event.at, outcome="skipped"))
        elif mine:
            mine[-1] = _gone_on(mine[-1], event)
    return {key: mine for key, mine in tried.items() if mine and plan.find(key[0]) is not None}


def _begun(event: Event, data: ev.StepBegun) -> Attempt:
    return Attempt(data.attempt, person(event.by), event.at, data.undo, safe(data.action), data.hosts, data.rehearsed)


def _gone_on(attempt: Attempt, event: Event) -> Attempt:
    """The attempt after what happened to it."""
    change = _CHANGES.get(type(event.data))
    return change(attempt, event, event.data) if change is not None else attempt


def _acted(attempt: Attempt, event: Event, data: ev.ActionEnded) -> Attempt:
    if attempt.outcome == "failed" and data.done:  # what had failed to verify is looked at again
        choice = f"verified again by {person(event.by)}"
        return _with(attempt, outcome="under way", failed_in="", ended=None, choice=choice)
    output = "\n".join(text for text in (attempt.output, safe(data.output)) if text)
    acted = _with(attempt, acted=event.at, summary=safe_line(data.summary), output=output)
    if data.done:
        return _with(acted, outcome="under way", ended=None)
    failed_in = "before it did anything" if data.nothing else "action"
    return _with(acted, outcome="failed", failed_in=failed_in, ended=event.at)


def _doubted(attempt: Attempt, event: Event, data: ev.StepDoubted) -> Attempt:
    return _with(attempt, outcome="in doubt", doubted=True, summary=safe_line(data.reason), ended=event.at)


def _settled(attempt: Attempt, event: Event, data: ev.DoubtSettled) -> Attempt:
    happened = "it happened" if data.happened else "it did not happen"
    choice = f"{person(event.by)} said that {happened}: {safe_line(data.reason)}"
    return _with(attempt, outcome="under way" if data.happened else "failed", choice=choice)


def _verified(attempt: Attempt, event: Event, data: ev.StepVerified) -> Attempt:
    return attempt if data.good else _failed(attempt, event, "verify", data.summary)


def _soaked(attempt: Attempt, event: Event, data: ev.SoakEnded) -> Attempt:
    return attempt if data.good else _failed(attempt, event, "soak", data.summary)


def _done(attempt: Attempt, event: Event, _: ev.StepDone) -> Attempt:
    return _with(attempt, outcome="done", ended=event.at)


def _left_out(attempt: Attempt, event: Event, data: ev.StepSkipped) -> Attempt:
    choice = f"left out by {person(event.by)}: {safe_line(data.reason)}"
    return _with(attempt, choice=choice, ended=attempt.ended or event.at)


def _failed(attempt: Attempt, event: Event, failed_in: str, summary: str) -> Attempt:
    return _with(attempt, outcome="failed", failed_in=failed_in, summary=safe_line(summary), ended=event.at)


_CHANGES: dict[type[ev.Data], Callable[[Attempt, Event, Any], Attempt]] = {
    ev.ActionEnded: _acted,
    ev.StepDoubted: _doubted,
    ev.DoubtSettled: _settled,
    ev.StepVerified: _verified,
    ev.SoakEnded: _soaked,
    ev.StepDone: _done,
    ev.StepSkipped: _left_out,
}


def _given_up(tried: Attempts, event: Event) -> None:
    """What had failed or was in doubt when the way back was chosen."""
    for mine in tried.values():
        if mine and mine[-1].outcome in ("failed", "in doubt") and not mine[-1].undo:
            mine[-1] = _with(mine[-1], choice=mine[-1].choice or f"rolled back by {person(event.by)}")


def _rollbacks(events: Sequence[Event], names: Mapping[str, str]) -> tuple[RollbackStory, ...]:
    found: list[RollbackStory] = []
    for event in events:
        match event.data:
            case ev.RollbackBegun() as data:
                steps = (
                    *(_name(names, step) for step in data.first),
                    *(f"undo of {_name(names, step)}" for step in data.steps),
                )
                cannot = {_name(names, step): safe_line(why) for step, why in data.cannot.items()}
                found.append(RollbackStory(event.at, person(event.by), safe(data.reason), steps, not_undone=cannot))
            case ev.RollbackEnded() as data if found:
                left = {_name(names, step): safe_line(why) for step, why in data.not_undone.items()}
                found[-1] = _with(found[-1], until=event.at, not_undone=left)
            case ev.RunCleared() as data if found:
                found[-1] = _with(found[-1], cleared=f"{person(event.by)}: {safe_line(data.reason)}")
            case _:
                pass
    return tuple(found)


def _name(names: Mapping[str, str], step: str) -> str:
    return safe_line(names.get(step, step))
