"""What a captain of the demo does next on its plan: pure, from the state.

It is how the headless demo, which has nobody to ask, goes live and back.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.plan import Step
from cockpit.run import command as cmd
from cockpit.run.gate import gate_standing
from cockpit.run.procedure import Phase
from cockpit.run.state import State
from cockpit.run.way import action_of, current, next_step, plan_of

OWN = "operations"
"""The position that the captain answers for in person; the voices of others are relayed."""


def on_the_way(state: State, now: dt.datetime) -> cmd.Command | None:
    """What the captain does next; None when that is to wait, when all is done, or when something has gone wrong."""
    here = current(state)
    if here is not None:
        action = action_of(here)
        by_hand = here.doing.phase is Phase.RUNNING and action is not None and action.kind == "manual"
        return cmd.Tell(here.step.id, f"said so in #trading-ops at {now:%H:%M:%S} UTC") if by_hand else None
    turn = next_step(state)
    if turn is None or state.hold is not None:
        return None
    if turn.gate is not None and turn.gate.poll is not None:
        return _at_the_gate(state, turn, now)
    return cmd.Go(turn.id, typed=state.release)


def is_live(state: State) -> bool:
    """Every step was gone."""
    return all(state.procedure.step(step.id).passed for step in plan_of(state).steps)


def is_stuck(state: State) -> bool:
    """A step has failed, or is in doubt: a captain would have to decide."""
    here = current(state)
    return here is not None and here.doing.phase in (Phase.FAILED, Phase.DOUBT)


def has_turned_back(state: State) -> bool:
    """The way back has come to its end, whatever was left over."""
    back = state.procedure.way_back
    return back is not None and not back.under_way


def is_back(state: State) -> bool:
    """All that was done and can be undone was undone, and nothing was left over."""
    back = state.procedure.way_back
    return back is not None and not back.under_way and not back.not_undone


def _at_the_gate(state: State, step: Step, now: dt.datetime) -> cmd.Command | None:
    if not gate_standing(state, _without_poll(step), now).open:
        return None  # a GO on evidence that is bad is stale at once: asking again and again helps nobody
    poll = state.procedure.poll
    gate = gate_standing(state, step, now)
    if poll is None or poll.ended or poll.step != step.id or any(voice.stale for voice in gate.voices):
        return cmd.OpenPoll(step.id)
    silent = next((voice.position for voice in gate.voices if voice.answer is None), "")
    if silent:
        whose = next((each.name for each in state.document.contacts if each.position == silent), silent)
        return cmd.Answer(silent, True, "every item of the checklist is good", "" if silent == OWN else whose)
    return cmd.Go(step.id, typed=state.release)


def _without_poll(step: Step) -> Step:
    return msgspec.structs.replace(step, gate=msgspec.structs.replace(step.gate, poll=None) if step.gate else None)
