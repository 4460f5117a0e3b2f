"""Where a Docker daemon listens, and connections to it over a route for a library that works in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import http.client
import os
import socket
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests.adapters
import urllib3
import urllib3.connection

from cockpit.connect import dial
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route

SYSTEM_SOCKET = "unix:///var/run/docker.sock"

EARLY = 0.05
"""Seconds by which a thread gives up before the measurement does, so that what it was waiting for is said."""

_PLAIN_PORT, _TLS_PORT = 2375, 2376


@dataclass(frozen=True)
class Tls:
    """How a TCP connection is secured: files in PEM."""

    ca: str = ""
    """Nothing: the authorities that the system trusts."""
    cert: str = ""
    key: str = ""
    verify: bool = True


@dataclass(frozen=True)
class Place:
    """Where a daemon listens."""

    host: str
    """`unix:///var/run/docker.sock`, `tcp://10.0.0.5:2376`."""
    tls: Tls | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `tcp://`."""
        parts = urllib.parse.urlsplit(self.host)
        return parts.hostname or "", parts.port or (_TLS_PORT if self.tls else _PLAIN_PORT)

    @property
    def url(self) -> str:
        """As what the SDK may take it: for a Unix socket something that leads nowhere."""
        return "tcp://docker:80" if self.host.startswith("unix://") else f"tcp://{dial.at(*self.address)}"

    async def connect(self, route: Route) -> socket.socket:
        """A connected socket, from the far end of `route`. Raises Unreachable."""
        if self.host.startswith("unix://"):
            return await route.connect_unix(self.host.removeprefix("unix://"))
        return await route.connect(*self.address)


def place(host: str, tls: Tls | None, environment: Mapping[str, str]) -> Place:
    """Where to go when a check says `host` and `tls`, either of which may be nothing.

    What is not said comes from `environment`, as for Docker's own client: DOCKER_HOST, DOCKER_TLS_VERIFY,
    DOCKER_CERT_PATH. It is that of this machine, so at the end of a route it is empty. Raises Unreachable.
    """
    host = host or environment.get("DOCKER_HOST") or SYSTEM_SOCKET
    if host.startswith("/"):
        host = f"unix://{host}"
    if host.startswith("ssh://"):
        raise Unreachable(f"DOCKER_HOST is {host}: name that machine under `hosts`, and say `via: ITS NAME` here")
    if host.startswith("unix://"):
        return Place(host)
    if not host.startswith("tcp://"):
        raise Unreachable(f"DOCKER_HOST is {host}: only `unix://` and `tcp://` can be asked")
    verify = environment.get("DOCKER_TLS_VERIFY", "")
    if tls is None and (verify or environment.get("DOCKER_CERT_PATH")):
        folder = Path(environment.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
        tls = Tls(str(folder / "ca.pem"), str(folder / "cert.pem"), str(folder / "key.pem"), verify=bool(verify))
    return Place(host, tls)


LONGEST_ANSWER = 32 << 20
"""Bytes of an answer; thousands of containers are told in less."""

_CHUNK = 64 * 1024


class TooLong(requests.RequestException):
    """An answer that no daemon gives: the message says what of it is too much."""


class Doors:
    """Connections that a thread asks for and the event loop opens; all of them can be cut off."""

    def __init__(self, place: Place, route: Route, timeout: float) -> None:
        """Lead to `place` over `route`, for `timeout` seconds. To be made where the event loop runs."""
        self.place = place
        self.words = f"{place.host}{route.words}"
        self.through_host = bool(route.name)
        self.timeout = timeout
        self._route = route
        self._ends = time.monotonic() + timeout
        self._loop, self._context = asyncio.get_running_loop(), contextvars.copy_context()
        self._opening: Future[socket.socket] | None = None
        self._opened: list[Any] = []
        self._cut = False

    @property
    def left(self) -> float:
        """Seconds that are left for an answer. Raises TimeoutError when there are none."""
        left = self._ends - min(EARLY, self.timeout / 10) - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def adapter(self) -> requests.adapters.HTTPAdapter:
        """What carries the requests of `requests` over our connections, with TLS as the place says."""
        return _Adapter(self)

    def open(self, user: Any) -> socket.socket:
        """A connected socket for `user`, who keeps it in its attribute `sock`. Called in a thread. Raises OSError."""
        self._opened.append(user)
        connecting = self.place.connect(self._route)
        try:
            # In the context of who measures: what is on the way looks there by when an answer is wanted.
            begin = self._context.copy().run
            self._opening = begin(asyncio.run_coroutine_threadsafe, connecting, self._loop)
        except RuntimeError:  # the loop is closed: nobody waits for us any more
            connecting.close()
            raise ConnectionAbortedError from None
        if self._cut:
            self._opening.cancel()
        try:
            made = self._opening.result(max(0.0, self._ends - time.monotonic()))
        except CancelledError:
            raise ConnectionAbortedError from None
        except Unreachable as error:
            raise ConnectionError from error  # which libraries expect here
        except TimeoutError:
            self._opening.cancel()
            self._opening.add_done_callback(_abandon)
            raise
        try:
            made.settimeout(self.left)
        except TimeoutError:
            made.close()
            raise
        return made

    def cut(self) -> None:
        """End everything at once, so that the thread does not wait any longer."""
        self._cut = True
        if self._opening is not None:
            self._opening.cancel()
        for user in self._opened:
            if (door := user.sock) is not None:
                with contextlib.suppress(OSError):
                    door.shutdown(socket.SHUT_RDWR)


def _abandon(opening: Future[socket.socket]) -> None:
    """Close what was opened at the very moment that nobody wanted it any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def readable(tls: Tls) -> None:
    """See that its files can be read. Raises Unreachable."""
    for name, file in (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key)):
        try:
            if file:
                Path(file).expanduser().read_bytes()
        except OSError as error:
            raise Unreachable(f"the file under `tls.{name}` cannot be read: {file}: {error.strerror}") from None


def authorities(tls: Tls) -> str | bool:
    """What `requests` is to verify a daemon's certificate against."""
    if not tls.verify:
        return False
    of_system = ssl.get_default_verify_paths()
    return (os.path.expanduser(tls.ca) if tls.ca else of_system.cafile or of_system.capath) or True  # noqa: PTH111


class _Answer(http.client.HTTPResponse):
    """An answer whose chunks have sizes: at a negative one the library would read on for ever, and keep it all."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.IncompleteRead(b"")
        return size


def read_whole(answer: requests.Response) -> None:
    """Read the body of an answer into it, up to a limit: the libraries have none. Raises TooLong."""
    body = bytearray()
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise TooLong("it is compressed, which nobody asked for")
    while chunk := answer.raw.read(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise TooLong(f"it is longer than {LONGEST_ANSWER >> 20} MiB")
    answer._content = bytes(body)  # noqa: SLF001 - where the library itself keeps it
    answer._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - likewise


class _Adapter(requests.adapters.HTTPAdapter):
    """The adapter of `requests`, for whom others open connections, and nobody else's proxy stands between."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send it; the answer is there, unless it is a stream. Raises TooLong."""
        answer = super().send(request, *args, **options)
        if not options.get("stream"):
            read_whole(answer)
        return answer

    def __init__(self, doors: Doors) -> None:
        super().__init__()

        class Plain(urllib3.connection.HTTPConnection):
            response_class = _Answer

            def _new_conn(self) -> socket.socket:
                return doors.open(self)

        class Secured(urllib3.connection.HTTPSConnection):
            response_class = _Answer

            def _new_conn(self) -> socket.socket:
                return doors.open(self)

            def connect(self) -> None:
                super().connect()
                self.is_verified = True  # whoever writes `verify: false` knows: no warning into the screen we draw on

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain

        class SecuredPool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Secured

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecuredPool}
