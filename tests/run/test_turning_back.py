"""If we turned back now; and whether the plan was rehearsed before it changes anything."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.plan import Plan, Step, Undo, Window
from cockpit.journal import event as ev
from cockpit.run import command as cmd
from cockpit.run.state import State
from cockpit.run.turning_back import TurningBack, turning_back
from tests.support.plans import RELEASE, Play, by_hand, command, step
from tests.support.runs import T0, document, live

END = T0 + dt.timedelta(minutes=90)


def timed(step_id: str, takes: float, undo: float, **changes: object) -> Step:
    return step(step_id, **{"takes": takes, "undo": Undo(command("./undo"), takes=undo)} | changes)


def play(*steps: Step, rehearsed: bool = False) -> Play:
    plan = Plan(steps, window=Window("22:00", "23:30", "UTC", "2026-11-24"), rehearsed=rehearsed)
    return Play(msgspec.structs.replace(document(live("health")), plan=plan))


def told(state: State, minutes: float) -> TurningBack:
    back = turning_back(state, T0 + dt.timedelta(minutes=minutes))
    assert back is not None
    return back


def test_before_anything_is_done_there_is_nothing_to_turn_back_from() -> None:
    assert turning_back(play(timed("one", 60, 60)).state, T0) is None


def test_the_last_moment_is_the_end_of_the_window_less_what_the_way_back_takes() -> None:
    run = play(timed("one", 60, 600), timed("two", 60, 480))
    run.run_through()
    back = told(run.state, 5)
    assert (back.parts, back.seconds, back.end) == (2, 1080.0, END)
    assert back.latest == END - dt.timedelta(minutes=18)
    assert (back.near, back.missed) == (False, False)
    assert told(run.state, 63).near
    assert told(run.state, 73).missed


def test_it_is_warned_of_when_the_next_step_takes_longer_than_there_is_time() -> None:
    run = play(timed("one", 60, 600), timed("two", 3600, 60))
    run.run_through(until="two")
    assert not told(run.state, 10).near
    assert told(run.state, 30).near


def test_what_earlier_runs_took_counts_more_than_the_plan_and_an_unknown_time_is_said() -> None:
    run = play(timed("one", 60, 600), timed("two", 60, 0))
    run.run_through()
    learned = msgspec.structs.replace(run.state, took={"undo one": 45.0})
    back = told(learned, 5)
    assert (back.seconds, back.unknown) == (45.0, ("two",))


def test_after_a_point_of_no_return_it_says_what_stays_and_on_the_way_back_nothing() -> None:
    run = play(timed("one", 60, 600, reversible_until="drop"), step("drop", irreversible=True, undo=None))
    run.run_through()
    back = told(run.state, 5)
    assert (back.parts, back.cannot) == (0, ("drop", "one"))
    run.ask(cmd.RollBack(RELEASE, "errors"))
    assert turning_back(run.state, run.now) is None


def test_a_plan_that_demands_it_changes_nothing_before_it_was_rehearsed_or_that_was_waived() -> None:
    run = play(by_hand("freeze"), timed("one", 60, 60), rehearsed=True)
    run.run_through(until="one")
    assert run.ask(cmd.Go("one")).endswith("rehearse it, or waive that with a reason")
    assert run.ask(cmd.WaiveRehearsal(" ")) == "say why it is carried out without a rehearsal"
    assert run.ask(cmd.WaiveRehearsal("only a typo changed")) == ""
    assert run.ask(cmd.WaiveRehearsal("x")) == "that was waived already by ada: only a typo changed"
    assert run.ask(cmd.Go("one")) == ""
    assert isinstance(run.events[-1].data, ev.Data)


def test_nothing_is_waived_where_nothing_is_demanded() -> None:
    said = play(timed("one", 60, 60)).ask(cmd.WaiveRehearsal("why not"))
    assert said == "nothing is to be waived: this run does not wait for a rehearsal"
