"""The route to a host by the system's own `ssh`, for what our client cannot do: one connection that all share.

A master process keeps the connection and listens on a private socket; each program and each forwarded connection is a
short-lived `ssh` that uses it. Bastions are reached by `ssh` too. Nobody is ever asked anything (BatchMode): encrypted
keys must be in an agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import secrets
import select
import shlex
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path

from cockpit.checklist.hosts import Destination
from cockpit.checklist.model import Host
from cockpit.connect import deadline, dial
from cockpit.connect.deadline import awaited
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Ended, Program
from cockpit.connect.ssh import command, openssh_words, settings
from cockpit.connect.ssh.connection import ALIVE_COUNT, ALIVE_INTERVAL, PHASE_SECONDS, SESSIONS
from cockpit.connect.ssh.places import Places

ALWAYS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "LogLevel=INFO",
)
OPENING_SECONDS = 30.0
"""How long all hops together may take; each has ConnectTimeout."""

SOCKET_LONGEST = 80
"""Characters of the master's socket: ssh adds some when it makes it, and 107 are the limit (unix(7))."""

_SAID_KEPT = 8192
_KILLED_WITHIN = 2.0
_LAST = 256
_OPENED = b"master session id"
_REFUSED = b"refused by peer"

Filled = Callable[[Host], Awaitable[tuple[Destination, str]]]


class OpenSsh:
    """Leads to one host."""

    def __init__(self, host: Host, words: str, filled: Filled, hosts: Mapping[str, Host]) -> None:
        """The route to `host`, one of `hosts`; `filled` says whom its `ssh` means, and by which configuration."""
        self.name = host.name
        self.words = words
        self.loss = ""
        self._host = host
        self._filled = filled
        self._hosts = hosts
        self._where = host.name
        self._folder = ""
        self._options: list[str] = []
        self._destination = ""
        self._master: _Master | None = None
        self._opening: asyncio.Task[_Master] | None = None
        self._places = Places(SESSIONS)
        self._has_timeout: bool | None = None
        self._forwards: dict[str, str] = {}
        self._pumping: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        """What is being ended: programs there, clients here."""
        self._closed = False

    def stands(self) -> str:
        """What is waited for while it is being opened."""
        return "" if self._master is not None and self._master.alive else f"connecting by OpenSSH to {self._where}"

    async def connect(self, host: str, port: int) -> socket.socket:
        """A socket that is connected to a TCP port, as the host sees it. Raises Unreachable."""
        return await self.tcp(host, port)

    async def tcp(self, host: str, port: int) -> socket.socket:
        """The same, as what others are reached through."""
        place = dial.at(host, port)
        master = await self._ready()
        before = master.count
        process = await self._client("-v", "-W", f"[{host}]:{port}", pipes=True)
        try:
            assert process.stderr is not None
            opening = _until_opened(process.stderr)
            opened, said = await awaited(opening, lambda: f"connecting to {place} from {self._where}", PHASE_SECONDS)
            if not opened:
                await self._refuse_when_lost(master)
                reason = openssh_words.not_forwarded(master.since(before) or said)
                raise Unreachable(f"{place} cannot be reached from {self._where}: {reason}")
        except BaseException:
            _kill(process)
            _keep(self._ending, _reaped(process))
            raise
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        _keep(self._pumping, _pumped(process, ours))
        return theirs

    async def connect_unix(self, path: str) -> socket.socket:
        """A socket that is connected to a Unix socket of the host. Raises Unreachable."""
        test = f"test -S {shlex.quote(path)} || exit 3; test -w {shlex.quote(path)} || exit 4"
        looked = await self.run(Program(test), PHASE_SECONDS)
        if looked.status in (3, 4):
            why = "is no socket" if looked.status == 3 else "may not be used by this user"
            raise Unreachable(f"{path} {why} on {self._where}")
        local = self._forwards.get(path)
        if local is None:
            local = self._forwards[path] = f"{self._folder}/u{len(self._forwards)}"
            process = await self._client("-O", "forward", "-L", f"{local}:{path}", "-o", "ClearAllForwardings=no")
            _, errors = await awaited(
                process.communicate(), lambda: f"forwarding {path} of {self._where}", PHASE_SECONDS
            )
            if process.returncode != 0:
                del self._forwards[path]
                raise Unreachable(
                    f"{path} cannot be reached on {self._where}: {errors.decode(errors='replace').strip()}"
                )
        door = socket.socket(socket.AF_UNIX)
        door.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(door, local)
        except OSError as error:
            door.close()
            raise Unreachable(f"{path} cannot be reached on {self._where}: {error.strerror}") from None
        return door

    async def run(self, program: Program, timeout: float) -> Ended:
        """Run a program on the host; one that takes longer than `timeout` is ended. Raises Unreachable."""
        ends = time.monotonic() + timeout
        with deadline.within(timeout):
            await self._ready()
            if self._has_timeout is None:
                looked = await self._carry_out(command.HAS_TIMEOUT, b"", 0, ends, "")
                self._has_timeout = looked.status == 0
        token = f"cockpit-{secrets.token_hex(8)}"
        left = max(0.0, ends - time.monotonic())
        first = command.line(program, left, token, has_timeout=self._has_timeout, tell_status=True)
        return await self._carry_out(command.SHELL, first + program.input, program.limit, ends, token, program)

    async def close(self) -> None:
        """End the connection and everything that uses it. Raises nothing."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        if self._ending:
            await asyncio.wait(self._ending, timeout=_KILLED_WITHIN)
        if self._master is not None and self._master.alive:
            with contextlib.suppress(Unreachable, OSError, TimeoutError):
                process = await self._client("-O", "exit")
                async with asyncio.timeout(1):
                    await process.communicate()
            await self._master.end()
        for task in self._pumping:
            task.cancel()
        if left := self._pumping | self._ending:
            await asyncio.wait(left, timeout=_KILLED_WITHIN)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _ready(self) -> _Master:
        if self._master is not None and self._master.alive:
            return self._master
        if self._closed:
            raise Unreachable(f"the connections of this checklist are closed: {self.name} is not reached any more")
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open(), context=contextvars.Context())
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            return await awaited(asyncio.shield(self._opening), self.stands, OPENING_SECONDS)
        except Unreachable as error:
            raise Unreachable(str(error)) from None

    async def _open(self) -> _Master:
        asked, config = await self._filled(self._host)
        known = await settings.ask(asked, config)
        through = f", through {self._host.via}" if self._host.via else ""
        self._where = f"{self.name} ({dial.at(known.host, known.port)}{through})"
        self._folder = self._folder or _short_folder()
        self._forwards.clear()
        *whom, _, self._destination = settings.arguments(asked, config)
        self._options = [*_options(f"ControlPath={self._folder}/m", *ALWAYS), *whom]
        proxy, before = await self._proxy(self._host)
        options = ["ControlMaster=yes", "ControlPersist=no", *_patience(known, before)]
        options += [f"ProxyCommand={proxy}", "ProxyJump=none"] if proxy else []
        Path(self._folder, "m").unlink(missing_ok=True)
        master = await _Master.start(["ssh", "-N", *_options(*options), *self._options, "--", self._destination])
        try:
            while not Path(self._folder, "m").exists():
                if not master.alive:
                    await master.end()
                    raise Unreachable(openssh_words.ended(master.said, self._where))
                await asyncio.sleep(0.01)
        except BaseException:
            await master.end()
            raise
        self.loss, self._master, self._places = "", master, Places(SESSIONS)
        return master

    async def _proxy(self, host: Host) -> tuple[str, float]:
        """The ProxyCommand that leads through the bastions of the checklist, and how long it may take to."""
        if not host.via:
            return "", 0.0
        bastion = self._hosts[host.via]
        asked, config = await self._filled(bastion)
        known = await settings.ask(asked, config)
        further, before = await self._proxy(bastion)
        options = [*ALWAYS, "ControlPath=none", *_patience(known, before)]
        options += [f"ProxyCommand={further}", "ProxyJump=none"] if further else []
        words = [word.replace("%", "%%") for word in _options(*options)]
        command = shlex.join(["ssh", *words, "-W", "[%h]:%p", *settings.arguments(asked, config)])
        return command, before + (known.connect_timeout or PHASE_SECONDS)

    async def _client(self, *options: str, command: str = "", pipes: bool = False) -> asyncio.subprocess.Process:
        """An `ssh` that uses the master's connection, and never makes one of its own."""
        pipe = asyncio.subprocess.PIPE if pipes else asyncio.subprocess.DEVNULL
        alone = _options("ControlMaster=no", "ProxyJump=none", "ProxyCommand=false")
        return await asyncio.create_subprocess_exec(
            *("ssh", *options, *alone, *self._options, "--", self._destination, *([command] if command else [])),
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def _carry_out(
        self, shell: str, given: bytes, limit: int, ends: float, token: str, program: Program | None = None
    ) -> Ended:
        """Run a program, in one of the places for programs. Raises Unreachable."""
        while True:
            master = await self._ready()
            places = self._places
            with deadline.within(ends - time.monotonic()):
                await awaited(places.take(), lambda: f"waiting for one of {places.limit} sessions on {self._where}")
            try:
                return await self._once(master, shell, given, limit, ends, token, program)
            except _NoSession:
                if not places.shrink():
                    raise Unreachable(f"{self._where} opens no session (MaxSessions)") from None
            finally:
                places.give()

    async def _once(
        self,
        master: _Master,
        shell: str,
        given: bytes,
        limit: int,
        ends: float,
        token: str,
        program: Program | None,
    ) -> Ended:
        began = time.monotonic()
        process = await self._client(command=shell, pipes=True)
        running = _Running(process, limit)
        timed_out = False
        try:
            async with asyncio.timeout(max(0.0, ends - began)):
                await running.communicate(given)
        except TimeoutError:
            timed_out = True
        except BaseException:
            self._end(process, running, token)
            raise
        said = command.report(bytes(running.errors + running.last), token or "-")
        if timed_out:
            self._end(process, running, token)
        else:
            await process.wait()
            if _REFUSED in running.errors and not said.group:
                raise _NoSession
            if token and said.status is None and not said.no_folder and not said.no_program:
                await self._refuse_when_lost(master)
                raise Unreachable(f"{self._where} ended the session without saying how the program ended")
        if program is not None and said.no_folder:
            raise Unreachable(f"there is no folder {program.folder} on {self._where}")
        if program is not None and said.no_program:
            raise Unreachable(f"there is no program {program.command[0]} on {self._where}")
        return Ended(
            None if timed_out else (said.status if token else process.returncode),
            bytes(running.output[:limit]),
            said.errors[:limit],
            time.monotonic() - began,
            "",
            timed_out,
            running.cut,
        )

    def _end(self, process: asyncio.subprocess.Process, running: _Running, token: str) -> None:
        """End a program there and its client here; waits for nobody."""
        group = command.report(bytes(running.errors), token or "-").group
        _kill(process)
        _keep(self._ending, _reaped(process))
        if group:
            _keep(self._ending, self._kill_group(group))

    async def _kill_group(self, group: int) -> None:
        with contextlib.suppress(Unreachable, TimeoutError, OSError):
            async with asyncio.timeout(_KILLED_WITHIN):
                process = await self._client(command=command.kill(group), pipes=True)
                await process.communicate()

    async def _refuse_when_lost(self, master: _Master) -> None:
        """Raise Unreachable when the connection has ended; its process may need a moment to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await master.ended.wait()
        if not master.alive:
            self.loss = openssh_words.ended(master.said, self._where)
            raise Unreachable(self.loss)


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
    """Let something go on by itself."""
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


class _NoSession(Exception):
    """The server opened no session."""


class _Master:
    """The process that keeps the connection."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.said = ""
        self.count = 0
        """Characters that it has said, all in all."""
        self.ended = asyncio.Event()
        self._process = process
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, words: Sequence[str]) -> _Master:
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"`ssh` cannot be started: {error.strerror}") from None
        return cls(process)

    @property
    def alive(self) -> bool:
        return not self.ended.is_set()

    def since(self, count: int) -> str:
        """What it has said since it had said `count` characters."""
        return self.said[-(self.count - count) :] if self.count > count else ""

    async def end(self) -> None:
        _kill(self._process)
        await asyncio.wait({self._listening}, timeout=_KILLED_WITHIN)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        waiting = asyncio.create_task(self._process.wait())
        reading = asyncio.create_task(self._read(self._process.stderr))
        try:
            await waiting
            await asyncio.wait({reading}, timeout=0.2)  # a ProxyCommand that it leaves may hold the stream
        finally:
            self.ended.set()
            _kill(self._process, group=True)
            reading.cancel()
            waiting.cancel()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while piece := await stream.read(_SAID_KEPT):
            text = piece.decode("utf-8", "replace")
            self.said = (self.said + text)[-_SAID_KEPT:]
            self.count += len(text)


class _Running:
    """A client that carries a program's streams; both are read to their end, and kept up to the limit."""

    def __init__(self, process: asyncio.subprocess.Process, limit: int) -> None:
        self.output = bytearray()
        self.errors = bytearray()
        self.last = bytearray()
        """The end of the errors, when they were cut."""
        self.cut = False
        self._process = process
        self._limit = limit

    async def communicate(self, given: bytes) -> None:
        process = self._process
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(given))
            group.create_task(self._read(process.stdout, self.output, self._limit))
            group.create_task(self._read(process.stderr, self.errors, self._limit + 1024))

    async def _feed(self, given: bytes) -> None:
        stream = self._process.stdin
        assert stream is not None
        with contextlib.suppress(OSError):
            stream.write(given)
            await stream.drain()
        stream.close()

    async def _read(self, stream: asyncio.StreamReader, kept: bytearray, limit: int) -> None:
        while piece := await stream.read(64 * 1024):
            room = max(0, limit - len(kept))
            kept += piece[:room]
            if len(piece) > room:
                self.cut = True
                if kept is self.errors:
                    self.last = (self.last + piece[room:])[-_LAST:]


async def _until_opened(stream: asyncio.StreamReader) -> tuple[bool, str]:
    """Whether a forwarded connection was opened, and what was said if not."""
    said = b""
    while line := await stream.readline():
        if _OPENED in line:
            return True, ""
        said = (said + line)[-_SAID_KEPT:]
    return False, said.decode("utf-8", "replace")


async def _pumped(process: asyncio.subprocess.Process, end: socket.socket) -> None:
    """Carry data between a client's streams and our end of a pair of sockets, until both have ended."""
    loop = asyncio.get_running_loop()
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    to_host, from_host, notes = process.stdin, process.stdout, process.stderr

    async def up() -> None:
        while data := await loop.sock_recv(end, 64 * 1024):
            to_host.write(data)
            await to_host.drain()
        to_host.close()
        poll = select.poll()
        poll.register(end, 0)
        while not any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0)):
            await asyncio.sleep(0.5)  # only half of it was closed

    async def down() -> None:
        while data := await from_host.read(64 * 1024):
            await loop.sock_sendall(end, data)
        end.shutdown(socket.SHUT_WR)
        await process.wait()

    async def drain() -> None:
        while await notes.read(_SAID_KEPT):
            pass

    tasks = [asyncio.create_task(each) for each in (up(), down())]
    draining = asyncio.create_task(drain())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*tasks, draining):
            task.cancel()
        await asyncio.gather(*tasks, draining, return_exceptions=True)
        _kill(process)
        end.close()
        await _reaped(process)


def _kill(process: asyncio.subprocess.Process, *, group: bool = False) -> None:
    if process.returncode is None or group:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


async def _reaped(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a client, and of its streams."""
    with contextlib.suppress(OSError):
        await process.communicate()


def _options(*options: str) -> list[str]:
    return [word for option in options for word in ("-o", option)]


def _patience(known: settings.Settings, before: float) -> list[str]:
    """How long to wait for a host, where the configuration says nothing; longer than for the hosts before it."""
    seconds = (known.connect_timeout or PHASE_SECONDS) + (before and before + 1)
    options = [f"ConnectTimeout={seconds:.0f}"]
    if not known.alive_interval:
        options += [f"ServerAliveInterval={ALIVE_INTERVAL:.0f}", f"ServerAliveCountMax={ALIVE_COUNT}"]
    return options


def _short_folder() -> str:
    """A private folder whose path is short enough for sockets in it."""
    for place in (tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp"):  # noqa: S108
        if place and len(place) + 20 < SOCKET_LONGEST and os.access(place, os.W_OK):
            return tempfile.mkdtemp(prefix="ck-", dir=place)
    raise Unreachable("there is no folder with a short path for the socket of `ssh`: set TMPDIR to one")
