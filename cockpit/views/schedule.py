"""The plan beside what happened: when each step was to begin and how long to take, and when and how long it did."""

from __future__ import annotations

import datetime as dt

from cockpit.checklist.plan import Step
from cockpit.run.procedure import Doing
from cockpit.run.state import State
from cockpit.views.ages import clock, duration
from cockpit.views.line import Line, Look, Piece, apart, line, pad, pad_left
from cockpit.views.moment import Moment
from cockpit.views.steps import planned_start
from cockpit.views.words import title

ON_TIME = 60.0
"""Seconds either way that still are on time."""

_TIME, _LATE, _LONG, _WORD = 6, 10, 13, 9


def late(step: Step, state: State) -> float | None:
    """Seconds by which a step was begun later than planned; None when it was not, or nothing was planned."""
    planned, doing = planned_start(step, state), state.procedure.step(step.id).go
    return (doing.begun - planned).total_seconds() if planned is not None and doing is not None else None


def late_words(seconds: float | None) -> Piece:
    """In words: `on time`, `4m late`, `2m early`."""
    if seconds is None:
        return Piece("")
    if abs(seconds) <= ON_TIME:
        return Piece("on time", "good")
    look: Look = "warn" if seconds > 0 else ""
    return Piece(f"{duration(abs(seconds))} {'late' if seconds > 0 else 'early'}", look)


def schedule_head(now: Moment, cells: int) -> Line:
    """The heading of the table."""
    right = "".join(
        (
            pad_left("planned", _TIME + 2),
            pad_left("begun", _TIME + 1),
            "  ",
            pad("", _LATE),
            pad_left("took of", _LONG),
            "  ",
            pad("", _WORD),
        )
    )
    return apart(line((" step", "dim")), line((right, "dim")), cells, now.glyphs.mark)


def schedule_row(step: Step, now: Moment, cells: int) -> Line:
    """One step: planned, begun, how late; how long it took of how long it was to take; how it stands."""
    doing = now.state.procedure.step(step.id).go
    planned = planned_start(step, now.state)
    begun = clock(doing.begun, now.zone) if doing is not None else ""
    word = _word(step, now.state, doing)
    late_piece = late_words(late(step, now.state))
    right = line(
        (pad_left(clock(planned, now.zone) if planned is not None else "-", _TIME + 2), "dim"),
        pad_left(begun, _TIME + 1),
        "  ",
        (pad(late_piece.text, _LATE), late_piece.look),
        (pad_left(_lengths(step, doing, now.now), _LONG), "warn" if _over(step, doing, now.now) else ""),
        "  ",
        (pad(word, _WORD), "dim" if doing is None else ""),
    )
    return apart(line(f" {title(step.title)}"), right, cells, now.glyphs.mark)


def _lengths(step: Step, doing: Doing | None, now: dt.datetime) -> str:
    planned = _planned(step)
    to_take = f" of {duration(planned)}" if planned else ""
    return f"{duration(_seconds(doing, now)) if doing is not None else '-'}{to_take}"


def _over(step: Step, doing: Doing | None, now: dt.datetime) -> bool:
    planned = _planned(step)
    return doing is not None and bool(planned) and _seconds(doing, now) > planned + ON_TIME


def _planned(step: Step) -> float:
    return step.takes + (step.soak.seconds if step.soak is not None else 0.0)


def _seconds(doing: Doing, now: dt.datetime) -> float:
    return ((doing.since if doing.over else now) - doing.begun).total_seconds()


def _word(step: Step, state: State, doing: Doing | None) -> str:
    known = state.procedure.step(step.id)
    if known.undone:
        return "undone"
    return str(doing.phase) if doing is not None else "to come"
