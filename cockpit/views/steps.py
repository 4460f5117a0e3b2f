"""The list of steps: going live, and the way back once it was begun."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cockpit.checklist.plan import Step
from cockpit.run.countdown import planned_window
from cockpit.run.gate import gate_standing
from cockpit.run.procedure import Doing, Phase
from cockpit.run.state import State
from cockpit.run.way import current, next_step, plan_of
from cockpit.views.ages import clock, countdown, duration
from cockpit.views.line import Line, Piece, apart, line, line_width, pad, pad_left
from cockpit.views.moment import Moment
from cockpit.views.phases import WORD, seconds_on, soak_left, step_sign
from cockpit.views.turning_back import turning_words
from cockpit.views.words import person, title

_WHO = 7
_ROOMY = 70
"""Cells from which on it is told who began a step."""

_LATE = 60
"""Seconds from which on lateness is told."""


@dataclass(frozen=True)
class Row:
    """One row of the list."""

    step: Step
    undo: bool = False
    """It is the compensation of the step."""
    back: bool = False
    """It stands in the part that tells of the way back."""
    number: int = 0

    def doing(self, state: State) -> Doing | None:
        """What is known of what the row tells of."""
        known = state.procedure.step(self.step.id)
        return known.undo if self.undo else known.go


def step_rows(state: State) -> list[Row]:
    """Every step in its order; then, once a rollback was begun, what it does in its order."""
    plan, back = plan_of(state), state.procedure.way_back
    rows = [Row(step, number=number) for number, step in enumerate(plan.steps, 1)]
    if back is not None:
        parts = [(name, False) for name in back.first] + [(name, True) for name in back.steps]
        found = [(step, undo) for name, undo in parts if (step := plan.find(name)) is not None]
        rows += [Row(step, undo, back=True, number=number) for number, (step, undo) in enumerate(found, 1)]
    return rows


def row_to_look_at(state: State, rows: Sequence[Row]) -> int:
    """Where the eye belongs: at what is under way, failed or in doubt; else at whose turn it is; else at the end."""
    here = current(state)
    turn = next_step(state)
    for number, row in enumerate(rows):
        if here is not None and row.step.id == here.step.id and row.undo == here.undo:
            return number
        if here is None and not row.back and turn is not None and row.step.id == turn.id:
            return number
    return max(0, len(rows) - 1)


def step_line(row: Row, now: Moment, cells: int) -> Line:
    """One row: number, how it stands, what it is, what sets it apart, when, how long, who."""
    glyphs, doing = now.glyphs, row.doing(now.state)
    shown = step_sign(row.step, now, undo=row.undo)
    number = f"{'R' if row.back else ''}{row.number}"
    first = line((f" {pad_left(number, 2)} ", "dim"), (f"{shown.sign} {pad(shown.word, WORD)} ", shown.look))
    last = _times(row, doing, now, roomy=cells >= _ROOMY)
    name = ("Undo: " if row.undo else "") + title(row.step.title)
    told = tuple(_marks(row, doing, now))
    room = cells - line_width(first) - line_width(last)
    return (*first, *apart(line((name, "dim" if shown.look == "dim" else "")), told, room, glyphs.mark), *last)


def list_hint(now: Moment) -> str:
    """What stands at the end of the rule over the list: the time that the way back would take, and the window's end."""
    window = planned_window(now.state)
    words = [each for each in (turning_words(now),) if each]
    if window is not None and window[1] is not None:
        words.append(f"until {clock(window[1], now.zone, now.now)}")
    return "  ".join(words)


def planned_start(step: Step, state: State) -> dt.datetime | None:
    """When a step is planned to begin: T-0 and what the steps after it are planned to take; None before T-0."""
    window = planned_window(state)
    if window is None:
        return None
    at: dt.datetime | None = None
    for each in plan_of(state).steps:
        if at is None and each.changes and each.action is not None:
            at = window[0]
        if each.id == step.id:
            return at
        if at is not None:
            at += dt.timedelta(seconds=each.takes + (each.soak.seconds if each.soak is not None else 0.0))
    return None


def _marks(row: Row, doing: Doing | None, now: Moment) -> Iterator[Piece]:
    step = row.step
    if doing is not None and doing.rehearsed:
        yield Piece(f" {'shown only' if doing.rehearsed == 'shown' else 'stand-in'}", "accent")
    if doing is not None and doing.attempt > 1:
        yield Piece(f" attempt {doing.attempt}", "warn")
    if row.undo:
        return
    if _point_of_no_return(step, now.state):
        yield Piece(" NO RETURN", "bad")
    if step.gate is not None:
        gate = gate_standing(now.state, step, now.now)
        if gate.need and (doing is None or not doing.over):
            yield Piece(f" GO {sum(voice.counts for voice in gate.voices)}/{gate.need}", "strong")
        else:
            yield Piece(" gate", "dim")
    if step.hold:
        yield Piece(" planned hold", "dim")
    if not step.required:
        yield Piece(" optional", "dim")
    if step.auto:
        yield Piece(" auto", "dim")


def _point_of_no_return(step: Step, state: State) -> bool:
    return step.irreversible or any(each.reversible_until == step.id for each in plan_of(state).steps)


def _times(row: Row, doing: Doing | None, now: Moment, *, roomy: bool) -> Line:
    planned = row.step.undo.takes if row.undo and row.step.undo is not None else row.step.takes
    if planned and row.step.soak is not None and not row.undo:
        planned += row.step.soak.seconds
    of = f"/{countdown(planned)}" if planned else ""
    if doing is None or doing.attempt == 0:
        start = planned_start(row.step, now.state) if not row.back else None
        at = clock(start, now.zone) if start is not None else ""
        plan = f"plan {countdown(planned)}" if planned else ""
        return line((f"  {pad(at, 5)} {pad(plan, 11)}", "dim"), " " * (_WHO + 1) if roomy else " ")
    left = soak_left(row.step, doing, now.now)
    took = seconds_on(doing, now.now)
    late = bool(planned) and left is None and took > planned and doing.phase is not Phase.SOAKING
    long = pad(f"left {countdown(left)}", 11) if left is not None else pad(f"{countdown(took)}{of}", 11)
    who = pad(person(doing.by), _WHO, now.glyphs.mark)
    return line(
        (f"  {clock(doing.begun, now.zone)} ", "dim"),
        (long, "busy" if left is not None else "warn" if late else ""),
        (f" {who}" if roomy else " ", "dim"),
    )


def lateness_words(step: Step, doing: Doing | None, now: Moment) -> str:
    """How much later than planned a step was begun, or is; empty when it is in time."""
    start = planned_start(step, now.state)
    if start is None:
        return ""
    late = ((doing.begun if doing is not None else now.now) - start).total_seconds()
    return f"{duration(late)} late" if late >= _LATE else ""
