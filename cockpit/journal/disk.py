"""The few calls by which a journal reaches the disk, and the care taken when its file is opened."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from cockpit.text import safe_line

_OPEN = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class UnsafePath(Exception):
    """A file or folder that somebody else could have put there or could change; the message says which and why."""


class Disk(Protocol):
    """What writing a journal asks of the system. Each call raises OSError as its namesake in `os` does."""

    def write(self, fd: int, data: bytes) -> int:
        """Append `data`; returns how many bytes were taken."""
        ...

    def fdatasync(self, fd: int) -> None:
        """Return when all that was written is on the disk."""
        ...

    def ftruncate(self, fd: int, size: int) -> None:
        """Cut the file back to `size` bytes."""
        ...


class SystemDisk:
    """The system's own calls."""

    def write(self, fd: int, data: bytes) -> int:
        """As `os.write`."""
        return os.write(fd, data)

    def fdatasync(self, fd: int) -> None:
        """As `os.fdatasync`."""
        os.fdatasync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        """As `os.ftruncate`."""
        os.ftruncate(fd, size)


def create(path: Path) -> int:
    """Create the file at `path` for its owner alone, and open it for appending; returns its descriptor.

    Raises FileExistsError, UnsafePath, and OSError as the system says.
    """
    check_folders(path.parent)
    fd = os.open(path, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
    os.fchmod(fd, 0o600)
    return fd


def open_again(path: Path) -> int:
    """Open the existing file at `path` for appending. Raises UnsafePath, and OSError as the system says."""
    check_folders(path.parent)
    fd = os.open(path, _OPEN)
    status = os.fstat(fd)
    wrong = ""
    if not stat.S_ISREG(status.st_mode):
        wrong = "is not a regular file"
    elif status.st_uid != os.geteuid():
        wrong = f"belongs to user {status.st_uid}, not to you"
    elif status.st_nlink != 1:
        wrong = f"has {status.st_nlink} names: it could be changed under another one"
    if wrong:
        os.close(fd)
        raise UnsafePath(f"{safe_line(str(path))} {wrong}")
    return fd


def check_folders(folder: Path) -> None:
    """Raise UnsafePath when anyone may rename or replace what is in `folder`, or that folder itself.

    That is so when it, or a folder above it, is writable for all without the sticky bit.
    """
    for place in (real := folder.resolve(), *real.parents):
        mode = place.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            name = safe_line(str(place))
            raise UnsafePath(f"{name} is writable for everyone: take that right away (chmod o-w), or move the state")


def sync_folder(folder: Path) -> None:
    """Return when the names in `folder` are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
