"""What of a demo is on a Docker daemon, found by its labels alone, and removed.

All that a demo makes is marked with whose it is, and with its folder. What is not marked so is never touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from pathlib import Path

from cockpit.demo.sample.client import Failed, docker
from cockpit.demo.supervisor import held

OWNER, FOLDER = "cockpit.demo", "cockpit.demo.folder"
PREFIX = "cockpit-demo/"
"""What comes before the names of a demo's images."""

KEPT = "kept"
"""A file in the folder of a system that is to stay until it is removed by name."""

_REGISTRY = "127.0.0.1:"


def owner(home: Path) -> str:
    """Whose the demos are that keep their folders in `home`: of which user, on which machine."""
    return f"{os.geteuid()}@{socket.gethostname()}:{home}"


def marks(home: Path, folder: Path) -> dict[str, str]:
    """The labels of the system in `folder`."""
    return {OWNER: owner(home), FOLDER: str(folder)}


def left_over(host: str, home: Path) -> list[Path]:
    """The folders of systems that are on a daemon, or were, and that nobody keeps any more. Raises Failed."""
    return [folder for folder in _systems(host, home) if not _kept(folder) and not _in_use(home, folder)]


def in_use(host: str, home: Path) -> list[Path]:
    """The folders of systems whose run goes on, or that somebody looks after. Raises Failed."""
    return [folder for folder in _systems(host, home) if _in_use(home, folder)]


def kept(home: Path) -> list[Path]:
    """The folders of systems that stay until they are removed by name."""
    return sorted(each.parent for each in (home / "demo").glob(f"*/{KEPT}"))


def remove(host: str, folder: Path) -> None:
    """Remove the containers, volumes and networks of the system in `folder`, and the folder. Raises Failed."""
    while found := {kind: ids for kind in _LISTS if (ids := _ids(host, kind, f"{FOLDER}={folder}"))}:
        # Compose outlives a start that was killed, and may go on for a moment to make what is just being removed.
        for kind, ids in found.items():
            docker(host, *_REMOVALS[kind], *ids)
    _untag(host, folder)
    shutil.rmtree(folder, ignore_errors=True)


def remove_images(host: str, home: Path) -> int:
    """Remove all images of demos of this owner that no container uses; how many. Raises Failed."""
    ids = docker(host, "images", "--all", "--quiet", "--no-trunc", *_of(f"{OWNER}={owner(home)}")).splitlines()
    gone = 0
    for image in dict.fromkeys(ids):  # the newest first: none is removed before what was built on it
        with contextlib.suppress(Failed):
            docker(host, "rmi", "--force", image)
            gone += 1
    return gone


def foreign_images(host: str, home: Path) -> list[str]:
    """Images that are called as those of a demo and are not marked as this owner's. Raises Failed."""
    listed = ("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={PREFIX}*")
    own = docker(host, *listed, *_of(f"{OWNER}={owner(home)}")).splitlines()
    return sorted(set(docker(host, *listed).splitlines()) - set(own))


_REMOVALS = {"container": ("rm", "--force", "--volumes"), "volume": ("volume", "rm"), "network": ("network", "rm")}
_LISTS = {"container": ("ps", "--all"), "volume": ("volume", "ls"), "network": ("network", "ls")}


def _of(label: str) -> tuple[str, str]:
    return "--filter", f"label={label}"


def _ids(host: str, kind: str, label: str) -> list[str]:
    return docker(host, *_LISTS[kind], "--quiet", *_of(label)).split()


def _untag(host: str, folder: Path) -> None:
    """Forget under what names images were pushed to the system's own registry."""
    with contextlib.suppress(OSError):
        ports = [line for line in (folder / ".env").read_text().splitlines() if line.startswith("REGISTRY_PORT=")]
        if ports:
            pushed = f"reference={_REGISTRY}{ports[0].partition('=')[2]}/*"
            listed = ("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", pushed)
            names = docker(host, *listed, "--filter", f"label={OWNER}").split()
            for name in names:
                docker(host, "rmi", name)


def _systems(host: str, home: Path) -> list[Path]:
    found = set()
    for listed in _LISTS.values():
        printed = docker(host, *listed, *_of(f"{OWNER}={owner(home)}"), "--format", f'{{{{.Label "{FOLDER}"}}}}')
        found |= {Path(line) for line in printed.splitlines() if line}
    found |= {each.parent for each in (home / "demo").glob("*/system.json")}
    return sorted(found)


def _kept(folder: Path) -> bool:
    return (folder / KEPT).exists()


def _in_use(home: Path, folder: Path) -> bool:
    """Whether its keeper lives, or the engine of its run."""
    return held(folder / "stack.lock") or held(home / "runs" / folder.name / "lock")
