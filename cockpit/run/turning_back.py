"""If we turned back now: how long the way back takes, and until when it can be gone within the window. Pure."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.run.countdown import planned_window
from cockpit.run.state import State
from cockpit.run.way import current, next_step, way_back

SOON = 600.0
"""Seconds before the last moment to turn back from which on it is warned of."""


class TurningBack(msgspec.Struct, frozen=True):
    """What turning back at this moment means."""

    parts: int
    """What is carried out: what a rollback does first, and the compensations. 0: nothing can be undone any more."""
    seconds: float
    """As long as its parts took the last time, else as planned."""
    unknown: tuple[str, ...] = ()
    """Parts of which nobody says how long they take: all of it takes at least `seconds`."""
    cannot: tuple[str, ...] = ()
    """Steps that stay as they were made."""
    end: dt.datetime | None = None
    """When the window ends; None without one."""
    latest: dt.datetime | None = None
    """The last moment to turn back and be done by then."""
    near: bool = False
    """That moment is near, or comes before what is under way, or next, is planned to be over."""
    missed: bool = False
    """It is past."""


def turning_back(state: State, now: dt.datetime) -> TurningBack | None:
    """What turning back at `now` means; None when nothing was done, or the way back is being gone already."""
    begun = state.procedure.way_back
    if state.closed is not None or (begun is not None and begun.cleared is None):
        return None
    back = way_back(state)
    if not back.compensations and not back.cannot:
        return None
    window = planned_window(state)
    end = window[1] if window is not None else None
    cannot = tuple(back.cannot)
    if not back.compensations:
        return TurningBack(0, 0.0, (), cannot, end)
    unknown = tuple(name for name, seconds in back.takes.items() if not seconds)
    parts = len(back.first) + len(back.compensations)
    if end is None:
        return TurningBack(parts, back.seconds, unknown, cannot)
    latest = end - dt.timedelta(seconds=back.seconds)
    left = (latest - now).total_seconds()
    near = 0 <= left < max(SOON, _left_of_this_step(state, now))
    return TurningBack(parts, back.seconds, unknown, cannot, end, latest, near, left < 0)


def _left_of_this_step(state: State, now: dt.datetime) -> float:
    """Seconds for which what is under way, or next, is planned to take yet."""
    here, turn = current(state), next_step(state)
    step = here.step if here is not None else turn
    if step is None:
        return 0.0
    planned = state.took.get(step.id, step.takes + (step.soak.seconds if step.soak is not None else 0.0))
    gone = (now - here.doing.begun).total_seconds() if here is not None else 0.0
    return max(0.0, planned - gone)
