"""`cockpit demo --docker` on a daemon of the test's own: a real release, and nothing is left or touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.demo.sample.client import compose_program
from cockpit.demo.sample.images import lacking
from tests.servers import docker
from tests.servers.need import missing
from tests.stack import daemon

ROOT = Path(__file__).parents[2]
MINE = "label=cockpit.demo"

pytestmark = [pytest.mark.server, pytest.mark.long]


@dataclass(frozen=True)
class Machine:
    """A network of its own with a Docker daemon in it, and a user's state."""

    folder: Path
    host: str

    def docker(self, *arguments: str) -> str:
        return docker.run(self.host, *arguments)

    def demo(self, *arguments: str) -> subprocess.Popen[str]:
        """`cockpit demo --docker`, without a terminal."""
        shell = (self.folder / "docker" / "shell").read_text()
        command = ["nsenter", "--net", "--target", shell, sys.executable, "-m", "cockpit", "demo", *arguments]
        environ = {**os.environ, "DOCKER_HOST": self.host, "COCKPIT_HOME": str(self.folder / "home")}
        return subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip

    def marked(self) -> list[str]:
        """Containers, volumes and networks that carry the label of a demo."""
        lists = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        return [line for listed in lists for line in self.docker(*listed, "--quiet", "--filter", MINE).split()]


@pytest.fixture
def machine() -> Iterator[Machine]:
    if compose_program() is None:
        missing("Compose", "install the package docker-compose")
    if packages := lacking():
        missing("what the sample system is made of", f"install the packages {' '.join(packages)}")
    if shutil.which("nsenter") is None:
        missing("nsenter", "install the package util-linux")
    folder = Path(tempfile.mkdtemp(prefix="cockpit-demo-"))  # a socket's path must be short
    try:
        yield Machine(folder, daemon.start(folder / "docker"))
    finally:
        daemon.stop(folder / "docker")
        shutil.rmtree(folder)


def test_a_release_goes_live_and_back_and_nothing_is_left_or_touched(machine: Machine) -> None:
    docker.build(machine.host, "theirs:1")
    machine.docker("volume", "create", "theirs")
    machine.docker("network", "create", "theirs")
    machine.docker("run", "--detach", "--name", "theirs", "--volume", "theirs:/data", "theirs:1", "sleep", "3600")
    theirs = machine.docker("inspect", "theirs", "--format", "{{.Id}} {{.State.StartedAt}}")

    _kill_while_it_starts(machine)
    assert machine.marked(), "what was killed could not clean up"

    done = machine.demo("--docker", "--headless", "--keep")
    said, _ = done.communicate(timeout=500)
    assert done.returncode == 0, said
    assert "removing what an earlier demo left" in said
    assert "\nGOOD: it went live and came back, as this demo is meant to\n" in said
    assert "users are served by 1.1.0 in green" in said
    assert "users are served by 1.0.0 in blue again" in said
    assert "`cockpit demo --docker --remove` removes it, and the images" in said
    assert len(machine.marked()) > 30
    assert _published(machine) == {"127.0.0.1"}

    removing = machine.demo("--docker", "--remove")
    said, _ = removing.communicate(timeout=120)
    assert removing.returncode == 0, said
    assert machine.marked() == []
    assert machine.docker("images", "--all", "--quiet", "--filter", MINE) == ""
    assert not list((machine.folder / "home" / "demo").iterdir())
    assert machine.docker("inspect", "theirs", "--format", "{{.Id}} {{.State.StartedAt}}") == theirs
    assert machine.docker("volume", "ls", "--quiet") == "theirs"
    assert "theirs" in machine.docker("network", "ls", "--format", "{{.Name}}").split()
    assert machine.docker("images", "--format", "{{.Repository}}") == "theirs"


def _kill_while_it_starts(machine: Machine) -> None:
    """Kill a demo, and its keeper, when its first containers are there."""
    started = machine.demo("--docker", "--headless")
    try:
        ends = time.monotonic() + 240
        while not machine.docker("ps", "--quiet", "--filter", MINE):
            assert started.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.2)
        (folder,) = (machine.folder / "home" / "demo").iterdir()
        os.kill(int((folder / "stack.lock").read_text()), signal.SIGKILL)
    finally:
        started.kill()
        started.communicate()


def _published(machine: Machine) -> set[str]:
    """The addresses at which the demo's containers can be reached from outside of Docker."""
    ids = machine.docker("ps", "--quiet", "--filter", MINE).split()
    found = json.loads(machine.docker("inspect", *ids))
    published = [ports for each in found for ports in each["NetworkSettings"]["Ports"].values() if ports]
    return {port["HostIp"] for ports in published for port in ports}
