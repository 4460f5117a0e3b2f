"""The roll call of a gate: position, answer, who, age, reason; what is missing, and why the gate is shut."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checklist.plan import Step
from cockpit.run.gate import GateStanding, Voice, gate_standing
from cockpit.views.ages import age, countdown
from cockpit.views.detail import Entry
from cockpit.views.line import Line, Look, Piece, cut_line, line, pad, pad_left
from cockpit.views.moment import Moment
from cockpit.views.words import one_line, plural

_POSITION = 12
_ANSWER = 12
_WHO = 9
_ROOMY = 70
"""Cells from which on a reason stands on the row of its answer."""

_SHUT = 8
"""Reasons for which a gate is shut that are told one by one."""


def roll_call_lines(step: Step, now: Moment, cells: int) -> list[Line]:
    """A row for each position that is asked; nothing for a gate without a roll call."""
    gate = gate_standing(now.state, step, now.now)
    if not gate.voices:
        return []
    because = "  because" if cells >= _ROOMY else ""
    labels = f" {pad('position', _POSITION)} {pad('answer', _ANSWER)} {pad('who', _WHO)} {pad_left('age', 4)}{because}"
    rows = [line((labels, "dim"))]
    for voice in gate.voices:
        told, reason = _voice(voice, now)
        if because or not reason:
            rows.append(cut_line((*told, *reason), cells, now.glyphs.mark))
        else:
            rows += [told, cut_line((Piece("     "), *reason), cells, now.glyphs.mark)]
    return rows


def gate_entries(step: Step, now: Moment) -> Iterator[Entry]:
    """What the gate needs, how long the roll call is open, and why it is shut."""
    gate = gate_standing(now.state, step, now.now)
    doing = now.state.procedure.step(step.id).go
    if doing is not None and doing.over:
        yield Entry("gate", "open: it has been passed", "good")
        return
    if step.gate is not None and step.gate.poll is not None:
        yield Entry("need", _need(gate, step), "")
        yield Entry("time", *_time(step, now))
    if gate.open:
        yield Entry("gate", "everything holds: G opens it", "good")
    for number, reason in enumerate(gate.shut[:_SHUT]):
        yield Entry("shut" if not number else "", reason, "warn")
    if len(gate.shut) > _SHUT:
        yield Entry("", f"and {len(gate.shut) - _SHUT} more", "warn")


def _need(gate: GateStanding, step: Step) -> str:
    go = sum(voice.counts for voice in gate.voices)
    poll = step.gate.poll if step.gate is not None else None
    veto = f"; the NO-GO of {', '.join(poll.veto)} is final" if poll is not None and poll.veto else ""
    return f"{gate.need} of {plural(len(gate.voices), 'position')} must say GO, {go} did{veto}"


def _time(step: Step, now: Moment) -> tuple[str, Look]:
    poll = now.state.procedure.poll
    if poll is None or poll.step != step.id:
        return "the roll call is not open: P opens it", "strong"
    if poll.ended:
        return f"over: {poll.ended}. P opens a new one, all answer again", "warn"
    if poll.ends is None:
        return f"open for {age(poll.opened, now.now)}, with no end", ""
    left = (poll.ends - now.now).total_seconds()
    return (f"{countdown(left)} left to answer", "busy") if left > 0 else ("over", "warn")


def _voice(voice: Voice, now: Moment) -> tuple[Line, Line]:
    """What a position said; and why, or why it counts no more."""
    name = pad(voice.position + (" *" if voice.veto else ""), _POSITION, now.glyphs.mark)
    answer = voice.answer
    if answer is None:
        return line(f" {name} ", (pad("-", _ANSWER), "dim"), (f" {_holders(voice, now)}", "dim")), ()
    word, look = _answer(voice)
    told = line(
        f" {name} ",
        (pad(word, _ANSWER), look),
        f" {pad(answer.who, _WHO, now.glyphs.mark)} ",
        (pad_left(age(answer.at, now.now), 4), "dim"),
    )
    relayed = f"relayed by {answer.by.user}: " if answer.relayed else "the captain's own: " if voice.own else ""
    stale = f"{voice.stale}; said: " if voice.stale else ""
    return told, line("  ", (stale, "warn"), (relayed, "warn"), one_line(answer.reason))


def _answer(voice: Voice) -> tuple[str, Look]:
    if voice.answer is not None and not voice.answer.go:
        return ("NO-GO, VETO", "bad") if voice.veto else ("NO-GO", "bad")
    return ("GO (stale)", "warn") if voice.stale else ("GO", "good")


def _holders(voice: Voice, now: Moment) -> str:
    holders = now.state.document.positions.get(voice.position, ())
    return f"waits for {', '.join(holders)}" if holders else "waits for anyone"
