"""The keys that carry the plan on, and back. Capital letters alone change production; each asks before it does.

The rules say why one does nothing now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cockpit.checklist.plan import Step
from cockpit.run import command as cmd
from cockpit.run.way import Current, current
from cockpit.views.fired import pending
from cockpit.views.key import Key
from cockpit.views.moment import Moment
from cockpit.views.refused import SAID, refused
from cockpit.views.steps import Row

_NO_STEP = "stand on a step first"
_NONE_UNDER_WAY = "no step is under way"


def plan_keys(now: Moment, row: Row | None) -> tuple[Key, ...]:
    """What can be done with the plan, with the cursor on `row`. What cannot be done now stays out of the bar."""
    step, here = row.step if row is not None else None, current(now.state)
    tell = Key("space", "say what you saw", "tell", "run", "say it")
    retry = Key("R", "retry: do it again", "retry", "run", "retry")
    verify = Key("M", "verify again, without doing it again", "verify", "run", "verify")
    stop = Key("X", "stop the action under way", "stop", "run", "stop it")
    settle = Key("D", "say what happened to what is in doubt", "settle", "run", "settle")
    keys = (
        _go(now, step),
        _on_here(tell, now, here, lambda name: cmd.Tell(name, SAID)),
        _on_here(retry, now, here, cmd.Retry),
        _on_here(verify, now, here, lambda name: cmd.Retry(name, verify_only=True)),
        Key("S", "skip it, with a reason", "skip", "run", "skip", why=_skip(now, step, here)),
        _on_here(stop, now, here, lambda name: cmd.Stop(name, SAID)),
        _on_here(settle, now, here, lambda name: cmd.Settle(name, happened=True, reason=SAID)),
        _poll(now, step),
        Key("A", "answer GO or NO-GO", "answer", "run", "answer", why=_answer(now)),
        Key("Y", "agree as the second person", "agree", "run", "agree", why=_of_step(now, step, cmd.Agree)),
        clear_key(now),
        Key("U", "undo back to this step, that one too", "roll_back_to", "run", "undo to", why=_undo_to(now, step)),
        Key("L", "recycle: the plan goes on from this step again", "recycle", "run", "recycle", why=_again(now, step)),
        Key("W", "waive that the plan is rehearsed", "waive_rehearsal", "run", "waive", why=_unrehearsed(now)),
    )
    return tuple(_unbarred(key) if key.show == "U" or (key.why and key.show != "G") else key for key in keys)


def roll_back_key(now: Moment) -> Key:
    """The key that begins a rollback: it stands on the page that shows what it does."""
    why = refused(now, cmd.RollBack(now.state.release, SAID))
    back = now.state.procedure.way_back
    gone = back is not None and back.cleared is None
    return Key("B", "ROLL BACK: asks for the release's name", "roll_back", "run", "" if gone else "ROLL BACK", why=why)


def clear_key(now: Moment) -> Key:
    """The key that clears a run after its rollback."""
    key = Key("C", "clear the run after its rollback", "clear", "run", "clear", why=refused(now, cmd.Clear(SAID)))
    return _unbarred(key) if key.why else key


def veto_key(now: Moment) -> Key:
    """The key that keeps what a watch has fired from being done: it works on every board."""
    key = Key("V", "veto what a watch asks for", "veto", "run", "veto", why=_veto(now))
    return _unbarred(key) if key.why else key


def page_keys(now: Moment) -> tuple[Key, ...]:
    """The pages of the plan, from every board."""
    if now.state.document.plan is None:
        return ()
    return (
        Key("s", "steps: going live", "steps", "look", "steps"),
        Key("b", "way back: what a rollback would do", "way_back", "look", "way back"),
    )


def _go(now: Moment, step: Step | None) -> Key:
    why = _of_step(now, step, lambda name: cmd.Go(name, typed=now.state.release))
    return Key("G", "GO: begin the step; shows first what it does", "go", "run", "GO", why=why)


def _poll(now: Moment, step: Step | None) -> Key:
    why = _of_step(now, step, cmd.OpenPoll)
    return Key("P", "open the roll call of the gate", "open_poll", "run", "roll call", why=why)


def _skip(now: Moment, step: Step | None, here: Current | None) -> str:
    name = here.step.id if here is not None else step.id if step is not None else ""
    return refused(now, cmd.Skip(name, SAID)) if name else _NO_STEP


def _unrehearsed(now: Moment) -> str:
    return refused(now, cmd.WaiveRehearsal(SAID))


def _undo_to(now: Moment, step: Step | None) -> str:
    return _of_step(now, step, lambda name: cmd.RollBack(now.state.release, SAID, name))


def _again(now: Moment, step: Step | None) -> str:
    return _of_step(now, step, lambda name: cmd.Recycle(name, SAID))


def _answer(now: Moment) -> str:
    poll = now.state.procedure.poll
    if poll is None:
        return now.not_allowed if now.replay is not None else "no roll call is open"
    asked = _asked(now)
    whys = [refused(now, cmd.Answer(position, go=True, reason=SAID)) for position in asked]
    if now.link.captain:
        whys += [refused(now, cmd.Answer(position, go=True, reason=SAID, relayed="somebody")) for position in asked]
    return "" if "" in whys else next(iter(whys), "nobody is asked")


def _asked(now: Moment) -> tuple[str, ...]:
    poll, plan = now.state.procedure.poll, now.state.document.plan
    step = plan.find(poll.step) if plan is not None and poll is not None else None
    return step.gate.poll.positions if step is not None and step.gate is not None and step.gate.poll is not None else ()


def _veto(now: Moment) -> str:
    waiting = pending(now)
    if not waiting:
        return now.not_allowed if now.replay is not None else "no watch has fired anything that could be vetoed"
    return refused(now, cmd.Veto(waiting[0][0], SAID))


def _of_step(now: Moment, step: Step | None, command: Callable[[str], cmd.Command]) -> str:
    return refused(now, command(step.id)) if step is not None else _NO_STEP


def _on_here(key: Key, now: Moment, here: Current | None, command: Callable[[str], cmd.Command]) -> Key:
    """`key` for what is under way, failed or in doubt, wherever the cursor stands."""
    why = refused(now, command(here.step.id)) if here is not None else now.not_allowed or _NONE_UNDER_WAY
    return replace(key, why=why)


def _unbarred(key: Key) -> Key:
    return replace(key, bar="")
