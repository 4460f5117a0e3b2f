"""Who may run which quick command, and what is recorded of a call."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.checklist.model import Command, Contact
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run.decide import decide
from cockpit.run.refusal import Refusal
from cockpit.run.state import State, fold
from tests.support.runs import ADA, BOB, T0, document, events, manual

GRACE = Actor("grace", 1002, "bastion")
OF = msgspec.structs.replace(
    document(manual("owner")),
    commands=(Command("health", "Health", "curl -f x"), Command("restart", "Restart", "restart", changes=True)),
    contacts=(Contact("Security Team", "security"),),
)


def asked(state: State, command: cmd.Command, who: Actor = ADA) -> object:
    return decide(state, command, now=T0, who=who, in_command=who == ADA)


@pytest.fixture
def state() -> State:
    return fold(events(OF))


def test_what_reads_is_open_to_everybody_and_recorded_for_nobody(state: State) -> None:
    assert asked(state, cmd.RunCommand("health"), BOB) == ()
    assert asked(state, cmd.StopCommand("health"), BOB) == ()


def test_what_changes_something_is_the_captains_and_is_recorded_before(state: State) -> None:
    assert isinstance(asked(state, cmd.RunCommand("restart"), BOB), Refusal)
    assert asked(state, cmd.RunCommand("restart", "restart")) == (ev.CommandBegun("restart", 1, "restart"),)


def test_what_is_under_way_is_not_begun_again_and_afterwards_counts_on() -> None:
    running = fold(events(OF, ev.CommandBegun("restart", 1)))
    assert "under way since" in asked(running, cmd.RunCommand("restart")).reason
    again = fold(events(OF, ev.CommandBegun("restart", 1), ev.CommandEnded("restart", 1)))
    assert asked(again, cmd.RunCommand("restart"))[0].number == 2


def test_in_a_rehearsal_it_is_shown_and_ended_in_one() -> None:
    state = msgspec.structs.replace(fold(events(OF)), run_kind="drill")
    begun, ended = asked(state, cmd.RunCommand("restart", "restart"))
    assert begun.rehearsed
    assert ended.summary == "shown, and not done: a drill"


def test_unknown_commands_and_contacts_are_named_with_what_is_near(state: State) -> None:
    assert "did you mean `health`" in asked(state, cmd.RunCommand("helth")).reason
    assert "Security Team" in asked(state, cmd.NoteCall("Security")).reason
    assert "not under way" in asked(state, cmd.StopCommand("restart")).reason


def test_a_call_is_recorded_by_the_captain_or_who_answers_for_a_position(state: State) -> None:
    made = (ev.CallMade("Security Team", "security", "on it"),)
    assert asked(state, cmd.NoteCall("Security Team", "on it")) == made
    assert asked(state, cmd.NoteCall("Security Team", "on it"), GRACE) == made
    assert isinstance(asked(state, cmd.NoteCall("Security Team"), BOB), Refusal)
    assert fold(events(OF, *made)).calls["Security Team"].made.said == "on it"
