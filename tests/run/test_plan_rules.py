"""What a captain may do on a plan, step by step, and why not."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from cockpit.checklist.plan import Abort, Criterion, Plan, Soak
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run.following import Record, following
from cockpit.run.procedure import Phase
from cockpit.run.state import fold
from cockpit.run.way import current, next_step, way_back
from tests.support.plans import RELEASE, Play, World, blue_green, by_hand, step
from tests.support.runs import BOB, document, live

GRACE = Actor("grace", 1002, "bastion", "pts/5")


def play(*steps, world: World | None = None, **document_changes) -> Play:
    of = msgspec.structs.replace(document(live("health")), plan=Plan(tuple(steps)), **document_changes)
    return Play(of, world)


def phase(run: Play, step_id: str, *, undo: bool = False) -> str:
    known = run.state.procedure.step(step_id)
    doing = known.undo if undo else known.go
    return str(doing.phase) if doing else ""


def test_a_whole_go_live_ends_with_every_step_done() -> None:
    run = Play(blue_green())
    run.run_through()
    assert next_step(run.state) is None
    assert run.world.carried_out == ["migrate", "switch", "notes", "drop"]
    assert run.state.phase == "go-live"
    assert fold(run.events) == run.state


def test_steps_go_in_their_order_and_one_at_a_time() -> None:
    run = play(step("one"), step("two"), world=World({"one": ["hangs"]}))
    assert run.ask(cmd.Go("two")) == "it is not the turn of two: one comes next"
    assert run.ask(cmd.Go("one")) == ""
    assert run.ask(cmd.Go("two")) == "one is under way (running)"
    assert run.ask(cmd.Go("one")) == "one is under way (running)"
    assert run.ask(cmd.Go("three")) == "there is no step 'three'"


def test_nothing_begins_in_a_hold_and_what_is_under_way_is_seen_to_its_end() -> None:
    run = play(step("one"), step("two"), world=World({"one": ["hangs"]}))
    run.ask(cmd.Go("one"))
    run.ask(cmd.Hold("look at this"))
    run.happen(ev.ActionEnded("one"))
    run.let_pass(5)
    assert phase(run, "one") == Phase.SOAKING
    assert "in hold since" in run.ask(cmd.Go("two"))
    run.ask(cmd.Release())
    assert phase(run, "one") == Phase.DONE


def test_what_must_hold_before_a_step_is_asked_for() -> None:
    run = play(step("one", before=("health",)))
    assert run.ask(cmd.Go("one")) == "one cannot begin: health is open"
    run.world.checks["health"] = "FAIL"
    run.measure("health")
    assert run.ask(cmd.Go("one")) == "one cannot begin: health is fail"
    run.world.checks["health"] = "PASS"
    run.measure("health")
    assert run.ask(cmd.Go("one")) == ""


def test_a_step_that_fails_stops_there_until_somebody_says_how_it_goes_on() -> None:
    run = play(step("one"), step("two", auto=True), world=World({"one": ["failed", "done"]}))
    run.ask(cmd.Go("one"))
    run.let_pass(100)
    assert phase(run, "one") == Phase.FAILED
    assert run.ask(cmd.Skip("one", "never mind")).startswith("one is required: it cannot be left out")
    assert run.ask(cmd.Retry("one")) == ""
    run.let_pass(2)
    assert (phase(run, "one"), phase(run, "two")) == (Phase.DONE, Phase.DONE)
    assert run.world.carried_out == ["one", "one", "two"]


def test_what_shows_that_it_worked_is_measured_after_the_action_and_for_as_long_as_the_window_is() -> None:
    run = play(step("one", verify=("health",), within=5.0))
    run.measure("health")
    run.world.checks["health"] = "FAIL"
    run.ask(cmd.Go("one"))
    assert phase(run, "one") == Phase.VERIFYING
    run.let_pass(3)
    run.world.checks["health"] = "PASS"
    run.let_pass(2)
    assert phase(run, "one") == Phase.DONE


def test_a_verification_that_fails_can_be_made_again_without_the_action() -> None:
    run = play(step("one", verify=("health",)), world=World(checks={"health": "FAIL"}))
    run.ask(cmd.Go("one"))
    run.let_pass(2)
    assert phase(run, "one") == Phase.FAILED
    run.world.checks["health"] = "PASS"
    assert run.ask(cmd.Retry("one", verify_only=True)) == ""
    run.let_pass(2)
    assert phase(run, "one") == Phase.DONE
    assert run.world.carried_out == ["one"]


def test_a_soak_lasts_as_long_as_it_is_planned_and_ends_at_the_first_thing_that_turns_bad() -> None:
    run = play(step("one", soak=Soak(60.0, ("health",))))
    run.measure("health")
    run.ask(cmd.Go("one"))
    run.let_pass(59)
    assert phase(run, "one") == Phase.SOAKING
    run.let_pass(2)
    assert phase(run, "one") == Phase.DONE
    other = play(step("one", soak=Soak(60.0, ("health",))))
    other.ask(cmd.Go("one"))
    other.let_pass(10)
    other.world.checks["health"] = "ERROR"
    other.measure("health")
    other.let_pass(1)
    assert phase(other, "one") == Phase.FAILED


def test_what_is_in_doubt_is_settled_by_somebody_and_never_done_again_by_itself() -> None:
    run = play(step("one"), world=World({"one": ["doubt"]}))
    run.ask(cmd.Go("one"))
    run.let_pass(100)
    assert phase(run, "one") == Phase.DOUBT
    assert run.ask(cmd.Go("one")) == "one is in doubt: say first whether it happened"
    assert run.ask(cmd.Settle("one", happened=False, reason="")) == "say how you know what happened"
    assert run.ask(cmd.Settle("one", happened=False, reason="the log is empty")) == ""
    assert phase(run, "one") == Phase.FAILED
    assert run.ask(cmd.Retry("one")) == ""
    run.let_pass(1)
    assert run.world.carried_out == ["one", "one"]


def test_a_person_says_what_they_saw_after_doing_it() -> None:
    run = play(by_hand("freeze"))
    run.ask(cmd.Go("freeze"))
    assert run.ask(cmd.Tell("freeze", " ")) == "say what you saw"
    assert run.ask(cmd.Tell("freeze", "posted at 21:58")) == ""
    run.let_pass(1)
    assert phase(run, "freeze") == Phase.DONE


def test_a_gate_opens_when_its_items_are_good_and_enough_people_said_go() -> None:
    run = Play(blue_green())
    run.run_through(until="go-no-go")
    assert "health is open" in run.ask(cmd.Go("go-no-go"))
    run.measure("health")
    run.happen(ev.ItemConfirmed("owner", "ada"))
    run.let_pass(1)
    assert run.ask(cmd.Go("go-no-go")) == "the gate stays shut: the roll call has not been opened"
    run.ask(cmd.OpenPoll("go-no-go"))
    assert run.ask(cmd.Answer("security", True, "fine"), BOB).startswith("bob does not hold the position security")
    assert run.ask(cmd.Answer("security", True, ""), GRACE) == "a GO or NO-GO needs a reason"
    assert run.ask(cmd.Answer("security", True, "keys rotated"), GRACE) == ""
    assert run.ask(cmd.Go("go-no-go")) == "the gate stays shut: 1 of 2 said GO"
    assert run.ask(cmd.Answer("operations", True, "on call is there")) == ""
    assert run.ask(cmd.Go("go-no-go")) == ""


def test_a_go_is_stale_once_what_it_was_given_on_has_changed() -> None:
    run = Play(blue_green())
    run.run_through(until="go-no-go")
    run.measure("health")
    run.happen(ev.ItemConfirmed("owner", "ada"))
    run.let_pass(1)
    run.ask(cmd.OpenPoll("go-no-go"))
    run.ask(cmd.Answer("security", True, "keys rotated"), GRACE)
    run.ask(cmd.Answer("operations", True, "fine"))
    run.let_pass(1)
    for result in ("FAIL", "PASS"):
        run.world.checks["health"] = result
        run.measure("health")
        run.let_pass(1)
    assert "the GO of operations is stale: health changed to PASS" in run.ask(cmd.Go("go-no-go"))
    run.ask(cmd.OpenPoll("go-no-go"))
    assert run.ask(cmd.Go("go-no-go")) == "the gate stays shut: 0 of 2 said GO"


def test_a_veto_shuts_the_gate_and_a_roll_call_that_nobody_answers_ends() -> None:
    run = Play(blue_green())
    run.run_through(until="go-no-go")
    run.measure("health")
    run.happen(ev.ItemConfirmed("owner", "ada"))
    run.ask(cmd.OpenPoll("go-no-go"))
    run.ask(cmd.Answer("security", False, "a key leaked"), GRACE)
    assert "security said NO-GO, and has a veto: a key leaked" in run.ask(cmd.Go("go-no-go"))
    run.let_pass(301, every=10)
    assert run.state.procedure.poll is not None
    assert run.state.procedure.poll.ended == "the time to answer is over: no answer from operations"
    assert run.ask(cmd.Answer("operations", True, "late")).startswith("the roll call is over")


def test_the_captain_records_the_voice_of_somebody_else_marked_so() -> None:
    run = Play(blue_green())
    run.run_through(until="go-no-go")
    run.ask(cmd.OpenPoll("go-no-go"))
    assert run.ask(cmd.Answer("security", True, "on the bridge", relayed="grace")) == ""
    assert run.ask(cmd.Answer("security", True, "me", relayed="ada")).startswith("your own voice is not relayed")
    assert run.ask(cmd.Answer("security", True, "x", relayed="grace"), BOB, in_command=False).startswith("only the")


def test_a_point_of_no_return_wants_the_name_of_the_release() -> None:
    run = Play(blue_green())
    run.run_through(until="drop")
    refused = run.ask(cmd.Go("drop"))
    assert refused.startswith("drop is a point of no return: after it switch, drop cannot be undone")
    assert run.ask(cmd.Go("drop", typed=RELEASE)) == ""
    assert way_back(run.state).cannot == {"drop": "it cannot be undone", "switch": "not after drop"}


def test_a_second_person_has_to_agree() -> None:
    run = play(step("one", second="security"), positions={"security": ("grace",)})
    assert "needs a second person" in run.ask(cmd.Go("one"))
    assert run.ask(cmd.Agree("one")) == "the second person has to be somebody else than the captain"
    assert run.ask(cmd.Agree("one"), BOB).startswith("bob does not hold the position security")
    assert run.ask(cmd.Agree("one"), GRACE) == ""
    assert run.ask(cmd.Go("one")) == ""


def test_a_rollback_undoes_what_was_done_in_reverse_and_then_waits_for_a_named_person() -> None:
    run = Play(blue_green())
    run.run_through(until="notes")
    run.world.carried_out.clear()
    assert run.ask(cmd.RollBack("1.4.0", "errors")) == f"type the release's name ({RELEASE}) to roll it back"
    assert run.ask(cmd.RollBack(RELEASE, "errors")) == ""
    run.let_pass(5)
    assert run.world.carried_out == ["status-page", "undo switch", "undo migrate"]
    assert run.state.phase == "rolled back"
    assert run.state.hold is not None
    assert run.ask(cmd.Release()) == "the run was rolled back: a named person clears it, with a reason"
    assert run.ask(cmd.Clear("found it: a typo")) == ""
    assert run.state.hold is None
    turn = next_step(run.state)
    assert turn is not None
    assert turn.id == "migrate"


def test_a_compensation_that_fails_is_a_guided_failure_of_its_own() -> None:
    run = play(step("one"), step("two"), world=World({"undo two": ["failed"]}))
    run.run_through()
    run.ask(cmd.RollBack(RELEASE, "errors"))
    run.let_pass(5)
    here = current(run.state)
    assert here is not None
    assert (here.step.id, here.undo, here.doing.phase) == ("two", True, Phase.FAILED)
    assert run.ask(cmd.Retry("two")) == ""
    run.let_pass(3)
    assert run.world.carried_out == ["one", "two", "undo two", "undo two", "undo one"]


def test_a_step_that_failed_in_its_action_is_undone_too_and_one_that_never_happened_is_not() -> None:
    run = play(step("one"), step("two"), world=World({"one": ["done"], "two": ["failed"]}))
    run.run_through(until="two")
    run.ask(cmd.Go("two"))
    run.ask(cmd.RollBack(RELEASE, "x"))
    run.let_pass(3)
    assert run.world.carried_out == ["one", "two", "undo two", "undo one"]
    other = play(step("one"), step("two"), world=World({"two": ["doubt"]}))
    other.run_through(until="two")
    other.ask(cmd.Go("two"))
    assert other.ask(cmd.RollBack(RELEASE, "x")) == "two is in doubt: say first whether it happened"
    other.ask(cmd.Settle("two", happened=False, reason="looked"))
    other.ask(cmd.RollBack(RELEASE, "x"))
    other.let_pass(3)
    assert other.world.carried_out == ["one", "two", "undo one"]


def test_a_rollback_stands_in_a_hold_and_goes_on_after_it() -> None:
    run = play(step("one"), step("two"), world=World({"undo two": ["hangs"]}))
    run.run_through()
    run.ask(cmd.RollBack(RELEASE, "errors"))
    run.ask(cmd.Hold("wait"))
    run.happen(ev.ActionEnded("two", undo=True))
    run.let_pass(5)
    assert run.world.carried_out[-1] == "undo two"
    run.ask(cmd.Release())
    run.let_pass(3)
    assert run.world.carried_out[-1] == "undo one"


def test_a_rehearsal_shows_what_would_be_done_and_undoes_nothing() -> None:
    of = msgspec.structs.replace(document(live("health")), plan=Plan((step("one"), step("two"))))
    run = Play(of, run_kind="rehearsal")
    run.ask(cmd.Go("one"))
    known = run.state.procedure.step("one").go
    assert known is not None
    assert known.rehearsed == "shown"


WATCHED = msgspec.structs.replace(
    live("errors", every=1.0), abort=Abort(Criterion(of=5, bad=3), action="hold", grace=10.0)
)


@pytest.mark.parametrize(
    ("action", "vetoed"), [("hold", False), ("hold", True), ("rollback", False), ("advise", False)]
)
def test_what_was_agreed_on_is_done_when_a_watch_fires_unless_the_captain_vetoes_it(action: str, vetoed: bool) -> None:
    watch = msgspec.structs.replace(WATCHED, abort=msgspec.structs.replace(WATCHED.abort, action=action))
    run = play(step("one"), step("two"), watch=(watch,), world=World(checks={"errors": "FAIL"}))
    run.run_through(until="two")
    for _ in range(3):
        run.measure("errors")
        run.let_pass(1)
    assert run.state.procedure.fired["errors"].criterion == "3 of 5"
    if vetoed:
        assert run.ask(cmd.Veto("errors", "a known burst")) == ""
    run.let_pass(15)
    assert (run.state.hold is not None) == (not vetoed and action != "advise")
    assert (run.state.phase == "rolled back") == (action == "rollback")
    assert ("undo one" in run.world.carried_out) == (action == "rollback")


def test_in_a_hold_a_rollback_that_a_watch_asks_for_waits_until_the_hold_is_released() -> None:
    watch = msgspec.structs.replace(WATCHED, abort=msgspec.structs.replace(WATCHED.abort, action="rollback"))
    run = play(step("one"), step("two"), watch=(watch,), world=World(checks={"errors": "FAIL"}))
    run.run_through(until="two")
    assert not run.ask(cmd.Hold("let me look"))
    run.measure(*["errors"] * 3)
    run.let_pass(30)
    assert run.state.procedure.fired["errors"].action == "rollback"
    assert run.state.procedure.way_back is None
    assert not run.ask(cmd.Release())
    run.let_pass(5)
    assert run.state.phase == "rolled back"


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
def test_setting_the_clock_makes_no_soak_shorter_or_longer(seconds: float) -> None:
    run = play(step("one", soak=Soak(10.0)))
    run.ask(cmd.Go("one"))
    run.let_pass(4)
    run.set_the_clock(seconds)
    run.let_pass(4)
    assert run.state.procedure.step("one").go.phase is Phase.SOAKING
    run.let_pass(4)
    assert run.state.procedure.step("one").go.phase is Phase.DONE


def test_setting_the_clock_back_makes_no_measurement_from_before_an_action_one_of_it() -> None:
    run = play(step("one", verify=("health",), within=5.0), world=World(actions={"one": ["hangs"]}))
    run.measure("health")
    run.ask(cmd.Go("one"))
    run.set_the_clock(-60)
    run.world.checks["health"] = "FAIL"
    run.happen(ev.ActionEnded("one"))
    run.let_pass(10)
    assert run.state.procedure.step("one").go.phase is Phase.FAILED


def test_a_plan_that_demands_a_rehearsal_changes_nothing_without_one() -> None:
    of = msgspec.structs.replace(document(live("health")), plan=Plan((by_hand("freeze"), step("one")), rehearsed=True))
    run = Play(of)
    run.run_through(until="one")
    assert run.ask(cmd.Go("one")).startswith("this very plan has not been rehearsed")
    run.state = msgspec.structs.replace(run.state, rehearsals=("run-0",))
    assert run.ask(cmd.Go("one")) == ""


def test_how_long_the_way_back_takes_is_known_from_the_last_time_or_from_the_plan() -> None:
    undo = msgspec.structs.replace(step("one").undo, takes=30.0)
    run = play(step("one", undo=undo), step("two", undo=msgspec.structs.replace(undo, takes=60.0)))
    run.state = msgspec.structs.replace(run.state, took={"undo two": 5.0})
    run.run_through()
    assert way_back(run.state).takes == {"two": 5.0, "one": 30.0}
    assert way_back(run.state).seconds == 35.0


def test_what_a_person_does_is_not_ended_by_the_engine() -> None:
    play = Play(blue_green())
    assert not play.ask(cmd.Go("freeze"))
    assert play.ask(cmd.Stop("freeze", "too slow")) == "freeze is done by a person: say what came of it"


def test_a_measurement_that_was_under_way_when_the_action_ended_shows_nothing_of_it() -> None:
    run = play(step("one", verify=("health",), within=5.0))
    run.happen(ev.StepBegun("one"), ev.ActionEnded("one"))
    run.now += dt.timedelta(seconds=2)
    run.happen(ev.CheckMeasured("health", "PASS", took=3.0))
    assert not [work for work in following(run.state, run.now) if isinstance(work, Record)]
    run.happen(ev.CheckMeasured("health", "PASS", took=1.0))
    assert [work for work in following(run.state, run.now) if isinstance(work, Record)]


@pytest.mark.parametrize("result", ["PASS", "FAIL"])
def test_a_step_waits_until_a_person_asks_for_a_check_that_changes_something(result: str) -> None:
    of = msgspec.structs.replace(
        document(live("plain"), live("restore", on_demand=True)),
        plan=Plan((step("migrate", verify=("plain", "restore"), within=10.0),)),
    )
    run = Play(of, World(checks={"restore": result}))
    assert not run.ask(cmd.Go("migrate"))
    run.let_pass(60)
    assert run.state.item("plain").measurement is not None
    assert run.state.item("restore").measurement is None
    assert run.state.procedure.step("migrate").go.phase is Phase.VERIFYING
    run.measure("restore")
    run.let_pass(1)
    assert run.state.procedure.step("migrate").go.phase is (Phase.DONE if result == "PASS" else Phase.FAILED)
