"""Runs that real engines carry: what stands in their journals, what scripts ask of them, and their ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from cockpit.engine.client import Client
from cockpit.engine.protocol import Refused
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read
from cockpit.run.command import Command
from cockpit.run.procedure import Doing, Phase
from cockpit.run.state import State, fold

PATIENCE = 60.0
"""Seconds that a loaded machine may take."""


def state_of(run: RunFolder) -> State:
    """Where a run stands, as its journal tells it."""
    return fold(read(run.journal))


def until(run: RunFolder, holds: Callable[[State], bool]) -> State:
    """Wait until something holds of a run; where it stands then."""
    ends = time.monotonic() + PATIENCE
    while not holds(state := state_of(run)):
        assert time.monotonic() < ends, (state.phase, state.hold, state.procedure)
        time.sleep(0.05)
    return state


def stands(step: str, phase: Phase, *, undo: bool = False) -> Callable[[State], bool]:
    """Whether a step, or its compensation, stands so."""
    return lambda state: (doing := doing_of(state, step, undo=undo)) is not None and doing.phase is phase


def doing_of(state: State, step: str, *, undo: bool = False) -> Doing | None:
    """What is known of a step, or its compensation."""
    known = state.procedure.step(step)
    return known.undo if undo else known.go


def answers(run: RunFolder, *commands: Command) -> list[str]:
    """What the engine says to a script of this user: nothing where it does what is asked, else why not."""

    async def asked() -> list[str]:
        client = await Client.connect(run, "script")
        try:
            told = [await client.command(command) for command in commands]
        finally:
            await client.close()
        return [each.reason if isinstance(each, Refused) else "" for each in told]

    return asyncio.run(asked())


def ask(run: RunFolder, *commands: Command) -> None:
    """Ask for what is not refused."""
    refused = [reason for reason in answers(run, *commands) if reason]
    assert not refused, refused


def the_run(home: Path) -> RunFolder:
    """The only run of a state home."""
    (found,) = (home / "runs").iterdir()
    return RunFolder(found)


def kill_engine(run: RunFolder) -> None:
    """End the engine of a run as `kill -9` does, and wait until it is gone."""
    while (holder := holder_of(run)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)
        time.sleep(0.02)


def kill_engines(home: Path) -> None:
    """End all engines of a state home."""
    for lock in home.glob("runs/*/lock"):
        kill_engine(RunFolder(lock.parent))
