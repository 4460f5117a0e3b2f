"""Where a run stands in one line, ready to be pasted or read out on the bridge call."""

from __future__ import annotations

import datetime as dt

from cockpit.run.countdown import clock
from cockpit.run.procedure import Phase
from cockpit.run.standing import Standing, tally
from cockpit.run.state import State
from cockpit.run.way import Current, current, next_step, plan_of
from cockpit.text import safe_line
from cockpit.views.ages import duration
from cockpit.views.notice import which
from cockpit.views.words import one_line, plural


def bridge_line(state: State, now: dt.datetime) -> str:
    """Which run, the T-clock, the step, failures, hold, captain; plain text on one line."""
    counted = tally(state.document.items(), state, now)
    failures = counted[Standing.FAIL] + counted[Standing.ERROR]
    facts = [
        _time(state, now),
        _step(state, now) or f"{counted.settled} of {plural(counted.total, 'item')} settled",
        plural(failures, "failure"),
        _hold(state, now),
        f"captain {state.captain.who.user}",
    ]
    if state.closed:
        facts = [f"closed at {state.closed:%H:%M} UTC", state.verdict]
    return safe_line(f"{which(state)}: {', '.join(fact for fact in facts if fact)}")


def _time(state: State, now: dt.datetime) -> str:
    told = clock(state, now)
    if state.document.plan is None or not told.planned:
        return ""
    minutes = int(abs(told.seconds)) // 60
    sign = "-" if told.seconds < 0 else "+"
    return f"T{sign}{minutes // 60:02}:{minutes % 60:02}{' stands' if told.stands else ''}"


def _step(state: State, now: dt.datetime) -> str:
    here, turn, steps = current(state), next_step(state), plan_of(state).steps
    if not steps:
        return ""
    if here is not None:
        return f"{_place(state, here)} {_phase(here, now)}"
    back = state.procedure.way_back
    if back is not None and back.cleared is None:
        return "rolling back" if back.under_way else "rolled back"
    if turn is None:
        return f"all {len(steps)} steps past"
    poll = state.procedure.poll
    asked = ", the roll call is open" if poll is not None and poll.step == turn.id and not poll.ended else ""
    return f"step {plan_of(state).index(turn.id) + 1} of {len(steps)} {turn.id} is next{asked}"


def _place(state: State, here: Current) -> str:
    plan = plan_of(state)
    number = plan.index(here.step.id) + 1
    place = f"step {number} of {len(plan.steps)}" if number else "rollback step"
    return f"{'undo of ' if here.undo else ''}{place} {here.step.id}"


def _phase(here: Current, now: dt.datetime) -> str:
    since = duration(int((now - here.doing.since).total_seconds()))
    if here.doing.phase is Phase.SOAKING and here.step.soak is not None and not here.undo:
        return f"soaking {since} of {duration(here.step.soak.seconds)}"
    word = {Phase.DOUBT: "IN DOUBT", Phase.FAILED: "FAILED"}.get(here.doing.phase, str(here.doing.phase))
    return f"{word} for {since}"


def _hold(state: State, now: dt.datetime) -> str:
    if state.hold is None:
        return "hold none"
    return f"HOLD for {duration(int((now - state.hold.since).total_seconds()))} ({one_line(state.hold.reason)})"
