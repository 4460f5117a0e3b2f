"""One HTTP/1.1 connection: opened and timed by us through a route, spoken over by httpcore.

httpx's own client would bring cookies, credentials from files and a pool: a check wants none of them, and pays for all.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from cockpit.connect import dial, tls
from cockpit.connect.opening import Phase
from cockpit.connect.route import Route
from cockpit.connect.stream import Stream
from cockpit.connect.tls import Secured, Trust

PORTS = {"http": 80, "https": 443}


@dataclass
class Timing:
    """Seconds of each phase of the last request; those of the connection are 0 when a kept one was used."""

    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    first_byte: float = 0.0
    transfer: float = 0.0


class Exchange(Phase):
    """Where an exchange stands, and how long each phase took."""

    def __init__(self) -> None:
        super().__init__()
        self.timing = Timing()

    def restart(self) -> None:
        """Begin the phases of another request."""
        self.timing = Timing()
        self.enter("before it began")


class Broken(Exception):
    """The connection broke, or what came over it is not HTTP. The message says it in words."""

    def __init__(self, words: str, *, answered: bool) -> None:
        super().__init__(words)
        self.answered = answered
        """The head of an answer had come."""


class HttpConnection:
    """A connection to one origin, used by one exchange at a time."""

    def __init__(self, stream: Stream, origin: httpcore.Origin, remote: str, secured: Secured | None) -> None:
        self.opened = time.monotonic()
        self.remote = remote
        """The address and port that it leads to; empty when only the far end of a route knows."""
        self.secured = secured
        self._stream, self._origin = stream, origin
        self._http = httpcore.AsyncHTTP11Connection(origin, _Network(stream))

    @classmethod
    async def open(cls, route: Route, url: httpx.URL, resolve_to: str, trust: Trust, phase: Exchange) -> HttpConnection:
        """Connect to the origin of `url`, or to the address that stands for its host. Raises Unreachable."""
        host, port = url.host, url.port or PORTS[url.scheme]
        trusted = trust if url.scheme == "https" else None
        line = await tls.open_line(route, resolve_to or host, port, trusted, phase, server_name=host)
        timing, opened = phase.timing, line.opened
        timing.dns, timing.connect, timing.tls = opened.lookup, opened.connect, line.handshake
        return cls(line.stream, _url(url).origin, opened.remote, line.secured)

    @property
    def usable(self) -> bool:
        """Another request can be sent: the last answer was read to its end, and neither side has closed it."""
        return self._http.is_available() and not self._stream.ended

    async def send(self, request: httpx.Request, phase: Exchange) -> httpcore.Response:
        """Ask, and read the head of the answer. Raises Broken."""
        phase.enter("sending the request")
        asked = httpcore.Request(
            request.method.encode(), _url(request.url), headers=request.headers.raw, content=_Content(request, phase)
        )
        try:
            answer = await self._http.handle_async_request(asked)
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Broken(_words(error, self._where), answered=False) from None
        phase.timing.first_byte = phase.enter("after first byte (0 bytes of the body came)")
        return answer

    async def body(self, answer: httpcore.Response, limit: int, phase: Exchange) -> tuple[bytes, bool]:
        """The body as it travelled, up to `limit` bytes, and whether it is whole. Raises Broken."""
        body = bytearray()
        try:
            async for piece in answer.aiter_stream():
                body += piece
                phase.words = f"after first byte ({len(body)} bytes of the body came)"
                if len(body) > limit:
                    return bytes(body[:limit]), False
            await answer.aclose()
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            words = f"{_words(error, self._where)}, {len(body)} bytes into the body"
            raise Broken(words, answered=True) from None
        phase.timing.transfer = phase.enter("after the last byte")
        return bytes(body), True

    async def close(self) -> None:
        """Close it now."""
        await self._stream.close()

    @property
    def _where(self) -> str:
        return dial.at(self._origin.host.decode(), self._origin.port)


class _Network(httpcore.AsyncNetworkStream):
    """What httpcore reads from and writes to."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the whole has one
        return await self._stream.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        if buffer:
            try:
                await self._stream.write(buffer)
            except OSError as error:
                # The server may have answered before it closed: httpcore then still reads what it said.
                raise httpcore.WriteError(error) from error

    async def aclose(self) -> None:
        await self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.ended if info == "is_readable" else None


class _Content:
    """The body of a request, which tells when it has been sent."""

    def __init__(self, request: httpx.Request, phase: Exchange) -> None:
        self._request, self._phase = request, phase

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._request.content:
            yield self._request.content
        self._phase.words = "waiting for the answer"


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port or PORTS[url.scheme], target=url.raw_path
    )


def _words(error: Exception, where: str) -> str:
    if isinstance(error, httpcore.LocalProtocolError):
        return "a header to send holds what HTTP does not allow, a line break perhaps"  # its value may be secret
    said = str(error)
    if "disconnected without sending" in said:
        return f"{where} closed the connection without an answer"
    if "without sending complete message body" in said:
        return f"{where} closed the connection"
    for cause in dial.causes(error):
        if isinstance(cause, ssl.SSLError):
            return tls.failure(cause, where)
    words = dial.why(error, where)
    if words is None and isinstance(error, httpcore.RemoteProtocolError):
        words = f"the answer of {where} is not HTTP: {said.partition(': bytearray(')[0]}"
    return words or f"connection to {where} broke: {said or type(error).__name__}"
