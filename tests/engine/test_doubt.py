"""A step in doubt after its engine and its runner were killed: what is found out, and what is left to the captain."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.actions.folder import attempt_folder
from cockpit.actions.offspring import end_all
from cockpit.checklist.model import Check
from cockpit.checklist.plan import Action, Plan, Step, Undo
from cockpit.engine.client import Client, start_engine
from cockpit.engine.opening import open_run
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import State, fold
from tests.support.runs import HERE, document, live, manual

WITHIN = 60.0
"""Seconds in which everything comes that is waited for: the machine may be busy."""


@pytest.fixture
def run(state_home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunFolder]:
    """A run of one step that says what it does, does it when `go` is there, and never ends by itself."""
    log, go = tmp_path / "log", tmp_path / "go"
    does = f"echo switching; while [ ! -e {go} ]; do sleep 0.1; done; echo done >> {log}; sleep 300"
    check = Check("file", {"path": str(log)}, ("exists",), every=2.0)
    probe = msgspec.structs.replace(live("serving"), check=check)
    step = Step(
        "switch",
        "Switch",
        HERE,
        action=Action("command", {"run": does}),
        undo=Undo(Action("command", {"run": "true"})),
        probe="serving" if getattr(request, "param", True) else "",
    )
    of = msgspec.structs.replace(document(manual("owner")), plan=Plan((step,)), plan_checks=(probe,))
    opened = open_run(of, release="1.5.0", environment="test", run_kind="live")
    start_engine(opened)
    yield opened
    kill_engine(opened)
    go.touch()
    runner = attempt_folder(opened.steps, "switch", 1, undo=False).runner()
    if runner is not None:
        os.kill(runner.pid, signal.SIGKILL)
    end_offspring(opened)


def end_offspring(run: RunFolder) -> None:
    end_all(attempt_folder(run.steps, "switch", 1, undo=False).path, mercy=0)


def kill_engine(run: RunFolder) -> None:
    if (holder := holder_of(run)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)
        until(lambda: holder_of(run) is None)


def kill_runner(run: RunFolder) -> None:
    attempt = attempt_folder(run.steps, "switch", 1, undo=False)
    until(lambda: attempt.runner() is not None and "switching" in attempt.tail())
    runner = attempt.runner()
    assert runner is not None
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: attempt.runner() is None)


def state_of(run: RunFolder) -> State:
    return fold(read(run.journal))


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.05)


def say(run: RunFolder, command: cmd.Command) -> object:
    async def tell() -> object:
        client = await Client.connect(run, "script")
        try:
            return await client.command(command)
        finally:
            await client.close()

    return asyncio.run(tell())


def status(run: RunFolder, *options: str) -> str:
    call = [sys.executable, "-m", "cockpit", "status", run.id, *options]
    return subprocess.run(call, capture_output=True, text=True, check=True, timeout=WITHIN).stdout


def in_doubt(run: RunFolder) -> bool:
    go = state_of(run).procedure.step("switch").go
    return go is not None and go.phase is Phase.DOUBT


def killed_in_the_middle(run: RunFolder) -> None:
    say(run, cmd.Go("switch"))
    kill_engine_and_runner(run)
    start_engine(run)
    until(lambda: in_doubt(run))


def kill_engine_and_runner(run: RunFolder) -> None:
    until(lambda: attempt_folder(run.steps, "switch", 1, undo=False).runner() is not None)
    kill_engine(run)
    kill_runner(run)


def probe_says(run: RunFolder) -> str:
    return json.loads(status(run, "--json"))["doubt"]["says"]


def test_the_probe_is_measured_by_itself_and_again_and_the_captain_decides(run: RunFolder, tmp_path: Path) -> None:
    killed_in_the_middle(run)
    until(lambda: probe_says(run).startswith("the probe says it did not happen: FAIL"))
    told = json.loads(status(run, "--json"))["doubt"]
    assert told["runs"] is True, "a runner that was killed leaves its action running"
    assert told["output"] == ["switching"]
    assert (told["probe"]["item"], told["probe"]["result"]) == ("serving", "FAIL")
    (tmp_path / "go").touch()
    until(lambda: probe_says(run).startswith("the probe says it happened: PASS"))
    end_offspring(run)
    said = status(run)
    assert "probe     the probe says it happened: PASS" in said
    assert "process   nothing of it runs here any more" in said
    assert "printed   switching" in said
    assert in_doubt(run), "what the probe says decides nothing"
    say(run, cmd.Settle("switch", happened=True, reason="the probe, and I looked"))
    until(lambda: state_of(run).procedure.step("switch").passed)
    begun = [event for event in read(run.journal) if isinstance(event.data, ev.StepBegun)]
    assert len(begun) == 1, "it is never done again by itself"
    assert (tmp_path / "log").read_text() == "done\n"


@pytest.mark.parametrize("run", [False], indirect=True)
def test_a_step_without_a_probe_says_so(run: RunFolder) -> None:
    killed_in_the_middle(run)
    assert probe_says(run) == "the plan has no probe for it: look for yourself"
    assert json.loads(status(run, "--json"))["doubt"]["probe"] is None
