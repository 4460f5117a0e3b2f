"""One attempt at an action on disk: who carries it out, what it printed, how it ended.

```
steps/<step>-<go|undo>-<attempt>/
  runner      which process carries it out: it can be recognised again, whoever asks, as long as the machine runs.
              Made once: whoever makes it has the job
  output      what it printed, as it came, secrets hidden
  ended.json  how it ended; there whole, or not at all
```

It is its owner's alone; of a run opened with `--group`, the members of that group may read it.

The runner writes here from outside the engine, so that the end of an engine loses neither output nor outcome.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from cockpit.journal.disk import sync_folder

TAIL = 4096
"""Bytes of the end of the output that are kept in the journal."""


class Runner(msgspec.Struct, frozen=True):
    """A process that can be recognised: a process id alone may have been given to another since."""

    pid: int
    started: int
    """When, in ticks since the machine booted (proc(5), `stat`, field 22)."""
    boot: str
    """Which boot that was."""

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        return self == runner(self.pid)


class HostEnded(msgspec.Struct, frozen=True, omit_defaults=True):
    """How it ended on one host."""

    host: str
    done: bool
    summary: str = ""
    unknown: bool = False
    """It may or may not have happened there."""


class Ended(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an attempt ended."""

    done: bool
    summary: str = ""
    status: int | None = None
    took: float = 0.0
    """Seconds."""
    unknown: bool = False
    """It may or may not have happened."""
    nothing: bool = False
    """It failed before anything was done."""
    hosts: tuple[HostEnded, ...] = ()
    """Those where it was begun."""


@dataclass(frozen=True)
class Progress:
    """How an attempt stands."""

    state: Literal["not begun", "running", "ended", "lost"]
    """`lost`: it was begun, its runner is gone, and it left no word of its end."""
    ended: Ended | None = None
    output: str = ""
    """The end of what it printed."""


class AttemptFolder:
    """The folder of one attempt."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def output(self) -> Path:
        """What it printed."""
        return self.path / "output"

    @property
    def has_ended(self) -> bool:
        """How it ended is written down."""
        return (self.path / "ended.json").exists()

    def make(self) -> None:
        """Make the folder. Raises OSError; FileExistsError when the attempt was begun before."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.mkdir(mode=0o700)
        if for_a_group(self.path.parent):
            self.path.chmod(stat.S_ISGID | 0o750)
        sync_folder(self.path.parent)

    def begun_by(self, process: Runner) -> None:
        """Write down which process carries it out, flushed. Raises OSError; FileExistsError when another does."""
        new = self.path / f".runner-{process.pid}"
        self._write(new, msgspec.json.encode(process))
        try:
            (self.path / "runner").hardlink_to(new)
        finally:
            new.unlink(missing_ok=True)
        sync_folder(self.path)

    def take_back(self) -> bool:
        """See to it that nobody takes the job any more; False when somebody has. Raises OSError."""
        try:
            self.begun_by(Runner(0, 0, ""))
        except FileExistsError:
            return False
        return True

    def reserve(self, size: int) -> None:
        """Make room for how it ends, so that a disk that is full by then does not matter. Raises OSError."""
        fd = os.open(self.path / ".ended.json", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            let_group_read(fd, self.path)
            os.posix_fallocate(fd, 0, size)
        finally:
            os.close(fd)

    def end(self, ended: Ended) -> None:
        """Write down how it ended, flushed, whole or not at all. Raises OSError."""
        new = self.path / ".ended.json"
        self._write(new, msgspec.json.encode(ended))
        new.replace(self.path / "ended.json")
        sync_folder(self.path)

    def progress(self) -> Progress:
        """How it stands."""
        ended = self._ended()
        if ended is not None:
            return Progress("ended", ended, self.tail())
        if not self.path.exists():
            return Progress("not begun")
        process = self._runner()
        if process is not None and process.lives:
            return Progress("running", None, self.tail())
        ended = self._ended()  # it may have ended while its runner was looked for
        return Progress("ended" if ended is not None else "lost", ended, self.tail())

    def runner(self) -> Runner | None:
        """The process that carries it out, when it lives."""
        process = self._runner()
        return process if process is not None and process.lives else None

    def tail(self) -> str:
        """The end of what it printed."""
        try:
            with self.output.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - TAIL))
                end = file.read(TAIL)
        except OSError:
            return ""
        if size > TAIL:
            end = end.lstrip(_WITHIN_A_CHARACTER)
        return end.decode("utf-8", "replace")

    def _runner(self) -> Runner | None:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode((self.path / "runner").read_bytes(), type=Runner)
        return None

    def _ended(self) -> Ended | None:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode((self.path / "ended.json").read_bytes(), type=Ended)
        return None

    def _write(self, path: Path, data: bytes) -> None:
        """Write a file in the room that it has already, if any."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as file:
            let_group_read(fd, self.path)
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())


def for_a_group(folder: Path) -> bool:
    """Whether the members of its group may read `folder`: a run opened with `--group` has such folders."""
    return bool(folder.stat().st_mode & stat.S_IRGRP)


def let_group_read(fd: int, folder: Path) -> None:
    """Let the members of the group read a new file, where they may read its folder, which gives it its group."""
    if for_a_group(folder):
        os.fchmod(fd, 0o640)


_WITHIN_A_CHARACTER = bytes(range(0x80, 0xC0))
"""Bytes that continue a character of UTF-8."""


def attempt_folder(steps: Path, step: str, attempt: int, *, undo: bool) -> AttemptFolder:
    """Where an attempt at a step, or at its compensation, is kept."""
    return AttemptFolder(steps / f"{step}-{'undo' if undo else 'go'}-{attempt}")


def runner(pid: int) -> Runner | None:
    """The process with this id, as it can be recognised; None when there is none that runs."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return Runner(pid, int(fields[19]), boot) if fields[0] not in "ZX" else None
