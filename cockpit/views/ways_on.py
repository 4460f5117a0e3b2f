"""The ways on from a step that failed, each in words of what it will do; one that is closed says why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cockpit.run import command as cmd
from cockpit.run.way import Current, plan_of, way_back
from cockpit.views.ages import countdown
from cockpit.views.moment import Moment
from cockpit.views.refused import SAID, refused
from cockpit.views.words import one_line, plural


class WayOn(NamedTuple):
    """One way on."""

    key: str
    word: str
    does: str
    why: str = ""
    """Why it is closed; empty when it is open."""


def ways_on(here: Current, now: Moment) -> Iterator[WayOn]:
    """Retry, verify again, skip, hold, roll back."""
    name, undo = here.step.id, here.undo
    action = (here.step.undo.action if here.step.undo is not None else None) if undo else here.step.action
    where = f" on {', '.join(action.hosts)}" if action is not None and action.hosts else ""
    exact = now.exact(action)
    what = "does the same again" if exact == here.doing.action else f"does {one_line(exact)}"
    what = _REHEARSED.get(here.doing.rehearsed, what + where)
    yield WayOn("R", "retry", f"{what}, as attempt {here.doing.attempt + 1}", refused(now, cmd.Retry(name)))
    again = "runs nothing; what shows that it worked is measured again"
    yield WayOn("M", "verify", again, refused(now, cmd.Retry(name, verify_only=True)))
    after = _after(here, now)
    left = "leaves it standing as it is, counted as not undone" if undo else f"leaves it as it is{after}"
    yield WayOn("S", "skip", f"{left}; the verdict counts it", refused(now, cmd.Skip(name, SAID)))
    held = now.state.hold
    if held is None:
        yield WayOn("h", "hold", "nothing is done; the clock stands until you release it", refused(now, cmd.Hold(SAID)))
    else:
        yield WayOn("h", "release", f"ends the hold: {one_line(held.reason)}", refused(now, cmd.Release()))
    if not undo:
        back = way_back(now.state)
        takes = f", about {countdown(back.seconds)}" if back.seconds else ""
        undone = ", ".join(step.id for step in back.compensations) or "nothing"
        words = f"undoes {undone}{takes}"
        cannot = f"; {plural(len(back.cannot), 'step')} cannot be undone" if back.cannot else ""
        yield WayOn("b", "roll back", words + cannot + "; shown first", _no_rollback(now))


_REHEARSED = {"shown": "shows it again, and does nothing", "stand-in": "does its stand-in again"}


def _after(here: Current, now: Moment) -> str:
    steps = plan_of(now.state).steps
    number = plan_of(now.state).index(here.step.id)
    return f", goes on to {steps[number + 1].id}" if 0 <= number < len(steps) - 1 else ""


def _no_rollback(now: Moment) -> str:
    return refused(now, cmd.RollBack(now.state.release, SAID))
