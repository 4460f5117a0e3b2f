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
import shlex
import shutil
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass

from cockpit.checklist.hosts import Destination
from cockpit.checklist.model import Host
from cockpit.connect import deadline, dial
from cockpit.connect.deadline import awaited
from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.route import Ended, Program
from cockpit.connect.ssh import command, openssh_words, settings
from cockpit.connect.ssh.connection import ALIVE_COUNT, ALIVE_INTERVAL, PHASE_SECONDS, SESSIONS
from cockpit.connect.ssh.openssh_process import (
    KILLED_WITHIN,
    Master,
    Running,
    kill,
    opened,
    pump,
    reaped,
    short_folder,
    started,
)
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
"""Options of every `ssh`, whatever the configuration says."""

OPENING_SECONDS = 60.0
"""How long all hops together may take; each has ConnectTimeout."""

LOSS_SHOWS_WITHIN = 0.3
"""Seconds after which the master has ended when what used its connection has ended because that was lost."""

Filled = Callable[[Host], Awaitable[tuple[Destination, str]]]


class OpenSsh:
    """Leads to one host."""

    def __init__(self, host: Host, words: str, filled: Filled, hosts: Mapping[str, Host]) -> None:
        """The route to `host`, one of `hosts`; `filled` says whom its `ssh` means, and by which configuration."""
        self.name = host.name
        self.words = words
        self.loss = ""
        """Why the last connection ended; nothing while it stands."""
        self._host = host
        self._filled = filled
        self._hosts = hosts
        self._where = host.name
        self._folder = ""
        self._options: list[str] = []
        self._destination = ""
        self._master: Master | None = None
        self._opening: asyncio.Task[Master] | None = None
        self._places = Places(SESSIONS)
        self._has_timeout: bool | None = None
        self._forwards: dict[str, str] = {}
        self._pumping: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        """What is being ended: programs there, clients here."""
        self._closed = False

    def stands(self) -> str:
        """What is waited for while it is being opened; nothing when it is open."""
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
            waiting = opened(process)
            is_open, said = await awaited(waiting, lambda: f"connecting to {place} from {self._where}", PHASE_SECONDS)
            if not is_open:
                await self._refuse_when_lost(master)
        except BaseException:
            self._give_up(process)
            raise
        if not is_open:
            self._give_up(process)
            reason = openssh_words.not_forwarded(master.since(before) or said)
            raise dial.refused_beyond(f"{place} cannot be reached from {self._where}: {reason}", reason)
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        _keep(self._pumping, pump(process, ours))
        return theirs

    async def connect_unix(self, path: str) -> socket.socket:
        """A socket that is connected to a Unix socket of the host. Raises Unreachable."""
        quoted = shlex.quote(path)
        looked = await self.run(Program(f"test -S {quoted} || exit 3; test -w {quoted} || exit 4"), PHASE_SECONDS)
        if looked.status in (3, 4):
            why = "is no socket" if looked.status == 3 else "may not be used by this user"
            raise Unreachable(f"{path} {why} on {self._where}")
        local = await self._forwarded(path)
        door = socket.socket(socket.AF_UNIX)
        door.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(door, local)
        except OSError as error:
            door.close()
            raise Unreachable(f"{path} cannot be reached on {self._where}: {error.strerror}") from None
        return door

    async def run(self, program: Program, timeout: float) -> Ended:
        """Run a program on the host; one that takes longer than `timeout` is ended. Raises Unreachable.

        A signal that ended it is told as shells tell it, by a status above 128: OpenSSH does not say more.
        """
        ends = time.monotonic() + timeout
        with deadline.within(timeout):
            await self._ready()
        token = f"cockpit-{secrets.token_hex(8)}"
        left = max(0.0, ends - time.monotonic())
        line = command.line(program, left, token, has_timeout=self._has_timeout, tell_status=True)
        script = _Script(line + program.input, program.limit, token, ends)
        return await self._carry_out(script, program)

    async def close(self) -> None:
        """End the connection and everything that uses it. Raises nothing."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        if self._ending:
            await asyncio.wait(self._ending, timeout=KILLED_WITHIN * 2)
        if self._master is not None and self._master.alive:
            with contextlib.suppress(Unreachable):
                exiting = await self._client("-O", "exit")
                await asyncio.wait({asyncio.ensure_future(reaped(exiting))}, timeout=KILLED_WITHIN)
            await self._master.end()
        for task in self._pumping:
            task.cancel()
        if left := self._pumping | self._ending:
            await asyncio.wait(left, timeout=KILLED_WITHIN)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _ready(self) -> Master:
        """The master; started first, once for all who ask. Raises Unreachable."""
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

    async def _open(self) -> Master:
        asked, config = await self._filled(self._host)
        known = await settings.ask(asked, config)
        through = f", through {self._host.via}" if self._host.via else ""
        self._where = f"{self.name} ({dial.at(known.host, known.port)}{through})"
        self._folder = self._folder or short_folder()
        door = f"{self._folder}/m"
        self._forwards.clear()
        *whom, _, self._destination = settings.arguments(asked, config)
        self._options = [*_options(f"ControlPath={door}", *ALWAYS), *whom]
        proxy, before = await self._proxy(self._host)
        options = ["ControlMaster=yes", "ControlPersist=no", *_patience(known, before)]
        options += [f"ProxyCommand={proxy}", "ProxyJump=none"] if proxy else []
        with contextlib.suppress(FileNotFoundError):
            os.unlink(door)  # noqa: PTH108 - the master before left it
        words = ["ssh", "-N", *_options(*options), *self._options, "--", self._destination]
        master = Master(await started(words, pipes=False))
        try:
            while master.alive and not os.path.exists(door):  # noqa: PTH110, ASYNC240, ASYNC110 - a local file
                await asyncio.sleep(0.01)
        except BaseException:
            await master.end()
            raise
        if not master.alive:
            raise Unreachable(openssh_words.ended(master.said, self._where))
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
        proxy = shlex.join(["ssh", *words, "-W", "[%h]:%p", *settings.arguments(asked, config)])
        return proxy, before + (known.connect_timeout or PHASE_SECONDS)

    async def _client(self, *options: str, command: str = "", pipes: bool = False) -> asyncio.subprocess.Process:
        """An `ssh` that uses the master's connection, and never makes one of its own. Raises Unreachable."""
        alone = _options("ControlMaster=no", "ProxyJump=none", "ProxyCommand=false")
        whom = [*self._options, "--", self._destination, *([command] if command else [])]
        return await started(["ssh", *options, *alone, *whom], pipes=pipes)

    async def _forwarded(self, path: str) -> str:
        """A Unix socket here that leads to one of the host. Raises Unreachable."""
        await self._ready()
        if path not in self._forwards:
            local = f"{self._folder}/u{len(self._forwards)}"
            asking = await self._client("-O", "forward", "-L", f"{local}:{path}", "-o", "ClearAllForwardings=no")
            what = f"forwarding {path} of {self._where}"
            _, said = await awaited(asking.communicate(), lambda: what, PHASE_SECONDS)
            if asking.returncode != 0:
                reason = said.decode("utf-8", "replace").strip()
                raise Unreachable(f"{path} cannot be reached on {self._where}: {reason}")
            self._forwards[path] = local
        return self._forwards[path]

    async def _carry_out(self, script: _Script, program: Program) -> Ended:
        """Run a script, in one of the places for programs. Raises Unreachable."""
        while True:
            master = await self._ready()
            places = self._places
            with deadline.within(script.ends - time.monotonic()):
                await awaited(places.take(), self._crowded)
            try:
                return await self._once(master, script, program)
            except _NoSession:
                if not places.shrink():
                    raise Unreachable(f"{self._where} opens no session (MaxSessions)") from None
            finally:
                places.give()

    def _crowded(self) -> str:
        return f"waiting for one of {self._places.limit} sessions on {self._where}"

    async def _once(self, master: Master, script: _Script, program: Program) -> Ended:
        """Run a script. Raises Unreachable, _NoSession."""
        began = time.monotonic()
        process = await self._client(command=command.SHELL, pipes=True)
        running = Running(process, script.limit, script.token, program.sink)
        running.begin(script.given)
        timed_out = False
        try:
            async with asyncio.timeout(max(0.0, script.ends - began)):
                await running.wait()
        except TimeoutError:
            timed_out = True
        except BaseException:
            _keep(self._ending, self._end(running, script.token))
            raise
        said = command.report(running.errors, script.token)
        if said.group and self._has_timeout is None:
            self._has_timeout = said.has_timeout
        status = said.status
        if timed_out or running.left_behind:
            _keep(self._ending, self._end(running, script.token))
        else:
            status = await self._status(process, running, said, master)
        if said.no_folder:
            raise Unreachable(f"there is no folder {program.folder} on {self._where}")
        if said.no_program:
            raise Unreachable(f"there is no program {program.command[0]} on {self._where}")
        return Ended(
            None if timed_out else status,
            bytes(running.output),
            said.errors[: script.limit],
            time.monotonic() - began,
            timed_out=timed_out,
            cut=running.cut,
        )

    async def _status(
        self,
        process: asyncio.subprocess.Process,
        running: Running,
        said: command.Report,
        master: Master,
    ) -> int | None:
        """What a script ended with. Raises _NoSession, or Unreachable when nobody knows."""
        await process.wait()
        if not said.group and b"refused by peer" in running.errors:
            raise _NoSession
        if said.status is None and not said.no_folder and not said.no_program:
            await self._refuse_when_lost(master, CutOff)
            raise CutOff(f"{self._where} ended the session without saying how the program ended")
        return said.status

    async def _end(self, running: Running, token: str) -> None:
        """End a program there and its client here."""
        await running.begun()
        if group := command.report(running.errors, token).group:
            with contextlib.suppress(Unreachable, TimeoutError):
                async with asyncio.timeout(KILLED_WITHIN):
                    await reaped(await self._client(command=command.kill(group), pipes=True))
        await running.end()

    def _give_up(self, process: asyncio.subprocess.Process) -> None:
        kill(process)
        _keep(self._ending, reaped(process))

    async def _refuse_when_lost(self, master: Master, loss: type[Unreachable] = Unreachable) -> None:
        """Raise `loss` when the connection has ended; its process may need a moment to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOSS_SHOWS_WITHIN):
                await master.ended.wait()
        if not master.alive:
            self.loss = openssh_words.ended(master.said, self._where)
            raise loss(self.loss)


@dataclass(frozen=True)
class _Script:
    """What is run on the host."""

    given: bytes
    """Its standard input."""
    limit: int
    token: str
    """What marks what it says of itself."""
    ends: float
    """When it has to be over, on the monotonic clock."""


class _NoSession(Exception):
    """The server opened no session."""


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
    """Let something go on by itself."""
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _options(*options: str) -> list[str]:
    return [word for option in options for word in ("-o", option)]


def _patience(known: settings.Settings, before: float) -> list[str]:
    """How long to wait for a host, where the configuration says nothing; longer than for the hosts before it."""
    seconds = (known.connect_timeout or PHASE_SECONDS) + (before and before + 1)
    options = [f"ConnectTimeout={seconds:.0f}"]
    if not known.alive_interval:
        options += [f"ServerAliveInterval={ALIVE_INTERVAL:.0f}", f"ServerAliveCountMax={ALIVE_COUNT}"]
    return options
