"""Docker: a daemon, images built without a registry, and containers that end with the suite.

A daemon that already runs is used. Otherwise, as root, one is started in a network namespace of its own, where it can
disturb no other: its containers have `--network none`.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.need import missing

APPLETS = ("sh", "sleep", "echo", "true", "false", "cat", "kill", "seq", "head", "yes")


@dataclass
class Containers:
    """A daemon, and the containers that were started on it."""

    host: str
    image: str
    _names: list[str] = field(default_factory=list)

    def run(self, script: str, *options: str, name: str = "") -> str:
        """Start a container that runs a shell script; its name."""
        name = name or f"cockpit-test-{uuid.uuid4().hex[:12]}"
        self.docker("run", "-d", "--name", name, "--network", "none", *options, self.image, "sh", "-c", script)
        self._names.append(name)
        return name

    def ended(self, script: str, *options: str) -> str:
        """A container whose script has come to its end."""
        name = self.run(script, *options)
        self.docker("wait", name)
        return name

    def docker(self, *arguments: str) -> str:
        """What a command of the docker client prints."""
        done = subprocess.run(
            ["docker", "--host", self.host, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def until_healthy(self, name: str, state: str = "healthy") -> None:
        """Wait until a container's health check says `state`."""
        ends = time.monotonic() + 10
        while self.docker("inspect", "--format", "{{.State.Health.Status}}", name) != state:
            assert time.monotonic() < ends, f"{name} does not become {state}"
            time.sleep(0.1)

    def remove_all(self) -> None:
        if self._names:
            self.docker("rm", "--force", "--volumes", *self._names)


@pytest.fixture(scope="session")
def docker_daemon() -> Iterator[str]:
    """Where a Docker daemon listens."""
    if shutil.which("docker") is None:
        missing("Docker", "install the package docker.io")
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if _answers(host):
        yield host
        return
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        missing("a Docker daemon", "start one, or run the tests as root with the package docker.io installed")
    with _started() as host:
        yield host


@pytest.fixture(scope="session")
def containers(docker_daemon: str) -> Iterator[Containers]:
    """Containers of an image that holds nothing but busybox."""
    image = f"cockpit-test:{uuid.uuid4().hex[:12]}"
    _build(docker_daemon, image)
    made = Containers(docker_daemon, image)
    try:
        yield made
    finally:
        made.remove_all()
        made.docker("rmi", "--force", image)


def _answers(host: str) -> bool:
    command = ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=5, check=False)
        return done.returncode == 0
    return False


@contextlib.contextmanager
def _started() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ck-docker-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        host = f"unix://{folder}/docker.sock"
        command = [
            "setpriv", "--pdeathsig", "TERM", "unshare", "--net", "dockerd", "--host", host, "--data-root", folder / "data", "--exec-root",
            folder / "exec", "--pidfile", folder / "pid", "--iptables=false", "--bridge=none", "--log-level=warn",
            "--shutdown-timeout=1",
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            ends = time.monotonic() + 20
            while not _answers(host):
                if daemon.poll() is not None or time.monotonic() > ends:
                    missing("a Docker daemon", f"dockerd does not start here: {(folder / 'log').read_text()[-500:]}")
                time.sleep(0.05)
            yield host
        finally:
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(timeout=20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()


def _build(host: str, image: str) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        missing("busybox", "install the package busybox-static")
    _import(host, image, Path(busybox), APPLETS)


def _import(host: str, image: str, busybox: Path, applets: Sequence[str]) -> None:
    """Make an image of one program under several names; no registry is asked."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(busybox, "bin/busybox")
        for applet in applets:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    command = ["docker", "--host", host, "import", "--change", "ENV PATH=/bin", "-", image]
    done = subprocess.run(command, input=packed.getvalue(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
