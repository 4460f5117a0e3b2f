"""A go-live whose engine is killed: at every point between two events, and at every moment in the start of an action."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.engine.client import start_engine
from cockpit.journal.folder import RunFolder
from cockpit.journal.reader import read
from tests.support.careful import captain, dying, everything_happened_once, launch
from tests.support.engines import kill_engine


@pytest.fixture
def run(state_home: Path, tmp_path: Path) -> Iterator[RunFolder]:
    opened = launch(tmp_path / "log")
    yield opened
    kill_engine(opened)


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
