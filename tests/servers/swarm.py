"""Swarms: daemons of the suite's own on one loopback, whose services run on the host's network (no IPVS is needed)."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.servers.docker import Daemon, build, need_own, run, started

IMAGE = "cockpit-swarm:1"
FOR_EVER = ("sleep", "600")


@dataclass
class Swarm:
    """A manager and a worker."""

    manager: Daemon
    worker: Daemon

    @property
    def host(self) -> str:
        return self.manager.host

    def docker(self, *arguments: str) -> str:
        """What a command of the docker client prints, at the manager."""
        return run(self.host, *arguments)

    def create(self, name: str, *options: str, command: tuple[str, ...] = FOR_EVER) -> None:
        """Begin a service; swarm goes on by itself."""
        quick = ("--stop-grace-period", "0s", "--restart-delay", "100ms", "--update-monitor", "300ms")
        also = ("--rollback-monitor", "100ms", "--network", "host", "--no-resolve-image")
        self.docker("service", "create", "--detach", "--name", name, *quick, *also, *options, IMAGE, *command)

    def update(self, name: str, *options: str) -> None:
        """Begin to change a service."""
        self.docker("service", "update", "--detach", "--no-resolve-image", *options, name)

    def until(self, name: str, running: int) -> None:
        """Wait until so many tasks of a service run."""
        ends = time.monotonic() + 20
        while True:
            states = self.docker(
                "service", "ps", "--filter", "desired-state=running", "--format", "{{.CurrentState}}", name
            )
            if sum(state.startswith("Running") for state in states.splitlines()) == running:
                return
            assert time.monotonic() < ends, states
            time.sleep(0.1)

    def inspect(self, name: str) -> dict[str, Any]:
        """What swarm says of a service."""
        found: list[dict[str, Any]] = json.loads(self.docker("service", "inspect", name))
        return found[0]

    def lose(self, name: str) -> None:
        """Let one more worker, which takes no tasks, join and be gone: it is down when swarm has missed it for a while."""
        with started(name, beside=self.manager) as daemon:
            join(self.manager, daemon, "worker", "127.0.0.3")
            self.docker("node", "update", "--availability", "drain", name)

    def forget_the_lost(self) -> None:
        """Take nodes that are down off the swarm: those that another test has lost."""
        for line in self.docker("node", "ls", "--format", "{{.ID}} {{.Status}}").splitlines():
            node, *_, status = line.split()
            if status == "Down":
                self.docker("node", "rm", "--force", node)


@pytest.fixture(scope="session")
def swarm() -> Iterator[Swarm]:
    """A swarm of one manager and one worker, with an image that holds nothing but busybox."""
    need_own()
    with _manager("manager") as manager, started("worker", beside=manager) as worker:
        join(manager, worker, "worker", "127.0.0.2")
        for node in (manager, worker):
            build(node.host, IMAGE)
        yield Swarm(manager, worker)


@pytest.fixture(scope="module")
def losing_swarm() -> Iterator[Daemon]:
    """A manager whose only fellow froze when the module began: after ten seconds or so it notices."""
    need_own()
    with ExitStack() as running:
        manager = running.enter_context(_manager("lonely"))
        fellow = running.enter_context(started("fellow", beside=manager))
        join(manager, fellow, "manager", "127.0.0.2")
        run(
            manager.host,
            "service",
            "create",
            "--detach",
            "--name",
            "web",
            "--replicas",
            "0",
            "--no-resolve-image",
            IMAGE,
        )
        with fellow.frozen():
            yield manager


def join(manager: Daemon, node: Daemon, role: str, address: str) -> None:
    """Let a daemon join the swarm of a manager."""
    token = run(manager.host, "swarm", "join-token", "--quiet", role)
    addresses = ("--advertise-addr", address, "--listen-addr", f"{address}:2377", "--data-path-addr", address)
    run(node.host, "swarm", "join", "--token", token, *addresses, "127.0.0.1:2377")


@contextlib.contextmanager
def _manager(name: str) -> Iterator[Daemon]:
    with started(name) as daemon:
        run(daemon.host, "swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
        yield daemon
