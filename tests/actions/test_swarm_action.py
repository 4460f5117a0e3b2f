"""`swarm`: services of a real swarm that are updated, scaled, rolled back; and what Swarm does by itself."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.actions.kind import Outcome
from cockpit.actions.swarm import NOT_RUNNING, SwarmSpec, _State, _Waiting
from tests.servers.docker import Daemon, _import, run
from tests.servers.swarm import IMAGE, Swarm
from tests.support.attempts import Acted, act

pytestmark = pytest.mark.server

BAD = "cockpit-swarm:bad"
GOOD = "cockpit-swarm:2"


@pytest.fixture(scope="module")
def images(swarm: Swarm) -> None:
    """A further image that works, and one whose program is not there."""
    for node in (swarm.manager, swarm.worker):
        run(node.host, "tag", IMAGE, GOOD)
        _import(node.host, BAD, Path("/bin/true"), ())


@pytest.fixture
def service(swarm: Swarm, images: None) -> Iterator[str]:
    name = f"bot-{uuid.uuid4().hex[:8]}"
    swarm.create(name, "--replicas", "2")
    swarm.until(name, 2)
    yield name
    swarm.docker("service", "rm", name)


def asked(swarm: Swarm, service: str, timeout: float = 60, **spec: Any) -> Acted:
    return act("swarm", {"service": service, "daemon": swarm.host, **spec}, timeout=timeout)


def image_of(swarm: Swarm, service: str) -> str:
    return swarm.inspect(service)["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]


def test_a_service_is_updated_and_rolled_back(swarm: Swarm, service: str) -> None:
    updated = asked(swarm, service, image=GOOD)
    assert (updated.outcome.done, updated.outcome.summary) == (True, f"{service} is updated: 2 of 2 tasks run")
    assert image_of(swarm, service) == GOOD
    assert "updating: " in updated.output
    back = asked(swarm, service, rollback=True)
    assert (back.outcome.done, back.outcome.summary) == (True, f"{service} is rolled back: 2 of 2 tasks run")
    assert image_of(swarm, service) == IMAGE
    again = asked(swarm, service, rollback=True)
    assert (again.outcome.done, image_of(swarm, service)) == (True, IMAGE)


def test_a_service_is_scaled(swarm: Swarm, service: str) -> None:
    scaled = asked(swarm, service, scale=3).outcome
    assert (scaled.done, scaled.summary) == (True, f"{service} has 3 of 3 tasks run")
    swarm.until(service, 3)


def test_an_update_to_what_it_is_already_changes_nothing_and_is_said_so(swarm: Swarm, service: str) -> None:
    outcome = asked(swarm, service, image=IMAGE).outcome
    assert (outcome.done, outcome.summary) == (True, f"{service} was so already: 2 of 2 tasks run")


def test_an_update_that_swarm_rolls_back_itself_is_a_failure_that_says_so(swarm: Swarm, service: str) -> None:
    swarm.update(service, "--update-failure-action", "rollback")
    outcome = asked(swarm, service, image=BAD).outcome
    assert (outcome.done, outcome.unknown, outcome.nothing) == (False, False, False)
    assert outcome.summary.startswith(f"Swarm rolled {service} back itself: a task with {BAD} ")
    assert image_of(swarm, service) == IMAGE


def test_a_rollback_that_has_been_is_not_done_again_which_would_lead_forward(swarm: Swarm, service: str) -> None:
    swarm.update(service, "--update-failure-action", "rollback")
    assert not asked(swarm, service, image=BAD).outcome.done
    for _ in range(2):
        back = asked(swarm, service, rollback=True)
        assert (back.outcome.done, back.outcome.summary) == (True, f"{service} is rolled back: 2 of 2 tasks run")
        assert back.output.startswith("Swarm has gone back already")
        assert image_of(swarm, service) == IMAGE


def test_a_rollback_is_done_when_its_tasks_run_and_failed_when_they_do_not() -> None:
    daemon, said = SimpleNamespace(left=60.0), list[bytes]()
    waiting = _Waiting(SwarmSpec(service="bot", rollback=True), cast("Any", daemon), "", said.append, 60)

    def judged(running: int) -> Outcome | None:
        now = _State("rollback_completed", "rollback completed", running, 2, Counter({IMAGE: running}), IMAGE)
        return waiting._judged(now, settled=True)

    assert judged(1) is None
    assert judged(2) == Outcome(done=True, summary="bot is rolled back: 2 of 2 tasks run")
    daemon.left -= NOT_RUNNING
    failed = "bot is rolled back, but only 1 of 2 tasks run: rollback completed"
    assert judged(1) == Outcome(done=False, summary=failed)


def test_an_update_that_swarm_pauses_is_a_failure_that_says_so(swarm: Swarm, service: str) -> None:
    outcome = asked(swarm, service, image=BAD).outcome
    assert (outcome.done, outcome.unknown) == (False, False)
    assert outcome.summary.startswith(f"Swarm paused the update of {service} half way: ")


def test_an_update_that_takes_too_long_is_in_doubt(swarm: Swarm, service: str) -> None:
    swarm.update(service, "--update-delay", "60s")
    outcome = asked(swarm, service, image=GOOD, timeout=4).outcome
    assert (outcome.done, outcome.unknown) == (False, True)
    assert outcome.summary.startswith("not over after 4 s (updating: ")
    assert outcome.summary.endswith("): Swarm goes on with it")


def test_what_cannot_be_done_changes_nothing(swarm: Swarm, service: str) -> None:
    away = asked(swarm, "no-such-service", scale=1).outcome
    assert (away.nothing, away.status) == (True, 404)
    first = asked(swarm, service, rollback=True).outcome
    assert (first.done, first.nothing) == (False, True)
    assert "does not have a previous spec" in first.summary
    swarm.create(f"{service}-everywhere", "--mode", "global")
    try:
        wide = asked(swarm, f"{service}-everywhere", scale=1).outcome
        assert (wide.nothing, wide.summary) == (
            True,
            f"{service}-everywhere has a task on every node, and cannot be scaled",
        )
    finally:
        swarm.docker("service", "rm", f"{service}-everywhere")


def test_a_global_service_is_updated(swarm: Swarm, images: None) -> None:
    name = f"everywhere-{uuid.uuid4().hex[:8]}"
    swarm.create(name, "--mode", "global")
    try:
        swarm.until(name, 2)
        outcome = asked(swarm, name, image=GOOD).outcome
        assert (outcome.done, outcome.summary) == (True, f"{name} is updated: 2 of 2 tasks run")
    finally:
        swarm.docker("service", "rm", name)


def test_a_worker_cannot_be_asked(swarm: Swarm) -> None:
    outcome = act("swarm", {"service": "bot", "scale": 1, "daemon": swarm.worker.host}).outcome
    assert (outcome.done, outcome.nothing) == (False, True)
    assert "not a swarm manager" in outcome.summary


def test_a_swarm_without_a_leader_changes_nothing(losing_swarm: Daemon) -> None:
    outcome = act("swarm", {"service": "web", "scale": 1, "daemon": losing_swarm.host}, timeout=40).outcome
    assert (outcome.done, outcome.unknown, outcome.nothing) == (False, False, True)
