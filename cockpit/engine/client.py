"""The viewer's end of a run's command socket, and how an engine is started when there is none."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

import cockpit
from cockpit.engine import protocol as say
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.run.command import Command

START_WITHIN = 10.0
"""Seconds an engine may take to answer after it was started."""

WELCOME_WITHIN = 5.0
"""Seconds in which an engine that listens says welcome, unless it was stopped or its machine stands still."""

_from_engine = msgspec.json.Decoder(say.FromEngine)


class NoEngine(Exception):
    """There is no engine, and none could be started. The message says why."""


class NotWelcome(Exception):
    """The engine refused this viewer: another version. The message says which."""


class Client:
    """A connection to the engine of a run."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, welcome: say.Welcome) -> None:
        """Use `Client.connect`."""
        self.welcome = welcome
        self.gone = asyncio.Event()
        """Set when the connection has ended."""
        self.heard: Callable[[say.FromEngine], None] = lambda _: None
        """Called with everything that is not the answer to a request."""
        self._writer = writer
        self._answers: dict[int, asyncio.Future[say.Accepted | say.Refused]] = {}
        self._number = 0
        self._listening = asyncio.create_task(self._listen(reader))

    @classmethod
    async def connect(cls, run: RunFolder, role: Literal["captain", "observer", "script"]) -> Client:
        """Connect to the engine of `run`.

        Raises OSError when there is none, NoEngine when it does not answer, NotWelcome when it refuses.
        """
        try:
            async with asyncio.timeout(WELCOME_WITHIN):
                reader, writer = await asyncio.open_unix_connection(sock=await _connected(run), limit=say.LONGEST)
                writer.write(_line(say.Hello(say.PROTOCOL, cockpit.__version__, role)))
                try:
                    answer = await _next(reader)
                except BaseException:
                    writer.close()
                    raise
        except TimeoutError:
            raise NoEngine(_does_not_answer(run)) from None
        if isinstance(answer, say.Welcome):
            return cls(reader, writer, answer)
        writer.close()
        if isinstance(answer, say.Refused):
            raise NotWelcome(answer.reason)
        raise ConnectionResetError("the engine hung up")

    async def command(self, command: Command) -> say.Accepted | say.Refused:
        """Ask for `command` and wait for the answer. Raises ConnectionResetError when the engine goes meanwhile."""
        self._number += 1
        answer: asyncio.Future[say.Accepted | say.Refused] = asyncio.get_running_loop().create_future()
        self._answers[self._number] = answer
        if self.gone.is_set():
            raise ConnectionResetError(_GONE)
        self._writer.write(_line(say.Request(self._number, command)))  # type: ignore[arg-type]
        return await answer

    def follow_logs(self, wanted: bool = True) -> None:
        """Let the run's logs be followed, into its folder; or say that they are of no more interest here."""
        if not self.gone.is_set():
            self._writer.write(_line(say.FollowLogs(wanted)))

    async def close(self) -> None:
        """Hang up."""
        self._listening.cancel()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while (message := await _next(reader)) is not None:
                if isinstance(message, say.Accepted | say.Refused) and message.id in self._answers:
                    self._answers.pop(message.id).set_result(message)
                else:
                    self.heard(message)
        except (OSError, msgspec.DecodeError, ValueError):
            pass
        finally:
            self.gone.set()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionResetError(_GONE))


_GONE = "the engine went away before it answered: look at the journal to see whether it was recorded"


def _does_not_answer(run: RunFolder) -> str:
    holder = holder_of(run)
    if holder is None:
        return f"run {run.id} has no engine any more"
    return (
        f"the engine of run {run.id} does not answer: {holder} holds the run. If it was stopped, let it go on"
        f" (`kill -CONT {holder.pid}`); if it hangs, end it (`kill -9 {holder.pid}`), and attach again: nothing is lost"
    )


def start_engine(run: RunFolder, passphrases: Mapping[str, str] | None = None) -> None:
    """Start an engine for `run`, unless one is there, and wait until it listens. Raises NoEngine.

    It is handed the `passphrases` of SSH keys, by the path of the key, over a pipe that nobody else reads.
    """
    if _listens(run):
        return
    if run.path.stat().st_uid != os.geteuid():
        raise NoEngine(f"run {run.id} has no engine that answers, and only its owner can start one")
    engine = None if holder_of(run) is not None else _spawned(run, passphrases or {})
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if _listens(run):
            return
        if holder_of(run) is None and (engine is None or _is_over(engine)):
            break
        time.sleep(0.02)
    raise NoEngine(f"the engine of run {run.id} did not start: {_last_words(run)}")


async def _connected(run: RunFolder) -> socket.socket:
    """A socket to the engine. Raises OSError.

    While others wait in its queue, which asyncio takes for a connection under way, it is tried again.
    """
    door = socket.socket(socket.AF_UNIX)
    door.setblocking(False)
    try:
        with _short_path(run) as path:
            while True:
                try:
                    door.connect(path)
                except BlockingIOError:
                    await asyncio.sleep(0.02)
                else:
                    return door
    except BaseException:
        door.close()
        raise


def _listens(run: RunFolder) -> bool:
    """Whether somebody answers at the socket; the file alone may be what a dead engine left."""
    with socket.socket(socket.AF_UNIX) as probe, _short_path(run) as path:
        probe.setblocking(False)
        return probe.connect_ex(path) in (0, errno.EAGAIN)  # EAGAIN: others wait before us


@contextlib.contextmanager
def _short_path(run: RunFolder) -> Iterator[str]:
    """The socket by a path that is short enough: 107 bytes at most (unix(7))."""
    folder = os.open(run.path, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{run.socket.name}"
    finally:
        os.close(folder)


def _spawned(run: RunFolder, passphrases: Mapping[str, str]) -> Path:
    """Start the process; where the system shows it as long as it lives."""
    try:
        with open(run.engine_log, "ab", opener=_for_its_owner) as log:
            started = subprocess.run(
                [sys.executable, "-m", "cockpit.engine", str(run.path)],
                input=msgspec.json.encode(passphrases),
                stdout=subprocess.PIPE,
                stderr=log,
                check=True,
                cwd=Path(cockpit.__file__).parents[1],  # so that it is this Cockpit that starts, installed or not
            )
    except (OSError, subprocess.CalledProcessError) as problem:
        raise NoEngine(f"the engine of run {run.id} could not be started: {problem}") from None
    return Path("/proc", started.stdout.decode().strip())


def _is_over(process: Path) -> bool:
    """Whether a process has ended, although the first one of a container may never say that it has seen so."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _for_its_owner(path: str, flags: int) -> int:
    """Open a file that nobody else may read, not the group of the run either: what it tells is none of the record."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor


def _last_words(run: RunFolder) -> str:
    lines = run.engine_log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1].rpartition(" ERROR ")[2] if lines else f"it left no word in {run.engine_log}"


def _line(message: say.FromViewer) -> bytes:
    return msgspec.json.encode(message) + b"\n"


async def _next(reader: asyncio.StreamReader) -> say.FromEngine | None:
    line = await reader.readline()
    return _from_engine.decode(line) if line else None
