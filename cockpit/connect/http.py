"""HTTP exchanges, with the time of each phase, bounded in time and size.

Import this only where an exchange is about to be made: httpx is heavy.

Each kept connection belongs to one exchange at a time: in a client shared by many exchanges, each costs time that grows
with their number (httpcore's pool looks at all its connections for each request).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import logging
import re
import time
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import httpcore
import httpx

from cockpit.connect.dial import Unreachable
from cockpit.connect.http_connection import PORTS, Broken, Exchange, HttpConnection, Timing
from cockpit.connect.kept import Kept
from cockpit.connect.route import Route
from cockpit.connect.tls import Secured, Trust

# What httpcore would load at its first exchange, in the middle of it.
with contextlib.suppress(ImportError):
    importlib.import_module("anyio._backends._asyncio")

# Both would write URLs and headers, and so secrets, to a log that somebody turns on.
for _talkative in ("httpx", "httpcore"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)

BODY_LIMIT = 1024 * 1024
"""Bytes of a body that are read, and bytes that it may grow to when it is unpacked."""

REDIRECT_LIMIT = 5
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that may be sent again when a kept connection turns out to be dead; others go over a new one."""


@dataclass(frozen=True)
class Request:
    """What to ask."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    follow_redirects: bool = False
    trust: Trust = field(default_factory=Trust)
    resolve_to: str = ""
    """The address to connect to instead of looking the host's name up."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    reason: str
    protocol: str
    headers: tuple[tuple[str, str], ...]
    """In their order, names in lower case."""
    body: bytes
    complete: bool
    """False: the body is longer than BODY_LIMIT."""
    text_encoding: str
    timing: Timing
    latency: float
    """Seconds from the first request to the last byte, redirects included."""
    url: str
    redirects: tuple[str, ...]
    """Where each redirect led that was followed."""
    location: str
    """Where a redirect leads that was not followed."""
    remote: str
    """The address and port that answered; empty when only the far end of a route knows."""
    secured: Secured | None
    """What the TLS handshake of the connection came to; None without TLS."""


class Connections:
    """Connections through a route that are kept between exchanges."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._kept: Kept[HttpConnection] = Kept()

    async def exchange(self, request: Request, timeout: float) -> Answer:
        """Ask once. Raises Unreachable within `timeout` seconds when no whole answer comes."""
        phase = Exchange()
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(request, phase)
        except TimeoutError:
            raise Unreachable(f"timed out {phase.words} after {timeout:.1f} s") from None
        except Broken as broken:
            raise Unreachable(str(broken)) from None
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Unreachable(f"this cannot be asked over HTTP: {error}") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.close()

    async def _exchange(self, request: Request, phase: Exchange) -> Answer:
        redirects: list[str] = []
        request = _without_userinfo(request)
        while True:
            answer = await self._once(request, tuple(redirects), phase)
            if not (request.follow_redirects and answer.location):
                return answer
            redirects.append(answer.location)
            if len(redirects) > REDIRECT_LIMIT:
                raise Unreachable(f"more than {REDIRECT_LIMIT} redirects: {redirects[-1]} leads round in a circle")
            request = _redirected(request, answer)
            phase.restart()

    async def _once(self, request: Request, redirects: tuple[str, ...], phase: Exchange) -> Answer:
        """One request and its answer, on a connection that is kept when it is still good afterwards."""
        headers = {**_HEADERS, **request.headers}
        asked = httpx.Request(request.method, request.url, headers=headers, content=request.body)
        place = (_origin(asked.url), request.trust, request.resolve_to)
        connection = await self._usable(place) if request.method in REPEATABLE else None
        if connection is not None:
            try:
                return await self._use(connection, place, asked, redirects, phase)
            except Broken as broken:
                if broken.answered:
                    raise
                phase.restart()  # the server ended it since its last use: that says nothing of the server now
        connection = await HttpConnection.open(self._route, asked.url, request.resolve_to, request.trust, phase)
        return await self._use(connection, place, asked, redirects, phase)

    async def _usable(self, place: Any) -> HttpConnection | None:
        while (connection := await self._kept.take(place)) is not None and not connection.usable:
            await connection.close()
        return connection

    async def _use(
        self, connection: HttpConnection, place: Any, asked: httpx.Request, redirects: tuple[str, ...], phase: Exchange
    ) -> Answer:
        try:
            answer = await connection.send(asked, phase)
            body, complete = await connection.body(answer, BODY_LIMIT, phase)
            return _answer(asked.url, connection, answer, phase, body=body, complete=complete, redirects=redirects)
        finally:
            if connection.usable and asked.method in REPEATABLE:
                await self._kept.give(place, connection)
            else:
                await connection.close()


_HEADERS = {"User-Agent": "cockpit", "Accept": "*/*", "Accept-Encoding": "identity"}


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or PORTS[url.scheme]


def _without_userinfo(request: Request) -> Request:
    """The same with what stands before the host in the URL as a header, so that the URL may be shown."""
    if "@" not in request.url:
        return request
    url, headers = httpx.URL(request.url), request.headers
    if url.userinfo and "authorization" not in map(str.lower, headers):
        pair = base64.b64encode(f"{url.username}:{url.password}".encode()).decode()
        headers = {**headers, "Authorization": f"Basic {pair}"}
    return replace(request, url=str(url.copy_with(userinfo=b"")), headers=headers)


def _answer(
    url: httpx.URL,
    connection: HttpConnection,
    answer: httpcore.Response,
    phase: Exchange,
    *,
    body: bytes,
    complete: bool,
    redirects: tuple[str, ...],
) -> Answer:
    headers = httpx.Headers(answer.headers)
    body, unpacked = _unpacked(headers, body)
    charset = _CHARSET.search(headers.get("content-type", ""))
    return Answer(
        status=answer.status,
        reason=answer.extensions["reason_phrase"].decode("ascii", "replace"),
        protocol=answer.extensions["http_version"].decode("ascii", "replace"),
        headers=tuple(headers.multi_items()),
        body=body,
        complete=complete and unpacked,
        text_encoding=charset[1] if charset else "utf-8",
        timing=phase.timing,
        latency=time.monotonic() - phase.started,
        url=str(url),
        redirects=redirects,
        location=_location(url, answer.status, headers),
        remote=connection.remote,
        secured=connection.secured,
    )


_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:+-]+)""", re.IGNORECASE)


def _location(url: httpx.URL, status: int, headers: httpx.Headers) -> str:
    """Where a redirect leads; nothing when the answer is none."""
    location: str = headers.get("location", "")
    if not location or status not in (301, 302, 303, 307, 308):
        return ""
    try:
        return str(url.join(location))
    except httpx.InvalidURL:
        return location


def _redirected(request: Request, answer: Answer) -> Request:
    """What a redirect asks for, or Unreachable when it is not to be followed.

    What the checklist put into headers and body goes to the origin that it was written for, and to no other. When a
    method becomes GET: RFC 9110, section 15.4.
    """
    before, after = httpx.URL(request.url), httpx.URL(answer.location)
    if before.scheme == "https" and after.scheme != "https":
        raise Unreachable(f"redirected from https to {after.scheme} ({after.host}): not followed")
    if after.scheme not in PORTS or not after.host:
        raise Unreachable(f"redirected to what is not the Web ({after.scheme or 'nowhere'}): not followed")
    method, headers, body = request.method, request.headers, request.body
    if (answer.status == 303 and method != "HEAD") or (answer.status in (301, 302) and method == "POST"):
        method, body = "GET", None
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
    if _origin(before) != _origin(after):
        if method not in REPEATABLE:
            raise Unreachable(f"redirected with its body to another host ({after.host}): not followed")
        headers = {}
    to_the_same = request.resolve_to if before.host == after.host else ""
    return replace(
        request,
        method=method,
        url=str(after.copy_with(userinfo=b"")),
        headers=headers,
        body=body,
        resolve_to=to_the_same,
    )


def _unpacked(headers: httpx.Headers, body: bytes) -> tuple[bytes, bool]:
    """The body without the compression that a server applied unasked, up to BODY_LIMIT; whether it is whole."""
    if headers.get("content-encoding", "").strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body, True
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        unpacked = unpacker.decompress(body, BODY_LIMIT)
    except zlib.error:
        return body, True
    return unpacked, not unpacker.unconsumed_tail
