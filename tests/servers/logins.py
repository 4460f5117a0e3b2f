"""Users of the suite's own who log in over SSH, each with a key of their own.

They are known in a mount namespace alone, to whoever logs in there: this machine's own users stay as they are. The
Python that runs the suite, and Cockpit, can be reached by them there, wherever they lie.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.need import missing
from tests.servers.ssh import Keys, Sshd, sshd
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
GROUP = "ck-launch"
USERS = {"root": (0, "user"), "ck-olu": (64101, "user-ecdsa"), "ck-grace": (64102, "user-rsa")}
"""Who may log in: user id, and the key."""


@dataclass(frozen=True)
class Logins:
    """Whoever may log in, and how."""

    server: Sshd
    home: Path
    """The state home that all of them are told."""

    def run(self, who: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Call Cockpit as `who`, who logs in for it."""
        return subprocess.run(
            self._command(who, words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )

    def terminal(self, who: str, *words: str) -> Terminal:
        """Cockpit on a terminal that `who` has by logging in."""
        return Terminal(self._command(who, words, "-tt"))

    def _command(self, who: str, words: tuple[str, ...], *options: str) -> list[str | Path]:
        config = self.server.config(User=who, IdentityFile=self.server.keys[USERS[who][1]])
        settings = f"COCKPIT_HOME={self.home} PYTHONPATH={ROOT} PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8"
        there = f"cd /; {settings} exec {sys.executable} -m cockpit {shlex.join(words)}"
        return ["ssh", *options, "-F", config, "-p", str(self.server.port), self.server.address, there]


@pytest.fixture
def logins(ssh_keys: Keys, state_home: Path) -> Iterator[Logins]:
    """root, ck-olu and ck-grace on this machine; the latter two are members of ck-launch."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        missing("the right to make users and mounts of the suite's own", "run the tests as root")
    state_home.chmod(0o711)
    with tempfile.TemporaryDirectory(prefix="ck-users-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        script = "\n".join(
            ["set -e", *_known(folder, ssh_keys), *_reachable(folder), "echo ready", "exec sleep infinity"]
        )
        holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "setpriv", "--pdeathsig=KILL", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != b"ready\n":
                missing("the right to mount", "run the tests as root, outside of a container")
            with sshd(ssh_keys, f"AuthorizedKeysFile {folder}/keys/%u", mounts=holder.pid) as server:
                yield Logins(server, state_home)
        finally:
            holder.kill()
            holder.wait(timeout=30)
            assert holder.stdout is not None
            holder.stdout.close()


def _known(folder: Path, keys: Keys) -> Iterator[str]:
    """Commands by which the users are known; their keys are put in place."""
    (folder / "keys").mkdir()
    users, groups = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
    members = ",".join(name for name in USERS if name != "root")
    for name, (uid, key) in USERS.items():
        shutil.copy(keys[f"{key}.pub"], folder / "keys" / name)
        if uid:
            users += f"{name}:*:{uid}:{uid}::/:/bin/sh\n"
            groups += f"{name}:x:{uid}:\n"
    (folder / "passwd").write_text(users)
    (folder / "group").write_text(f"{groups}{GROUP}:x:64100:{members}\n")
    for name in ("passwd", "group"):
        yield f"mount --bind {folder}/{name} /etc/{name}"


def _reachable(folder: Path) -> Iterator[str]:
    """Commands that lay an open folder over each closed one on the way to what is needed, with nothing else in it."""
    needed = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT.resolve()}
    for place in sorted(needed):
        closed = [each for each in reversed(place.parents) if not each.stat().st_mode & 0o001]
        if closed:
            top = closed[0]
            over = folder / "over" / str(top).strip("/")
            inside = over / place.relative_to(top)
            inside.mkdir(parents=True, exist_ok=True)
            yield f"mount --bind {shlex.quote(str(place))} {shlex.quote(str(inside))}"
    for over in sorted(each for each in (folder / "over").glob("*")):
        yield f"mount --rbind {over} /{over.name}"
