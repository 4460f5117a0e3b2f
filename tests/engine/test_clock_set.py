"""Somebody sets the machine's clock in the middle of a step: no soak ends sooner or later for it.

The engine is a real one whose wall clock is wrong by as much as a file says.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.plan import Plan, Soak
from cockpit.engine.client import Client, start_engine
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import Accepted
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read, verify
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import fold
from tests.support.plans import command, step
from tests.support.runs import document, manual
from tests.support.wrong_clock import PROGRAM, set_clock

SOAK = 4.0


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """The file that says by how much the engine's clock is wrong."""
    file = tmp_path / "clock"
    set_clock(file, 0)
    return file


@pytest.fixture
def run(state_home: Path, clock: Path) -> Iterator[RunFolder]:
    soaking = step("one", action=command("true"), soak=Soak(SOAK))
    of = msgspec.structs.replace(document(manual("owner")), plan=Plan((soaking,)))
    opened = open_run(of, release="1.5.0", environment="production", run_kind="live")
    with opened.engine_log.open("ab") as log:
        engine = subprocess.Popen([sys.executable, PROGRAM, opened.path, clock], stdin=subprocess.DEVNULL, stderr=log)
    try:
        ends = time.monotonic() + 60
        while holder_of(opened) is None:
            assert time.monotonic() < ends, opened.engine_log.read_text()
            time.sleep(0.02)
        start_engine(opened)  # it is there: this waits until it listens
        yield opened
    finally:
        engine.kill()
        engine.wait()


async def ask(run: RunFolder, wanted: cmd.Command) -> None:
    client = await Client.connect(run, "script")
    try:
        assert isinstance(await client.command(wanted), Accepted)
    finally:
        await client.close()


def phase(run: RunFolder) -> Phase | None:
    going = fold(read(run.journal)).procedure.step("one").go
    return going.phase if going is not None else None


def until(run: RunFolder, wanted: Phase, within: float) -> float:
    """When the step came to be so, by the clock that nobody sets."""
    ends = time.monotonic() + within
    while phase(run) is not wanted:
        assert time.monotonic() < ends, phase(run)
        time.sleep(0.05)
    return time.monotonic()


@pytest.mark.parametrize("set_by", [3600, -3600])
def test_a_soak_takes_its_time_whoever_sets_the_clock(run: RunFolder, clock: Path, set_by: int) -> None:
    asyncio.run(ask(run, cmd.Go("one")))
    began = until(run, Phase.SOAKING, 20)
    set_clock(clock, set_by)
    asyncio.run(ask(run, cmd.AddNote("somebody has set the clock")))
    ended = until(run, Phase.DONE, SOAK + 20)
    assert ended - began > SOAK - 1
    jumps = [event.data.seconds for event in read(run.journal) if isinstance(event.data, ev.ClockJumped)]
    assert [round(seconds / 3600) for seconds in jumps] == [set_by // 3600]
    assert verify(run.journal, typed=True).ok


def test_a_clock_that_is_set_between_two_events_ends_nothing_by_itself(run: RunFolder, clock: Path) -> None:
    asyncio.run(ask(run, cmd.Go("one")))
    began = until(run, Phase.SOAKING, 20)
    set_clock(clock, 3600)
    assert until(run, Phase.DONE, SOAK + 20) - began > SOAK - 1
