"""`docker`: containers and images of a real daemon, here and through a host; and a daemon that goes away."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.checklist.model import Host
from tests.servers import image_registry
from tests.servers.docker import Containers, need_own, started
from tests.servers.web import serving
from tests.support.attempts import Acted, act

pytestmark = pytest.mark.server


@pytest.fixture
def asked(containers: Containers):
    """Ask the suite's daemon."""

    def ask(*hosts: Host, **spec: Any) -> Acted:
        return act("docker", {"daemon": containers.host, "grace": 0, **spec}, *hosts)

    return ask


def state(containers: Containers, name: str) -> dict[str, Any]:
    return json.loads(containers.docker("inspect", "--format", "{{json .State}}", name))


def test_a_container_is_stopped_started_and_restarted(containers: Containers, asked) -> None:
    name = containers.run("sleep 600")
    stopped = asked(stop=name).outcome
    assert (stopped.done, stopped.summary) == (True, f"{name} is stopped (exit status 137)")
    assert not state(containers, name)["Running"]
    assert asked(stop=name).outcome.summary == f"{name} was stopped already"
    started = asked(start=name).outcome
    assert (started.done, started.summary) == (True, f"{name} is started")
    assert asked(start=name).outcome.summary == f"{name} ran already"
    before = state(containers, name)["StartedAt"]
    restarted = asked(restart=name).outcome
    assert (restarted.done, restarted.summary) == (True, f"{name} is restarted")
    assert state(containers, name)["StartedAt"] > before


def test_a_container_of_a_host_is_restarted_through_its_socket(containers: Containers, asked, ssh_host: Host) -> None:
    name = containers.run("sleep 600")
    before = state(containers, name)["StartedAt"]
    assert asked(ssh_host, restart=name).outcome.done
    assert state(containers, name)["StartedAt"] > before


@pytest.mark.parametrize("verb", ["start", "stop", "restart", "remove"])
def test_a_container_that_there_is_not_is_refused_and_nothing_is_done(asked, verb: str) -> None:
    outcome = asked(**{verb: "no-such-container"}).outcome
    assert (outcome.done, outcome.nothing, outcome.unknown, outcome.status) == (False, True, False, 404)
    assert outcome.summary == "the Docker daemon refused: No such container: no-such-container"


def test_a_container_is_removed_unless_it_runs(containers: Containers, asked) -> None:
    name = containers.run("sleep 600")
    running = asked(remove=name).outcome
    assert (running.done, running.nothing, running.status) == (False, True, 409)
    asked(stop=name)
    assert asked(remove=name).outcome.summary == f"{name} is removed"
    assert name not in containers.docker("ps", "--all", "--format", "{{.Names}}")


def test_a_container_is_run_as_it_is_described(containers: Containers, asked, tmp_path: Path) -> None:
    name = f"cockpit-test-{uuid.uuid4().hex[:12]}"
    (tmp_path / "file").write_text("from outside\n")
    run = {
        "image": containers.image, "name": name, "command": ["sh", "-c", "echo $COLOUR; cat /in/file; exec sleep 600"],
        "environment": {"COLOUR": "green"}, "volumes": [f"{tmp_path}:/in:ro"], "network": "none",
        "restart": "on-failure:3", "labels": {"release": 2},
    }  # fmt: skip
    acted = asked(run=run)
    containers._names.append(name)
    assert acted.outcome.done
    assert acted.outcome.summary.startswith(f"{name} runs (")
    found = json.loads(containers.docker("inspect", name))[0]
    assert found["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert found["Config"]["Labels"]["release"] == "2"
    assert containers.docker("logs", name) == "green\nfrom outside"
    again = asked(run=run).outcome
    assert (again.done, again.nothing, again.status) == (False, True, 409)


def test_a_container_that_does_not_start_is_removed_again(containers: Containers, asked) -> None:
    name = f"cockpit-test-{uuid.uuid4().hex[:12]}"
    outcome = asked(run={"image": containers.image, "name": name, "command": ["/nowhere"], "network": "none"}).outcome
    assert (outcome.done, outcome.nothing) == (False, True)
    assert outcome.summary.startswith(f"{name} does not start, and is removed again: ")
    assert name not in containers.docker("ps", "--all", "--format", "{{.Names}}")


def test_an_image_that_is_not_there_is_not_pulled_by_itself(asked) -> None:
    outcome = asked(run={"image": "no-such-image:1", "name": "unborn"}).outcome
    assert (outcome.done, outcome.nothing, outcome.status) == (False, True, 404)


@pytest.fixture(scope="module")
def registry() -> Iterator[tuple[str, str]]:
    """A daemon, and an image that a registry beside it holds."""
    need_own()
    with started("puller") as daemon:
        command = ["nsenter", f"--net=/proc/{daemon.shell}/ns/net", sys.executable, image_registry.__file__]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        try:
            port, digest = server.stdout.readline().split()
            yield daemon.host, f"127.0.0.1:{port}/bot@{digest}"
        finally:
            server.kill()
            server.communicate()


def test_an_image_is_pulled_by_its_digest(registry: tuple[str, str]) -> None:
    host, image = registry
    acted = act("docker", {"daemon": host, "pull": image})
    assert acted.outcome.done, acted.outcome.summary
    assert acted.outcome.summary.startswith(f"{image.partition('@')[0]} is there with its digest (")
    assert "Pull complete" in acted.output


def test_an_image_that_the_registry_does_not_have_fails(registry: tuple[str, str]) -> None:
    host, image = registry
    outcome = act("docker", {"daemon": host, "pull": image[:-4] + "0000"}).outcome
    assert not outcome.done
    assert not outcome.unknown
    assert "manifest unknown" in outcome.summary


def test_a_daemon_that_does_not_listen_has_done_nothing(
    tmp_path: Path, refusing_port: int, silent_socket: Path
) -> None:
    outcome = act("docker", {"daemon": f"unix://{tmp_path}/none.sock", "start": "bot"}).outcome
    assert (outcome.done, outcome.nothing) == (False, True)
    assert outcome.summary == f"Docker's daemon: {tmp_path}/none.sock does not exist"
    refused = act("docker", {"daemon": f"tcp://127.0.0.1:{refusing_port}", "start": "bot"}).outcome
    assert (refused.nothing, refused.summary) == (
        True,
        f"Docker's daemon: connection refused by 127.0.0.1:{refusing_port}",
    )
    silent = act("docker", {"daemon": str(silent_socket), "start": "bot"}, timeout=0.3).outcome
    assert (silent.nothing, silent.unknown) == (True, False)


@pytest.mark.parametrize("lost_at", ["GET /version", "GET /v1.41/containers/bot", "POST /v1.41/containers/bot/restart"])
def test_only_what_was_lost_after_it_was_sent_is_in_doubt(lost_at: str) -> None:
    """A stand-in for a daemon: none can be had that dies at a chosen request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if not head.startswith(lost_at):
            body = b'{"ApiVersion": "1.41", "State": {"Running": true}}'
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        writer.close()

    with serving(answer) as port:
        outcome = act("docker", {"daemon": f"tcp://127.0.0.1:{port}", "restart": "bot"}).outcome
    assert not outcome.done
    assert (outcome.unknown, outcome.nothing) == (lost_at.startswith("POST"), lost_at.startswith("GET"))


def test_what_is_no_daemon_is_called_so(http_server) -> None:
    outcome = act("docker", {"daemon": f"tcp://127.0.0.1:{http_server.port}", "start": "bot"}).outcome
    assert outcome.nothing
    assert outcome.summary == f"what listens at 127.0.0.1:{http_server.port} is no Docker daemon"
