"""One HTTP exchange over a route, sent once and never again: it is known whether anything was sent.

For what changes something. Import this only where it is about to happen.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import h11

from cockpit.connect import dial, tls
from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.opening import Phase
from cockpit.connect.route import Route
from cockpit.connect.stream import Stream
from cockpit.connect.tls import Trust

BODY_LIMIT = 1024 * 1024
"""Bytes of an answer that are kept; what comes after them is read and dropped."""

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Place:
    """Where a server listens."""

    host: str
    """As it calls itself: for its certificate, and the header `Host`."""
    port: int = 0
    path: str = ""
    """A Unix socket, instead of a port."""
    trust: Trust | None = None
    """Whom to trust with TLS; None: it is spoken in clear."""

    @property
    def words(self) -> str:
        """`HOST:PORT`, or the path of the socket."""
        return self.path or dial.at(self.host, self.port)


@dataclass(frozen=True)
class Request:
    """What to send."""

    method: str
    target: str
    """Path and query."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    reason: str
    body: bytes


async def exchange(
    request: Request, place: Place, route: Route, timeout: float, sink: Callable[[bytes], None] | None = None
) -> Answer:
    """Send `request`, and wait for its whole answer; `sink` is given the body of a good one as it comes.

    Raises Unreachable when nothing was sent, and CutOff when it was, and no whole answer came.
    """
    ends = asyncio.get_running_loop().time() + timeout
    where = f"{place.words}{route.words}"
    speaker = h11.Connection(h11.CLIENT)
    sent = _as_sent(speaker, request, place)
    async with _connected(place, route, where, ends, timeout) as stream:
        status = ""
        try:
            async with asyncio.timeout_at(ends):
                await _sent(stream, sent)
                async for event in _events(speaker, stream):
                    if isinstance(event, h11.Response):
                        status = f", whose answer began with status {event.status_code}"
                        taking = _Taking(event, sink)
                    elif isinstance(event, h11.Data):
                        taking.take(bytes(event.data))
                return taking.answer()
        except TimeoutError:
            raise CutOff(f"{where} did not answer within {timeout:g} s{status}; the request was sent") from None
        except h11.RemoteProtocolError as error:
            raise CutOff(f"{_broken(error, where)}{status}; the request was sent") from None
        except OSError as error:
            words = dial.why(error, where) or f"the connection to {where} broke"
            raise CutOff(f"{words}{status}; the request was sent") from None


class _Taking:
    """The body of an answer, as it comes."""

    def __init__(self, begun: h11.Response, sink: Callable[[bytes], None] | None) -> None:
        self._begun = begun
        self._sink = sink if begun.status_code < 300 else None
        self._body = bytearray()

    def take(self, data: bytes) -> None:
        if self._sink is not None:
            self._sink(data)
        self._body += data[: BODY_LIMIT - len(self._body)]

    def answer(self) -> Answer:
        return Answer(self._begun.status_code, self._begun.reason.decode("latin-1"), bytes(self._body))


async def _sent(stream: Stream, data: bytes) -> None:
    """Send it; a server may have answered before it had read all, and closed: that answer is read all the same."""
    with contextlib.suppress(OSError):
        await stream.write(data)


def _as_sent(speaker: h11.Connection, request: Request, place: Place) -> bytes:
    given = {name.lower() for name, _ in request.headers}
    standard = [("Host", _host(place)), ("Connection", "close"), ("Accept-Encoding", "identity")]
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        standard.append(("Content-Length", str(len(request.body))))
    headers: Iterable[tuple[str, str]] = [each for each in standard if each[0].lower() not in given]
    try:
        parts = [
            speaker.send(
                h11.Request(method=request.method, target=request.target, headers=[*headers, *request.headers])
            ),
            speaker.send(h11.Data(data=request.body)) if request.body else b"",
            speaker.send(h11.EndOfMessage()),
        ]
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise Unreachable(f"this cannot be asked over HTTP: {error}") from None
    return b"".join(part or b"" for part in parts)


def _host(place: Place) -> str:
    standard = 443 if place.trust else 80
    return place.host if not place.port or place.port == standard else dial.at(place.host, place.port)


@contextlib.asynccontextmanager
async def _connected(place: Place, route: Route, where: str, ends: float, timeout: float) -> AsyncIterator[Stream]:
    """A connection, with TLS where it is wanted. Raises Unreachable: nothing was sent."""
    phase = Phase()
    try:
        async with asyncio.timeout_at(ends):
            if place.path:
                stream = await Stream.over(await route.connect_unix(place.path))
            else:
                line = await tls.open_line(route, place.host, place.port, place.trust, phase, server_name=place.host)
                stream = line.stream
    except TimeoutError:
        at = "" if place.path else f" {phase.words}"
        raise Unreachable(f"no connection to {where}: timed out{at} after {timeout:g} s") from None
    try:
        yield stream
    finally:
        await stream.close()


async def _events(speaker: h11.Connection, stream: Stream) -> AsyncIterator[h11.Event]:
    """What comes back, to the end of the answer. Raises h11.RemoteProtocolError."""
    while True:
        event = speaker.next_event()
        if event is h11.NEED_DATA:
            speaker.receive_data(await stream.read(_CHUNK))
        elif isinstance(event, h11.EndOfMessage):
            return
        elif isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("closed without an answer")
        elif isinstance(event, h11.Response | h11.Data):
            yield event


def _broken(error: h11.RemoteProtocolError, where: str) -> str:
    said = str(error)
    if "closed" in said.lower() or "without sending" in said:
        return f"{where} closed the connection before its answer was whole"
    return f"the answer of {where} is not HTTP"
