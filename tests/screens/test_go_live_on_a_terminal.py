"""A go-live and its rollback with keys, on a real terminal, with a real engine and real actions."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from tests.support.terminal import Terminal

PATIENCE = 60.0
PLAN = """\
cockpit: 1
name: Small
parts: [{id: p, title: P, items: [{id: owner, title: Owner}]}]
golive:
  checks:
    - {id: there, title: Green is there, check: {command: {run: "test -e FOLDER/green"}, expect: ["status == 0"]}}
    - {id: gone, title: Green is gone, check: {command: {run: "! test -e FOLDER/green"}, expect: ["status == 0"]}}
  steps:
    - {id: freeze, title: Announce the freeze, run: {manual: Post it.}}
    - id: green
      title: Bring green up
      run: {command: "echo pulling green; sleep 1; echo green is up; touch FOLDER/green"}
      verify: [there]
      within: 60s
      undo: {run: {command: "echo taking green down; rm FOLDER/green"}, verify: [gone], within: 60s}
    - {id: break, title: Break something, run: {command: "echo it is on fire; exit 3"}, undo: {run: {command: "true"}}}
"""


@pytest.fixture
def home(tmp_path: Path):
    folder = tmp_path / "home"
    yield folder
    for run in (folder / "runs").glob("*"):
        for lock in run.glob("lock"):
            for pid in _holders(lock):
                os.kill(pid, signal.SIGTERM)


def test_a_captain_goes_live_meets_a_failure_and_rolls_back_with_keys(tmp_path: Path, home: Path) -> None:
    checklist = tmp_path / "launch.yaml"
    checklist.write_text(PLAN.replace("FOLDER", str(tmp_path)))
    opened = [sys.executable, "-m", "cockpit", "open", str(checklist), "--release", "1.5.0", "--environment", "test"]
    root = str(Path(__file__).parents[2])
    with Terminal(opened, env={"COCKPIT_HOME": str(home), "PYTHONPATH": root}, cwd=tmp_path) as terminal:
        terminal.until("captain", PATIENCE)
        terminal.until("leave", PATIENCE)
        terminal.press("s")
        terminal.until("Going live: 0 of 3 steps", PATIENCE)
        terminal.press("G")
        terminal.until("enter begin", PATIENCE)
        terminal.press("enter")
        terminal.until("your act", PATIENCE)
        terminal.press("space")
        terminal.until("enter record", PATIENCE)
        terminal.send("posted")
        terminal.press("enter")
        terminal.until("Going live: 1 of 3 steps", PATIENCE)
        terminal.until("next     Bring green up", PATIENCE)
        terminal.press("G")
        terminal.until("enter DO IT", PATIENCE)
        assert not (tmp_path / "green").exists()
        terminal.press("enter")
        terminal.until("pulling green", PATIENCE)
        terminal.until("Going live: 2 of 3 steps", PATIENCE)
        assert (tmp_path / "green").exists()
        terminal.press("G")
        terminal.until("enter DO IT", PATIENCE)
        terminal.press("enter")
        terminal.until("ways on", PATIENCE)
        terminal.until("it is on fire", PATIENCE)
        terminal.press("b")
        terminal.until("what a rollback would do", PATIENCE)
        terminal.press("B")
        terminal.until("type 1.5.0", PATIENCE)
        terminal.send("1.5.0")
        terminal.until("type 1.5.0 1.5.0", PATIENCE)
        terminal.press("tab")
        terminal.quiet(0.5)
        terminal.send("it burns\r")
        terminal.until("everything that was done is undone", PATIENCE)
        assert not (tmp_path / "green").exists()
        terminal.press("C")
        terminal.until("enter clear it", PATIENCE)
        terminal.send("looked at\r")
        terminal.until_gone("HOLD ", PATIENCE)
        terminal.press("t")
        terminal.until("cleared the run after its rollback: looked at", PATIENCE)
        terminal.press("escape", "escape", "E")
        terminal.until("type 1.5.0", PATIENCE)
        terminal.send("1.5.0\r")
        terminal.until("closed", PATIENCE)


def _holders(lock: Path) -> list[int]:
    """Processes that hold the lock of a run."""
    holder = holder_of(RunFolder(lock.parent))
    return [holder.pid] if holder is not None else []
