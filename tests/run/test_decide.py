"""Which command is allowed, and what it comes to."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.checklist.model import Confirm
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run.decide import decide
from cockpit.run.refusal import Refusal
from cockpit.run.state import State, fold
from tests.run.test_fold import happenings
from tests.support.runs import ADA, BOB, T0, document, events, live, manual

NOW = T0 + dt.timedelta(minutes=5)
OUT = msgspec.structs.replace(manual("aws-roles"), excluded="not for this run")
GRACE = msgspec.structs.replace(manual("keys"), confirm=Confirm("Which key?", position="security"))
DOCUMENT = document(
    live("health"),
    manual("owner"),
    manual("load", "double(value) < 2.0"),
    manual("mfa", required=False),
    GRACE,
    excluded=(OUT,),
)


def state(*data: ev.Data) -> State:
    return fold(events(DOCUMENT, *data))


def ask(command: cmd.Command, *data: ev.Data, who: Actor = ADA, in_command: bool = True):
    return decide(state(*data), command, now=NOW, who=who, in_command=in_command)


def test_a_confirmation_records_the_value_and_whether_it_holds() -> None:
    assert ask(cmd.Confirm("load", "1.4")) == (ev.ItemConfirmed("load", "1.4"),)
    assert ask(cmd.Confirm("load", "3.1")) == (ev.ItemConfirmed("load", "3.1", holds=False),)
    assert ask(cmd.Confirm("load", "quick")) == (ev.ItemConfirmed("load", "quick", holds=False),)


def test_ruling_out_a_heading_rules_out_what_counts_and_is_not_ruled_out_yet() -> None:
    decision = ask(cmd.RuleOut("part", "not ours"), ev.ItemRuledOut("owner", "x"))
    assert [data.item for data in decision] == ["health", "load", "mfa", "keys"]


def test_an_optional_item_is_ruled_out_without_a_reason() -> None:
    assert ask(cmd.RuleOut("mfa")) == (ev.ItemRuledOut("mfa"),)


def test_taking_back_names_the_event_that_no_longer_counts() -> None:
    assert ask(cmd.TakeBack("owner", "typo"), ev.ItemConfirmed("owner", "x")) == (ev.WordTakenBack("owner", 1, "typo"),)


def test_somebody_else_takes_command_and_the_event_says_who_had_it() -> None:
    decision = ask(cmd.TakeCommand("ada is away"), who=BOB, in_command=False)
    assert decision == (ev.CommandTaken("ada is away", str(ADA)),)


def test_closing_records_the_verdict() -> None:
    assert ask(cmd.Close("scrubbed"))[0].verdict.startswith("NOT GOOD: 4 open")


def test_whoever_the_checklist_names_for_a_position_answers_its_items_and_no_others() -> None:
    grace = Actor("grace", 1003)
    assert ask(cmd.Confirm("keys", "k-1"), who=grace, in_command=False) == (ev.ItemConfirmed("keys", "k-1"),)
    assert isinstance(ask(cmd.Confirm("owner", "x"), who=grace, in_command=False), Refusal)


def test_a_bare_word_is_an_answer_where_the_item_expects_it() -> None:
    item = manual("agreed", "value == 'yes'")
    state = fold(events(document(item)))
    decision = decide(state, cmd.Confirm("agreed", "yes"), now=NOW, who=ADA, in_command=True)
    assert decision == (ev.ItemConfirmed("agreed", "yes"),)


REFUSED = [
    (cmd.Confirm("nobody", "ada"), (), "there is no item 'nobody'"),
    (cmd.Confirm("ownr", "ada"), (), "did you mean owner?"),
    (cmd.Confirm("health", "ada"), (), "measured, not confirmed"),
    (cmd.Confirm("owner", "  "), (), "say what you saw"),
    (cmd.Confirm("owner", "Checked."), (), "say what you saw, not just 'Checked.'"),
    (cmd.Confirm("owner", "x" * 5000), (), "at most 4000"),
    (cmd.Confirm("aws-roles", "ada"), (), "does not count in this run"),
    (cmd.Waive("owner", ""), (), "needs a reason"),
    (cmd.Waive("owner", "x", T0), (), "expired"),
    (cmd.RuleOut("owner"), (), "say why"),
    (cmd.RuleOut("owner", "x"), (ev.ItemRuledOut("owner", "x"),), "already"),
    (cmd.TakeBack("owner"), (), "nothing was said"),
    (cmd.AddNote(" "), (), "empty note"),
    (cmd.Hold(""), (), "needs a reason"),
    (cmd.Hold("x"), (ev.HoldStarted("lunch"),), "already in hold"),
    (cmd.Release(), (), "not in hold"),
    (cmd.TakeCommand(), (), "captain already"),
    (cmd.Measure("owner"), (), "no check"),
    (cmd.Close(), (ev.RunClosed("GOOD"),), "closed since 2026-11-24"),
]


@pytest.mark.parametrize(("command", "before", "words"), REFUSED, ids=lambda value: type(value).__name__)
def test_what_is_not_allowed_is_refused_in_words_that_say_why(command, before, words: str) -> None:
    refusal = ask(command, *before)
    assert isinstance(refusal, Refusal)
    assert words in refusal.reason


def test_who_is_not_in_command_is_told_who_is_since_when_and_from_where() -> None:
    refusal = ask(cmd.Hold("x"), who=BOB, in_command=False)
    assert "ada on pts/3 from 10.0.0.7 is captain since 2026-11-24 22:00:00Z" in refusal.reason


def test_a_check_that_changes_something_is_recorded_before_it_is_begun_and_only_shown_in_a_rehearsal() -> None:
    of = document(live("restore", on_demand=True, via="app1"), live("plain"))
    state = fold(events(of))
    asked = cmd.Measure("restore", "pg_restore")
    given = {"now": NOW, "who": ADA, "in_command": True}
    assert decide(state, asked, **given) == (ev.CheckAsked("restore", "pg_restore", "app1"),)
    assert decide(state, cmd.Measure("plain"), **given) == decide(state, cmd.Measure(), **given) == ()
    rehearsal = msgspec.structs.replace(state, run_kind="rehearsal")
    assert decide(rehearsal, asked, **given)[0].rehearsed


_ids = st.sampled_from(["health", "owner", "load", "mfa", "keys", "aws-roles", "part", "group", "", "nobody"])
_text = st.text(max_size=8)
_commands = st.one_of(
    st.builds(cmd.Confirm, item=_ids, value=_text, note=_text),
    st.builds(cmd.Waive, item=_ids, reason=_text),
    st.builds(cmd.RuleOut, item=_ids, reason=_text),
    st.builds(cmd.TakeBack, item=_ids),
    st.builds(cmd.AddNote, text=_text, item=_ids),
    st.builds(cmd.Hold, reason=_text),
    st.builds(cmd.Release),
    st.builds(cmd.TakeCommand),
    st.builds(cmd.Close),
    st.builds(cmd.Attest, seq=st.integers(0, 9), head=_text, signature=_text, key=_text),
    st.builds(cmd.Measure, item=_ids),
)


@given(st.lists(happenings, max_size=10), _commands, st.booleans())
def test_every_command_in_every_state_comes_to_events_or_to_a_reason(data, command, in_command: bool) -> None:
    decision = decide(fold(events(DOCUMENT, *data)), command, now=NOW, who=BOB, in_command=in_command)
    if isinstance(decision, Refusal):
        assert decision.reason
    else:
        assert all(isinstance(data, ev.Data) for data in decision)
        assert in_command or isinstance(command, cmd.TakeCommand)


@given(st.lists(happenings, max_size=10), _commands)
def test_nothing_happens_to_a_closed_run(data, command) -> None:
    closed = fold(events(DOCUMENT, *data, ev.RunClosed("GOOD")))
    assert isinstance(decide(closed, command, now=NOW, who=ADA, in_command=True), Refusal)
