"""The shipped plan for Docker Swarm, carried out on a real one: an update that works, one that fails, and the way back."""

from __future__ import annotations

import asyncio
import shutil
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
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import State
from cockpit.run.way import current, next_step
from cockpit.views.guided_failure import failure_lines
from cockpit.views.line import text_of
from cockpit.views.moment import moment
from cockpit.views.signs import ASCII
from tests.servers.docker import APPLETS, _import, build
from tests.servers.swarm import IMAGE, Swarm
from tests.support.engines import kill_engine

CHECKLIST = Path(__file__).parents[2] / "checklists" / "swarm.yaml"
PATIENCE = 90.0
HEALTHY = ("--health-cmd", "/bin/true", "--health-interval", "300ms", "--health-retries", "1", "--health-timeout", "5s")

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
def service(swarm: Swarm, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service of version 1 that goes back by itself when its update fails; version 3 lacks what shows its health."""
    swarm.forget_the_lost()
    busybox = Path(shutil.which("busybox") or "")
    for node in (swarm.manager, swarm.worker):
        build(node.host, "cockpit-swarm:2")
        _import(node.host, "cockpit-swarm:3", busybox, [each for each in APPLETS if each != "true"])
    monkeypatch.setenv("DOCKER_HOST", swarm.host)
    swarm.create("shop", "--replicas", "2", *HEALTHY, "--update-monitor", "1s", "--update-failure-action", "rollback")
    swarm.until("shop", 2)
    yield "shop"
    swarm.docker("service", "rm", "shop")


@pytest.fixture
def opened(state_home: Path, service: str) -> Iterator[Callable[[str], RunFolder]]:
    """Opens a run that brings the service to a version."""
    runs: list[RunFolder] = []

    def open_it(version: str) -> RunFolder:
        of = hurried(loaded(service=service, image=f"cockpit-swarm:{version}", release=version, before="1"))
        run = open_run(of, release=version, environment="test", run_kind="live")
        runs.append(run)
        start_engine(run)
        return run

    yield open_it
    for run in runs:
        kill_engine(run)


def carried(
    run: RunFolder, there: Callable[[State], bool], *, back: bool = False, look: Callable[[LiveRun], None] | None = None
) -> State:
    """Be its captain until it is `there`, and `look`; with `back`, roll it back at once."""

    async def captain() -> State:
        view = LiveRun(run)
        await view.start()
        try:
            await view.send(cmd.Confirm("way-back-known", "rollback"))
            await view.send(cmd.Confirm("answers", "200 from the shop"))
            if back:
                assert (await view.send(cmd.RollBack(view.state.release, "a test"))).accepted
            ends = time.monotonic() + PATIENCE
            while not there(view.state):
                assert time.monotonic() < ends, view.state.procedure
                wanted = on_the_way(view.state, view.now())
                if isinstance(wanted, cmd.Go) and wanted.step == "forget-before":
                    break
                if wanted is None or not (await view.send(wanted)).accepted:
                    await asyncio.sleep(0.2)
            if look is not None:
                look(view)
            return view.state
        finally:
            await view.stop()

    return asyncio.run(captain())


def image_of(swarm: Swarm, service: str) -> str:
    found: str = swarm.inspect(service)["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
    return found


def test_an_update_goes_live_and_is_rolled_back(swarm: Swarm, service: str, opened: Callable[[str], RunFolder]) -> None:
    run = opened("2")
    state = carried(run, is_stuck)
    turn = next_step(state)
    assert turn is not None, state.procedure
    assert turn.id == "forget-before", state.procedure.step(turn.id)
    assert image_of(swarm, service) == "cockpit-swarm:2"
    state = carried(run, lambda state: is_back(state) or is_stuck(state), back=True)
    assert is_back(state), state.procedure
    assert image_of(swarm, service) == IMAGE


def test_an_update_that_fails_its_health_check_is_a_guided_failure_with_its_evidence_and_can_be_rolled_back(
    swarm: Swarm, service: str, opened: Callable[[str], RunFolder]
) -> None:
    run, shown = opened("3"), list[str]()

    def look(view: LiveRun) -> None:
        here = current(view.state)
        assert here is not None
        shown.extend(text_of(each).rstrip() for each in failure_lines(here, moment(view, glyphs=ASCII), 100))

    state = carried(run, is_stuck, look=look)
    here = current(state)
    assert here is not None
    assert (here.step.id, here.doing.phase, here.doing.failed_in) == ("update", Phase.FAILED, "action")
    assert here.doing.summary.startswith(f"Swarm rolled {service} back itself: a task with cockpit-swarm:3 failed: ")
    assert "unhealthy" in here.doing.summary
    assert image_of(swarm, service) == IMAGE
    words = "\n".join(shown)
    assert "docker service update --image cockpit-swarm:3 shop" in words
    assert "unhealthy" in words
    assert "roll back: undoes update" in words
    state = carried(run, lambda state: is_back(state) or is_stuck(state), back=True)
    assert is_back(state), state.procedure
    undo = state.procedure.step("update").undo
    assert undo is not None
    assert undo.phase is Phase.DONE
    assert image_of(swarm, service) == IMAGE


def test_the_plan_loads_as_it_is_shipped_and_with_everything_set() -> None:
    assert loaded().plan == loaded(url="https://shop.example/health").plan
    assert [step.id for step in loaded().plan.steps if step.irreversible] == ["forget-before"]
    assert [step.action.kind for step in loaded().plan.steps if step.action is not None and step.changes] == [
        "swarm",
        "swarm",
    ]
