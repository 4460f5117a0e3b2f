"""What there is at a path of this machine, without a program: a hundred files cost no hundred processes.

It tells what the programs of `file_programs` tell, in the same words.
"""

from __future__ import annotations

import asyncio
import grp
import hashlib
import math
import os
import pwd
import stat
import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

from cockpit.checks.file_found import Asked, File, Found, kind_of
from cockpit.checks.kind import Unmeasurable
from cockpit.connect.thread import in_thread

LISTED_LIMIT = 150_000
"""Files of a folder."""

_PIECE = 256 * 1024


async def look(asked: Asked, timeout: float) -> Found:
    """What there is at `asked.path`. Raises Unmeasurable; what hangs is left behind in its thread."""
    looking = _Looking(asked)
    try:
        async with asyncio.timeout(timeout):
            return await in_thread(asked.path, looking.run, interrupt=looking.give_up)
    except TimeoutError:
        raise Unmeasurable(f"timed out while {asked.path} was read, after {timeout:.1f} s") from None


class _Looking:
    """One look, given up at the next piece or name when nobody waits for it any more."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._place = _at_home(asked.path)
        self._path = Path(self._place)
        self._words = _text(self._place)
        self._given_up = False

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        self._given_up = True

    def run(self) -> Found:
        """Look."""
        now, target = int(time.time()), _target(self._path)
        try:
            facts = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return Found(self._words, now, "link" if target else "missing", target)
        except (OSError, ValueError) as error:
            raise Unmeasurable(f"{self._asked.path} cannot be looked at: {_why(error)}") from None
        kind = kind_of(facts.st_mode)
        content, whole, checksum = self._content() if kind == "file" else (b"", True, "")
        return Found(
            path=self._words,
            now=now,
            kind=kind,
            target=target,
            mode=stat.S_IMODE(facts.st_mode),
            size=facts.st_size,
            owner=_name(lambda: pwd.getpwuid(facts.st_uid).pw_name, facts.st_uid),
            group=_name(lambda: grp.getgrgid(facts.st_gid).gr_name, facts.st_gid),
            modified=_seconds(facts),
            sha256=checksum,
            content=content,
            whole=whole,
            files=self._files() if kind == "folder" else (),
        )

    def _content(self) -> tuple[bytes, bool, str]:
        """The beginning of the file, whether that is all of it, and its checksum, as far as they are asked for."""
        limit, checksum = self._asked.limit, ""
        if limit is None and not self._asked.checksum:
            return b"", True, ""
        self._may_be_read(os.R_OK)
        try:
            with _opened(self._path) as file:
                if self._asked.checksum:
                    digest = hashlib.sha256()
                    for piece in self._pieces(file.read):
                        digest.update(piece)
                    checksum = digest.hexdigest()
                    file.seek(0)
                if limit is None:
                    return b"", True, checksum
                kept = b"".join(self._pieces(file.read, limit + 1))
        except OSError as error:
            raise Unmeasurable(f"{self._asked.path} cannot be read: {_why(error)}") from None
        return kept[:limit], len(kept) <= limit, checksum

    def _pieces(self, read: Callable[[int], bytes], most: float = math.inf) -> Iterator[bytes]:
        while not self._given_up and most and (piece := read(int(min(_PIECE, most)))):
            yield piece
            most -= len(piece)

    def _files(self) -> tuple[File, ...]:
        """The regular files of the folder; links count as what they lead to, and no folder is entered by one."""
        if self._asked.depth is None:
            return ()
        self._may_be_read(os.R_OK | os.X_OK)
        files: list[File] = []
        waiting = [(self._place, self._asked.depth)]
        try:
            while waiting and not self._given_up:
                folder, depth = waiting.pop()
                folders = self._look_into(folder, files)
                waiting += [(deeper, depth - 1) for deeper in folders if depth > 1]
        except PermissionError as error:
            raise Unmeasurable(f"{self._asked.path} cannot be looked through: {_why(error)}") from None
        return tuple(files)

    def _look_into(self, folder: str, files: list[File]) -> list[str]:
        """Add the files of one folder; the folders in it."""
        folders = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._given_up:
                        break
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif (file := _file(entry)) is not None:
                        files.append(file)
                    if len(files) > LISTED_LIMIT:
                        raise Unmeasurable(f"{self._asked.path} has too many files to be looked through")
        except (FileNotFoundError, NotADirectoryError):
            pass  # it was removed meanwhile
        return folders

    def _may_be_read(self, rights: int) -> None:
        if not os.access(self._place, rights):
            raise Unmeasurable(f"{self._words} is there, but this user may not read it: permission denied")


def _at_home(path: str) -> str:
    return os.path.expanduser(path) if path == "~" or path.startswith("~/") else path  # noqa: PTH111 - as text


def _target(path: Path) -> str:
    """Where a link leads; nothing when it is none, or cannot be told."""
    try:
        return _text(os.readlink(path))  # noqa: PTH115 - as it is written
    except (OSError, ValueError):
        return ""


def _opened(path: Path) -> FileIO:
    """A regular file to read; should somebody have put a pipe in its place, its opening waits for nobody."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    os.set_blocking(fd, True)
    return FileIO(fd)


def _file(entry: os.DirEntry[str]) -> File | None:
    """A file of a listing; None when it is none, leads nowhere, or was removed meanwhile."""
    try:
        facts = entry.stat()
    except PermissionError:
        raise
    except OSError:
        return None
    return File(_text(entry.path), facts.st_size, _seconds(facts)) if stat.S_ISREG(facts.st_mode) else None


def _name(look_up: Callable[[], str], number: int) -> str:
    """Whose it is by name; the number of a user or group that has none."""
    try:
        return look_up()
    except KeyError:
        return str(number)


def _seconds(facts: os.stat_result) -> int:
    return facts.st_mtime_ns // 1_000_000_000


def _text(path: str) -> str:
    """A path as text, whatever bytes are in it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _why(error: OSError | ValueError) -> str:
    """`permission denied`; of what is no path at all, why."""
    if not isinstance(error, OSError):
        return "a zero character stands in it"
    said = error.strerror or str(error)
    return said[:1].lower() + said[1:]
