"""The command socket of a run: who is connected, who is in command, and what each of them hears.

A viewer that does not read can hold nobody up: what is only news is dropped for it, and in the end it is cut off.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter

import msgspec

from cockpit import __version__
from cockpit.engine import protocol as say
from cockpit.engine.conductor import Conductor
from cockpit.engine.identity import peer, same_person
from cockpit.journal.event import Actor
from cockpit.journal.folder import RunFolder, shared_with
from cockpit.run.command import TakeCommand

NEWS_EVERY = 0.05
"""Seconds between two messages of the kind that the next one replaces."""

UNREAD_LIMIT = 1 << 20
"""Bytes a viewer may leave unread before it is cut off."""

HELLO_WITHIN = 10.0
"""Seconds in which whoever connects must say hello."""

MOST_OF_ONE_USER = 64
"""Connections of one user at a time: each may hold up to twice `LONGEST` bytes of a message that never ends."""

TOLD_OF_IT = 16
"""Connections beyond those that are told why they are refused; any more are closed without a word."""

_from_viewer = msgspec.json.Decoder(say.FromViewer)


class Server:
    """The viewers of a run and their commands."""

    def __init__(self, conductor: Conductor) -> None:
        """Serve the run of `conductor`."""
        self._conductor = conductor
        self._viewers: set[_Viewer] = set()
        self._connected = Counter[int]()
        self._captain: _Viewer | None = None
        self._server: asyncio.Server | None = None
        self.idle_since = asyncio.get_running_loop().time()
        """Loop time since which nobody is connected; infinite while somebody is."""
        conductor.record.listen(self._tell_all)

    async def start(self, run: RunFolder) -> None:
        """Listen at the socket of `run`, whose lock must be held: for its owner, and the group it is shared with."""
        self._server = await asyncio.start_unix_server(self._serve, sock=_bound(run), limit=say.LONGEST, backlog=1024)

    async def stop(self) -> None:
        """Stop listening and let everybody go."""
        if self._server is not None:
            self._server.close()
        for viewer in tuple(self._viewers):
            viewer.leave()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        viewer = _Viewer(writer, peer(writer.get_extra_info("socket")))
        self._connected[viewer.who.uid] += 1
        try:
            too_many = self._connected[viewer.who.uid] - MOST_OF_ONE_USER
            if too_many > TOLD_OF_IT:
                return
            hello = await _within(HELLO_WITHIN if too_many <= 0 else 1.0, reader)
            if too_many > 0:
                viewer.tell(say.Refused(0, f"{viewer.who.user} has {MOST_OF_ONE_USER} connections to this run already"))
            elif not isinstance(hello, say.Hello):
                viewer.tell(say.Refused(0, "say hello first"))
            elif hello.protocol != say.PROTOCOL:
                viewer.tell(say.Refused(0, _other_version(hello)))
            else:
                self._welcome(viewer, hello)
                await self._listen_to(viewer, reader)
        except (msgspec.DecodeError, ValueError) as problem:
            viewer.tell(say.Refused(0, f"not a message of this protocol: {problem}"))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connected[viewer.who.uid] -= 1
            self._let_go(viewer)

    def _welcome(self, viewer: _Viewer, hello: say.Hello) -> None:
        state = self._conductor.record.state
        viewer.script = hello.role == "script"
        free = self._captain is None and same_person(viewer.who, state.captain.who)
        if hello.role == "captain" and free and state.closed is None:
            self._captain = viewer
        self._viewers.add(viewer)
        self.idle_since = float("inf")
        viewer.tell(say.Welcome(say.PROTOCOL, __version__, state.run, viewer.who, captain=self._captain is viewer))
        if (looks := self._conductor.commands.looks).commands:
            viewer.tell(looks)
        if self._conductor.record.problem:
            viewer.tell(say.Recording(self._conductor.record.problem))

    async def _listen_to(self, viewer: _Viewer, reader: asyncio.StreamReader) -> None:
        while (message := await _next(reader)) is not None:
            if isinstance(message, say.FollowLogs):
                viewer.wants_logs = message.wanted
                self._ask_for_logs()
                continue
            if not isinstance(message, say.Request):
                viewer.tell(say.Refused(0, "hello was said already"))
                return
            answer = await self._conductor.carry_out(
                message.id, message.command, viewer.who, in_command=self._commands(viewer)
            )
            if isinstance(message.command, TakeCommand) and isinstance(answer, say.Accepted):
                self._hand_over(None if viewer.script else viewer)
            viewer.tell(answer)

    def _commands(self, viewer: _Viewer) -> bool:
        if viewer.script:
            return same_person(viewer.who, self._conductor.record.state.captain.who)
        return viewer is self._captain

    def _hand_over(self, viewer: _Viewer | None) -> None:
        if self._captain is not None:
            self._captain.tell(say.InCommand(captain=False))
        self._captain = viewer
        if viewer is not None:
            viewer.tell(say.InCommand(captain=True))

    def _let_go(self, viewer: _Viewer) -> None:
        self._viewers.discard(viewer)
        if self._captain is viewer:
            self._captain = None
        self._ask_for_logs()
        if not self._viewers:
            self._conductor.commands.nobody_looks()
            self.idle_since = asyncio.get_running_loop().time()
        viewer.leave()

    def _ask_for_logs(self) -> None:
        self._conductor.logs.wanted(any(viewer.wants_logs for viewer in self._viewers))

    def _tell_all(self, message: say.FromEngine) -> None:
        for viewer in tuple(self._viewers):
            viewer.tell_soon(message)


class _Viewer:
    """One connection."""

    def __init__(self, writer: asyncio.StreamWriter, who: Actor) -> None:
        self.who = who
        self.script = False
        self.wants_logs = False
        self._writer = writer
        self._news: dict[type[say.FromEngine], say.FromEngine] = {}

    def tell(self, message: say.FromEngine) -> None:
        """Send `message`, after the news that came before it."""
        self._send_news()
        self._send(message)

    def tell_soon(self, message: say.FromEngine) -> None:
        """Send `message` within `NEWS_EVERY`, unless another of its kind replaces it."""
        if not self._news:
            asyncio.get_running_loop().call_later(NEWS_EVERY, self._send_news)
        self._news[type(message)] = message

    def leave(self) -> None:
        """End the connection."""
        self._writer.close()

    def _send_news(self) -> None:
        news, self._news = self._news, {}
        for message in news.values():
            self._send(message)

    def _send(self, message: say.FromEngine) -> None:
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > UNREAD_LIMIT:
            transport.abort()
            return
        self._writer.write(msgspec.json.encode(message) + b"\n")


def _bound(run: RunFolder) -> socket.socket:
    path = run.socket
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    folder = os.open(run.path, os.O_PATH | os.O_DIRECTORY)
    try:
        # A socket's path holds 107 bytes at most (unix(7)); through the descriptor it is always short enough.
        bound.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    group = shared_with(run)
    if group is not None:
        os.chown(path, -1, group)
    path.chmod(0o600 if group is None else 0o660)
    return bound


async def _within(seconds: float, reader: asyncio.StreamReader) -> say.FromViewer | None:
    """The next message; None at the end, or when none came in time. Raises ValueError as `_next`."""
    try:
        async with asyncio.timeout(seconds):
            return await _next(reader)
    except TimeoutError:
        return None


async def _next(reader: asyncio.StreamReader) -> say.FromViewer | None:
    """The next message; None at the end. Raises ValueError when it is too long or none."""
    line = await reader.readline()
    return _from_viewer.decode(line) if line else None


def _other_version(hello: say.Hello) -> str:
    return (
        f"this run's engine is Cockpit {__version__} (protocol {say.PROTOCOL}), you are Cockpit {hello.tool} "
        f"(protocol {hello.protocol}): use the version that opened the run, or end its engine and attach again"
    )
