"""Whether a gate may open: its items, and the roll call before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from cockpit.checklist.model import Item
from cockpit.checklist.plan import Gate, Poll, Step
from cockpit.run.procedure import Answer, PollState
from cockpit.run.standing import Standing, standing
from cockpit.run.state import State
from cockpit.run.way import only_rehearsed


class Voice(msgspec.Struct, frozen=True):
    """How one position stands in the roll call."""

    position: str
    answer: Answer | None = None
    stale: str = ""
    """Why its GO counts no more; empty while it does."""
    veto: bool = False
    """Its NO-GO is final."""
    own: bool = False
    """It is the captain's own: whoever asks has answered."""

    @property
    def counts(self) -> bool:
        """It is a GO that counts."""
        return self.answer is not None and self.answer.go and not self.stale


class GateStanding(msgspec.Struct, frozen=True):
    """How a gate stands."""

    shut: tuple[str, ...]
    """Why it stays shut, in words; nothing when it may open."""
    voices: tuple[Voice, ...] = ()
    need: int = 0
    polled: bool = False
    """A roll call is open, or has been answered."""

    @property
    def open(self) -> bool:
        """It may open."""
        return not self.shut


def gate_standing(state: State, step: Step, now: dt.datetime) -> GateStanding:
    """How the gate of `step` stands at `now`."""
    gate = step.gate
    if gate is None:
        return GateStanding(())
    shut = list(_not_good(state, gate, now))
    if gate.poll is None:
        return GateStanding(tuple(shut))
    poll = state.procedure.poll
    mine = poll if poll is not None and poll.step == step.id else None
    voices = tuple(_voice(state, gate, mine, position, now) for position in gate.poll.positions)
    shut.extend(_poll_shut(gate.poll, mine, voices, now))
    return GateStanding(tuple(shut), voices, gate.poll.need, mine is not None)


def item_is_good(state: State, item: Item, now: dt.datetime, max_age: float = 0.0) -> str:
    """Why an item is not good enough to go on; empty when it is."""
    known = state.item(item.id)
    stands = standing(item, known, now)
    if not stands.settled:
        return f"{item.id} is {stands.value}"
    measured = known.measurement
    if max_age and stands in (Standing.PASS, Standing.WARN) and measured is not None:
        age = (now - measured.at).total_seconds()
        if age > max_age:
            return f"{item.id} was measured {age:.0f} s ago: at most {max_age:.0f} s count here"
    return ""


def _not_good(state: State, gate: Gate, now: dt.datetime) -> Iterator[str]:
    for name in _looked_at(state, gate):
        item = state.document.find(name)
        if item is None or item.excluded or (not item.required and _open(state, item, now)) or _advisory(item):
            continue
        reason = item_is_good(state, item, now, gate.max_age)
        if reason:
            yield reason


def _looked_at(state: State, gate: Gate) -> tuple[str, ...]:
    unreal = only_rehearsed(state)
    return tuple(name for name in gate.items if name not in unreal)


def _open(state: State, item: Item, now: dt.datetime) -> bool:
    return standing(item, state.item(item.id), now) is Standing.OPEN


def _advisory(item: Item) -> bool:
    return item.check is not None and item.check.advisory


def _voice(state: State, gate: Gate, open_poll: PollState | None, position: str, now: dt.datetime) -> Voice:
    veto = gate.poll is not None and position in gate.poll.veto
    answer = open_poll.answers.get(position) if open_poll is not None else None
    if answer is None:
        return Voice(position, veto=veto)
    stale = next(_changed_since(state, gate, answer, now), "") if answer.go else ""
    own = answer.who == state.captain.who.user
    if own and answer.go and gate.poll is not None and not gate.poll.captain:
        stale = "it is the captain's own"
    return Voice(position, answer, stale, veto, own)


def _changed_since(state: State, gate: Gate, answer: Answer, now: dt.datetime) -> Iterator[str]:
    """What is not as it was when a GO was given: it is bound to the evidence it was given on."""
    for name in _looked_at(state, gate):
        item = state.document.find(name)
        if item is None or item.excluded or _advisory(item):
            continue
        known = state.item(name)
        if known.word is not None and known.word.seq > answer.seq:
            yield f"{name} was answered anew"
        elif known.measurement is not None and known.measurement.since_seq > answer.seq:
            yield f"{name} changed to {known.measurement.result.result}"
        elif item.required and item_is_good(state, item, now, gate.max_age):
            yield item_is_good(state, item, now, gate.max_age)


def _poll_shut(poll: Poll, open_poll: PollState | None, voices: tuple[Voice, ...], now: dt.datetime) -> Iterator[str]:
    if open_poll is None:
        yield "the roll call has not been opened"
        return
    if open_poll.ended:
        yield f"the roll call ended: {open_poll.ended}"
        return
    if open_poll.ends is not None and now >= open_poll.ends:
        yield "the time to answer is over"
        return
    for voice in voices:
        if voice.answer is not None and not voice.answer.go and voice.veto:
            yield f"{voice.position} said NO-GO, and has a veto: {voice.answer.reason}"
        elif voice.stale:
            yield f"the GO of {voice.position} is stale: {voice.stale}"
    people = {voice.answer.who for voice in voices if voice.answer is not None and voice.counts}
    count = min(len(people), sum(voice.counts for voice in voices))
    if count < poll.need:
        yield f"{count} of {poll.need} said GO"
