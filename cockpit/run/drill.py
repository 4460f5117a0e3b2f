"""The faults of a drill: what an action, or a check, comes to because of one. Pure, from the state and the time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from cockpit.checklist.model import Item
from cockpit.checklist.plan import Action
from cockpit.journal import event as ev
from cockpit.journal.event import Fault
from cockpit.run.state import State
from cockpit.run.way import Current, action_of

MARK = "fault of the drill: "
"""How the summary of everything begins that a fault has made."""

_ENDS = {
    "failed": "it failed",
    "unknown": "it was cut off, and its end is not known",
    "timed out": "it was not over in its time, and was ended",
}


def ending(state: State, here: Current, now: dt.datetime) -> ev.ActionEnded | ev.StepDoubted | None:
    """How a fault ends the action that is under way; None when none does."""
    action = action_of(here)
    step, undo, attempt = here.step.id, here.undo, here.doing.attempt
    for fault in _active(state, now):
        if (fault.step, fault.undo) == (step, undo) and attempt <= fault.times:
            said = MARK + (fault.summary or _ENDS[fault.ends])
            if fault.ends == "failed":
                return ev.ActionEnded(step, attempt, undo, done=False, summary=said, status=1)
            return ev.StepDoubted(step, attempt, undo, said)
        if action is not None and (unreachable := _unreachable(state, fault, action)):
            first = unreachable == action.hosts[0]
            said = f"{MARK}{fault.summary or f'{unreachable} is unreachable'}"
            return ev.ActionEnded(step, attempt, undo, done=False, summary=said, nothing=first)
    return None


def reading(state: State, item: Item, now: dt.datetime) -> ev.CheckMeasured | None:
    """What a fault makes of the measurement of `item`; None when it is measured."""
    via = item.check.via if item.check is not None else ""
    for fault in _active(state, now):
        if fault.check == item.id:
            said = fault.summary or f"it turns {fault.turns}"
            return ev.CheckMeasured(item.id, fault.turns, summary=MARK + said)
        if fault.host and fault.host in _way_to(state, via):
            said = fault.summary or f"{fault.host} is unreachable"
            return ev.CheckMeasured(item.id, "ERROR", summary=MARK + said)
    return None


def spoiled(state: State, now: dt.datetime) -> frozenset[str]:
    """Ids of all that is measured whose measurement a fault replaces at `now`."""
    measured = (item for item in state.document.checkable() if item.check is not None and not item.excluded)
    return frozenset(item.id for item in measured if reading(state, item, now) is not None)


def _active(state: State, now: dt.datetime) -> Iterator[Fault]:
    for fault in state.faults:
        begun = state.opened
        if fault.since:
            go = state.procedure.step(fault.since).go
            if go is None:
                continue
            begun = go.begun
        passed = (now - begun).total_seconds() - fault.after
        if passed >= 0 and (not fault.lasts or passed < fault.lasts):
            yield fault


def _unreachable(state: State, fault: Fault, action: Action) -> str:
    """The first host of an action that cannot be reached because of `fault`."""
    return next((host for host in action.hosts if fault.host and fault.host in _way_to(state, host)), "")


def _way_to(state: State, host: str) -> Iterator[str]:
    """A host, and those that it is reached through."""
    known = {each.name: each for each in state.document.hosts}
    seen: set[str] = set()
    while host and host not in seen:
        seen.add(host)
        yield host
        host = known[host].via if host in known else ""
