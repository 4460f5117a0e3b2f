"""Which command on the plan is allowed, and what then happened. Part of the table in `decide`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec

from cockpit.checklist.conditions import answer_condition
from cockpit.checklist.plan import Action, Poll, Step
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run.gate import gate_standing, item_is_good
from cockpit.run.procedure import Phase
from cockpit.run.refusal import Decision, Refusal, clock_time, too_long
from cockpit.run.state import State
from cockpit.run.way import (
    Current,
    action_of,
    current,
    first_undone,
    gone_for_good,
    next_step,
    nothing_to_undo,
    only_rehearsed,
    past_no_more,
    plan_of,
    standing_from,
    way_back,
)


class Moment(msgspec.Struct, frozen=True):
    """What a rule looks at."""

    state: State
    now: dt.datetime
    who: Actor
    in_command: bool


def attempt(state: State, step: Step, *, undo: bool, action: str) -> ev.StepBegun:
    """The intent to carry out a step, or its compensation, once more."""
    known = state.procedure.step(step.id)
    what = (step.undo.action if step.undo is not None else None) if undo else step.action
    rehearsed = _rehearsed(state, step, what, undo=undo)
    if rehearsed == "stand-in":
        what = step.rehearse
    return ev.StepBegun(
        step=step.id,
        attempt=(known.undo_tried if undo else known.tried) + 1,
        undo=undo,
        action=action,
        hosts=what.hosts if what is not None else (),
        rehearsed=rehearsed,
    )


def _rehearsed(state: State, step: Step, what: Action | None, *, undo: bool) -> str:
    if state.run_kind == "live" or what is None:
        return ""
    if step.rehearse is not None and not undo:
        return "stand-in"
    return "" if what.kind == "manual" else "shown"


def _go(moment: Moment, command: cmd.Go) -> Decision:
    state = moment.state
    step = _find(state, command.step)
    if isinstance(step, Refusal):
        return step
    refusal = _held(state) or _on_the_way_back(state) or _not_its_turn(state, step)
    if refusal is not None:
        return refusal
    missing = _not_ready(moment, step, command.typed)
    if missing is not None:
        return missing
    if step.gate is not None:
        voices = gate_standing(state, step, moment.now).voices
        return (
            ev.GateOpened(step.id, {each.position: each.answer.who for each in voices if each.answer and each.counts}),
        )
    begun = attempt(state, step, undo=False, action=command.action)
    if step.hold:
        return (begun, ev.ActionEnded(step.id, begun.attempt), ev.StepDone(step.id), ev.HoldStarted(step.hold))
    return (begun,)


def _not_ready(moment: Moment, step: Step, typed: str) -> Refusal | None:
    """What must hold before a step begins, and does not."""
    state = moment.state
    plan = plan_of(state)
    if plan.rehearsed and step.changes and _unrehearsed(state) and state.unrehearsed is None:
        return Refusal(
            "this very plan has not been rehearsed: it demands to be, before anything is changed;"
            " rehearse it, or waive that with a reason"
        )
    if step.gate is not None:
        gate = gate_standing(state, step, moment.now)
        if not gate.open:
            return Refusal(f"the gate stays shut: {'; '.join(gate.shut[:3])}" + _more(len(gate.shut) - 3))
    unreal = only_rehearsed(state)
    for name in step.before:
        if name in unreal:
            continue
        item = state.document.find(name)
        reason = item_is_good(state, item, moment.now) if item is not None else f"there is no item {name}"
        if reason:
            return Refusal(f"{step.id} cannot begin: {reason}")
    second = state.procedure.step(step.id).second
    if step.second and second is not None and second.user == state.captain.who.user:
        return Refusal(f"{second.user} agreed to {step.id}, and is captain now: another one of {step.second} has to")
    if step.second and second is None:
        return Refusal(f"{step.id} needs a second person: somebody of {step.second} has to agree")
    gone = gone_for_good(step, state)
    if gone and state.run_kind == "live" and typed != state.release:
        return Refusal(
            f"{step.id} is a point of no return: after it {', '.join(gone)} cannot be undone;"
            f" type the release's name ({state.release}) to go on"
        )
    return None


def _retry(moment: Moment, command: cmd.Retry) -> Decision:
    state = moment.state
    failed = _failed(state, command.step)
    if isinstance(failed, Refusal):
        return failed
    if refusal := _held(state):
        return refusal
    if not failed.undo and (refusal := _way_back_begun(state, failed)):
        return refusal
    if command.verify_only:
        if failed.doing.failed_in not in ("verify", "soak"):
            return Refusal(f"{failed.step.id} failed in its action: there is nothing to verify yet")
        return (
            ev.ActionEnded(
                failed.step.id,
                failed.doing.attempt,
                failed.undo,
                summary=failed.doing.summary,
                output=failed.doing.output,
            ),
        )
    return (attempt(state, failed.step, undo=failed.undo, action=command.action),)


def _skip(moment: Moment, command: cmd.Skip) -> Decision:
    state = moment.state
    step = _find(state, command.step)
    if isinstance(step, Refusal):
        return step
    if not command.reason.strip():
        return Refusal("say why it is left out")
    if refusal := too_long(reason=command.reason):
        return refusal
    here = current(state)
    if here is not None and here.step.id == step.id:
        if here.doing.phase is not Phase.FAILED:
            return Refusal(f"{step.id} is {here.doing.phase}: it can be left out only when it has failed")
        if step.required and not here.undo and not _is_first_on_the_way_back(state, step):
            return Refusal(f"{step.id} is required: it cannot be left out; retry, hold or roll back")
        return (ev.StepSkipped(step.id, command.reason, here.undo),)
    if refusal := _held(state) or _on_the_way_back(state) or _not_its_turn(state, step):
        return refusal
    if step.required:
        return Refusal(f"{step.id} is required: it cannot be left out")
    return (ev.StepSkipped(step.id, command.reason),)


def _tell(moment: Moment, command: cmd.Tell) -> Decision:
    here = current(moment.state)
    if here is None or here.step.id != command.step or here.doing.phase is not Phase.RUNNING:
        return Refusal(f"{command.step} does not wait for anybody's word")
    action = action_of(here)
    if action is None or action.kind != "manual":
        return Refusal(f"{command.step} is carried out by the engine: nobody has to say how it ended")
    if not command.value.strip():
        return Refusal("say what you saw")
    if refusal := too_long(value=command.value):
        return refusal
    expect = str(action.spec.get("expect", ""))
    if expect and not answer_condition(expect).decide({"value": command.value}).holds:
        return (
            ev.ActionEnded(here.step.id, here.doing.attempt, here.undo, False, f"{command.value} (expected: {expect})"),
        )
    return (ev.ActionEnded(here.step.id, here.doing.attempt, here.undo, summary=command.value),)


def _stop(moment: Moment, command: cmd.Stop) -> Decision:
    here = current(moment.state)
    if here is None or here.step.id != command.step or here.doing.phase is not Phase.RUNNING:
        return Refusal(f"{command.step} is not under way")
    action = action_of(here)
    if action is None or action.kind == "manual":
        return Refusal(f"{command.step} is done by a person: say what came of it")
    if not command.reason.strip():
        return Refusal("say why it is ended")
    return too_long(reason=command.reason) or ()


def _settle(moment: Moment, command: cmd.Settle) -> Decision:
    here = current(moment.state)
    if here is None or here.step.id != command.step or here.doing.phase is not Phase.DOUBT:
        return Refusal(f"{command.step} is not in doubt")
    if not command.reason.strip():
        return Refusal("say how you know what happened")
    return too_long(reason=command.reason) or (
        ev.DoubtSettled(here.step.id, command.happened, here.undo, command.reason),
    )


def _agree(moment: Moment, command: cmd.Agree) -> Decision:
    state = moment.state
    step = _find(state, command.step)
    if isinstance(step, Refusal):
        return step
    if not step.second:
        return Refusal(f"{step.id} needs no second person")
    if refusal := _not_its_turn(state, step):
        return refusal
    if moment.who.user == state.captain.who.user:
        return Refusal("the second person has to be somebody else than the captain")
    allowed = state.document.positions.get(step.second, ())
    if allowed and moment.who.user not in allowed:
        return Refusal(f"{moment.who.user} does not hold the position {step.second}: {', '.join(allowed)} may agree")
    return (ev.SecondGiven(step.id, step.second),)


def _open_poll(moment: Moment, command: cmd.OpenPoll) -> Decision:
    state = moment.state
    step = _find(state, command.step)
    if isinstance(step, Refusal):
        return step
    if step.gate is None or step.gate.poll is None:
        return Refusal(f"{step.id} has no roll call")
    if refusal := _on_the_way_back(state) or _not_its_turn(state, step):
        return refusal
    within = step.gate.poll.answer_within
    return (ev.PollOpened(step.id, moment.now + dt.timedelta(seconds=within) if within else None),)


def _answer(moment: Moment, command: cmd.Answer) -> Decision:
    state = moment.state
    poll = state.procedure.poll
    asked = _polled(state)
    if poll is None or asked is None:
        return Refusal("no roll call is open")
    if poll.ended or (poll.ends is not None and moment.now >= poll.ends):
        return Refusal(f"the roll call is over: {poll.ended or 'the time to answer has passed'}")
    if command.position not in asked.positions:
        return Refusal(f"{command.position or 'nobody'} is not asked: {', '.join(asked.positions)} are")
    if not command.reason.strip():
        return Refusal("a GO or NO-GO needs a reason")
    if refusal := too_long(reason=command.reason, relayed=command.relayed):
        return refusal
    if refusal := _not_their_voice(moment, command, asked):
        return refusal
    return (ev.PollAnswered(poll.step, command.position, command.go, command.reason, command.relayed),)


def _not_their_voice(moment: Moment, command: cmd.Answer, asked: Poll) -> Refusal | None:
    """Why this person may not give this answer; None when they may."""
    who, captain = moment.who.user, moment.state.captain.who.user
    allowed = moment.state.document.positions.get(command.position, ())
    if command.relayed:
        if not moment.in_command:
            return Refusal("only the captain records the voice of somebody else")
        return Refusal("your own voice is not relayed: answer for your position") if command.relayed == who else None
    if allowed and who not in allowed:
        return Refusal(f"{who} does not hold the position {command.position}: {', '.join(allowed)} may answer")
    if command.go and not asked.captain and who == captain:
        return Refusal("the captain's own GO does not count here: somebody else has to give it")
    return None


def _veto(moment: Moment, command: cmd.Veto) -> Decision:
    fired = moment.state.procedure.fired.get(command.item)
    if fired is None or fired.taken or fired.vetoed:
        return Refusal(f"{command.item} has fired nothing that could be vetoed")
    if not command.reason.strip():
        return Refusal("a veto needs a reason")
    return too_long(reason=command.reason) or (ev.AbortVetoed(command.item, command.reason),)


def _roll_back(moment: Moment, command: cmd.RollBack) -> Decision:
    if command.typed != moment.state.release:
        return Refusal(f"type the release's name ({moment.state.release}) to roll it back")
    if not command.reason.strip():
        return Refusal("say why it is rolled back")
    if command.to and plan_of(moment.state).index(command.to) < 0:
        found = _find(moment.state, command.to)
        words = f"{command.to} is a step of the way back: name one of going live"
        return found if isinstance(found, Refusal) else Refusal(words)
    return too_long(reason=command.reason) or begin_rollback(moment.state, command.reason, command.to)


def begin_rollback(state: State, reason: str, to: str = "") -> Decision:
    """The way back begins, unless something is under way or in doubt, or nothing is left to undo.

    One that was held, or whose compensation failed, is no other one: it goes on where it stands. After one that came
    to its end there may be another, for what was left standing or has been done since.
    """
    begun = state.procedure.way_back
    if begun is not None and begun.under_way:
        return Refusal(f"the rollback is under way since {clock_time(begun.begun)}{_how_it_goes_on(state)}")
    if not plan_of(state).steps:
        return Refusal("this checklist has no plan: there is nothing to roll back")
    here = current(state)
    if here is not None and here.doing.phase is Phase.DOUBT:
        return Refusal(f"{here.step.id} is in doubt: say first whether it happened")
    if here is not None and here.doing.phase is Phase.RUNNING:
        return Refusal(f"{here.step.id} is under way: wait for its end, or end it")
    back = way_back(state, to)
    if nothing := nothing_to_undo(state, to):
        return Refusal(nothing)
    released = (ev.HoldReleased("the way back begins"),) if state.hold is not None else ()
    first, steps = (tuple(step.id for step in each) for each in (back.first, back.compensations))
    return (*released, ev.RollbackBegun(first, steps, reason, back.cannot, to))


def _how_it_goes_on(state: State) -> str:
    """What a rollback that is under way waits for."""
    if state.hold is not None:
        return ", and in hold: release it, and it goes on"
    here = current(state)
    if here is not None and here.doing.phase is Phase.FAILED:
        return f", and {here.step.id} has failed: retry it or skip it, and it goes on"
    return ""


def _clear(moment: Moment, command: cmd.Clear) -> Decision:
    begun = moment.state.procedure.way_back
    if begun is None or begun.under_way or begun.cleared is not None:
        return Refusal("there is no rollback to be cleared")
    if not command.reason.strip():
        return Refusal("say why the run may go on")
    undone = first_undone(moment.state)
    again = past_no_more(moment.state, undone.id) if undone is not None else ()
    released = (ev.HoldReleased("cleared"),) if moment.state.hold is not None else ()
    return too_long(reason=command.reason) or (ev.RunCleared(command.reason, again), *released)


def _waive_rehearsal(moment: Moment, command: cmd.WaiveRehearsal) -> Decision:
    state = moment.state
    if not plan_of(state).rehearsed or not _unrehearsed(state):
        return Refusal("nothing is to be waived: this run does not wait for a rehearsal")
    if state.unrehearsed is not None:
        return Refusal(f"that was waived already by {state.unrehearsed.by.user}: {state.unrehearsed.reason}")
    if not command.reason.strip():
        return Refusal("say why it is carried out without a rehearsal")
    return too_long(reason=command.reason) or (ev.RehearsalWaived(command.reason),)


def _unrehearsed(state: State) -> bool:
    return state.run_kind == "live" and not state.rehearsals


def _recycle(moment: Moment, command: cmd.Recycle) -> Decision:
    state = moment.state
    step = _find(state, command.step)
    if isinstance(step, Refusal):
        return step
    turn = next_step(state)
    if refusal := _on_the_way_back(state) or _under_way(state):
        return refusal
    if plan_of(state).index(step.id) < 0:
        return Refusal(f"{step.id} is a step of the way back: the plan does not go on there")
    if turn is not None and plan_of(state).index(step.id) >= plan_of(state).index(turn.id):
        return Refusal(f"{step.id} is not past: {turn.id} comes next")
    if standing := standing_from(state, step.id):
        names = ", ".join(each.id for each in standing)
        return Refusal(f"from {step.id} on these stand as they were made: {names}; roll back to {step.id} first")
    if not command.reason.strip():
        return Refusal(f"say why it is carried out again from {step.id} on")
    again = past_no_more(state, step.id)
    return too_long(reason=command.reason) or (ev.PlanRecycled(step.id, command.reason, again),)


RULES: dict[type[cmd.Command], Callable[[Any, Any], Decision]] = {
    cmd.Go: _go,
    cmd.Retry: _retry,
    cmd.Skip: _skip,
    cmd.Tell: _tell,
    cmd.Stop: _stop,
    cmd.Settle: _settle,
    cmd.Agree: _agree,
    cmd.OpenPoll: _open_poll,
    cmd.Answer: _answer,
    cmd.Veto: _veto,
    cmd.RollBack: _roll_back,
    cmd.Clear: _clear,
    cmd.Recycle: _recycle,
    cmd.WaiveRehearsal: _waive_rehearsal,
}


def may_without_command(command: cmd.Command) -> bool:
    """Whether somebody who is not captain may give this command; the rule itself says who exactly."""
    return isinstance(command, cmd.Answer | cmd.Agree)


def release_refused(state: State) -> Refusal | None:
    """Why a hold may not simply be released."""
    back = state.procedure.way_back
    if back is not None and not back.under_way and back.cleared is None:
        return Refusal("the run was rolled back: a named person clears it, with a reason")
    return None


# --- what the rules have in common


def _find(state: State, name: str) -> Step | Refusal:
    plan = plan_of(state)
    step = plan.find(name)
    if step is not None:
        return step
    if not plan.steps:
        return Refusal("this checklist has no plan")
    return Refusal(f"there is no step {name!r}")


def _held(state: State) -> Refusal | None:
    if state.hold is None:
        return None
    return Refusal(f"in hold since {clock_time(state.hold.since)} by {state.hold.by.user}: {state.hold.reason}")


def _on_the_way_back(state: State) -> Refusal | None:
    back = state.procedure.way_back
    if back is None or back.cleared is not None:
        return None
    return Refusal("the rollback is under way" if back.under_way else "the run was rolled back: clear it first")


def _way_back_begun(state: State, failed: Current) -> Refusal | None:
    """A step of going live is not tried again once the way back has begun; those of the way back are."""
    return None if _is_first_on_the_way_back(state, failed.step) else _on_the_way_back(state)


def _is_first_on_the_way_back(state: State, step: Step) -> bool:
    back = state.procedure.way_back
    return back is not None and back.under_way and step.id in back.first


def _under_way(state: State) -> Refusal | None:
    here = current(state)
    if here is None:
        return None
    words = {
        Phase.FAILED: "has failed: retry, skip or roll back",
        Phase.DOUBT: "is in doubt: say first whether it happened",
    }.get(here.doing.phase, f"is under way ({here.doing.phase})")
    return Refusal(f"{here.step.id} {words}")


def _not_its_turn(state: State, step: Step) -> Refusal | None:
    if refusal := _under_way(state):
        return refusal
    turn = next_step(state)
    if turn is None:
        return Refusal("no step is left")
    if turn.id != step.id:
        return Refusal(f"it is not the turn of {step.id}: {turn.id} comes next")
    return None


def _failed(state: State, name: str) -> Current | Refusal:
    step = _find(state, name)
    if isinstance(step, Refusal):
        return step
    here = current(state)
    if here is None or here.step.id != step.id or here.doing.phase is not Phase.FAILED:
        return Refusal(f"{step.id} has not failed: there is nothing to try again")
    return here


def _polled(state: State) -> Poll | None:
    poll = state.procedure.poll
    step = plan_of(state).find(poll.step) if poll is not None else None
    return step.gate.poll if step is not None and step.gate is not None else None


def _more(count: int) -> str:
    return f" (and {count} more)" if count > 0 else ""
