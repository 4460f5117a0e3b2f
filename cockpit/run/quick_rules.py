"""The rules of quick commands and of calls: who may run what, and when. Part of `decide`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.checklist.problem import suggest
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run.plan_rules import Moment
from cockpit.run.refusal import Decision, Refusal, clock_time, too_long
from cockpit.run.state import State


def may_without_command(state: State, command: cmd.Command, who: Actor) -> bool:
    """Whether somebody who is not captain may give this command.

    What only reads is open to whoever looks on; a call is put on record also by those who answer for a position.
    """
    if isinstance(command, cmd.NoteCall):
        return any(who.user in users for users in state.document.positions.values())
    if not isinstance(command, cmd.RunCommand | cmd.StopCommand):
        return False
    wanted = state.document.command(command.command)
    return wanted is None or not wanted.changes


def _run(moment: Moment, command: cmd.RunCommand) -> Decision:
    state = moment.state
    wanted = state.document.command(command.command)
    if wanted is None:
        return _unknown(state, command.command)
    if not wanted.changes:
        return ()
    before = state.commands.get(wanted.id)
    if before is not None and before.ended is None:
        return Refusal(f"{wanted.id} is under way since {clock_time(before.at)}")
    number = before.begun.number + 1 if before is not None else 1
    rehearsed = state.run_kind != "live"
    begun = ev.CommandBegun(wanted.id, number, command.action, wanted.host, rehearsed)
    if not rehearsed:
        return (begun,)
    return begun, ev.CommandEnded(wanted.id, number, summary=f"shown, and not done: a {state.run_kind}")


def _stop(moment: Moment, command: cmd.StopCommand) -> Decision:
    wanted = moment.state.document.command(command.command)
    if wanted is None:
        return _unknown(moment.state, command.command)
    ran = moment.state.commands.get(wanted.id)
    if wanted.changes and (ran is None or ran.ended is not None):
        return Refusal(f"{wanted.id} is not under way")
    return ()


def _call(moment: Moment, command: cmd.NoteCall) -> Decision:
    contacts = {contact.name: contact for contact in moment.state.document.contacts}
    contact = contacts.get(command.contact)
    if contact is None:
        hint = suggest(command.contact, list(contacts), none="this checklist names nobody")
        return Refusal(f"there is no contact {command.contact!r}: {hint}")
    return too_long(said=command.said) or (ev.CallMade(contact.name, contact.position, command.said),)


def _unknown(state: State, name: str) -> Refusal:
    hint = suggest(name, [command.id for command in state.document.commands], none="this checklist has none")
    return Refusal(f"there is no quick command {name!r}: {hint}")


RULES: dict[type[cmd.Command], Callable[[Moment, Any], Decision]] = {
    cmd.RunCommand: _run,
    cmd.StopCommand: _stop,
    cmd.NoteCall: _call,
}
"""What each command comes to."""
