"""A torn last line is not thrown away: it is set aside beside the journal, and the journal says so."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cockpit.journal import disk as disks
from cockpit.journal.event import JournalRecovered


def set_aside(path: Path, fd: int, offset: int, disk: disks.Disk) -> None:
    """Move what follows `offset` in the journal at `path`, open as `fd`, into a file of its own beside it.

    That file is on the disk before the journal is cut, so a crash in between loses nothing. Raises OSError.
    """
    torn = os.pread(fd, os.fstat(fd).st_size - offset, offset)
    number = 1
    while not _keep(_beside(path, offset, number), torn, disk):
        number += 1
    disks.sync_folder(path.parent)
    disk.ftruncate(fd, offset)
    disk.fdatasync(fd)


def set_aside_so_far(path: Path) -> list[JournalRecovered]:
    """What has been set aside beside the journal at `path`, in the order of the places it was cut from."""
    found = []
    for kept in path.parent.glob(f"{path.name}.torn-*"):
        offset = kept.name.rpartition(".torn-")[2].partition("-")[0]
        if offset.isdecimal():
            torn = kept.read_bytes()
            found.append(JournalRecovered(int(offset), len(torn), hashlib.sha256(torn).hexdigest(), kept.name))
    return sorted(found, key=lambda recovered: (recovered.offset, recovered.kept_as))


def _beside(path: Path, offset: int, number: int) -> Path:
    return path.with_name(f"{path.name}.torn-{offset}" + (f"-{number}" if number > 1 else ""))


def _keep(place: Path, torn: bytes, disk: disks.Disk) -> bool:
    """Write `torn` to a file at `place`; False when something else is there already."""
    try:
        fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        # A crash after this very file was written, and before the journal was cut, leaves it behind.
        return not place.is_symlink() and place.read_bytes() == torn
    with os.fdopen(fd, "wb", buffering=0) as file:
        written = disk.write(fd, torn)
        if written != len(torn):
            place.unlink()
            raise OSError(f"only {written} of {len(torn)} bytes could be written to {place.name}: is the disk full?")
        os.fchmod(fd, 0o600)
        disk.fdatasync(file.fileno())
    return True
