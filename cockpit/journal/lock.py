"""One engine a run: a lock that dies with its holder, and says who that is.

It is a flock on a file that is never unlinked, open only in the process that took it: the kernel lets go of it when
that process ends, however it ends, and no child inherits it. What stands in the file is for people; only the lock
counts.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import time
from pathlib import Path
from typing import Self

import msgspec

from cockpit.journal.event import Actor
from cockpit.journal.folder import RunFolder
from cockpit.text import safe_line

_BETWEEN = 0.004
"""Seconds between two tries to take the lock."""

_NAMED = 0.03
"""Seconds to try when the file names a holder: whoever only looks (`holder_of`) has the lock too, for an instant."""

_UNNAMED = 1.0
"""Seconds to try when it names none: then it is most likely somebody who only looks, on a busy machine."""

_NETWORKED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"}
)


class Holder(msgspec.Struct, frozen=True):
    """Who holds a run."""

    pid: int
    who: Actor
    since: dt.datetime

    def __str__(self) -> str:
        """In words: `ada on pts/3 (process 4711) since 2026-11-24 22:01 UTC`."""
        since = self.since.astimezone(dt.UTC)
        return f"{safe_line(str(self.who))} (process {self.pid}) since {since:%Y-%m-%d %H:%M:%S} UTC"


class LockHeld(Exception):
    """Another engine carries the run."""

    def __init__(self, run: str, holder: Holder) -> None:
        """`run` is held by `holder`."""
        super().__init__(f"run {run} is held by {holder}")
        self.holder = holder


class RunLock:
    """The lock of one run, held until `release` or the end of this process."""

    def __init__(self, fd: int) -> None:
        """Use `acquire`."""
        self._fd = fd

    @classmethod
    def acquire(cls, folder: RunFolder, holder: Holder) -> Self:
        """Take the lock of the run in `folder`, and say in it who has it. Raises LockHeld, and OSError."""
        begun = time.monotonic()
        while (fd := _take(folder.lock, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX)) is None:
            said = _said_in(folder.lock)
            if time.monotonic() - begun > (_NAMED if said else _UNNAMED):
                raise LockHeld(folder.id, said or _somebody(folder.lock))
            time.sleep(_BETWEEN)
        os.ftruncate(fd, 0)
        os.pwrite(fd, msgspec.json.encode(holder) + b"\n", 0)
        return cls(fd)

    def release(self) -> None:
        """Let somebody else have it."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder_of(folder: RunFolder) -> Holder | None:
    """Who holds the run in `folder` at this moment; None when nobody does.

    A holder that was killed is not one, whatever the file says. One that holds the run and has not said yet who it is
    is waited for, a moment. Raises OSError when the lock cannot be read.
    """
    begun = time.monotonic()
    while True:
        try:
            fd = _take(folder.lock, os.O_RDONLY, fcntl.LOCK_SH)
        except FileNotFoundError:
            return None
        if fd is not None:
            os.close(fd)
            return None
        said = _said_in(folder.lock)
        if said is not None or time.monotonic() - begun > _NAMED:
            return said or _somebody(folder.lock)
        time.sleep(_BETWEEN)


def unsafe_file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The kind of file system that `path` is on, when locks and flushes there are not to be relied on; else empty.

    Those are the network file systems, and those that another program implements (FUSE).
    """
    try:
        listed = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real, kind, longest = path.resolve(), "", -1
    for fields in map(str.split, listed):
        point = Path(_unescaped(fields[1]))
        # Of two mounts on one place the later one is what is seen.
        if real.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = fields[2], len(point.parts)
    return kind if kind in _NETWORKED or kind.startswith("fuse") else ""


def _take(path: Path, flags: int, how: int) -> int | None:
    """A descriptor that holds the lock on the file at `path`; None when somebody else does."""
    while True:
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
            # Had another file been put in the place of this one, two could hold "the" lock.
            if path.exists() and os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _said_in(path: Path) -> Holder | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _somebody(path: Path) -> Holder:
    """A holder that does not say who it is; it took the lock when the file was last written."""
    return Holder(-1, Actor("somebody"), dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC))


def _unescaped(point: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point
