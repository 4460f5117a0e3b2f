"""Following a file on this machine: through rotation, truncation and removal."""

from __future__ import annotations

import asyncio
import os
from typing import NamedTuple

from cockpit.connect.thread import Stuck, in_thread
from cockpit.logs.intake import Intake
from cockpit.logs.job import Followed

LOOK_EVERY = 0.2
"""Seconds between two looks."""

PIECE = 1024 * 1024


async def follow_file(source: Followed, intake: Intake) -> None:
    """Follow the file of a path until cancelled; its disk may hang, and hangs nobody else."""
    following = _Following(source.spec["path"], source.tail)
    try:
        while True:
            try:
                came = await in_thread(f"reading {source.spec['path']}", following.look)
            except Stuck as stuck:
                came = _Came(notice=str(stuck))
            if came.ended:
                intake.end()
            if came.notice and came.notice != following.said:
                intake.notice(came.notice)
            following.said = came.notice or following.said
            intake.stream(came.data)
            if not came.data:
                await asyncio.sleep(LOOK_EVERY)
    finally:
        following.close()


class _Came(NamedTuple):
    data: bytes = b""
    notice: str = ""
    ended: bool = False
    """What was read before has come to its end: a line that was begun is one."""


class _Following:
    """Where we are in which file."""

    def __init__(self, path: str, tail: int) -> None:
        self.said = ""
        self._path, self._tail = os.path.expanduser(path), tail  # noqa: PTH111 - a path of any sort
        self._fd = -1
        self._at = 0
        self._first = True

    def look(self) -> _Came:
        """What has come since the last look. Blocks."""
        if self._fd < 0:
            return self._open()
        data = os.pread(self._fd, PIECE, self._at)
        self._at += len(data)
        if data:
            return _Came(data)
        if os.fstat(self._fd).st_size < self._at:
            self._at = 0
            self.said = ""
            return _Came(notice=f"{self._path} was truncated: following it from its beginning", ended=True)
        return self._replaced()

    def _replaced(self) -> _Came:
        """Nothing came: whether the path leads to another file by now."""
        try:
            there, ours = os.stat(self._path), os.fstat(self._fd)  # noqa: PTH116 - a path of any sort
        except OSError:
            return _Came(notice=f"{self._path} is gone: waiting for it to come back")
        if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
            return _Came()
        # It may have been written to until it was replaced.
        data = os.pread(self._fd, PIECE, self._at)
        self._at += len(data)
        if data:
            return _Came(data)
        self.close()
        return _Came(notice=f"{self._path} was rotated: following the new file from its beginning", ended=True)

    def _open(self) -> _Came:
        try:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            self._first = False
            return _Came(notice=f"{self._path} cannot be read: {(error.strerror or '').lower()}; trying again")
        self._at = _before_last_lines(self._fd, self._tail) if self._first else 0
        self._first = False
        self.said = ""
        return _Came()

    def close(self) -> None:
        """Look no more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _before_last_lines(fd: int, count: int) -> int:
    """Where the last `count` lines of a file begin; it is read from its end, by blocks."""
    end = os.fstat(fd).st_size
    if count == 0:
        return end
    # The newline that ends the last line is not counted.
    at, wanted = max(0, end - 1), count
    while at > 0:
        start = max(0, at - PIECE)
        block = os.pread(fd, at - start, start)
        here = block.count(b"\n")
        if here >= wanted:
            place = len(block)
            for _ in range(wanted):
                place = block.rfind(b"\n", 0, place)
            return start + place + 1
        wanted -= here
        at = start
    return 0
