"""What earlier runs of the same plan tell a new one: whether it was rehearsed, and how long its steps took."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import msgspec

from cockpit.checklist.model import Document
from cockpit.checklist.plan import Plan
from cockpit.checklist.source import Source
from cockpit.engine.overview import RunSummary, summaries
from cockpit.journal import event as ev
from cockpit.journal.event import Event, Rehearsal
from cockpit.journal.line import digest
from cockpit.journal.reader import JournalUnreadable, read
from cockpit.run.standing import verdict
from cockpit.run.state import State, fold

LOOKED_AT = 20
"""Earlier runs of the same checklist that are looked at, the newest first."""


class Earlier(msgspec.Struct, frozen=True):
    """What is known from earlier runs."""

    rehearsed: tuple[Rehearsal, ...] = ()
    """Rehearsals and drills that carried this very plan to its end, the newest first."""
    took: dict[str, float] = {}
    """Seconds that a step took when it was last done: `STEP`, and `undo STEP` for its compensation."""


def earlier(document: Document, runs: Iterable[RunSummary] | None = None) -> Earlier:
    """What the runs that are here tell of the plan of `document`. What cannot be read tells nothing."""
    if document.plan is None:
        return Earlier()
    wanted = plan_digest(document)
    same = [
        run for run in (summaries() if runs is None else runs) if run.checklist == document.name and not run.problem
    ]
    rehearsed: list[Rehearsal] = []
    took: dict[str, float] = {}
    for run in same[:LOOKED_AT]:
        with contextlib.suppress(JournalUnreadable, OSError, ValueError, msgspec.MsgspecError):
            events = list(read(run.folder.journal))
            state = fold(events)
            if state.run_kind != "live" and _carried_out(state, wanted):
                rehearsed.append(_told(state))
            for name, seconds in _took(events):
                took.setdefault(name, seconds)
    return Earlier(tuple(rehearsed), took)


def plan_digest(document: Document) -> str:
    """SHA-256 of what a plan says and of the checks that only it uses, wherever in a file they stand."""
    plan, nowhere = document.plan or Plan(()), Source("", 0)
    checks = [msgspec.structs.replace(item, source=nowhere) for item in document.plan_checks]
    steps, rollback = (
        tuple(msgspec.structs.replace(step, source=nowhere) for step in each) for each in (plan.steps, plan.rollback)
    )
    bare = msgspec.structs.replace(plan, steps=steps, rollback=rollback)
    return digest(msgspec.json.encode((bare, checks), order="deterministic"))


def _told(state: State) -> Rehearsal:
    """Who rehearsed, when and how it ended; one that was not closed says so."""
    ended = state.verdict or f"not closed, {verdict(state, state.at)}"
    return Rehearsal(state.run, state.run_kind, state.at, state.captain.who.user, ended)


def _carried_out(state: State, wanted: str) -> bool:
    plan = state.document.plan
    if plan is None or plan_digest(state.document) != wanted:
        return False
    return all((go := state.procedure.step(step.id).go) is not None and go.over for step in plan.steps)


def _took(events: Iterable[Event]) -> Iterable[tuple[str, float]]:
    """How long each step took from its intent to its end, the latest first; what was only shown took no time."""
    begun: dict[str, Event] = {}
    found: dict[str, float] = {}
    for event in events:
        if isinstance(event.data, ev.StepBegun):
            begun[_name(event.data.step, undo=event.data.undo)] = event
        elif isinstance(event.data, ev.StepDone):
            name = _name(event.data.step, undo=event.data.undo)
            start = begun.pop(name, None)
            if start is not None and isinstance(start.data, ev.StepBegun) and not start.data.rehearsed:
                found[name] = round((event.at - start.at).total_seconds(), 3)
    return reversed(found.items())


def _name(step: str, *, undo: bool) -> str:
    return f"undo {step}" if undo else step
