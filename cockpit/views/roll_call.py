"""The roll call of a gate: position, answer, who, age, reason; what is missing, and why the gate is shut."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checklist.plan import Step
from cockpit.run.gate import GateStanding, Voice, gate_standing
from cockpit.views.ages import age, countdown
from cockpit.views.detail import Entry
from cockpit.views.line import Line, Look, cut_line, line, pad, pad_left
from cockpit.views.moment import Moment
from cockpit.views.words import one_line, plural

_POSITION = 12
_ANSWER = 12
_WHO = 9
_SHUT = 8
"""Reasons for which a gate is shut that are told one by one."""


def roll_call_lines(step: Step, now: Moment, cells: int) -> list[Line]:
    """A row for each position that is asked; nothing for a gate without a roll call."""
    gate = gate_standing(now.state, step, now.now)
    if not gate.voices:
        return []
    head = line(
        (
            f" {pad('position', _POSITION)} {pad('answer', _ANSWER)} {pad('who', _WHO)} {pad_left('age', 4)}  because",
            "dim",
        )
    )
    rows = [head, *(cut_line(_voice(voice, now), cells, now.glyphs.mark) for voice in gate.voices)]
    stale = (f" stale: the GO of {each.position}: {each.stale}" for each in gate.voices if each.stale)
    return [*rows, *(cut_line(line((text, "warn")), cells, now.glyphs.mark) for text in stale)]


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


def _voice(voice: Voice, now: Moment) -> Line:
    name = pad(voice.position + (" *" if voice.veto else ""), _POSITION, now.glyphs.mark)
    answer = voice.answer
    if answer is None:
        return line(f" {name} ", (pad("-", _ANSWER), "dim"), (f" {', '.join(_holders(voice, now))}", "dim"))
    word, look = _answer(voice)
    who = f"{answer.who}"
    relayed = f"relayed by {answer.by.user}: " if answer.relayed else ""
    return line(
        f" {name} ",
        (pad(word, _ANSWER), look),
        f" {pad(who, _WHO, now.glyphs.mark)} ",
        (pad_left(age(answer.at, now.now), 4), "dim"),
        (f"  {relayed}", "warn"),
        one_line(answer.reason),
    )


def _answer(voice: Voice) -> tuple[str, Look]:
    if voice.answer is not None and not voice.answer.go:
        return ("NO-GO, VETO", "bad") if voice.veto else ("NO-GO", "bad")
    return ("GO (stale)", "warn") if voice.stale else ("GO", "good")


def _holders(voice: Voice, now: Moment) -> tuple[str, ...]:
    holders = now.state.document.positions.get(voice.position, ())
    return ("waits for " + ", ".join(holders),) if holders else ("waits for anyone of the run",)
