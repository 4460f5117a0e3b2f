"""The shipped plan for Docker Swarm, carried out on a real one: an update, and its rollback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.actions.registry import kinds as actions
from cockpit.checklist.load import load
from cockpit.checklist.model import Document
from cockpit.checks.registry import kinds
from cockpit.demo.captain import is_back, is_stuck, on_the_way
from cockpit.engine.client import start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.run import command as cmd
from cockpit.run.state import State
from cockpit.run.way import next_step
from tests.servers.docker import build
from tests.servers.swarm import Swarm

CHECKLIST = Path(__file__).parents[2] / "checklists" / "swarm.yaml"
PATIENCE = 90.0

pytestmark = pytest.mark.server


def loaded(**given: str) -> Document:
    return load(CHECKLIST, kinds=kinds(), actions=actions(), given=given, environ={}).document


def hurried(of: Document) -> Document:
    """The same plan with a soak of a second, and without the look at a registry, of which there is none."""
    assert of.plan is not None
    steps = tuple(
        msgspec.structs.replace(step, soak=msgspec.structs.replace(step.soak, seconds=1.0)) if step.soak else step
        for step in of.plan.steps
        if step.id != "pull"
    )
    return msgspec.structs.replace(of, plan=msgspec.structs.replace(of.plan, steps=steps))


@pytest.fixture
def service(swarm: Swarm, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service of version 1 that goes back by itself when its update fails; version 2 lies on every node."""
    for node in (swarm.manager, swarm.worker):
        build(node.host, "cockpit-swarm:2")
    monkeypatch.setenv("DOCKER_HOST", swarm.host)
    swarm.create("shop", "--replicas", "2", "--update-monitor", "1s", "--update-failure-action", "rollback")
    swarm.until("shop", 2)
    return "shop"


@pytest.fixture
def opened(state_home: Path, service: str) -> Iterator[Callable[[str], RunFolder]]:
    runs: list[RunFolder] = []

    def open_it(image: str) -> RunFolder:
        of = hurried(loaded(service=service, image=image, release="2", before="1"))
        run = open_run(of, release="2", environment="test", run_kind="live")
        runs.append(run)
        start_engine(run)
        return run

    yield open_it
    for run in runs:
        if (holder := holder_of(run)) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder.pid, signal.SIGKILL)


def carried(run: RunFolder, there: Callable[[State], bool], *, back: bool = False) -> State:
    """Be its captain until it is `there`; with `back`, roll it back at once."""

    async def captain() -> State:
        view = LiveRun(run)
        await view.start()
        try:
            await view.send(cmd.Confirm("way-back-known", "rollback"))
            await view.send(cmd.Confirm("answers", "200 from the shop"))
            if back:
                assert (await view.send(cmd.RollBack("2", "a test"))).accepted
            ends = time.monotonic() + PATIENCE
            while not there(view.state):
                assert time.monotonic() < ends, view.state.procedure
                wanted = on_the_way(view.state, view.now())
                if isinstance(wanted, cmd.Go) and wanted.step == "forget-before":
                    break
                if wanted is None or not (await view.send(wanted)).accepted:
                    await asyncio.sleep(0.2)
            return view.state
        finally:
            await view.stop()

    return asyncio.run(captain())


def test_an_update_goes_live_and_is_rolled_back(swarm: Swarm, service: str, opened: Callable[[str], RunFolder]) -> None:
    run = opened("cockpit-swarm:2")
    state = carried(run, is_stuck)
    turn = next_step(state)
    assert turn is not None, state.procedure
    assert turn.id == "forget-before", state.procedure.step(turn.id)
    assert "cockpit-swarm:2" in swarm.inspect(service)["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
    assert is_back(carried(run, lambda state: is_back(state) or is_stuck(state), back=True))
    assert "cockpit-swarm:1" in swarm.inspect(service)["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
    swarm.docker("service", "rm", service)


def test_the_plan_loads_as_it_is_shipped_and_with_everything_set() -> None:
    assert loaded().plan == loaded(url="https://shop.example/health").plan
    assert [step.id for step in loaded().plan.steps if step.irreversible] == ["forget-before"]
