"""How a step of the plan stands, as a sign, a word and a look: never by colour alone."""

from __future__ import annotations

import datetime as dt

from cockpit.checklist.plan import Step
from cockpit.run.gate import gate_standing
from cockpit.run.procedure import Doing, Phase
from cockpit.run.standing import Standing
from cockpit.run.way import next_step
from cockpit.views.line import Look
from cockpit.views.moment import Moment
from cockpit.views.signs import Glyphs, Sign

WORD = 8
"""Cells of the longest word."""

_PHASES: dict[Phase, tuple[Standing | None, str, Look]] = {
    Phase.RUNNING: (None, "running", "busy"),
    Phase.DOUBT: (Standing.ERROR, "IN DOUBT", "bad"),
    Phase.VERIFYING: (None, "verify", "busy"),
    Phase.SOAKING: (Standing.STALE, "soaking", "busy"),
    Phase.FAILED: (Standing.FAIL, "FAILED", "bad"),
    Phase.DONE: (Standing.PASS, "done", "good"),
    Phase.SKIPPED: (Standing.WAIVED, "skipped", "warn"),
}
"""Whose sign a phase borrows (None: that of a measurement under way), its word, its look."""


def phase_sign(doing: Doing, glyphs: Glyphs) -> Sign:
    """How one direction of a step stands."""
    whose, word, look = _PHASES[doing.phase]
    return Sign(glyphs.measuring.sign if whose is None else glyphs.signs[whose].sign, word, look)


def step_sign(step: Step, now: Moment, *, undo: bool = False) -> Sign:
    """How a step stands, or its compensation."""
    known = now.state.procedure.step(step.id)
    doing = known.undo if undo else known.go
    if doing is None:
        return _not_begun(step, now, undo=undo)
    turn = next_step(now.state) if known.undone and not undo else None
    if turn is not None and turn.id == step.id:
        return _not_begun(step, now, undo=False)
    if not undo and known.undone:
        return Sign(now.glyphs.signs[Standing.RULED_OUT].sign, "undone", "warn")
    if not undo and doing.phase is Phase.RUNNING and _by_hand(step):
        return Sign(now.glyphs.signs[Standing.OPEN].sign, "your act", "strong")
    return phase_sign(doing, now.glyphs)


def _not_begun(step: Step, now: Moment, *, undo: bool) -> Sign:
    glyphs = now.glyphs
    turn = next_step(now.state)
    if undo or turn is None or turn.id != step.id:
        return Sign(glyphs.signs[Standing.OPEN].sign, "waiting", "dim")
    if step.gate is None:
        return Sign(glyphs.cursor, "next", "accent")
    if gate_standing(now.state, step, now.now).open:
        return Sign(glyphs.cursor, "may open", "good")
    return Sign(glyphs.signs[Standing.BLOCKED].sign, "SHUT", "warn")


def seconds_on(doing: Doing, now: dt.datetime) -> float:
    """Seconds that a step took so far, from its first attempt; until its end when it has one."""
    return max(0.0, ((doing.since if doing.over else now) - doing.begun).total_seconds())


def soak_left(step: Step, doing: Doing, now: dt.datetime) -> float | None:
    """Seconds that a soak has to last yet; None when nothing soaks."""
    if doing.phase is not Phase.SOAKING or step.soak is None or doing.rehearsed:
        return None
    return max(0.0, step.soak.seconds - (now - doing.since).total_seconds())


def _by_hand(step: Step) -> bool:
    return step.action is not None and step.action.kind == "manual"
