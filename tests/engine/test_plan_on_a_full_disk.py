"""A disk that fills in the middle of a go-live: nothing is done twice, nothing lost, and the run stands in hold after.

The run's folder lies on a file system of half a megabyte. What actions write outside of it goes elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from cockpit.actions.folder import AttemptFolder, attempt_folder
from cockpit.checklist.model import Check, Item
from cockpit.checklist.plan import Action, Plan, Step, Undo
from cockpit.engine.client import start_engine
from cockpit.engine.opening import open_run
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.reader import read, verify
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import State
from tests.servers.need import missing
from tests.support.attempts import until as wait_until
from tests.support.engines import answers, ask, doing_of, kill_engine, stands, state_of, until
from tests.support.runs import HERE, document, manual

RELEASE = "1.5.0"
PAGE = 4096


@dataclass
class Launch:
    """A run on a small disk, and what its actions write, which lies on another one."""

    run: RunFolder
    disk: Path
    elsewhere: Path

    def log(self) -> list[str]:
        """What was done, in order."""
        log = self.elsewhere / "log"
        return log.read_text().split() if log.exists() else []

    def open_gate(self) -> None:
        """Let the action that is under way, and all later ones, come to their ends."""
        (self.elsewhere / "gate").touch()

    def fill(self) -> None:
        """Take all the room there is, but for what is left of the journal's last page."""
        with contextlib.suppress(OSError), (self.disk / "filler").open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * PAGE)

    def fill_up(self) -> None:
        """Take all the room there is, to the last note that fits."""
        self.fill()
        while not (refused := answers(self.run, cmd.AddNote("room?"))[0]):
            pass
        assert refused.startswith("NOT RECORDED"), refused

    def fill_but(self, room: int) -> None:
        """Take all the room there is, but for so many bytes of the journal's last page."""
        before = self.run.journal.stat().st_size
        ask(self.run, cmd.AddNote("x"))
        one = self.run.journal.stat().st_size - before
        left = (PAGE - room - self.run.journal.stat().st_size - one) % PAGE
        ask(self.run, cmd.AddNote("x" * (left + 1)))
        assert (PAGE - self.run.journal.stat().st_size) % PAGE == room
        self.fill()

    def make_room(self) -> State:
        """Give the room back, and wait for the hold that this ends in."""
        (self.disk / "filler").unlink()
        return until(self.run, lambda state: state.hold is not None)

    def attempt(self, step: str, *, undo: bool = False) -> AttemptFolder:
        """The folder of the first attempt at a step."""
        return attempt_folder(self.run.steps, step, 1, undo=undo)


@pytest.fixture
def disk(state_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    if os.geteuid() != 0:
        missing("the right to mount a small file system", "run the tests as root")
    small = state_home / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(small)], check=True)
    monkeypatch.setenv("COCKPIT_HOME", str(small))
    yield small
    subprocess.run(["umount", "-l", str(small)], check=True)


@pytest.fixture
def launch(disk: Path, tmp_path: Path) -> Iterator[Launch]:
    """A run whose actions say that they began, wait for a gate, print a lot, and end."""

    def does(words: str) -> Action:
        gate = f"until [ -e {tmp_path}/gate ]; do sleep 0.05; done"
        return Action("command", {"run": f"echo {words} >> {tmp_path}/log; {gate}; yes | head -c 40000; echo over"})

    def step(name: str, **more: object) -> Step:
        made = Step(name, name.title(), HERE, action=does(name), undo=Undo(does(f"undo-{name}")))
        return msgspec.structs.replace(made, **more)

    shown = Check("command", {"run": f"test -e {tmp_path}/shown"}, ("status == 0",))
    of = msgspec.structs.replace(
        document(manual("owner")),
        plan=Plan((step("one"), step("two", verify=("shown",), within=600.0), step("three", auto=True))),
        plan_checks=(Item("shown", "It shows", HERE, check=shown),),
    )
    run = open_run(of, release=RELEASE, environment="production", run_kind="live")
    start_engine(run)
    yield Launch(run, disk, tmp_path)
    kill_engine(run)


def go(launch: Launch, *steps: str) -> None:
    """Begin steps one after another; wait until the action of the last one is under way."""
    for name in steps:
        ask(launch.run, cmd.Go(name))
        wait_until(lambda name=name: launch.log()[-1:] == [name], f"the action of {name}")


def nothing_was_lost(launch: Launch, *log: str) -> None:
    assert launch.log() == [*log]
    assert verify(launch.run.journal).ok
    kinds = [event.data for event in read(launch.run.journal)]
    held = next(number for number, data in enumerate(kinds) if isinstance(data, ev.HoldStarted))
    released = next(number for number, data in enumerate(kinds) if isinstance(data, ev.HoldReleased))
    assert not any(isinstance(data, ev.StepBegun) for data in kinds[held:released])


def test_a_step_cannot_begin_while_its_intent_cannot_be_kept(launch: Launch) -> None:
    launch.open_gate()
    launch.fill_up()
    (refused,) = answers(launch.run, cmd.Go("one"))
    assert refused.startswith("NOT RECORDED")
    assert state_of(launch.run).procedure.step("one").go is None
    state = launch.make_room()
    assert state.hold is not None
    assert "could not be written" in state.hold.reason
    assert answers(launch.run, cmd.Go("one"))[0].startswith("in hold since")
    ask(launch.run, cmd.Release("there is room again"), cmd.Go("one"))
    until(launch.run, stands("one", Phase.DONE))
    nothing_was_lost(launch, "one")


def test_an_action_whose_intent_was_kept_and_for_whose_runner_there_is_no_room_has_not_happened(launch: Launch) -> None:
    launch.open_gate()
    go(launch, "one")
    until(launch.run, stands("one", Phase.DONE))
    lines = launch.run.journal.read_bytes().splitlines(keepends=True)
    launch.fill_but(room=next(len(line) for line in lines if b'"kind":"step.begun"' in line) + 100)
    ask(launch.run, cmd.Go("two"))
    given_up = launch.attempt("two").path / ".runner-0"  # the engine sees to it that no runner takes the job any more
    wait_until(given_up.exists, "the end of the start")
    assert answers(launch.run, cmd.AddNote("what now?"))[0].startswith("NOT RECORDED")
    launch.make_room()
    state = until(launch.run, stands("two", Phase.FAILED))
    doing = doing_of(state, "two")
    assert doing is not None
    assert (doing.failed_in, doing.attempt) == ("not done", 1)
    assert "no space left on device" in doing.summary.lower()
    assert launch.log() == ["one"]
    ask(launch.run, cmd.Release("there is room again"), cmd.Retry("two"))
    until(launch.run, stands("two", Phase.VERIFYING))
    nothing_was_lost(launch, "one", "two")


@pytest.mark.parametrize("killed", [False, True], ids=["the engine lives", "the engine is killed"])
@pytest.mark.parametrize("undo", [False, True], ids=["go", "undo"])
def test_an_action_that_ends_while_the_disk_is_full_is_known_to_have_ended_when_there_is_room(
    launch: Launch, undo: bool, killed: bool
) -> None:
    doing_it = ["one"]
    if undo:
        launch.open_gate()
        go(launch, "one")
        until(launch.run, stands("one", Phase.DONE))
        (launch.elsewhere / "gate").unlink()
        ask(launch.run, cmd.RollBack(RELEASE, "a test"))
        doing_it.append("undo-one")
        wait_until(lambda: launch.log() == doing_it, "the compensation")
    else:
        go(launch, "one")
    launch.fill_up()
    launch.open_gate()
    wait_until(lambda: launch.attempt("one", undo=undo).progress().state == "ended", "its end")
    assert answers(launch.run, cmd.Hold("what now?"))[0].startswith("NOT RECORDED")
    if killed:
        kill_engine(launch.run)
        start_engine(launch.run)
        assert answers(launch.run, cmd.Hold("what now?"))[0].startswith("NOT RECORDED")
    assert stands("one", Phase.RUNNING, undo=undo)(state_of(launch.run))
    launch.make_room()
    until(launch.run, stands("one", Phase.SOAKING, undo=undo))
    ask(launch.run, cmd.Release("there is room again"))
    state = until(launch.run, stands("one", Phase.DONE, undo=undo))
    doing = doing_of(state, "one", undo=undo)
    assert doing is not None
    assert doing.attempt == 1
    if undo:
        until(launch.run, lambda state: state.phase == "rolled back")
    else:
        go(launch, "two")
        doing_it.append("two")
    nothing_was_lost(launch, *doing_it)


def test_an_action_whose_runner_dies_while_the_disk_is_full_is_in_doubt_when_there_is_room(launch: Launch) -> None:
    go(launch, "one")
    launch.fill_up()
    runner = launch.attempt("one").runner()
    assert runner is not None
    os.kill(runner.pid, signal.SIGKILL)
    wait_until(lambda: launch.attempt("one").progress().state == "lost", "the end of its runner")
    launch.make_room()
    until(launch.run, stands("one", Phase.DOUBT))
    assert launch.log() == ["one"]
    launch.open_gate()
    ask(launch.run, cmd.Release("there is room again"), cmd.Settle("one", True, "the log says so"))
    until(launch.run, stands("one", Phase.DONE))
    nothing_was_lost(launch, "one")


def test_what_shows_that_a_step_worked_is_measured_again_when_there_is_room(launch: Launch) -> None:
    launch.open_gate()
    go(launch, "one")
    until(launch.run, stands("one", Phase.DONE))
    go(launch, "two")
    until(launch.run, stands("two", Phase.VERIFYING))
    launch.fill_up()
    (launch.elsewhere / "shown").touch()
    assert answers(launch.run, cmd.Hold("what now?"))[0].startswith("NOT RECORDED")
    launch.make_room()
    until(launch.run, stands("two", Phase.SOAKING))
    assert launch.log() == ["one", "two"]  # the step after it would begin by itself, but the run is in hold
    ask(launch.run, cmd.Release("there is room again"))
    until(launch.run, stands("three", Phase.DONE))
    nothing_was_lost(launch, "one", "two", "three")


def test_a_way_back_cannot_begin_while_it_cannot_be_kept(launch: Launch) -> None:
    launch.open_gate()
    go(launch, "one")
    until(launch.run, stands("one", Phase.DONE))
    launch.fill_up()
    assert answers(launch.run, cmd.RollBack(RELEASE, "a test"))[0].startswith("NOT RECORDED")
    state = launch.make_room()
    assert state.procedure.way_back is None
    ask(launch.run, cmd.RollBack(RELEASE, "a test"))
    until(launch.run, lambda state: state.phase == "rolled back")
    assert launch.log() == ["one", "undo-one"]
    assert verify(launch.run.journal).ok
