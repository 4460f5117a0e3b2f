"""One HTTP exchange, with the time of each phase, bounded in time and size.

Import this only where an exchange is about to be made: httpx is heavy.

Each kept client belongs to one exchange at a time and has one connection: a client shared by many exchanges costs time
that grows with the square of their number (httpcore's pool looks at all its connections for each request).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import ssl
import time
import urllib.parse
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cockpit.connect import certificate, dial
from cockpit.connect.dial import Unreachable
from cockpit.connect.http_dialler import Dialler, Phase, Timing, Transport
from cockpit.connect.kept import Kept

# Both would write URLs and headers, and so secrets, to a log that somebody turns on.
for _talkative in ("httpx", "httpcore"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)

BODY_LIMIT = 1024 * 1024
"""Bytes of a body that are read, and bytes that it may grow to when it is unpacked."""

REDIRECT_LIMIT = 5
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that may be sent again when a kept connection turns out to be dead."""


@dataclass(frozen=True)
class Request:
    """What to ask."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    follow_redirects: bool = False
    ca: str = ""
    """A file of certificates to trust instead of those of the system."""
    verify: bool = True
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
    redirects: int
    tls_version: str = ""
    certificate: certificate.Certificate | None = None


class Connections:
    """Clients that are kept, and the TLS contexts that they share."""

    def __init__(self) -> None:
        self._kept: Kept[_Client] = Kept()
        self._contexts: dict[tuple[str, bool], tuple[float, ssl.SSLContext]] = {}

    async def exchange(self, request: Request, timeout: float) -> Answer:
        """Ask once. Raises Unreachable within `timeout` seconds when no whole answer comes."""
        phase = Phase()
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(request, phase)
        except TimeoutError:
            raise Unreachable(f"timed out {phase.words} after {timeout:.1f} s") from None
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Unreachable(f"this cannot be asked over HTTP: {error}") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.close()

    async def _exchange(self, request: Request, phase: Phase) -> Answer:
        origin = _origin(request.url)
        place = (origin, request.ca, request.verify, request.resolve_to)
        client = await self._kept.take(place)
        if client is not None:
            try:
                return await self._use(client, place, request, phase)
            except _Dead:
                phase.restart()
        client = _Client(self._context(request.ca, request.verify), request.resolve_to)
        try:
            return await self._use(client, place, request, phase)
        except _Dead as dead:
            raise Unreachable(dead.words) from None

    async def _use(self, client: _Client, place: Any, request: Request, phase: Phase) -> Answer:
        """Exchange on `client`; keep it when the exchange was whole, close it when not."""
        whole = False
        try:
            answer = await client.exchange(request, phase)
            whole = answer.complete
            return answer
        finally:
            if whole:
                await self._kept.give(place, client)
            else:
                await client.close()

    def _context(self, ca: str, verify: bool) -> ssl.SSLContext:
        """Made once for each `ca`, since that takes 20 ms, and again when the file was changed."""
        path = Path(ca).expanduser() if ca else None
        try:
            changed = path.stat().st_mtime if path else 0.0
            made = self._contexts.get((ca, verify))
            if made is None or made[0] != changed:
                made = self._contexts[ca, verify] = changed, _context(path, verify)
        except OSError as error:
            raise Unreachable(f"the certificates under `ca` cannot be read: {ca}: {error.strerror or error}") from None
        return made[1]


class _Dead(Exception):
    """A connection broke before anything of an answer came."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class _Client:
    """A client with one connection, used by one exchange at a time."""

    def __init__(self, context: ssl.SSLContext, resolve_to: str) -> None:
        self.opened = time.monotonic()
        self._used = False
        self._dialler = Dialler(resolve_to)
        self._http = httpx.AsyncClient(
            transport=Transport(context, self._dialler),
            timeout=None,  # noqa: S113 - the whole exchange has a time limit
            trust_env=False,
            headers=_HEADERS,
        )
        self._certificates: dict[bytes, certificate.Certificate] = {}

    async def close(self) -> None:
        await self._http.aclose()
        await self._dialler.close()

    async def exchange(self, request: Request, phase: Phase) -> Answer:
        self._dialler.phase = phase
        self._http.cookies.clear()
        asked = self._http.build_request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body,
            extensions={"trace": phase.trace},
        )
        redirects = 0
        while True:
            response = await self._send(asked)
            try:
                if request.follow_redirects and response.next_request is not None:
                    redirects += 1
                    asked = _redirected(request, response.next_request, redirects, phase)
                    continue
                body, complete = await self._body(response, phase)
                return self._answer(response, body, complete, redirects, phase)
            finally:
                await response.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or _PORTS[request.url.scheme]
        try:
            response = await self._http.send(request, stream=True)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as error:
            words = _broken_words(error, dial.at(host, port))
            if self._used and request.method in REPEATABLE:
                raise _Dead(words) from None
            raise Unreachable(words) from None
        except httpx.ConnectError as error:
            raise Unreachable(await self._tls_words(error, host, port)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{dial.at(host, port)}: {error or type(error).__name__}") from None
        self._used = True
        return response

    async def _body(self, response: httpx.Response, phase: Phase) -> tuple[bytes, bool]:
        body = bytearray()
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                phase.received = len(body)
                if len(body) > BODY_LIMIT:
                    return _unpacked(response, bytes(body[:BODY_LIMIT]))[0], False
        except httpx.HTTPError as error:
            where = dial.at(response.url.host, response.url.port or _PORTS[response.url.scheme])
            raise Unreachable(f"{_broken_words(error, where)}, {len(body)} bytes into the body") from None
        return _unpacked(response, bytes(body))

    def _answer(self, response: httpx.Response, body: bytes, complete: bool, redirects: int, phase: Phase) -> Answer:
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        return Answer(
            status=response.status_code,
            reason=response.reason_phrase,
            protocol=response.http_version,
            headers=tuple((name.lower(), value) for name, value in response.headers.multi_items()),
            body=body,
            complete=complete,
            text_encoding=response.charset_encoding or "utf-8",
            timing=phase.timing,
            latency=time.monotonic() - phase.started,
            url=str(response.url),
            redirects=redirects,
            tls_version=tls.version() if tls else "",
            certificate=self._certificate(tls.getpeercert(binary_form=True)) if tls else None,
        )

    def _certificate(self, der: bytes | None) -> certificate.Certificate | None:
        if not der:
            return None
        if der not in self._certificates:
            try:
                self._certificates[der] = certificate.read(der)
            except ValueError:
                return None
        return self._certificates[der]

    async def _tls_words(self, error: httpx.ConnectError, host: str, port: int) -> str:
        where = dial.at(host, port)
        for cause in dial.causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                shown = await certificate.presented(self._dialler.address, port, host)
                code, message = cause.verify_code, cause.verify_message
                return certificate.complaint(code, message, host, shown, dt.datetime.now(dt.UTC))
            if isinstance(cause, ssl.SSLError):
                reason = (cause.reason or str(cause)).replace("_", " ").lower()
                hint = " (does this port speak TLS?)" if "wrong version" in reason or "record layer" in reason else ""
                return f"TLS handshake with {where} failed: {reason}{hint}"
        return dial.why(error, where) or f"TLS handshake with {where} failed: the connection was closed"


_PORTS = {"http": 80, "https": 443}
_HEADERS = {"User-Agent": "cockpit", "Accept": "*/*", "Accept-Encoding": "identity"}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parsed = urllib.parse.urlsplit(url)
    return parsed.scheme, parsed.hostname, parsed.port or _PORTS.get(parsed.scheme)


def _redirected(request: Request, asked: httpx.Request, redirects: int, phase: Phase) -> httpx.Request:
    """The request that a redirect asks for, or Unreachable when it is not to be followed.

    What the checklist put into headers and body goes to the origin that it was written for, and to no other.
    """
    if redirects > REDIRECT_LIMIT:
        raise Unreachable(f"more than {REDIRECT_LIMIT} redirects: {request.url} leads round in a circle")
    before, after = httpx.URL(request.url), asked.url
    if before.scheme == "https" and after.scheme != "https":
        raise Unreachable(f"redirected from https to {after.scheme} ({after.host}): not followed")
    if _origin(request.url) != _origin(str(after)):
        if asked.method not in REPEATABLE:
            raise Unreachable(f"redirected with its body to another host ({after.host}): not followed")
        for name in request.headers:
            if name.lower() != "host":
                asked.headers.pop(name, None)
    phase.restart()
    return asked


def _broken_words(error: Exception, where: str) -> str:
    said = str(error)
    if "disconnected without sending" in said:
        return f"{where} closed the connection without an answer"
    if "without sending complete message body" in said:
        return f"{where} closed the connection"
    words = dial.why(error, where)
    if words is None and isinstance(error, httpx.RemoteProtocolError):
        words = f"the answer of {where} is not HTTP: {said}"
    return words or f"connection to {where} broke: {said or type(error).__name__}"


def _unpacked(response: httpx.Response, body: bytes) -> tuple[bytes, bool]:
    """The body without the compression that a server applied unasked, up to BODY_LIMIT; whether it is whole."""
    if response.headers.get("content-encoding", "").strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body, True
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        unpacked = unpacker.decompress(body, BODY_LIMIT)
    except zlib.error:
        return body, True
    return unpacked, not unpacker.unconsumed_tail


def _context(ca: Path | None, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    of_system = ssl.get_default_verify_paths()
    if not ca and not of_system.cafile and not of_system.capath:
        import certifi  # noqa: PLC0415 - only where the system has no certificates of its own

        context.load_verify_locations(certifi.where())
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
