"""The open journal on the disk: what it acknowledges is never lost, and it says so when it cannot promise that."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cockpit.journal import disk as disks
from cockpit.journal.chain import Damage
from cockpit.journal.reader import JournalDamaged, verify
from cockpit.journal.torn import set_aside

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PASSING = _NO_ROOM | {errno.EINTR}


class NotRecorded(Exception):
    """Something could not be recorded, and so did not happen; the message says why."""


class JournalFile:
    """A journal open for appending. Not for use by several threads.

    An append is acknowledged when its bytes were flushed, and the file at the path is still this one and exactly as
    long as it must be. When there is no room the file is cut back to what was acknowledged, and the next append tries
    again. After any other failure, a failed flush above all, the system may have dropped what it was given and call
    it written: nothing is appended any more until `recover` has read the file back from the disk.
    """

    def __init__(self, path: Path, fd: int, end: int, disk: disks.Disk) -> None:
        """Take over `fd`, open for appending to `path`, in which `end` bytes are acknowledged."""
        self.path = path
        self.end = end
        self.problem = ""
        """Why nothing could be recorded last; empty while all is well."""
        self.trusted = True
        self._fd = fd
        self._disk = disk
        self._given = b""
        status = os.fstat(fd)
        self._identity = (status.st_dev, status.st_ino)

    def append(self, data: bytes) -> None:
        """Write and flush `data`. Raises NotRecorded: then none of it counts."""
        if not self.trusted:
            raise NotRecorded(self.problem)
        self._given = data
        try:
            written = self._disk.write(self._fd, data)
        except OSError as failure:
            if failure.errno not in _PASSING:
                raise self._distrust(f"writing failed ({failure.strerror})") from failure
            raise self._take_back(_in_words(failure)) from failure
        if written != len(data):
            raise self._take_back(f"only {written} of {len(data)} bytes could be written: the disk may be full")
        try:
            self._disk.fdatasync(self._fd)
        except OSError as failure:
            raise self._distrust(f"the flush to the disk failed ({failure.strerror})") from failure
        self._check_size(self.end + len(data))
        self.end += len(data)
        self._given = b""
        self.problem = ""

    def recover(self, head: bytes) -> None:
        """Trust the file again after reading it back from the disk, if it holds all that was acknowledged.

        `head` is the hash of the last acknowledged event. What was written after it and not acknowledged is set
        aside. Raises JournalDamaged, UnsafePath, NotAJournal or OSError: then it stays as it was.
        """
        fd = disks.open_again(self.path)
        try:
            # What the cache holds after a failed flush need not be what the disk holds.
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            self._check_acknowledged(fd, head)
            if os.fstat(fd).st_size > self.end:
                set_aside(self.path, fd, self.end, self._disk)
            self._disk.fdatasync(fd)
        except BaseException:
            os.close(fd)
            raise
        os.close(self._fd)
        self._fd, self.trusted, self.problem = fd, True, ""

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _check_acknowledged(self, fd: int, head: bytes) -> None:
        status = os.fstat(fd)
        found = verify(self.path)
        stated = os.pread(fd, 64, self.end - 67)
        tail = os.pread(fd, len(self._given) + 1, self.end)
        what = ""
        if (status.st_dev, status.st_ino) != self._identity:
            what = "another file was put in its place"
        elif found.size < self.end or stated != head.hex().encode():
            if found.problem:
                raise JournalDamaged(self.path, found.problem)
            what = "events that were acknowledged are not on the disk"
        elif not self._given.startswith(tail):
            what = "somebody else wrote to it"
        if what:
            raise JournalDamaged(self.path, Damage(found.events + 1, found.size, found.events, what))

    def _check_size(self, expected: int) -> None:
        try:
            status = self.path.lstat()
        except OSError as failure:
            raise self._distrust(f"its file is gone ({failure.strerror})") from failure
        if (status.st_dev, status.st_ino) != self._identity:
            raise self._distrust("another file was put in its place")
        if status.st_size != expected:
            raise self._distrust(f"somebody else changed it: it has {status.st_size} bytes instead of {expected}")

    def _take_back(self, why: str) -> NotRecorded:
        """Cut the file back to what is acknowledged, after a write that found no room."""
        try:
            self._disk.ftruncate(self._fd, self.end)
            self._disk.fdatasync(self._fd)
        except OSError as failure:
            return self._distrust(f"{why}, and cutting it back failed ({failure.strerror})")
        self.problem = f"{self.path.name} cannot grow: {why}"
        return NotRecorded(self.problem)

    def _distrust(self, why: str) -> NotRecorded:
        self.trusted = False
        self.problem = f"{self.path.name} cannot be trusted: {why}; nothing is added until it has been read back"
        return NotRecorded(self.problem)


def _in_words(failure: OSError) -> str:
    return "the disk is full" if failure.errno == errno.ENOSPC else str(failure.strerror)
