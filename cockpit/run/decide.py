"""Which command is allowed, and what then happened: pure, no clock, no I/O.

`decide` is the one table of the rules of a run. The engine asks it before it writes; screens ask it to say why a key
does nothing. What it returns is not true until the journal holds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from cockpit.checklist.conditions import answer_condition
from cockpit.checklist.model import Document, Item
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run import plan_rules, quick_rules
from cockpit.run.plan_rules import Moment, may_without_command, release_refused
from cockpit.run.refusal import Decision, Refusal, clock_time, too_long
from cockpit.run.standing import verdict
from cockpit.run.state import State

BARE_WORDS = frozenset(
    "check checked confirmed done fine good ja ok okay oui seen si true v verified working works x y yes".split()  # noqa: SIM905
)
"""What says that somebody looked, not what they saw. Degani and Wiener (NASA CR-177549, 1990): an answer to a
checklist names the value observed, never just "checked"."""


def decide(state: State, command: cmd.Command, *, now: dt.datetime, who: Actor, in_command: bool) -> Decision:
    """Say what `command` of `who` comes to in `state` at `now`.

    `in_command` says whether this person commands the run: the engine knows, it holds the connections.
    """
    if state.closed is not None:
        return Refusal(f"the run is closed since {clock_time(state.closed)}: nothing can be added to it")
    allowed = in_command or isinstance(command, cmd.TakeCommand) or may_without_command(command)
    allowed = allowed or quick_rules.may_without_command(state, command, who)
    if not (allowed or _speaks_for_a_position(state, command, who)):
        since = clock_time(state.captain.since)
        return Refusal(f"{state.captain.who} is captain since {since}: you look on, or take command first")
    return _RULES[type(command)](Moment(state, now, who, in_command), command)


def _confirm(moment: Moment, command: cmd.Confirm) -> Decision:
    item = _find(moment.state.document, command.item)
    if not isinstance(item, Item):
        return item
    if item.confirm is None:
        return Refusal(f"{item.id} is measured, not confirmed: mend what the check shows, or waive it with a reason")
    if not command.value.strip():
        return Refusal("say what you saw: an empty value is no confirmation")
    if refusal := too_long(value=command.value, note=command.note):
        return refusal
    expect = item.confirm.expect
    holds = not expect or answer_condition(expect).decide({"value": command.value}).holds
    if command.value.strip(" .!").casefold() in BARE_WORDS and not (expect and holds):
        return Refusal(
            f"say what you saw, not just {command.value.strip()!r}: the value, the name, the number, the date"
        )
    return (ev.ItemConfirmed(item.id, command.value, holds, command.note, command.evidence),)


def _waive(moment: Moment, command: cmd.Waive) -> Decision:
    item = _find(moment.state.document, command.item)
    if not isinstance(item, Item):
        return item
    if not command.reason.strip():
        return Refusal("a waiver needs a reason")
    if command.expires is not None and command.expires <= moment.now:
        return Refusal(f"a waiver that expired at {clock_time(command.expires)} waives nothing: give a later time")
    if refusal := too_long(reason=command.reason):
        return refusal
    return (ev.ItemWaived(item.id, command.reason, command.expires),)


def _rule_out(moment: Moment, command: cmd.RuleOut) -> Decision:
    document = moment.state.document
    branch = document.branch(command.item)
    found = _find(document, command.item) if branch is None else None
    if isinstance(found, Refusal):
        return found
    inside = branch.items() if branch is not None else (found,)
    items = [item for item in inside if item is not None and not item.excluded and not _ruled_out(moment, item)]
    if not items:
        return Refusal(f"{command.item} is not applicable already")
    if not command.reason.strip() and any(item.required for item in items):
        return Refusal("say why it is not applicable: only optional items go without a reason")
    if refusal := too_long(reason=command.reason):
        return refusal
    return tuple(ev.ItemRuledOut(item.id, command.reason) for item in items)


def _take_back(moment: Moment, command: cmd.TakeBack) -> Decision:
    item = _find(moment.state.document, command.item)
    if not isinstance(item, Item):
        return item
    word = moment.state.item(item.id).word
    if word is None:
        return Refusal(f"nothing was said on {item.id}: there is nothing to take back")
    return too_long(reason=command.reason) or (ev.WordTakenBack(item.id, word.seq, command.reason),)


def _note(moment: Moment, command: cmd.AddNote) -> Decision:
    if command.item:
        item = _find(moment.state.document, command.item)
        if not isinstance(item, Item):
            return item
    if not command.text.strip() and not command.evidence:
        return Refusal("an empty note says nothing")
    return too_long(note=command.text) or (ev.NoteAdded(command.text, command.item, command.evidence),)


def _hold(moment: Moment, command: cmd.Hold) -> Decision:
    hold = moment.state.hold
    if hold is not None:
        return Refusal(f"already in hold since {clock_time(hold.since)} by {hold.by.user}: {hold.reason}")
    if not command.reason.strip():
        return Refusal("a hold needs a reason")
    return too_long(reason=command.reason) or (ev.HoldStarted(command.reason),)


def _release(moment: Moment, command: cmd.Release) -> Decision:
    if moment.state.hold is None:
        return Refusal("the run is not in hold")
    if refusal := release_refused(moment.state):
        return refusal
    return too_long(reason=command.reason) or (ev.HoldReleased(command.reason),)


def _take_command(moment: Moment, command: cmd.TakeCommand) -> Decision:
    if moment.in_command:
        return Refusal("you are captain already")
    return too_long(reason=command.reason) or (ev.CommandTaken(command.reason, str(moment.state.captain.who)),)


def _close(moment: Moment, command: cmd.Close) -> Decision:
    return too_long(reason=command.reason) or (ev.RunClosed(str(verdict(moment.state, moment.now)), command.reason),)


def _attest(moment: Moment, command: cmd.Attest) -> Decision:
    here = (moment.state.seq, moment.state.head)
    if command.seq > here[0] or (command.seq == here[0] and command.head != here[1]):
        return Refusal("what was signed is not this journal: sign its head, as `cockpit journal verify` tells it")
    if not command.signature.startswith("-----BEGIN SSH SIGNATURE-----"):
        return Refusal("this is no signature of ssh-keygen's")
    return too_long(signature=command.signature) or (
        ev.CheckpointSigned(command.seq, command.head, command.signature, command.key),
    )


def _measure(moment: Moment, command: cmd.Measure) -> Decision:
    if not command.item:
        return ()
    item = _find(moment.state.document, command.item)
    if not isinstance(item, Item):
        return item
    if item.check is None:
        return Refusal(f"{item.id} has no check: a person confirms it")
    if not item.check.on_demand:
        return ()
    rehearsed = moment.state.run_kind != "live"
    return (ev.CheckAsked(item.id, command.action, item.check.via, rehearsed),)


_RULES: dict[type[cmd.Command], Callable[[Moment, Any], Decision]] = {
    cmd.Confirm: _confirm,
    cmd.Waive: _waive,
    cmd.RuleOut: _rule_out,
    cmd.TakeBack: _take_back,
    cmd.AddNote: _note,
    cmd.Hold: _hold,
    cmd.Release: _release,
    cmd.TakeCommand: _take_command,
    cmd.Close: _close,
    cmd.Attest: _attest,
    cmd.Measure: _measure,
    **plan_rules.RULES,
    **quick_rules.RULES,
}


def _speaks_for_a_position(state: State, command: cmd.Command, who: Actor) -> bool:
    """Whether the checklist names this person for the position that the item asks."""
    if not isinstance(command, cmd.Confirm):
        return False
    item = state.document.find(command.item)
    if item is None or item.confirm is None:
        return False
    return who.user in state.document.positions.get(item.confirm.position, ())


def _find(document: Document, item_id: str) -> Item | Refusal:
    item = document.find(item_id)
    if item is None:
        near = document.nearest(item_id)
        return Refusal(f"there is no item {item_id!r}" + (f": did you mean {near}?" if near else ""))
    if item.excluded:
        return Refusal(f"{item.id} does not count in this run: {item.excluded}")
    return item


def _ruled_out(moment: Moment, item: Item) -> bool:
    word = moment.state.item(item.id).word
    return word is not None and isinstance(word.said, ev.ItemRuledOut)
