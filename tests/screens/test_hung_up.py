"""A terminal that is gone in the middle of a step: the action goes on, its end is taken, and coming back shows it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.journal.lock import holder_of
from cockpit.run.procedure import Phase
from tests.servers.ssh import Sshd
from tests.support.engines import doing_of, kill_engines, stands, the_run, until
from tests.support.terminal import Terminal

ROOT = str(Path(__file__).parents[2])
PATIENCE = 60.0
PLAN = """\
cockpit: 1
name: Small
parts: [{id: p, title: P, items: [{id: owner, title: Owner}]}]
golive:
  checks:
    - {id: there, title: Green is there, check: {command: {run: "test -e FOLDER/green"}, expect: ["status == 0"]}}
  steps:
    - id: green
      title: Bring green up
      run: {command: "echo pulling $((40+2)) layers; until [ -e FOLDER/pulled ]; do sleep 0.05; done; echo x >> FOLDER/green; echo $((40+2)) layers are up"}
      verify: [there]
      within: 60s
      undo: {run: {command: "rm FOLDER/green"}}
    - {id: announce, title: Announce it, run: {manual: Post it.}}
"""

Begin = Callable[..., Terminal]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    kill_engines(folder)


@pytest.fixture
def here(tmp_path: Path, home: Path) -> Begin:
    """Starts Cockpit on a terminal of this machine."""
    settings = {"COCKPIT_HOME": str(home), "PYTHONPATH": ROOT}
    return lambda *words: Terminal([sys.executable, "-m", "cockpit", *words], env=settings, cwd=tmp_path)


@pytest.fixture
def over_ssh(home: Path, ssh_server: Sshd) -> Begin:
    """Starts Cockpit on a terminal that an SSH session has there."""
    config = ssh_server.config()

    def begin(*words: str) -> Terminal:
        there = (
            f"COCKPIT_HOME={home} PYTHONPATH={ROOT} LC_ALL=C.UTF-8 exec {sys.executable} -m cockpit {' '.join(words)}"
        )
        return Terminal(["ssh", "-tt", "-F", config, "-p", str(ssh_server.port), ssh_server.address, there])

    return begin


def begun(terminal: Terminal) -> None:
    """Begin the first step, and see what it prints."""
    terminal.until("captain", PATIENCE)
    terminal.until("leave", PATIENCE)
    terminal.press("s")
    terminal.until("Going live: 0 of 2 steps", PATIENCE)
    terminal.press("G")
    terminal.until("enter DO IT", PATIENCE)
    terminal.press("enter")
    terminal.until("pulling 42 layers", PATIENCE)


def hang_up(terminal: Terminal) -> None:
    """The line is gone: the viewer gets SIGHUP."""
    terminal.hangup()


def kill_the_viewer(terminal: Terminal) -> None:
    """Whoever shows the run is gone without a word; over SSH that is the client."""
    terminal.process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    "way",
    [
        "hung up",
        "viewer killed",
        *(pytest.param(each, marks=pytest.mark.server) for each in ("ssh killed", "ssh hung up")),
    ],
)
def test_an_action_goes_on_without_its_terminal_and_coming_back_shows_how_it_ended(
    request: pytest.FixtureRequest, tmp_path: Path, home: Path, way: str
) -> None:
    begin: Begin = request.getfixturevalue("over_ssh" if "ssh" in way else "here")
    checklist = tmp_path / "launch.yaml"
    checklist.write_text(PLAN.replace("FOLDER", str(tmp_path)))
    with begin("open", str(checklist), "--release", "1.5.0", "--environment", "test") as terminal:
        begun(terminal)
        run = the_run(home)
        engine = holder_of(run)
        (kill_the_viewer if "killed" in way else hang_up)(terminal)
        terminal.wait(PATIENCE)
    assert holder_of(run) == engine
    assert until(run, stands("green", Phase.RUNNING)).procedure.step("green").go is not None
    (tmp_path / "pulled").touch()
    state = until(run, stands("green", Phase.DONE))
    doing = doing_of(state, "green")
    assert doing is not None
    assert doing.attempt == 1
    assert "42 layers are up" in doing.output
    assert (tmp_path / "green").read_text() == "x\n"
    with begin("attach", run.id) as terminal:
        terminal.until("captain", PATIENCE)
        terminal.until("leave", PATIENCE)
        terminal.press("s")
        terminal.until("Going live: 1 of 2 steps", PATIENCE)
        terminal.press("k")
        terminal.until("42 layers are up", PATIENCE)
        terminal.press("j", "G")
        terminal.until("enter begin", PATIENCE)  # who comes back is captain still


def test_an_action_outlives_the_terminal_and_the_engine_together(tmp_path: Path, home: Path, here: Begin) -> None:
    checklist = tmp_path / "launch.yaml"
    checklist.write_text(PLAN.replace("FOLDER", str(tmp_path)))
    with here("open", str(checklist), "--release", "1.5.0", "--environment", "test") as terminal:
        begun(terminal)
        run = the_run(home)
        engine = holder_of(run)
        assert engine is not None
        terminal.hangup()
        os.kill(engine.pid, signal.SIGKILL)
        terminal.wait(PATIENCE)
    (tmp_path / "pulled").touch()
    until(run, stands("green", Phase.RUNNING))  # nobody is there to take its end
    with here("attach", run.id) as terminal:
        terminal.until("captain", PATIENCE)
        terminal.press("s")
        terminal.until("Going live: 1 of 2 steps", PATIENCE)
    assert (tmp_path / "green").read_text() == "x\n"
