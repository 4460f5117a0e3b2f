"""A Docker daemon for the sample system: the one that runs, or one in a network namespace of its own.

The latter can disturb no other, and keeps its images in memory (0.7 GB), so that it is gone when it ends. What its containers publish on 127.0.0.1 is brought to this machine's 127.0.0.1 by a
process that has one foot in each network (`forward.py`).
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from cockpit.demo.sample import images as base_images
from cockpit.demo.sample import repository
from tests.servers.docker import _answers, _forget_control_groups, need_own
from tests.servers.need import missing

HERE = Path(__file__).resolve().parent

_kept: list[subprocess.Popen[bytes]] = []
"""What goes on after we end: kept, so that nobody complains of a process that was not waited for."""


@atexit.register
def _let_go() -> None:
    """Nor does anybody complain when we end."""
    for each in _kept:
        each.returncode = 0


def find_or_start(folder: Path) -> str:
    """Where a daemon listens: the one that runs, or else one that is started with its files in `folder`."""
    if shutil.which("docker") is None:
        need_own()
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return host if _answers(host) else start(folder, _cache())


_BEGIN = """
hostname sandbox && ip link set lo up && mount -t tmpfs data "$0" || exit
if [ -f "$1" ]; then tar -xf "$1" -C "$0" --xattrs --xattrs-include='*' || rm -rf "$0"/*; fi
shift
exec "$@"
"""
_IMAGES = ("image", "overlay2")
"""The folders of a daemon in which its images are, when it has no containers."""


def keep_images(folder: Path) -> None:
    """Keep the images of a daemon of ours for the next one; nothing if there are some, or if it is not ours."""
    kept, shell = _cache(), folder / "shell"
    if kept.exists() or not shell.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")
    packing = ["tar", "-cf", part, "-C", folder / "data", "--xattrs", "--xattrs-include=*", *_IMAGES]
    done = subprocess.run(["nsenter", "--mount", "--target", shell.read_text(), *packing], check=False)
    if done.returncode != 0:
        part.unlink(missing_ok=True)
        return
    for old in kept.parent.glob("*.tar"):
        old.unlink()
    part.rename(kept)


def _cache() -> Path:
    """The file of the images that are made of the packages and the source that are here: 0.7 GB."""
    digest = hashlib.sha256(base_images.digest().encode())
    for path in sorted(repository.SOURCE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return platformdirs.user_cache_path("cockpit-tests") / f"images-{digest.hexdigest()[:12]}.tar"


def start(folder: Path, images: Path | None = None) -> str:
    """Start a daemon of our own with its files in `folder`, which must not exist, and kept `images`; where it listens."""
    need_own()
    (folder / "data").mkdir(parents=True)
    host = f"unix://{folder}/docker.sock"
    command = [
        "unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        "sh", "-c", _BEGIN, folder / "data", images or "",
        "dockerd", "--host", host, "--data-root", folder / "data", "--exec-root", folder / "exec",
        "--pidfile", folder / "pid", "--log-level=warn", "--cgroup-parent", f"/{_group(folder)}",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    _kept.append(started)
    (folder / "shell").write_text(str(started.pid))
    ends = time.monotonic() + 30
    while not _answers(host):
        if started.poll() is not None or time.monotonic() > ends:
            said = (folder / "log").read_text()[-500:]
            stop(folder)
            missing("a Docker daemon", f"dockerd does not start here: {said}")
        time.sleep(0.05)
    return host


def forward(folder: Path, ports: Iterable[int]) -> None:
    """Bring ports of the daemon's network to this machine's 127.0.0.1, until the daemon ends; nothing if it is not ours."""
    shell = folder / "shell"
    if not shell.exists():
        return
    command = [sys.executable, HERE / "forward.py", shell.read_text(), *map(str, ports)]
    with (folder / "forward.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    _kept.append(process)
    assert process.stdout is not None
    with process.stdout:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"ports cannot be forwarded: {(folder / 'forward.log').read_text()[-500:]}")
    (folder / "forward").write_text(str(process.pid))


def stop(folder: Path) -> None:
    """End a daemon of ours with all its containers, and remove its files; nothing if there is none."""
    if not folder.exists():
        return
    for name in ("forward", "shell"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pid = int((folder / name).read_text())
            os.kill(pid, signal.SIGKILL)
            _await_end(pid)
    _forget_control_groups(_group(folder))
    ends = time.monotonic() + 10
    while folder.exists() and time.monotonic() < ends:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)


def _group(folder: Path) -> str:
    return f"cockpit-stack-{folder.parent.name}"


def _await_end(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    ends = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < ends:
        time.sleep(0.02)


def end_after(pid: int, folder: Path) -> None:
    """Have the system in `folder` taken down when the process `pid` ends, however it does."""
    command = [sys.executable, "-m", "tests.stack", "down", "--at", folder, "--after", str(pid)]
    nowhere = subprocess.DEVNULL
    root = HERE.parents[1]
    _kept.append(
        subprocess.Popen(command, cwd=root, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)
    )
