"""Back to a step, and on from there again: second rollbacks, recycles, attempts that are never taken for each other."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.plan import Abort, Criterion, Gate, Plan, Poll, Step
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.way import current, next_step, way_back
from tests.support.plans import RELEASE, Play, World, by_hand, step
from tests.support.runs import ENGINE, HERE, document, live

GRACE = Actor("grace", 1002)


def play(*steps: Step, world: World | None = None, rollback: tuple[Step, ...] = ()) -> Play:
    of = msgspec.structs.replace(
        document(live("health")),
        plan=Plan(steps, rollback),
        positions={"operations": ("ada",), "security": ("grace",)},
    )
    return Play(of, world)


def gate(step_id: str = "gate") -> Step:
    return Step(step_id, "Gate", HERE, gate=Gate((), Poll(("operations", "security"), 2)), changes=False)


def rolled_back(run: Play, to: str = "") -> None:
    assert run.ask(cmd.RollBack(RELEASE, "errors", to)) == ""
    run.let_pass(10)


def test_a_rollback_that_ended_is_followed_by_another_only_for_what_is_left() -> None:
    run = play(step("one"), step("two"), world=World({"undo two": ["failed"]}))
    run.run_through()
    rolled_back(run)
    assert run.ask(cmd.RollBack(RELEASE, "once more")).endswith("two has failed: retry it or skip it, and it goes on")
    assert run.ask(cmd.Skip("two", "by hand later")) == ""
    run.let_pass(5)
    assert run.state.phase == "rolled back"
    assert run.ask(cmd.RollBack(RELEASE, "once more")) == "", "what was left out is left to undo"
    run.let_pass(5)
    assert run.world.carried_out == ["one", "two", "undo two", "undo one", "undo two"]
    assert run.ask(cmd.RollBack(RELEASE, "again")) == "nothing was done that could be rolled back"


def test_after_a_rollback_that_left_what_cannot_be_undone_there_is_nothing_to_roll_back() -> None:
    run = play(step("one"), step("drop", irreversible=True, undo=None))
    run.run_through()
    rolled_back(run)
    assert run.ask(cmd.RollBack(RELEASE, "again")) == "nothing is left that could be undone; it stands: drop"


def test_a_rollback_that_is_held_goes_on_when_it_is_released() -> None:
    run = play(step("one"), step("two"), world=World({"undo two": ["hangs"]}))
    run.run_through()
    run.ask(cmd.RollBack(RELEASE, "errors"))
    assert run.ask(cmd.Hold("look")) == ""
    run.happen(ev.ActionEnded("two", undo=True), by=ENGINE)
    run.let_pass(30)
    assert run.ask(cmd.RollBack(RELEASE, "x")).endswith("and in hold: release it, and it goes on")
    assert "undo one" not in run.world.carried_out
    assert run.ask(cmd.Release()) == ""
    run.let_pass(5)
    assert run.state.phase == "rolled back"


def test_back_to_a_step_undoes_that_one_and_what_came_after_it_and_nothing_else() -> None:
    run = play(step("one"), step("two"), step("three"), rollback=(step("banner", undo=None),))
    run.run_through()
    assert [each.id for each in way_back(run.state, "two").compensations] == ["three", "two"]
    assert run.ask(cmd.RollBack(RELEASE, "x", "banner")) == "banner is a step of the way back: name one of going live"
    assert run.ask(cmd.RollBack(RELEASE, "x", "nine")) == "there is no step 'nine'"
    rolled_back(run, "two")
    assert run.world.carried_out == ["one", "two", "three", "undo three", "undo two"]
    assert run.ask(cmd.Go("two")).startswith("in hold")
    assert run.ask(cmd.Clear("the index is right now")) == ""
    assert (turn := next_step(run.state)) is not None
    assert turn.id == "two"
    run.run_through()
    assert run.world.carried_out[-2:] == ["two", "three"]
    begun = [each.data for each in run.events if isinstance(each.data, ev.StepBegun) and each.data.step == "two"]
    assert [(each.undo, each.attempt) for each in begun] == [(False, 1), (True, 1), (False, 2)]


def test_a_gate_behind_what_was_undone_asks_everybody_again() -> None:
    run = play(step("one"), gate(), step("two"))
    run.run_through()
    rolled_back(run)
    run.ask(cmd.Clear("mended"))
    assert run.ask(cmd.Go("one")) == ""
    run.let_pass(1)
    assert run.ask(cmd.Go("two")) == "it is not the turn of two: gate comes next"
    assert run.ask(cmd.Go("gate")) == "the gate stays shut: the roll call has not been opened"


def test_a_recycle_goes_back_over_what_changes_nothing_and_voids_old_answers() -> None:
    run = play(by_hand("freeze"), gate(), step("one"), gate("last"), step("two"))
    run.run_through(until="last")
    assert run.ask(cmd.Recycle("gate", "x")) == (
        "from gate on these stand as they were made: one; roll back to gate first"
    )
    assert run.ask(cmd.Recycle("two", "x")) == "two is not past: last comes next"
    rolled_back(run, "one")
    assert run.ask(cmd.Recycle("gate", "x")) == "the run was rolled back: clear it first"
    run.ask(cmd.Clear("mended"))
    assert run.ask(cmd.Recycle("gate", " ")) == "say why it is carried out again from gate on"
    assert run.ask(cmd.Recycle("gate", "all are asked again")) == ""
    assert run.ask(cmd.Go("gate")) == "the gate stays shut: the roll call has not been opened"
    run.run_through()
    assert run.world.carried_out == ["one", "undo one", "one", "two"]


def test_a_recycle_in_a_roll_call_ends_it() -> None:
    run = play(by_hand("freeze"), gate(), step("one"))
    run.run_through(until="gate")
    run.ask(cmd.OpenPoll("gate"))
    run.ask(cmd.Answer("security", True, "fine"), GRACE)
    assert run.ask(cmd.Recycle("freeze", "say it again")) == ""
    assert run.state.procedure.poll is None


def test_what_goes_by_itself_does_so_once_and_then_on_a_word() -> None:
    run = play(step("one"), step("two", auto=True))
    run.run_through()
    rolled_back(run, "two")
    run.ask(cmd.Clear("mended"))
    run.let_pass(10)
    assert run.world.carried_out == ["one", "two", "undo two"]
    assert run.ask(cmd.Go("two")) == ""


def test_who_agreed_to_a_step_has_not_agreed_to_have_it_done_again() -> None:
    run = play(step("one", second="security"))
    run.ask(cmd.Agree("one"), GRACE)
    run.ask(cmd.Go("one"))
    run.let_pass(1)
    rolled_back(run)
    run.ask(cmd.Clear("mended"))
    assert run.ask(cmd.Go("one")) == "one needs a second person: somebody of security has to agree"


def test_who_agreed_and_became_captain_since_is_no_second_person() -> None:
    run = play(step("one", second="security"))
    run.ask(cmd.Agree("one"), GRACE)
    run.ask(cmd.TakeCommand("ada sleeps"), GRACE)
    said = run.ask(cmd.Go("one"), GRACE, in_command=True)
    assert said == "grace agreed to one, and is captain now: another one of security has to"


def test_what_a_skipped_step_did_and_what_an_earlier_attempt_did_is_undone_too() -> None:
    run = play(step("one", required=False), step("two"), world=World({"one": ["failed"], "two": ["failed", "nothing"]}))
    run.ask(cmd.Go("one"))
    run.ask(cmd.Skip("one", "optional"))
    run.ask(cmd.Go("two"))
    run.ask(cmd.Retry("two"))
    assert [each.id for each in way_back(run.state).compensations] == ["two", "one"]


def test_a_failure_of_before_waits_until_what_comes_before_it_is_done_again() -> None:
    run = play(step("one"), step("two"), world=World({"two": ["failed"], "undo two": ["failed"]}))
    run.ask(cmd.Go("one"))
    run.let_pass(1)
    run.ask(cmd.Go("two"))
    rolled_back(run)
    run.ask(cmd.Skip("two", "not now"))
    run.let_pass(5)
    run.ask(cmd.Clear("mended"))
    assert run.ask(cmd.Retry("two")) == "two has not failed: there is nothing to try again"
    assert run.ask(cmd.Go("one")) == ""
    run.let_pass(1)
    assert (here := current(run.state)) is not None
    assert (here.step.id, here.doing.phase) == ("two", Phase.FAILED)


def test_t_0_is_to_come_again_when_all_that_was_changed_is_undone() -> None:
    run = play(step("one"), step("two"))
    run.run_through()
    zero = run.state.procedure.zero
    rolled_back(run, "two")
    run.ask(cmd.Clear("x"))
    assert run.state.procedure.zero == zero
    rolled_back(run)
    run.ask(cmd.Clear("x"))
    assert run.state.procedure.zero is None


def test_order_is_that_of_events_and_a_clock_that_jumps_back_makes_no_go_fresh() -> None:
    of = document(live("health"))
    asked = Step("gate", "Gate", HERE, gate=Gate(("health",), Poll(("security",), 1)), changes=False)
    run = Play(msgspec.structs.replace(of, plan=Plan((asked, step("one")))))
    run.measure("health")
    run.ask(cmd.OpenPoll("gate"))
    run.ask(cmd.Answer("security", True, "fine"), GRACE)
    run.now -= dt.timedelta(hours=1)
    for result in ("FAIL", "PASS"):
        run.world.checks["health"] = result
        run.measure("health")
    assert "the GO of security is stale: health changed to PASS" in run.ask(cmd.Go("gate"))


def test_a_watch_that_asks_for_a_rollback_of_nothing_holds_the_run() -> None:
    watch = msgspec.structs.replace(live("errors", every=1.0), abort=Abort(Criterion(of=2, bad=2), action="rollback"))
    of = msgspec.structs.replace(document(live("health"), watch=(watch,)), plan=Plan((step("one"),)))
    run = Play(of, World({"one": ["nothing"]}, {"errors": "FAIL"}))
    run.ask(cmd.Go("one"))
    for _ in range(3):
        run.let_pass(1)
        run.measure("errors")
    run.let_pass(2)
    assert run.state.hold is not None
    assert run.state.hold.reason == "abort criteria: errors: 2 of 2; nothing was done that could be rolled back"
    assert run.state.procedure.fired["errors"].taken


def test_the_captains_own_go_counts_and_is_told_or_does_not_count() -> None:
    run = play(Step("gate", "Gate", HERE, gate=Gate((), Poll(("operations",), 1, captain=False)), changes=False))
    run.ask(cmd.OpenPoll("gate"))
    assert run.ask(cmd.Answer("operations", True, "fine")) == (
        "the captain's own GO does not count here: somebody else has to give it"
    )
    assert run.ask(cmd.Answer("operations", False, "not fine")) == ""
