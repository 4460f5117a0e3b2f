"""One WebSocket conversation: the handshake, a message, what comes back, and how it is closed.

Import this only where one is about to be held: websockets is heavy. Its protocol is used without its connections, so
that ours are opened through a route, secured and timed as those of every other kind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from cockpit.connect import dial, tls
from cockpit.connect.dial import Unreachable
from cockpit.connect.opening import Phase
from cockpit.connect.route import Route
from cockpit.connect.tls import Line, Trust

# It would write headers and messages, and so secrets, to a log that somebody turns on.
logging.getLogger("websockets").setLevel(logging.WARNING)

MESSAGE_LIMIT = 1024 * 1024
"""Bytes of one message; a longer one ends the conversation."""

MESSAGES_LIMIT = 1000
"""Messages that are passed over while waiting for the one that is expected."""


_OF_MESSAGES = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


@dataclass(frozen=True)
class Opening:
    """How to begin."""

    url: str
    headers: Mapping[str, str]
    subprotocols: Sequence[str]
    trust: Trust
    resolve_to: str


class Refused(Exception):
    """The server answered, and did not agree to speak WebSocket. The message says what it did instead."""

    def __init__(self, words: str, status: int, body: bytes = b"") -> None:
        super().__init__(words)
        self.status, self.body = status, body


class Broken(Exception):
    """The conversation ended before its time. The message says how."""


class Conversation:
    """A conversation that has begun."""

    def __init__(self, protocol: ClientProtocol, line: Line, where: str) -> None:
        self.line = line
        self.where = where
        self.response: Response | None = None
        self.latency = 0.0
        """Seconds from the request to the server's consent."""
        self.pings = 0
        """Pings of the server's, each of which was answered."""
        self.passed_over = 0
        """Messages that came while it was only kept open."""
        self.round_trip = 0.0
        """The longest that the answer to a ping of ours took, in seconds."""
        self._protocol = protocol
        self._frames: list[Frame] = []
        self._answered = asyncio.Event()
        """Our last ping was."""

    @classmethod
    async def begin(cls, opening: Opening, route: Route, phase: Phase) -> Conversation:
        """Connect, and shake hands. Raises Unreachable; Refused when the server does not agree."""
        try:
            uri = parse_uri(opening.url)
        except (InvalidURI, ValueError) as error:
            raise Unreachable(f"this is no WebSocket address: {error}") from None
        host, where = opening.resolve_to or uri.host, dial.at(uri.host, uri.port)
        trust = opening.trust if uri.secure else None
        line = await tls.open_line(route, host, uri.port, trust, phase, server_name=uri.host)
        subprotocols = [Subprotocol(name) for name in opening.subprotocols]
        protocol = ClientProtocol(uri, subprotocols=subprotocols or None, max_size=MESSAGE_LIMIT)
        conversation = cls(protocol, line, where)
        try:
            await conversation._shake_hands(opening, phase)
        except BaseException:
            await conversation.abort()
            raise
        return conversation

    @property
    def subprotocol(self) -> str:
        """What was agreed on; empty when nothing was."""
        return self._protocol.subprotocol or ""

    @property
    def close_code(self) -> int | None:
        """The code that the server closed with (RFC 6455, section 7.4); None while it has not."""
        received = self._protocol.close_rcvd
        return int(received.code) if received is not None else None

    @property
    def close_reason(self) -> str:
        """The reason that came with it."""
        received = self._protocol.close_rcvd
        return received.reason if received is not None else ""

    async def say(self, text: str) -> None:
        """Send a text message. Raises Broken."""
        self._protocol.send_text(text.encode())
        await self._flush()

    async def hear(self) -> bytes:
        """The next message, whole. Raises Broken."""
        message = b""
        while True:
            while not self._frames:
                await self._receive()
            frame = self._frames.pop(0)
            if frame.opcode in _OF_MESSAGES:
                message += bytes(frame.data)
                if frame.fin:
                    return message

    async def stay(self, seconds: float, every: float) -> None:
        """Keep it open for so long, with a ping `every` so many seconds, which is also the time for its answer.

        Raises Broken when the server closes it, or does not answer.
        """
        ends = time.monotonic() + seconds
        reading = asyncio.create_task(self._pass_over())
        try:
            while True:
                await self._ping(reading, every)
                if (left := ends - time.monotonic()) <= 0:
                    return
                await asyncio.wait({reading}, timeout=min(every, left))
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, Broken):
                await reading

    async def end(self) -> None:
        """Close it in form, and wait for the server to do so too. Raises Broken."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            await self._flush()
        while self.close_code is None:
            await self._receive()

    async def abort(self) -> None:
        """Close the connection."""
        await self.line.stream.close()

    async def _ping(self, reading: asyncio.Task[None], within: float) -> None:
        if not reading.done():
            self._answered.clear()
            self._protocol.send_ping(b"cockpit")
            await self._flush()
            sent, answered = time.monotonic(), asyncio.create_task(self._answered.wait())
            await asyncio.wait({reading, answered}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            answered.cancel()
            self.round_trip = max(self.round_trip, time.monotonic() - sent)
        if reading.done():
            reading.result()
        if not self._answered.is_set():
            raise Broken(f"{self.where} did not answer a ping within {within:g} s")

    async def _pass_over(self) -> None:
        while True:
            self.passed_over += sum(f.fin and f.opcode in _OF_MESSAGES for f in self._frames)
            self._frames.clear()
            await self._receive()

    async def _shake_hands(self, opening: Opening, phase: Phase) -> None:
        request = self._protocol.connect()
        for name, value in opening.headers.items():
            if name.lower() in request.headers:
                del request.headers[name]
            request.headers[name] = value
        request.headers.setdefault("User-Agent", "cockpit")
        phase.enter("waiting for the answer to the handshake")
        started = time.monotonic()
        try:
            self._protocol.send_request(request)
            await self._flush()
            while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
                await self._receive()
        except Broken as broken:
            if self._protocol.handshake_exc is None:
                raise Unreachable(str(broken)) from None
        self.latency = time.monotonic() - started
        phase.enter("after the handshake")
        if self._protocol.handshake_exc is not None:
            raise self._refusal(self._protocol.handshake_exc)

    def _refusal(self, error: Exception) -> Exception:
        if isinstance(error, InvalidStatus):
            response = error.response
            words = f"{self.where} answers {response.status_code} {response.reason_phrase} instead of WebSocket"
            return Refused(words, response.status_code, bytes(response.body))
        if isinstance(error, InvalidMessage):
            said = str(error.__cause__ or error)
            closed = f"{self.where} closed the connection without an answer"
            return Unreachable(
                closed if "connection closed" in said else f"the answer of {self.where} is not HTTP: {said}"
            )
        if isinstance(error, InvalidHandshake):
            return Refused(f"the handshake of {self.where} is not WebSocket's: {error}", 101)
        return Unreachable(f"the handshake with {self.where} failed: {error}")

    async def _receive(self) -> None:
        """Take in what comes next. Raises Broken at the end."""
        agreed = self.response is not None
        if agreed:
            self._refuse_nonsense()  # it may have come together with the end of the handshake
        if self._protocol.state is State.CLOSED or self.close_code is not None:
            reason = f": {self.close_reason}" if self.close_reason else ""
            code = f" with code {self.close_code}" if self.close_code is not None else ""
            raise Broken(f"{self.where} closed the conversation{code}{reason}")
        try:
            data = await self.line.stream.read()
        except OSError as error:
            raise Broken(dial.why(error, self.where) or f"connection to {self.where} broke") from None
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self.response = event
            elif isinstance(event, Frame):
                self._take(event)
        if agreed:
            self._refuse_nonsense()
        await self._flush()
        if not data and self.close_code is None and self._protocol.handshake_exc is None:
            raise Broken(f"{self.where} closed the connection")

    def _take(self, frame: Frame) -> None:
        self._frames.append(frame)
        self.pings += frame.opcode is Opcode.PING
        if frame.opcode is Opcode.PONG:
            self._answered.set()

    def _refuse_nonsense(self) -> None:
        problem = self._protocol.parser_exc
        if problem is not None and not isinstance(problem, EOFError):
            raise Broken(f"what {self.where} sends is not WebSocket's: {problem}")

    async def _flush(self) -> None:
        try:
            for piece in self._protocol.data_to_send():
                if piece:  # an empty one asks to end our side, which closing does
                    await self.line.stream.write(piece)
        except OSError as error:
            raise Broken(dial.why(error, self.where) or f"connection to {self.where} broke") from None
