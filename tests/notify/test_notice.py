"""What people are told of which event, and who of them."""

from __future__ import annotations

import msgspec

from cockpit.checklist.model import Addressee
from cockpit.journal import event as ev
from cockpit.run import command as cmd
from cockpit.run.state import fold
from cockpit.views.notice import Notice, notice_of, wants
from tests.notify.conftest import EVERYTHING
from tests.support.plans import Play, World, blue_green
from tests.support.runs import ADA, BOB, ENGINE, document, events, live, manual


def told(play: Play) -> list[Notice]:
    """All notices of a run, in order."""
    return [notice for event in play.events if (notice := notice_of(event, play.state)) is not None]


def sentence(data: ev.Data, by: ev.Actor = ADA) -> str:
    """What is told of one event of a small run."""
    happened = events(document(manual("owner"), watch=(live("errors"),)), (by, data))
    notice = notice_of(happened[-1], fold(happened))
    return notice.sentence if notice else ""


def test_a_go_live_is_told_from_its_opening_to_its_last_step() -> None:
    play = Play(blue_green())
    play.run_through()
    play.ask(cmd.Close("done"))
    subjects = [notice.subject for notice in told(play)]
    assert subjects[0] == "milestone"
    assert subjects[-1] == "closed"
    assert "poll" in subjects
    sentences = [notice.sentence for notice in told(play)]
    assert 'Test 1.5.0 production: step 4 of 6 "Switch" is done.' in sentences
    gate = next(each for each in sentences if "is open on the GO of" in each)
    assert "operations (ada)" in gate
    assert len([each for each in sentences if '"Go or no-go"' in each]) == 2  # its roll call, and that it opened


def test_a_poll_says_who_answers_and_by_when() -> None:
    play = Play(blue_green())
    play.run_through(until="go-no-go")
    play.measure("health")
    play.happen(ev.ItemConfirmed("owner", "seen"))
    play.ask(cmd.OpenPoll("go-no-go"))
    notice = told(play)[-1]
    assert notice.asks == ("operations", "security")
    assert "operations, security: answer GO or NO-GO by 22:0" in notice.sentence


def test_a_failed_step_says_what_failed_and_who_decides() -> None:
    play = Play(blue_green(), World(actions={"migrate": ["failed"]}))
    play.run_through(until="migrate")
    play.ask(cmd.Go("migrate"))
    play.let_pass(1)
    failed = next(each for each in told(play) if each.subject == "failure")
    assert failed.heading == "Test 1.5.0 production: FAILED"
    assert (
        'step 3 of 6 "Migrate" failed: it is failed. Captain ada decides: retry, skip, hold or roll back.'
        in failed.sentence
    )


def test_every_subject_has_its_sentence() -> None:
    assert "in hold by bob: slow. Nothing advances until captain ada" in sentence(ev.HoldStarted("slow."), BOB)
    assert "is in doubt: cut off. Nothing goes on" in sentence(ev.StepDoubted("x", reason="cut off"), ENGINE)
    assert (
        'the watch "Errors" met its abort criteria (3 of 5) and puts the run in hold. Captain ada may veto it'
        in sentence(ev.WatchFired("errors", "3 of 5", "hold"), ENGINE)
    )
    assert "began the rollback of 2 steps, 1 of them cannot be undone: slow" in sentence(
        ev.RollbackBegun(steps=("a",), reason="slow", cannot={"b": "it cannot"})
    )
    assert "the engine died" in sentence(ev.EngineStarted(1, "0", "died"), ENGINE)
    assert "took command from ada" in sentence(ev.CommandTaken("", "ada"), BOB)


def test_what_is_no_news_is_told_to_nobody() -> None:
    for data in (
        ev.EngineStarted(1, "0"),
        ev.StepVerified("x"),
        ev.ActionEnded("x"),
        ev.NoteAdded("hello"),
        ev.CheckMeasured("owner", "FAIL"),
        ev.NoticeFailed(1, "chat", "refused"),
    ):
        assert sentence(data) == "", data


def test_a_rehearsal_cannot_be_taken_for_live() -> None:
    play = Play(blue_green(), run_kind="rehearsal")
    assert told(play)[0].sentence.startswith("Test 1.5.0 production (rehearsal): ")


def test_foreign_text_is_made_safe_and_short() -> None:
    told = sentence(ev.HoldStarted("\x1b]0;owned\x07 " + "x" * 2000))
    assert "\x1b" not in told
    assert "\x07" not in told
    assert len(told) <= 400


def test_each_is_told_what_it_asked_for_and_what_is_asked_of_its_positions() -> None:
    poll = Notice("poll", "", "", ("security",))
    hold = Notice("hold", "", "")
    grace = Addressee("grace", "json://h", EVERYTHING, ("security",))
    ops = msgspec.structs.replace(grace, positions=("operations",))
    only_holds = Addressee("chat", "json://h", ("hold",))
    assert [wants(each, poll) for each in (grace, ops, only_holds)] == [True, False, False]
    assert [wants(each, hold) for each in (grace, ops, only_holds)] == [True, True, True]
