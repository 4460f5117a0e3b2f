"""The route to a host over our own SSH connection."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.connect import deadline
from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.route import Ended, Program
from cockpit.connect.ssh import command
from cockpit.connect.ssh.connection import Connection

if TYPE_CHECKING:
    from cockpit.connect.ssh.channel import Channel

KILLED_WITHIN = 1.0
"""Seconds that a host has to end a program that it was told to end, before that is done in another way."""

SPOKEN = 256
"""Bytes of the standard error that the script itself may take."""


class SshRoute:
    """Leads to one host."""

    def __init__(self, name: str, words: str, connection: Connection) -> None:
        """The route called `name`, over `connection`."""
        self.name = name
        self.words = words
        self._connection = connection
        self._ending: set[asyncio.Task[None]] = set()

    async def connect(self, host: str, port: int) -> socket.socket:
        """A socket that is connected to a TCP port, as the host sees it. Raises Unreachable."""
        return await self._connection.tcp(host, port)

    async def connect_unix(self, path: str) -> socket.socket:
        """A socket that is connected to a Unix socket of the host. Raises Unreachable."""
        return await self._connection.unix(path)

    async def run(self, program: Program, timeout: float) -> Ended:
        """Run a program on the host; one that takes longer than `timeout` is ended. Raises Unreachable."""
        ends = time.monotonic() + timeout
        with deadline.within(timeout):
            session = await self._connection.session()
        return await self._carry_out(session, program, ends)

    async def close(self) -> None:
        """Wait for what is being ended."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=KILLED_WITHIN * 3)
        for task in self._ending:
            task.cancel()

    async def _carry_out(self, session: Channel, program: Program, ends: float) -> Ended:
        began = time.monotonic()
        token = f"cockpit-{secrets.token_hex(8)}"
        running = _Running(session, program.limit, token)
        running.sink = program.sink
        try:
            first = command.line(program, max(0.0, ends - began), token, has_timeout=self._connection.has_timeout)
            running.input = first + program.input
            session.request("exec", command.SHELL)
            running.feed()
            async with asyncio.timeout(max(0.0, ends - began)):
                await running.wait()
            timed_out = False
        except TimeoutError:
            timed_out = True
        except asyncio.CancelledError:
            self._end(session, running, token)
            raise
        except BaseException:
            session.close()
            raise
        took = time.monotonic() - began
        said = command.report(bytes(running.errors), token)
        if said.group and self._connection.has_timeout is None:
            self._connection.has_timeout = said.has_timeout
        if timed_out or running.left_behind:
            self._end(session, running, token)
        else:
            session.close()
            self._refuse(session, running, said, program)
        return Ended(
            None if timed_out or session.signal else session.status,
            bytes(running.output[: program.limit]),
            said.errors[: program.limit],
            took,
            session.signal,
            timed_out,
            running.cut,
        )

    def _refuse(self, session: Channel, running: _Running, said: command.Report, program: Program) -> None:
        """Raise Unreachable when the program did not run, or nobody knows how it ended."""
        where = self._connection.where
        if running.lost and session.status is None and not session.signal:
            raise CutOff(self._connection.loss)
        if running.refused:
            raise Unreachable(f"{where} runs no programs: it refuses to")
        if said.no_folder:
            raise Unreachable(f"there is no folder {program.folder} on {where}")
        if said.no_program:
            raise Unreachable(f"there is no program {program.command[0]} on {where}")
        if session.status is None and not session.signal:
            raise CutOff(f"{where} closed the session without saying how the program ended")

    def _end(self, session: Channel, running: _Running, token: str) -> None:
        """End the program with all its children; waits for nobody."""
        task = asyncio.create_task(self._ended(session, running, token))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _ended(self, session: Channel, running: _Running, token: str) -> None:
        """Tell the host to kill the program; when it does not heed that, or the program's leader has ended, do it."""
        began, heard = session.status is None, asyncio.Event()
        try:
            await running.begun()
            answered, heeded = heard.set, False

            def take_answer(granted: bool) -> None:
                nonlocal heeded
                heeded = granted
                answered()

            session.answered = take_answer
            session.request("signal", "KILL")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILLED_WITHIN):
                    await heard.wait()
        finally:
            session.close()
        group = command.report(bytes(running.errors), token).group
        if group and not (began and heeded):
            await self._kill_group(group)

    async def _kill_group(self, group: int) -> None:
        """End what is left in a process group: its leader has ended before, or the host heeds no signals."""
        try:
            with deadline.within(KILLED_WITHIN * 5):
                session = await self._connection.session()
        except Unreachable:
            return
        running = _Running(session, 0)
        session.request("exec", command.kill(group))
        running.feed()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILLED_WITHIN):
                    await running.wait()
        finally:
            session.close()


class _Running:
    """A program that runs in a session: its input is fed as it takes it, and both its streams are read as they come."""

    def __init__(self, session: Channel, limit: int, token: str = "") -> None:
        self.input = b""
        self.output = bytearray()
        self.errors = bytearray()
        self.cut = False
        self.lost = False
        self._session = session
        self._limit = limit
        self._ended = asyncio.Event()
        self._spoken = asyncio.Event()
        """Set when the script has said what its process group is, or never will."""
        self._mark = f"{token} group ".encode()
        self.sink: Callable[[bytes], None] | None = None
        self.refused = False
        self.left_behind = False
        """It has ended, and something that it left running has not."""
        self._loop = asyncio.get_running_loop()
        self._heard = self._exited = 0.0
        session.exited = self._exit
        session.data = self._take_output
        session.errors = self._take_errors
        session.over = self._end
        session.writable = self.feed
        session.answered = self._take_answer
        session.begin()

    async def wait(self) -> None:
        """Wait for its end."""
        await self._ended.wait()

    async def begun(self) -> None:
        """Wait until it has said anything, its process group first of all, for a moment at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILLED_WITHIN):
                await self._spoken.wait()

    def feed(self) -> None:
        """Send as much of the input as there is room for."""
        while self.input and (room := self._session.room):
            self._session.send(self.input[:room])
            self.input = self.input[room:]
        if not self.input:
            self._session.send_eof()

    def _take_output(self, data: bytes) -> None:
        if self.sink is not None:
            self.sink(data)
        self._take(self.output, data, self._limit)

    def _take_errors(self, data: bytes) -> None:
        self._take(self.errors, data, self._limit + SPOKEN)
        if self._mark in self.errors:
            self._spoken.set()

    def _take(self, stream: bytearray, data: bytes, limit: int) -> None:
        self._session.consumed(len(data))
        self._heard = self._loop.time()
        room = limit - len(stream)
        stream += data[:room]
        self.cut = self.cut or len(data) > room

    def _exit(self) -> None:
        self._exited = self._loop.time()
        self._wait_for_silence()

    def _wait_for_silence(self) -> None:
        left = max(self._heard, self._exited) + command.SILENCE - self._loop.time()
        if self._ended.is_set():
            return
        if left > 0:
            self._loop.call_later(left, self._wait_for_silence)
        else:
            self.left_behind = True
            self._ended.set()

    def _take_answer(self, granted: bool) -> None:
        if not granted:
            self.refused = True
            self._ended.set()

    def _end(self) -> None:
        self.lost = self._session.lost
        self._ended.set()
        self._spoken.set()
