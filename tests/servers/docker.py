"""Docker: a daemon, images built without a registry, and containers that end with the suite.

A daemon that already runs is used. Otherwise, as root, one is started in a network namespace of its own, where it can
disturb no other: its containers have `--network none`.
"""

from __future__ import annotations

import asyncio
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
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.frozen import frozen
from tests.servers.need import missing

APPLETS = ("sh", "sleep", "echo", "true", "false", "cat", "kill", "seq", "head", "yes")


@dataclass
class Containers:
    """A daemon, and the containers that were started on it."""

    host: str
    image: str
    _names: list[str] = field(default_factory=list)

    def run(self, script: str, *options: str, name: str = "", network: str = "none") -> str:
        """Start a container that runs a shell script; its name. An empty `network` leaves it to the options."""
        name = name or f"cockpit-test-{uuid.uuid4().hex[:12]}"
        networks = ("--network", network) if network else ()
        self.docker("run", "-d", "--name", name, *networks, *options, self.image, "sh", "-c", script)
        if name not in self._names:
            self._names.append(name)
        return name

    def ended(self, script: str, *options: str) -> str:
        """A container whose script has come to its end."""
        name = self.run(script, *options)
        self.docker("wait", name)
        return name

    def docker(self, *arguments: str) -> str:
        """What a command of the docker client prints."""
        return run(self.host, *arguments)

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
    need_own()
    with started() as daemon:
        yield daemon.host


def need_own() -> None:
    """See that a daemon of the suite's own can be started."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None or shutil.which("ip") is None:
        missing("a Docker daemon", "start one, or run the tests as root with docker.io and iproute2 installed")


@pytest.fixture(scope="session")
def containers(docker_daemon: str) -> Iterator[Containers]:
    """Containers of an image that holds nothing but busybox."""
    image = f"cockpit-test:{uuid.uuid4().hex[:12]}"
    build(docker_daemon, image)
    made = Containers(docker_daemon, image)
    try:
        yield made
    finally:
        made.remove_all()
        made.docker("rmi", "--force", image)


def led_to(host: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What `serving` needs to lead to the Unix socket of a daemon: its port of TCP."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(host.removeprefix("unix://"))
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, ours))
                both.create_task(_carry(theirs, writer))
        finally:
            ours.transport.abort()
            writer.transport.abort()

    return lead


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.close()


def _answers(host: str) -> bool:
    command = ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=5, check=False)
        return done.returncode == 0
    return False


@dataclass(frozen=True)
class Daemon:
    """A daemon of the suite's own."""

    host: str
    shell: int
    """The process that its network belongs to."""

    def stop(self) -> None:
        """Let it end, as for an upgrade; one that `comes_back` is there again soon."""
        shell = int(Path(f"/proc/{self.shell}/task/{self.shell}/children").read_text())
        os.kill(int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0]), signal.SIGTERM)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop it as a hung disk would, and let it go on afterwards."""
        pid = int(Path(f"/proc/{self.shell}/task/{self.shell}/children").read_text())
        with frozen(pid):
            yield


@contextlib.contextmanager
def started(name: str = "docker", beside: Daemon | None = None, *, comes_back: bool = False) -> Iterator[Daemon]:
    """Start a daemon on a machine of the suite's own, called `name`; `beside` another, whose network it then shares.

    One that `comes_back` is started again whenever it ends, as a system would; its containers live on meanwhile.

    Daemons that change no firewall and have no bridge can share a network. Processes and mounts are in namespaces that
    end with the daemon, and the daemon ends with us, however we end.
    """
    with tempfile.TemporaryDirectory(prefix="ck-docker-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        host = f"unix://{folder}/docker.sock"
        network = ["unshare", "--net"] if beside is None else ["nsenter", f"--net=/proc/{beside.shell}/ns/net"]
        carry = 'while :; do "$@" --live-restore; sleep 0.5; done' if comes_back else 'exec "$@"'
        command = [
            "setpriv", "--pdeathsig", "KILL", *network,
            "unshare", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            "sh", "-c", f'hostname "$0" && ip link set lo up && {carry}', name,
            "dockerd", "--host", host, "--data-root", folder / "data", "--exec-root",
            folder / "exec", "--pidfile", folder / "pid", "--iptables=false", "--bridge=none", "--log-level=warn",
            "--cgroup-parent", f"/{folder.name}",
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            ends = time.monotonic() + 20
            while not _answers(host):
                if daemon.poll() is not None or time.monotonic() > ends:
                    missing("a Docker daemon", f"dockerd does not start here: {(folder / 'log').read_text()[-500:]}")
                time.sleep(0.05)
            yield Daemon(host, daemon.pid)
        finally:
            daemon.kill()
            daemon.wait()
            _forget_control_groups(folder.name)


def _forget_control_groups(parent: str) -> None:
    """Remove those of containers that ended with their daemon; processes that are just ending hold them a moment."""
    root = Path("/sys/fs/cgroup")
    ends = time.monotonic() + 5
    while left := [
        each for found in (*root.glob(parent), *root.glob(f"*/{parent}")) for each in (*found.rglob("*/"), found)
    ]:
        for each in sorted(left, reverse=True):
            with contextlib.suppress(OSError):
                each.rmdir()
        if time.monotonic() > ends:
            return
        time.sleep(0.02)


def run(host: str, *arguments: str) -> str:
    """What a command of the docker client prints."""
    done = subprocess.run(
        ["docker", "--host", host, *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def build(host: str, image: str) -> None:
    """Make an image that holds nothing but busybox."""
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
