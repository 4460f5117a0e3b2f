"""Compose: a project that is really brought up, on the suite's Docker daemon."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.demo.sample.client import compose_program
from tests.servers.docker import Containers
from tests.servers.need import missing


@dataclass
class Project:
    """A project: `web` twice and healthy, `worker` once, after `migrate` has run to its end; `debug` is in a profile."""

    containers: Containers
    name: str
    file: Path
    program: tuple[str, ...]
    """What carries Compose out here: `docker compose`, or `docker-compose`."""

    def spec(self, **more: object) -> dict[str, object]:
        """What a check needs to know to find it."""
        return {"project": self.name, "host": self.containers.host, **more}

    def compose(self, *arguments: str) -> None:
        """Carry a command of Compose out."""
        done = subprocess.run(
            [*self.program, "--project-name", self.name, "--file", self.file, *arguments],
            env={**os.environ, "DOCKER_HOST": self.containers.host},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    def of(self, service: str) -> list[str]:
        """The ids of a service's containers."""
        label = f"label=com.docker.compose.service={service}"
        project = f"label=com.docker.compose.project={self.name}"
        return self.containers.docker("ps", "-aq", "--filter", project, "--filter", label).split()


@pytest.fixture(scope="module")
def project(containers: Containers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that is up and well; who damages it puts it right with `up`."""
    program = compose_program()
    if program is None:
        missing("Compose", "install the package docker-compose")
    file = tmp_path_factory.mktemp("compose") / "docker-compose.yml"
    image = f"cockpit-compose:{uuid.uuid4().hex[:12]}"
    containers.docker("tag", containers.image, image)
    file.write_text(_FILE.format(image=image))
    made = Project(containers, f"cockpit-{uuid.uuid4().hex[:8]}", file, program)
    try:
        made.compose("up", "--detach")
        for each in made.of("web"):
            containers.until_healthy(each)
        yield made
    finally:
        made.compose("--profile", "debug", "down", "--timeout", "0", "--volumes", "--remove-orphans")
        containers.docker("rmi", "--force", image)


_FILE = """
x-common: &common
  image: {image}
  network_mode: none
  stop_grace_period: 0s
services:
  web:
    <<: *common
    command: [sh, -c, "echo ok > /well; exec sleep 600"]
    scale: 2
    healthcheck: {{test: [CMD, cat, /well], interval: 200ms, retries: 1}}
  migrate:
    <<: *common
    command: ["true"]
  worker:
    <<: *common
    command: [sleep, "600"]
    depends_on: {{migrate: {{condition: service_completed_successfully}}}}
  debug:
    <<: *common
    command: [sleep, "600"]
    profiles: [debug]
"""
