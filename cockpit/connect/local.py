"""Running a program on this machine, ended in time with all that it started.

A program has a session and process group of its own. What it leaves running there when it ends is ended with it; what
it has set free on purpose (`setsid`, a daemon) is left alone. When it is ended because time ran out, or because nobody
waits for it any more, what it set free is ended too: a mark in the environment, which every descendant inherits, tells
it from all other processes. Orphans thus need not become children of ours, where they would be mixed with those that
are meant to outlive us.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.route import Ended, Program
from cockpit.connect.thread import Stuck, in_thread

MERCY = 2.0
"""Seconds between the TERM and the KILL of a program that is ended."""

DRAIN = 0.25
"""Seconds that a program's output may stay open after its end: somebody it set free may hold it for ever."""

MARK = "COCKPIT_PROGRAM"
"""The environment variable by which the descendants of a program are found."""


async def run(program: Program, timeout: float) -> Ended:
    """Run `program` to its end, or for `timeout` seconds: then it is ended, and what it had printed is kept.

    Returns at that moment, and ends at once when it is cancelled; a program that does not heed TERM is killed later,
    behind. Raises Unreachable when it cannot be started.
    """
    started = time.monotonic()
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        # Inherited from whoever started us; the kernel would throw exit statuses away, and all would seem well.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    mark = secrets.token_hex(8)
    process = await _started(program, mark, timeout)
    by_itself = False
    running = _Running(process, program)
    try:
        by_itself = await running.over(timeout - (time.monotonic() - started))
        return running.outcome(time.monotonic() - started, timed_out=not by_itself)
    finally:
        running.end("" if by_itself else mark)


async def _started(program: Program, mark: str, timeout: float) -> subprocess.Popen[bytes]:
    """The program, started in a thread: its file or its folder may be on a file system that hangs."""
    starting = _Starting(program, mark)
    try:
        async with asyncio.timeout(timeout):
            return await in_thread(starting.subject, starting.run, interrupt=starting.abandon)
    except TimeoutError:
        # It may start yet, for as long as it takes to kill it.
        raise CutOff(f"{starting.words} could not be started within {timeout:.1f} s") from None
    except Stuck as stuck:
        raise Unreachable(str(stuck)) from None
    except (OSError, ValueError) as error:
        said = functools.partial(_why_not, starting, error)
        raise Unreachable(await in_thread(f"the start of {starting.words}", said)) from None


class _Starting:
    """A start that may be abandoned at any moment: whoever comes second ends the program."""

    def __init__(self, program: Program, mark: str) -> None:
        text = isinstance(program.command, str)
        self.command = ["/bin/sh", "-c", program.command] if isinstance(program.command, str) else [*program.command]
        self.folder = os.path.expanduser(program.folder) if program.folder else None  # noqa: PTH111 - it may be no path
        self.words = ("the command" if text else self.command[0]) + (f" in {self.folder}" if self.folder else "")
        # Only the file system of a folder or of a named program hangs a start for long: those are a subject each.
        self.subject = f"the start of {self.words}" + (f" {mark}" if text and not self.folder else "")
        self._input = subprocess.PIPE if program.input else subprocess.DEVNULL
        self._environment = {**program.environment, MARK: mark}
        self._mark = mark
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._abandoned = False

    def run(self) -> subprocess.Popen[bytes]:
        """Start it."""
        process = subprocess.Popen(
            self.command,
            bufsize=0,
            stdin=self._input,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # As bytes, ours need not be decoded and encoded again.
            env={**os.environb, **{os.fsencode(name): os.fsencode(value) for name, value in self._environment.items()}},
            cwd=self.folder,
            start_new_session=True,
        )
        with self._lock:
            self._process = process
            abandoned = self._abandoned
        if abandoned:
            self._kill(process)
        return process

    def abandon(self) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._abandoned = True
            process = self._process
        if process is not None:
            self._kill(process)

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """In a thread of its own: the start is over, and hangs no more."""
        threading.Thread(target=_kill_now, args=(process, self._mark), daemon=True).start()


_ending: set[asyncio.Task[None]] = set()


class _Running:
    """A program that runs: its streams are read and its input written as it goes, its end is waited for."""

    def __init__(self, process: subprocess.Popen[bytes], program: Program) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        loop = asyncio.get_running_loop()
        self._process = process
        self._ended: asyncio.Future[None] = loop.create_future()
        self._drained: asyncio.Future[None] = loop.create_future()
        self._output = _Stream(process.stdout.fileno(), program.limit, self._closed, program.sink)
        self._errors = _Stream(process.stderr.fileno(), program.limit, self._closed)
        self._input = _Input(process, program.input)
        self._exit = _Exit(process, self._ended)

    async def over(self, timeout: float) -> bool:
        """Wait for its end; False when time ran out."""
        ends = time.monotonic() + timeout
        await asyncio.wait({self._ended}, timeout=max(0.0, timeout))
        if self._process.poll() is None:
            return False
        if not self._drained.done():
            _signal(self._process.pid, signal.SIGTERM)  # what it left behind may hold its output open
            await asyncio.wait({self._drained}, timeout=max(0.0, min(DRAIN, ends - time.monotonic())))
        return True

    def outcome(self, took: float, *, timed_out: bool) -> Ended:
        """How it ended, with what it has printed by now."""
        for stream in (self._output, self._errors):
            stream.read_on()
        status = None if timed_out else self._process.returncode
        killed = status is not None and status < 0
        return Ended(
            None if killed else status,
            bytes(self._output.kept),
            bytes(self._errors.kept),
            took,
            signal=_name_of(-status) if killed and status is not None else "",
            timed_out=timed_out,
            cut=self._output.cut or self._errors.cut,
        )

    def end(self, mark: str) -> None:
        """End what is left of it and its group; with a mark, also all that carries it. Goes on behind."""
        if _lives(self._process) or mark:
            _signal(self._process.pid, signal.SIGTERM)
            task = asyncio.create_task(self._end(mark))
            _ending.add(task)
            task.add_done_callback(_ending.discard)
        else:
            self._let_go()

    async def _end(self, mark: str) -> None:
        """Its output is read on meanwhile: who tidies up and says so must not die of that."""
        try:
            await _until(lambda: not _lives(self._process), MERCY)
            _signal(self._process.pid, signal.SIGKILL)
            if mark:
                await in_thread("a look for what programs have set free", lambda: _sweep(mark))
            await _until(lambda: self._process.poll() is not None, MERCY)
        except asyncio.CancelledError:  # the loop ends: there is no later
            self._let_go()
            _kill_now(self._process, mark)
            raise
        except Stuck:
            pass
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Read no more, and leave nothing open."""
        for part in (self._output, self._errors, self._input, self._exit):
            part.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):  # input that nobody took
                    pipe.close()

    def _closed(self) -> None:
        if self._output.ended and self._errors.ended and not self._drained.done():
            self._drained.set_result(None)


class _Stream:
    """What a program prints on one stream, read to its end; the beginning is kept."""

    _PIECE = 64 * 1024
    _PIECES_AT_THE_END = 16

    def __init__(
        self, fd: int, limit: int, closed: Callable[[], None], sink: Callable[[bytes], None] | None = None
    ) -> None:
        self.kept = bytearray()
        self.cut = False
        self.ended = False
        self._fd, self._limit, self._closed, self._sink = fd, limit, closed, sink
        os.set_blocking(fd, False)
        asyncio.get_running_loop().add_reader(fd, self._read)

    def read_on(self) -> None:
        """Read what is there already."""
        for _ in range(self._PIECES_AT_THE_END):
            if self.ended or not self._read():
                return

    def close(self) -> None:
        """Read no more."""
        if not self.ended:
            self.ended = True
            asyncio.get_running_loop().remove_reader(self._fd)

    def _read(self) -> bool:
        try:
            piece = os.read(self._fd, self._PIECE)
        except BlockingIOError:
            return False
        except OSError:
            piece = b""
        if piece and self._sink is not None:
            self._sink(piece)
        room = self._limit - len(self.kept)
        self.kept += piece[:room]
        self.cut = self.cut or len(piece) > room
        if not piece:
            self.close()
            self._closed()
        return True


class _Input:
    """What a program is given to read; it need not read it."""

    def __init__(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        self._pipe = process.stdin
        self._left = memoryview(data)
        if self._pipe is not None:
            os.set_blocking(self._pipe.fileno(), False)
            asyncio.get_running_loop().add_writer(self._pipe.fileno(), self._write)

    def _write(self) -> None:
        assert self._pipe is not None
        try:
            self._left = self._left[os.write(self._pipe.fileno(), self._left) :]
        except BlockingIOError:
            return
        except OSError:  # it has closed its input, or is gone
            self._left = self._left[:0]
        if not self._left:
            self.close()

    def close(self) -> None:
        """Say that nothing more comes."""
        if self._pipe is not None:
            asyncio.get_running_loop().remove_writer(self._pipe.fileno())
            self._pipe.close()
            self._pipe = None


class _Exit:
    """Tells a future of the end of a process: by the kernel's word, or by asking now and then where it gives none.

    asyncio's own way takes a thread for each child on Python 3.11.
    """

    _FIRST, _LONGEST = 0.001, 0.05

    def __init__(self, process: subprocess.Popen[bytes], ended: asyncio.Future[None]) -> None:
        self._process, self._ended = process, ended
        self._loop = asyncio.get_running_loop()
        self._asking: asyncio.TimerHandle | None = None
        try:
            self._fd = os.pidfd_open(process.pid)
        except (AttributeError, OSError):
            self._fd = -1
            self._ask(self._FIRST)
        else:
            self._loop.add_reader(self._fd, self._told)

    def _told(self) -> None:
        if self._process.poll() is not None:
            self.close()
            if not self._ended.done():
                self._ended.set_result(None)

    def _ask(self, wait: float) -> None:
        self._told()
        if not self._ended.done():
            self._asking = self._loop.call_later(wait, self._ask, min(wait * 2, self._LONGEST))

    def close(self) -> None:
        """Watch no more."""
        if self._asking is not None:
            self._asking.cancel()
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1


async def _until(done: Callable[[], bool], limit: float) -> None:
    ends = time.monotonic() + limit
    while not done() and time.monotonic() < ends:  # noqa: ASYNC110 - nobody tells us when a group is empty
        await asyncio.sleep(0.02)


def _kill_now(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill a group, with a mark all that carries it, and wait for the group's leader as long as a kill takes."""
    _signal(process.pid, signal.SIGKILL)
    if mark:
        _sweep(mark)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(MERCY)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _lives(process: subprocess.Popen[bytes]) -> bool:
    """Whether the program or anything in its group still runs."""
    return process.poll() is None or _signal(process.pid, 0)


def _signal(group: int, number: int) -> bool:
    """Signal a process group; False when there is nobody in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs as somebody else by now
        pass
    return True


def _sweep(mark: str) -> None:
    """Kill every process that carries `mark` in its environment; those that fork meanwhile are found again."""
    wanted, me, rounds = f"{MARK}={mark}".encode(), os.getuid(), 5
    while rounds and (found := [pid for pid in _processes_of(me) if wanted in _environment_of(pid)]):
        rounds -= 1
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _processes_of(user: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError), os.scandir("/proc") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and (user == 0 or entry.stat().st_uid == user):
                    found.append(int(entry.name))
    return found


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _why_not(starting: _Starting, error: OSError | ValueError) -> str:
    """Why a program could not be started, in words."""
    name = starting.command[0] if starting.command else ""
    if not isinstance(error, OSError):
        return f"{starting.words} cannot be started: {_unfit(error)}"
    if starting.folder and error.filename == starting.folder:
        return f"the folder {starting.folder} cannot be entered: {(error.strerror or '').lower()}"
    if error.errno == errno.ENOENT:
        return _no_program(name)
    words = {
        errno.EACCES: f"{name} cannot be run: this user may not execute it (is it marked executable?)",
        errno.ENOEXEC: f"{name} cannot be run: it is neither a program for this machine nor begins with `#!`",
        errno.E2BIG: f"{starting.words} cannot be started: command and environment are too long for the system",
        errno.EMFILE: f"{starting.words} cannot be started: too many open files here; raise `ulimit -n`",
        errno.EAGAIN: f"{starting.words} cannot be started: this user has too many processes (`ulimit -u`)",
    }
    return words.get(error.errno or 0) or f"{starting.words} cannot be started: {(error.strerror or '').lower()}"


def _unfit(error: ValueError) -> str:
    if isinstance(error, UnicodeError):
        return "it holds characters that no command can have"
    if "null" in str(error):
        return "a zero character stands in it"
    return str(error)


def _no_program(name: str) -> str:
    """A file that is there and not found wants an interpreter that is not there."""
    places = [name] if "/" in name else [f"{folder}/{name}" for folder in os.get_exec_path()]
    for place in places:
        try:
            with Path(place).open("rb") as file:
                first = file.readline(200)
        except OSError:
            continue
        interpreter = first[2:].decode("utf-8", "backslashreplace").strip() if first.startswith(b"#!") else "a loader"
        return f"{place} cannot be run: it needs {interpreter}, which is not here"
    return f"there is no program {name} here" + ("" if "/" in name else " (no folder of PATH has it)")


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)
