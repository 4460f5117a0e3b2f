"""A go-live whose engine is killed: at every point between two events, and at every moment in the start of an action."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.plan import Action, Plan, Step, Undo
from cockpit.engine.client import Client, start_engine
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import Accepted
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read, verify
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import State, apply, fold, open_state
from cockpit.run.way import current, next_step, plan_of
from tests.support.runs import HERE, document, manual

PROGRAM = Path(__file__).with_name("dying_engine.py")
RELEASE = "1.5.0"


def plan(log: Path) -> Plan:
    def step(name: str) -> Step:
        def does(words: str) -> Action:
            return Action("command", {"run": f"echo {words} >> {log}; sleep 0.05"})

        return Step(name, name.title(), HERE, action=does(name), undo=Undo(does(f"undo-{name}")))

    by_hand = Step("freeze", "Freeze", HERE, action=Action("manual", {"do": "Say it."}), changes=False)
    return Plan((by_hand, step("one"), step("two")))


@pytest.fixture
def run(state_home: Path, tmp_path: Path) -> Iterator[RunFolder]:
    of = msgspec.structs.replace(document(manual("owner")), plan=plan(tmp_path / "log"))
    opened = open_run(of, release=RELEASE, environment="production", run_kind="live")
    yield opened
    if (holder := holder_of(opened)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)


def state_of(run: RunFolder) -> State:
    return fold(read(run.journal))


def dying(run: RunFolder, point: str) -> subprocess.Popen[bytes]:
    with run.engine_log.open("ab") as log:
        return subprocess.Popen([sys.executable, PROGRAM, run.path, point], stdin=subprocess.DEVNULL, stderr=log)


async def captain(run: RunFolder, engine: subprocess.Popen[bytes] | None, log: Path) -> bool:
    """Go through the plan and back as a careful captain does; False when the engine died."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if engine is not None and engine.poll() is not None:
            return False
        state = state_of(run)
        if state.procedure.way_back is not None and state.phase == "rolled back":
            return True
        wanted = what_next(state, log)
        if wanted is not None:
            with contextlib.suppress(OSError, ConnectionError):
                client = await Client.connect(run, "script")
                try:
                    answer = await client.command(wanted)
                    if not isinstance(answer, Accepted):
                        # What was asked for was decided on what stood in the journal a moment ago.
                        await asyncio.sleep(0.1)
                finally:
                    await client.close()
        await asyncio.sleep(0.02)
    raise AssertionError(f"it never came to its end: {state_of(run).procedure}")


def what_next(state: State, log: Path) -> cmd.Command | None:
    here = current(state)
    if here is not None:
        name = here.step.id
        if here.doing.phase is Phase.RUNNING and name == "freeze":
            return cmd.Tell(name, "said at 21:58")
        if here.doing.phase is Phase.DOUBT:
            done = (f"undo-{name}" if here.undo else name) in log.read_text().split() if log.exists() else False
            return cmd.Settle(name, done, "the log says so")
        return cmd.Retry(name) if here.doing.phase is Phase.FAILED else None
    turn = next_step(state)
    if turn is not None:
        return cmd.Go(turn.id)
    return cmd.RollBack(RELEASE, "a test") if state.procedure.way_back is None else None


def everything_happened_once(run: RunFolder, log: Path) -> None:
    assert verify(run.journal).ok
    happened = Counter(log.read_text().split())
    assert happened == Counter(["one", "two", "undo-two", "undo-one"]), happened
    events = list(read(run.journal))
    state = open_state(events[0])
    for event in events[1:]:
        state = apply(state, event)
    assert state == fold(events)
    for known in state.procedure.steps.values():
        assert known.go is not None
        assert known.go.phase is Phase.DONE
    begun = Counter((event.data.step, event.data.undo) for event in events if isinstance(event.data, ev.StepBegun))
    tried_again = sum(
        isinstance(event.data, ev.DoubtSettled) or (isinstance(event.data, ev.ActionEnded) and event.data.nothing)
        for event in events
    )
    assert sum(begun.values()) - len(begun) <= tried_again
    assert [step.id for step in plan_of(state).steps] == ["freeze", "one", "two"]


EVENTS = 25
"""Events of the whole story when nothing goes wrong; the last test says so."""


@pytest.mark.parametrize("point", [f"event:{number}" for number in range(1, EVENTS)])
def test_an_engine_that_is_killed_between_two_events_loses_nothing_and_does_nothing_twice(
    run: RunFolder, tmp_path: Path, point: str
) -> None:
    engine = dying(run, point)
    try:
        # At the last event the captain may see the end before the engine dies of it.
        if asyncio.run(captain(run, engine, tmp_path / "log")):
            engine.wait(10)
    finally:
        engine.kill()
        engine.wait()
    assert engine.returncode == -signal.SIGKILL, run.engine_log.read_text()
    start_engine(run)
    assert asyncio.run(captain(run, None, tmp_path / "log"))
    everything_happened_once(run, tmp_path / "log")


@pytest.mark.parametrize("point", ["folder", "spawned", "taken"])
def test_an_engine_that_is_killed_while_it_starts_an_action_does_nothing_twice(
    run: RunFolder, tmp_path: Path, point: str
) -> None:
    test_an_engine_that_is_killed_between_two_events_loses_nothing_and_does_nothing_twice(run, tmp_path, point)


def test_the_story_has_as_many_events_as_there_are_points(run: RunFolder, tmp_path: Path) -> None:
    start_engine(run)
    assert asyncio.run(captain(run, None, tmp_path / "log"))
    everything_happened_once(run, tmp_path / "log")
    assert len(list(read(run.journal))) == EVENTS
