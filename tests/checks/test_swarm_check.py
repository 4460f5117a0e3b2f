"""The `swarm` kind against a swarm of two nodes: updates that end well and badly, nodes that go, managers that part."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.servers.docker import Containers, Daemon
from tests.servers.swarm import IMAGE, Swarm
from tests.support.measuring import Measure, ended_in_time
from tests.support.routes import Detour

pytestmark = pytest.mark.server

SOON = {"retry_for": 30.0, "retry_every": 0.1}
"""What swarm does by itself takes a moment."""


@pytest.fixture(scope="module", autouse=True)
def _begun(losing_swarm: Daemon, swarm: Swarm) -> None:
    """What takes its time begins before all tests: a swarm that is to lose its leader, a node that is gone."""
    swarm.lose("gone")


@pytest.fixture(scope="module")
def web(swarm: Swarm) -> str:
    """A service that is well."""
    swarm.create("web", "--replicas", "2")
    swarm.until("web", 2)
    return "web"


@pytest.fixture(scope="module")
def updates(swarm: Swarm) -> None:
    """Services whose updates were begun, all at once since each takes seconds: what becomes of them is in their names."""
    swarm.create("watched", "--update-monitor", "60s")
    swarm.create("good")
    failing = ("--update-monitor", "20s")  # however slow the machine is, the failure comes within
    swarm.create("bad", *failing, "--update-failure-action", "rollback")
    swarm.create("stuck", *failing, "--replicas", "2", "--restart-condition", "none", "--update-delay", "60s")
    for name, tasks in (("watched", 1), ("good", 1), ("bad", 1), ("stuck", 2)):
        swarm.until(name, tasks)
    swarm.update("watched", "--args", "sleep 500")
    swarm.update("good", "--env-add", "VERSION=2")
    swarm.update("bad", "--args", "false")
    swarm.update("stuck", "--args", "false")


def spec(swarm: Swarm, service: str, **more: Any) -> dict[str, Any]:
    return {"service": service, "host": swarm.host, **more}


def test_a_service_that_runs_as_often_as_it_should_passes(measured: Measure, swarm: Swarm, web: str) -> None:
    found = measured("swarm", spec(swarm, web))
    assert found.result == "PASS", found
    assert found.summary == "2 of 2 running"
    assert found.request == f"docker service ps web; docker node ls (at {swarm.host})"
    for line in (f"web: 2 of 2 running (replicated), {IMAGE}", "node manager (leader): ready, active, manager"):
        assert line in found.evidence.splitlines()
    found = measured(
        "swarm",
        spec(swarm, web),
        "exists && running == 2 && wanted == 2 && outdated == 0 && update == 'none' && update_message == ''",
        f"mode == 'replicated' && image == '{IMAGE}' && tag == '1' && image_digest == '' && previous_image == ''",
        "services.web.running == 2 && failed == 0 && failures == [] && pending == []",
        "leader == 'manager' && managers == 1 && managers_reachable == 1",
        "nodes_ready >= 2 && nodes_drained == 1 && nodes.worker.status == 'ready' && nodes.worker.role == 'worker'",
    )
    assert found.result == "PASS", found


def test_a_service_is_found_through_a_host(measured: Measure, swarm: Swarm, web: str) -> None:
    found = measured("swarm", spec(swarm, web), via="detour", routes=Detour())
    assert found.result == "PASS", found


def test_a_service_with_fewer_tasks_than_it_should_have_fails(measured: Measure, swarm: Swarm) -> None:
    swarm.create("few", "--constraint", "node.hostname==nowhere")
    found = measured("swarm", spec(swarm, "few"), "pending[0].contains('no suitable node')", **SOON)
    assert found.result == "PASS", found
    found = measured("swarm", spec(swarm, "few"))
    assert found.result == "FAIL"
    assert found.summary.startswith("0 of 1 running, pending: no suitable node (scheduling constraints not satisfied")
    swarm.docker("service", "scale", "--detach", "few=0")
    found = measured("swarm", spec(swarm, "few"), "running == wanted")
    assert found.result == "PASS", found
    none = measured("swarm", spec(swarm, "few"))
    assert (none.result, none.summary) == ("FAIL", "0 of 0 running")


@pytest.mark.usefixtures("updates")
def test_an_update_is_not_over_while_swarm_still_watches_it(measured: Measure, swarm: Swarm) -> None:
    found = measured("swarm", spec(swarm, "watched"), "running == 1 && outdated == 0 && update == 'updating'", **SOON)
    assert found.result == "PASS", found
    found = measured("swarm", spec(swarm, "watched"))
    assert (found.result, found.summary) == ("FAIL", "1 of 1 running, update updating")


@pytest.mark.usefixtures("updates")
def test_an_update_that_ends_well_passes(measured: Measure, swarm: Swarm) -> None:
    found = measured(
        "swarm",
        spec(swarm, "good"),
        "update == 'completed' && running == 1 && outdated == 0 && update_started_ago < duration('1h')",
        f"previous_image == '{IMAGE}' && update_message == 'update completed'",
        **SOON,
    )
    assert found.result == "PASS", found
    assert measured("swarm", spec(swarm, "good")).summary == "1 of 1 running, update completed"


@pytest.mark.usefixtures("updates")
def test_an_update_that_was_rolled_back_fails_and_says_what_its_tasks_said(measured: Measure, swarm: Swarm) -> None:
    found = measured("swarm", spec(swarm, "bad"), "update == 'rollback_completed' && running == 1", **SOON)
    assert found.result == "PASS", found
    found = measured("swarm", spec(swarm, "bad"))
    assert found.result == "FAIL"
    assert found.summary.startswith("1 of 1 running, update rollback_completed, ")
    assert found.summary.endswith(" failed (task: non-zero exit (1))")
    assert "update: rollback completed" in found.evidence
    assert "bad.1 on " in found.evidence
    found = measured("swarm", spec(swarm, "bad"), "failures[0].exit_code == 1 && failures[0].task == 'bad.1'")
    assert found.result == "PASS", found
    assert measured("swarm", spec(swarm, "bad", failed_within="1ms"), "failed == 0").result == "PASS"


@pytest.mark.usefixtures("updates")
def test_an_update_that_is_paused_leaves_tasks_of_an_earlier_version(measured: Measure, swarm: Swarm) -> None:
    found = measured("swarm", spec(swarm, "stuck"), "update == 'paused' && running == 1 && outdated == 1", **SOON)
    assert found.result == "PASS", found
    assert measured("swarm", spec(swarm, "stuck")).result == "FAIL"


def test_a_global_service_wants_a_task_on_each_node_that_takes_some(measured: Measure, swarm: Swarm) -> None:
    swarm.create("everywhere", "--mode", "global")
    swarm.until("everywhere", 2)
    found = measured("swarm", spec(swarm, "everywhere"), "mode == 'global' && running == 2 && wanted == 2")
    assert found.result == "PASS", found
    swarm.docker("node", "update", "--availability", "drain", "worker")
    found = measured("swarm", spec(swarm, "everywhere"), "running == 1 && wanted == 1 && nodes_drained == 2", **SOON)
    swarm.docker("node", "update", "--availability", "active", "worker")
    assert found.result == "PASS", found
    swarm.until("everywhere", 2)


def test_a_job_has_run_when_its_tasks_are_complete(measured: Measure, swarm: Swarm) -> None:
    options = ("--mode", "replicated-job", "--replicas", "2", "--network", "host", "--no-resolve-image")
    swarm.docker("service", "create", "--detach", "--name", "job", *options, IMAGE, "true")
    found = measured("swarm", spec(swarm, "job"), "mode == 'replicated-job' && running == 2 && wanted == 2", **SOON)
    assert found.result == "PASS", found
    assert measured("swarm", spec(swarm, "job")).result == "PASS"


def test_a_stack_is_all_its_services(measured: Measure, swarm: Swarm, tmp_path: Path) -> None:
    common = f"{{image: '{IMAGE}', command: sleep 600, networks: [outer], deploy: {{replicas: 2}}}}"
    file = tmp_path / "stack.yml"
    file.write_text(
        f"version: '3.8'\nservices: {{api: {common}, worker: {common}}}\nnetworks: {{outer: {{external: true, name: host}}}}\n"
    )
    swarm.docker("stack", "deploy", "--resolve-image", "never", "--compose-file", str(file), "bot")
    stack = {"stack": "bot", "host": swarm.host}
    found = measured("swarm", stack, **SOON)
    assert (found.result, found.summary) == ("PASS", "4 of 4 running")
    assert found.request.startswith("docker stack ps bot; ")
    found = measured("swarm", stack, "services.bot_api.running == 2 && size(services) == 2")
    assert found.result == "PASS", found
    none = measured("swarm", {"stack": "bott", "host": swarm.host})
    assert (none.result, none.summary) == ("FAIL", "there is no stack bott; is bot meant?")


def test_all_services_are_meant_when_none_is_named(measured: Measure, swarm: Swarm, web: str) -> None:
    found = measured("swarm", {"host": swarm.host}, "services.web.running == 2 && size(services) >= 2", **SOON)
    assert found.result == "PASS", found
    assert found.request.startswith("docker service ls; ")


def test_a_service_that_is_not_there_was_measured_and_is_missing(measured: Measure, swarm: Swarm, web: str) -> None:
    found = measured("swarm", spec(swarm, "webb"))
    assert (found.result, found.summary) == ("FAIL", "there is no service webb; is web meant?")
    both = measured("swarm", spec(swarm, web, stack="bot"))
    assert both.summary == "`swarm`: has both `service` and `stack`: name one of them"


def test_a_node_that_is_gone_is_down(measured: Measure, swarm: Swarm) -> None:
    found = measured("swarm", {"host": swarm.host}, "nodes_down == 1 && nodes.gone.status == 'down'", **SOON)
    assert found.result == "PASS", found
    assert found.summary.endswith(", 1 node down")
    assert "node gone: down, drain, worker" in found.evidence


def test_whoever_does_not_manage_a_swarm_cannot_be_asked(
    measured: Measure, swarm: Swarm, containers: Containers
) -> None:
    worker = measured("swarm", {"host": swarm.worker.host})
    assert worker.result == "ERROR"
    assert (
        "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state" in worker.summary
    )
    none = measured("swarm", {"host": containers.host})
    assert none.result == "ERROR"
    assert "This node is not a swarm manager" in none.summary


@pytest.mark.parametrize("kind", ["docker", "compose", "swarm"])
def test_a_frozen_daemon_is_given_up_in_time(measured: Measure, swarm: Swarm, kind: str) -> None:
    asked = {"docker": {"container": "x"}, "compose": {"project": "x"}, "swarm": {}}[kind]
    with swarm.worker.frozen():
        found = measured(kind, {**asked, "host": swarm.worker.host}, timeout=0.5)
    assert found.result == "ERROR"
    assert found.summary.startswith("timed out")
    assert ended_in_time(found, 0.5)


def test_a_manager_without_its_fellows_is_silent_for_a_while_and_then_has_no_leader(
    measured: Measure, losing_swarm: Daemon
) -> None:
    ends = time.monotonic() + 60
    while True:
        found = measured("swarm", {"service": "web", "host": losing_swarm.host}, timeout=0.5)
        assert ended_in_time(found, 0.5)
        if found.summary.startswith("the swarm has no leader"):
            break
        assert found.result == "FAIL" or found.summary.startswith("timed out"), found
        assert time.monotonic() < ends
        time.sleep(0.5)
    assert found.result == "FAIL"
    assert measured("swarm", {"host": losing_swarm.host}, "leader == ''").result == "PASS"
    assert measured("swarm", {"host": losing_swarm.host}, "running == wanted").result == "FAIL"
