"""A rehearsal and a drill by a real engine: what is shown is not done, a stand-in is, and faults come as written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.drill import Fault
from cockpit.checklist.model import Check
from cockpit.checklist.plan import Abort, Action, Criterion, Plan, Step, Undo
from cockpit.engine.client import Client, start_engine
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import Refused
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.reader import read
from cockpit.run import command as cmd
from cockpit.run.drill import MARK
from cockpit.run.procedure import Phase
from cockpit.run.state import State, fold
from tests.support.engines import kill_engine
from tests.support.runs import HERE, document, live, manual

RELEASE = "1.5.0"

Open = Callable[..., RunFolder]


@pytest.fixture
def open_one(state_home: Path, tmp_path: Path) -> Iterator[Open]:
    """Opens a run of a small plan whose actions write to `log`, and ends its engine."""
    opened: list[RunFolder] = []

    def does(words: str) -> Action:
        return Action("command", {"run": f"echo {words} | tee -a {tmp_path / 'log'}"})

    def open_it(run_kind: str, *faults: Fault) -> RunFolder:
        steps = (
            Step("one", "One", HERE, action=does("one"), undo=Undo(does("undo-one")), rehearse=does("stand-in")),
            Step("two", "Two", HERE, action=does("two"), undo=Undo(does("undo-two")), verify=("seen",), within=1.0),
        )
        quick = Check("command", {"run": "exit 0"}, ("status == 0",), every=0.5)
        errors = msgspec.structs.replace(live("errors"), check=quick, abort=Abort(Criterion(3, 2), action="rollback"))
        seen = msgspec.structs.replace(
            live("seen"), check=Check("file", {"path": str(tmp_path / "nowhere")}, ("exists",))
        )
        of = msgspec.structs.replace(document(manual("owner"), watch=(errors,)), plan=Plan(steps), plan_checks=(seen,))
        run = open_run(of, release=RELEASE, environment="test", run_kind=run_kind, faults=faults)
        opened.append(run)
        start_engine(run)
        return run

    yield open_it
    for run in opened:
        kill_engine(run)


def ask(run: RunFolder, *commands: cmd.Command) -> None:
    async def asked() -> list[object]:
        client = await Client.connect(run, "script")
        try:
            return [await client.command(command) for command in commands]
        finally:
            await client.close()

    refused = [answer.reason for answer in asyncio.run(asked()) if isinstance(answer, Refused)]
    assert not refused


def state_of(run: RunFolder) -> State:
    return fold(read(run.journal))


def until(run: RunFolder, holds: Callable[[State], bool]) -> State:
    ends = time.monotonic() + 30
    while not holds(state := state_of(run)):
        assert time.monotonic() < ends, state.procedure
        time.sleep(0.05)
    return state


def stands(step: str, phase: Phase, *, undo: bool = False) -> Callable[[State], bool]:
    def holds(state: State) -> bool:
        known = state.procedure.step(step)
        doing = known.undo if undo else known.go
        return doing is not None and doing.phase is phase

    return holds


def log(tmp_path: Path) -> list[str]:
    path = tmp_path / "log"
    return path.read_text().split() if path.exists() else []


def test_a_rehearsal_carries_stand_ins_out_and_nothing_else_there_and_back(open_one: Open, tmp_path: Path) -> None:
    run = open_one("rehearsal")
    ask(run, cmd.Go("one"))
    one = until(run, stands("one", Phase.DONE)).procedure.step("one").go
    assert (one.rehearsed, one.output) == ("stand-in", "stand-in\n")
    assert one.action.startswith("echo stand-in")
    assert "stands in for: echo one" in one.action
    ask(run, cmd.Go("two"))
    two = until(run, stands("two", Phase.DONE)).procedure.step("two").go
    assert (two.rehearsed, two.summary) == ("shown", "shown, and not done: a rehearsal")
    ask(run, cmd.RollBack(RELEASE, "practice"))
    state = until(run, lambda state: state.phase == "rolled back")
    assert {state.procedure.step(name).undo.rehearsed for name in ("one", "two")} == {"shown"}
    assert log(tmp_path) == ["stand-in"]


def test_faults_of_steps_come_in_a_drill_and_the_next_attempt_goes_well(open_one: Open, tmp_path: Path) -> None:
    run = open_one(
        "drill",
        Fault(step="one", ends="failed", summary="the disk is full"),
        Fault(step="two", ends="unknown"),
        Fault(step="two", undo=True, ends="timed out"),
    )
    ask(run, cmd.Go("one"))
    state = until(run, stands("one", Phase.FAILED))
    assert state.procedure.step("one").go.summary == MARK + "the disk is full"
    assert log(tmp_path) == []
    ask(run, cmd.Retry("one"))
    until(run, stands("one", Phase.DONE))
    assert log(tmp_path) == ["stand-in"]
    ask(run, cmd.Go("two"))
    until(run, stands("two", Phase.DOUBT))
    ask(run, cmd.Settle("two", happened=True, reason="looked"))
    until(run, stands("two", Phase.DONE))
    ask(run, cmd.RollBack(RELEASE, "practice"))
    until(run, stands("two", Phase.DOUBT, undo=True))
    assert len(state.faults) == 3


def test_a_fault_of_a_check_replaces_its_measurements_and_what_fires_would_only_have(open_one: Open) -> None:
    run = open_one("drill", Fault.model_validate({"check": "errors", "turns": "FAIL", "since": "one", "for": "3s"}))
    state = until(run, lambda state: state.item("errors").measurement is not None)
    assert state.item("errors").measurement.result.result == "PASS"
    ask(run, cmd.Go("one"))
    state = until(run, lambda state: "errors" in state.procedure.fired)
    assert state.item("errors").measurement.result.summary == MARK + "it turns FAIL"
    assert state.procedure.fired["errors"].would
    state = until(run, lambda state: state.item("errors").measurement.result.result == "PASS")
    assert state.procedure.way_back is None
    fired = [event.data for event in read(run.journal) if isinstance(event.data, ev.WatchFired)]
    assert {each.would for each in fired} == {True}


def test_what_somebody_waits_for_is_told_at_once_even_when_it_is_as_before(open_one: Open) -> None:
    run = open_one("live")
    until(run, lambda state: state.item("seen").measurement is not None)
    ask(run, cmd.Go("one"))
    until(run, stands("one", Phase.DONE))
    began = time.monotonic()
    ask(run, cmd.Go("two"))
    until(run, stands("two", Phase.FAILED))  # what shows that it worked was bad before, and still is
    assert time.monotonic() - began < 20  # AFFIRM_EVERY is 30: a word that waits for that comes far later
