"""Where a run stands, in one line for the bridge call."""

from __future__ import annotations

import datetime as dt

from cockpit.journal import event as ev
from cockpit.run import command as cmd
from cockpit.run.state import fold
from cockpit.views.bridge import bridge_line
from tests.support.plans import Play, World, blue_green
from tests.support.runs import T0, document, events, live, manual


def line(play: Play) -> str:
    """The line of a played run, now."""
    return bridge_line(play.state, play.now)


def test_a_soak_says_how_far_it_is() -> None:
    play = Play(blue_green())
    play.run_through(until="switch")
    play.ask(cmd.Go("switch"))
    play.let_pass(20)
    assert line(play) == (
        "Test 1.5.0 production: T+00:00, step 4 of 6 switch soaking 19s of 1m, 0 failures, hold none, captain ada"
    )


def test_what_is_next_and_that_it_is_asked_for() -> None:
    play = Play(blue_green())
    assert "step 1 of 6 freeze is next, 0 failures" in line(play)
    play.run_through(until="go-no-go")
    play.measure("health")
    play.happen(ev.ItemConfirmed("owner", "seen"))
    play.ask(cmd.OpenPoll("go-no-go"))
    assert "step 2 of 6 go-no-go is next, the roll call is open" in line(play)


def test_a_failure_a_hold_and_the_way_back() -> None:
    play = Play(blue_green(), World(actions={"migrate": ["failed"]}))
    play.run_through(until="migrate")
    play.ask(cmd.Go("migrate"))
    play.now += dt.timedelta(seconds=90)
    assert "step 3 of 6 migrate FAILED for 1m" in line(play)
    play.ask(cmd.Hold("the database is slow"))
    play.now += dt.timedelta(seconds=30)
    assert "HOLD for 30s (the database is slow)" in line(play)
    assert "stands" in line(play)


def test_without_a_plan_the_items_are_counted() -> None:
    happened = events(document(live("a"), manual("b")), ev.CheckMeasured("a", "FAIL"))
    assert bridge_line(fold(happened), T0) == (
        "Test 1.5.0 production: 0 of 2 items settled, 1 failure, hold none, captain ada"
    )


def test_a_closed_run_says_its_verdict_alone() -> None:
    happened = events(document(manual("b")), ev.RunClosed("NOT GOOD: 1 OPEN"))
    assert bridge_line(fold(happened), T0) == "Test 1.5.0 production: closed at 22:00 UTC, NOT GOOD: 1 OPEN"


def test_it_is_one_line_whatever_people_wrote() -> None:
    happened = events(document(manual("b")), ev.HoldStarted("one\ntwo \x1b[2J"))
    assert "\n" not in bridge_line(fold(happened), T0)
    assert "\x1b" not in bridge_line(fold(happened), T0)
