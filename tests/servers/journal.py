"""A journal of the suite's own: systemd's journald, without systemd, in a mount namespace.

`journalctl`, called through the folder that a test puts in its PATH, reads this journal and no other one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.need import missing

JOURNALD = Path("/lib/systemd/systemd-journald")
_SCRIPT = f"""
set -e
mount -t tmpfs none /run
mkdir -p /run/sshd /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=\\nForwardToSyslog=no\\n' > /run/systemd/journald.conf.d/of-the-suite.conf
exec {JOURNALD}
"""


@dataclass(frozen=True)
class Journal:
    """A journal that is written to and read."""

    process: subprocess.Popen[bytes]
    programs: Path
    """A folder with a `journalctl` that reads it."""

    @property
    def socket(self) -> Path:
        """Where journald listens."""
        return Path(f"/proc/{self.process.pid}/root", "run/systemd/journal/socket")

    def send(self, message: bytes, *, unit: str = "", name: str = "app", priority: int = 6) -> None:
        """Have an entry written. The protocol: systemd.io/JOURNAL_NATIVE_PROTOCOL."""
        fields = {b"MESSAGE": message, b"SYSLOG_IDENTIFIER": name.encode(), b"PRIORITY": str(priority).encode()}
        if unit:
            fields[b"OBJECT_SYSTEMD_UNIT"] = unit.encode()  # what root says of a unit counts as the unit's own
        told = b"".join(key + b"\n" + struct.pack("<Q", len(value)) + value + b"\n" for key, value in fields.items())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(told, str(self.socket))

    @property
    def readers(self) -> list[int]:
        """The programs that were started to read it, oldest first."""
        return [int(pid) for pid in (self.programs / "started").read_text().split()]


@pytest.fixture
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """An empty journal, followed by nobody."""
    if not JOURNALD.exists() or shutil.which("journalctl") is None or not Path("/etc/machine-id").exists():
        missing("journald", "install the package systemd")
    if os.geteuid() != 0:
        missing("the right to mount", "run the tests as root")
    process = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "setpriv", "--pdeathsig=KILL", "sh", "-c", _SCRIPT],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    programs = tmp_path_factory.mktemp("journal")
    reader = programs / "journalctl"
    inside = f"exec nsenter --mount=/proc/{process.pid}/ns/mnt {shutil.which('journalctl')}"
    reader.write_text(f'#!/bin/sh\necho $$ >> {programs}/started\n{inside} "$@"\n')
    reader.chmod(0o755)
    made = Journal(process, programs)
    try:
        ends = time.monotonic() + 20
        while not _listens(made):
            if process.poll() is not None or time.monotonic() > ends:
                missing("a journald that runs without systemd", "run the tests as root, outside of a container")
            time.sleep(0.05)
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait(timeout=30)


def _listens(made: Journal) -> bool:
    try:
        made.send(b"the journal is there", name="suite")
    except OSError:
        return False
    return True
