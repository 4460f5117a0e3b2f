"""A rehearsal goes the plan through and back with nothing changed; a drill lets things go wrong on purpose."""

from __future__ import annotations

import datetime as dt
import hashlib

import msgspec
import pytest

from cockpit.checklist import model
from cockpit.checklist.model import Document, Host
from cockpit.checklist.plan import Action, Gate, Plan, Soak
from cockpit.journal import event as ev
from cockpit.journal.event import Event, Fault
from cockpit.run import command as cmd
from cockpit.run.drill import MARK, ending, reading, spoiled
from cockpit.run.procedure import Phase
from cockpit.run.state import State, fold, open_state
from cockpit.run.way import current
from tests.support.plans import RELEASE, Play, World, by_hand, step
from tests.support.runs import ADA, ENGINE, T0, document, live


def plan(*steps) -> Document:
    of = msgspec.structs.replace(document(live("health")), plan=Plan(tuple(steps)))
    return msgspec.structs.replace(of, plan_checks=(live("schema"), live("serving")))


def nothing_there() -> World:
    """Nothing of what the plan brings about is there."""
    return World(checks=dict.fromkeys(("schema", "serving"), "FAIL"))


def rehearsal(*steps) -> Play:
    run = Play(plan(*steps), nothing_there(), run_kind="rehearsal")
    run.measure("health", "schema", "serving")
    return run


def told(run: Play, kind: type[ev.Data]) -> list[str]:
    return [event.data.summary for event in run.events if isinstance(event.data, kind)]


def test_what_was_only_shown_is_neither_verified_nor_soaked_and_says_so() -> None:
    run = rehearsal(step("one", verify=("schema",), within=5.0, soak=Soak(600.0, ("health",))), step("two"))
    run.run_through()
    assert told(run, ev.StepVerified) == ["not verified: it was rehearsed, and nothing has changed", ""]
    assert told(run, ev.SoakEnded) == ["no soak: it was rehearsed, and nothing has changed"]
    assert run.state.procedure.step("one").go.phase is Phase.DONE


def test_what_a_rehearsed_step_would_have_brought_about_is_not_waited_for() -> None:
    run = rehearsal(step("one", verify=("schema",)), step("two", before=("schema",)))
    run.run_through()
    assert run.state.procedure.step("two").go.phase is Phase.DONE
    live_run = Play(plan(step("one"), step("two", before=("schema",))), nothing_there())
    live_run.measure("schema")
    live_run.ask(cmd.Go("one"))
    assert live_run.ask(cmd.Go("two")) == "two cannot begin: schema is fail"


def test_what_no_rehearsed_step_brings_about_is_waited_for() -> None:
    run = rehearsal(step("one"), step("two", before=("schema",)))
    run.ask(cmd.Go("one"))
    assert run.ask(cmd.Go("two")) == "two cannot begin: schema is fail"


def test_a_gate_does_not_wait_for_what_was_rehearsed() -> None:
    gate = msgspec.structs.replace(step("gate"), action=None, undo=None, gate=Gate(("health", "schema")))
    run = rehearsal(step("one", verify=("schema",)), gate)
    run.ask(cmd.Go("one"))
    assert run.ask(cmd.Go("gate")) == ""
    other = rehearsal(step("one"), gate)
    other.ask(cmd.Go("one"))
    assert other.ask(cmd.Go("gate")) == "the gate stays shut: schema is fail"


def test_the_way_back_is_rehearsed_as_well() -> None:
    run = rehearsal(step("one", verify=("schema",)), step("two"))
    run.run_through()
    assert run.ask(cmd.RollBack(RELEASE, "practice")) == ""
    run.let_pass(3)
    assert run.state.phase == "rolled back"
    assert run.world.carried_out[-2:] == ["undo two", "undo one"]
    assert {run.state.procedure.step(name).undo.rehearsed for name in ("one", "two")} == {"shown"}


def test_a_stand_in_is_what_is_begun_with_its_own_hosts() -> None:
    stand_in = Action("command", {"run": "./look"}, hosts=("app9",))
    run = rehearsal(step("one", action=Action("command", {"run": "./do"}, hosts=("app1", "app2")), rehearse=stand_in))
    run.ask(cmd.Go("one"))
    begun = next(event.data for event in run.events if isinstance(event.data, ev.StepBegun))
    assert (begun.rehearsed, begun.hosts) == ("stand-in", ("app9",))


def test_a_stand_in_that_a_person_does_is_asked_for_and_no_engine_attends_to_it() -> None:
    run = rehearsal(step("one", rehearse=Action("manual", {"do": "Read the command out."})))
    run.ask(cmd.Go("one"))
    assert run.world.carried_out == []
    assert run.ask(cmd.Tell("one", "read by ada")) == ""
    assert run.state.procedure.step("one").go.phase is Phase.DONE


def test_what_a_person_does_is_practised_as_in_a_live_run() -> None:
    run = rehearsal(by_hand("freeze", verify=("health",)))
    run.ask(cmd.Go("freeze"))
    assert run.state.procedure.step("freeze").go.rehearsed == ""
    assert run.ask(cmd.Tell("freeze", "said at 21:58")) == ""
    run.let_pass(2)
    assert run.state.procedure.step("freeze").go.phase is Phase.DONE


# --- drills


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def drill(*faults: Fault, begun: tuple[ev.StepBegun, ...] = (), hosts: tuple[str, ...] = ()) -> State:
    of = msgspec.structs.replace(
        plan(step("one", action=Action("command", {"run": "x"}, hosts=hosts)), step("two")),
        hosts=(Host("bastion", "b"), Host("app1", "a", via="bastion"), Host("app2", "c")),
        watch=(live("errors", via="app1"),),
    )
    raw = model.encode(of)
    digest = hashlib.sha256(raw).hexdigest()
    opened = ev.RunOpened("run-1", "drill", RELEASE, "test", msgspec.Raw(raw), digest, "0", faults=faults)
    state = open_state(Event(0, T0, opened.kind, ADA, opened))
    return fold([Event(n, at(10 * n), each.kind, ENGINE, each) for n, each in enumerate(begun, 1)], state)


ONE = (ev.StepBegun("one", rehearsed="shown"),)


@pytest.mark.parametrize(
    ("ends", "kind"), [("failed", ev.ActionEnded), ("unknown", ev.StepDoubted), ("timed out", ev.StepDoubted)]
)
def test_a_fault_of_a_step_decides_how_its_action_ends(ends: str, kind: type) -> None:
    state = drill(Fault(step="one", ends=ends, summary="the disk is full"), begun=ONE)
    found = ending(state, current(state), at(20))
    assert isinstance(found, kind)
    assert MARK + "the disk is full" in (getattr(found, "summary", ""), getattr(found, "reason", ""))
    assert getattr(found, "done", False) is False


def test_a_fault_is_in_as_many_attempts_as_it_says_and_in_no_other_step() -> None:
    again = (*ONE, ev.StepBegun("one", attempt=2, rehearsed="shown"))
    state = drill(Fault(step="one", ends="failed"), begun=again)
    assert ending(state, current(state), at(30)) is None
    state = drill(Fault(step="one", ends="failed", times=2), begun=again)
    assert ending(state, current(state), at(30)) is not None
    state = drill(Fault(step="two", ends="failed"), Fault(step="one", undo=True, ends="failed"), begun=ONE)
    assert ending(state, current(state), at(30)) is None


@pytest.mark.parametrize(("hosts", "nothing"), [(("app1", "app2"), True), (("app2", "app1"), False), (("app2",), None)])
def test_what_is_done_on_a_host_that_cannot_be_reached_fails(hosts: tuple[str, ...], nothing: bool | None) -> None:
    state = drill(Fault(host="bastion"), begun=ONE, hosts=hosts)
    found = ending(state, current(state), at(20))
    assert (found.nothing if found is not None else None) is nothing


def test_a_fault_replaces_a_measurement_in_its_time_only() -> None:
    state = drill(Fault(check="health", turns="FAIL", after=120.0, lasts=60.0))
    health = state.document.find("health")
    assert [reading(state, health, at(seconds)) is not None for seconds in (119, 120, 179, 180)] == [
        False,
        True,
        True,
        False,
    ]
    found = reading(state, health, at(130))
    assert (found.result, found.summary) == ("FAIL", MARK + "it turns FAIL")
    assert spoiled(state, at(130)) == {"health"}


def test_what_is_asked_through_a_host_that_cannot_be_reached_is_an_error() -> None:
    state = drill(Fault(host="bastion"))
    assert spoiled(state, T0) == {"errors"}
    assert reading(state, state.document.watch[0], T0).result == "ERROR"


def test_a_fault_may_wait_for_a_step() -> None:
    fault = Fault(check="health", turns="FAIL", since="one", after=5.0)
    assert spoiled(drill(fault), at(1000)) == frozenset()
    begun = drill(fault, begun=ONE)
    assert (spoiled(begun, at(14)), spoiled(begun, at(15))) == (frozenset(), {"health"})


def test_a_journal_tells_a_replay_which_faults_there_were() -> None:
    fault = Fault(step="one", ends="failed", times=3, after=2.0)
    state = drill(fault)
    opened = ev.RunOpened("r", "drill", "", "", msgspec.Raw(model.encode(state.document)), "", "", faults=(fault,))
    again = ev.READ["run.opened", 1](msgspec.json.encode(opened))
    assert again.faults == (fault,)
