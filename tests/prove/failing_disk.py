"""Every call by which a journal reaches the disk fails, at every time it is made: nothing acknowledged is lost.

The failures are put in at the seam to the system (`cockpit.journal.disk.Disk`): an error number, or a write that takes
a part. A process under `strace` fails the same way, but its calls cannot be counted on to come in the same order.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cockpit.journal import disk as disks
from cockpit.journal import event as ev
from cockpit.journal import line, reader
from cockpit.journal.writer import NotRecorded, Writer
from tests.prove.finding import Effort, Finding

ADA = ev.Actor("ada", uid=1000)
CALLS = ("write", "fdatasync", "ftruncate")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, errno.EROFS, errno.EFBIG)
SHORT_WRITES = (0.0, 0.01, 0.5, 0.99)
PATIENCE = 10.0


class FailingDisk(disks.SystemDisk):
    """Fails at one chosen call, and at the `then` next ones of its kind."""

    def __init__(self, call: str, at: int, how: float, then: int) -> None:
        self._call, self._failing, self._how = call, range(at, at + 1 + then), how
        self._made = dict.fromkeys(CALLS, 0)

    def write(self, fd: int, data: bytes) -> int:
        """All of it, a part, or an error."""
        part = self._fault("write")
        return super().write(fd, data if part is None else data[: int(part * len(data))])

    def fdatasync(self, fd: int) -> None:
        """A flush, or an error."""
        self._fault("fdatasync")
        super().fdatasync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        """A cut, or an error."""
        self._fault("ftruncate")
        super().ftruncate(fd, size)

    def _fault(self, call: str) -> float | None:
        number = self._made[call]
        self._made[call] += 1
        if call != self._call or number not in self._failing:
            return None
        if isinstance(self._how, int):
            raise OSError(self._how, os.strerror(self._how))
        return self._how


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Every call, every error, at every time."""
    times = range(effort.times(full=40, short=5))
    faults = [
        *itertools.product(CALLS, times, ERRORS, (0, 1)),
        *itertools.product(("write",), times, SHORT_WRITES, (0, 1)),
    ]
    events = effort.times(full=45, short=8)
    broken, bites = [], 0
    for number, fault in enumerate(faults):
        kept, acknowledged, refused = tried(work / str(number), FailingDisk(*fault), events)
        if kept != acknowledged:
            broken.append(f"{fault}: {len(acknowledged)} acknowledged, {len(kept)} kept")
        bites += kept != sorted(acknowledged + refused)
    yield Finding(
        "the n-th write, flush or cut fails (EIO, ENOSPC, EDQUOT, EINTR, EROFS, EFBIG, a short write)",
        len(faults),
        len(broken),
        "a failed call is acknowledged",
        bites,
        tuple(broken[:3]),
    )


def tried(folder: Path, disk: FailingDisk, count: int) -> tuple[list[int], list[int], list[int]]:
    """Numbers of the notes that are in the journal, that were acknowledged, and that were refused."""
    folder.mkdir(mode=0o700)
    journal = folder / "journal.jsonl"
    opened = ev.RunOpened("r", "live", "v1", "production", msgspec.Raw(b"{}"), line.digest(b"{}"), "0")
    try:
        writer = Writer.create(journal, ADA, opened, engine=ADA, disk=disk)
    except NotRecorded:
        return ([-1] if journal.exists() else []), [], [-1]  # a journal that was refused must not be there
    acknowledged: list[int] = []
    refused: list[int] = []
    with writer:
        for number in range(count):
            try:
                writer.append([(ADA, ev.NoteAdded(str(number)))]).result(PATIENCE)
                acknowledged.append(number)
            except NotRecorded:
                refused.append(number)
                if not writer.trusted:
                    writer.recover().exception(PATIENCE)
    kept = [int(event.data.text) for event in reader.read(journal) if isinstance(event.data, ev.NoteAdded)]
    return kept, acknowledged, refused
