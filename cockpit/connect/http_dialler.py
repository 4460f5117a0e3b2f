"""How an HTTP connection comes about: looked up, opened and timed by us, spoken over by httpx."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from cockpit.connect import dial
from cockpit.connect.dial import Unreachable


@dataclass
class Timing:
    """Seconds of each phase of the last request; those of the connection are 0 when a kept one was used."""

    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    first_byte: float = 0.0
    transfer: float = 0.0


class Phase:
    """Where an exchange stands, and how long each phase took."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.restart()

    def restart(self) -> None:
        """Begin the phases of another request."""
        self.timing = Timing()
        self._since = time.monotonic()
        self._at = "before it began"
        self.received = 0

    def enter(self, words: str) -> float:
        """Another phase begins; how long the one before it took."""
        at = time.monotonic()
        took, self._since, self._at = at - self._since, at, words
        return took

    @property
    def words(self) -> str:
        """Where time ran out: `in connect`, `waiting for the answer`."""
        if self._at == "after first byte":
            return f"after first byte ({self.received} bytes of the body came)"
        return self._at

    async def trace(self, event: str, _: dict[str, Any]) -> None:
        """Follow httpcore's own account of what it does."""
        if event == "connection.start_tls.started":
            self.enter("in the TLS handshake")
        elif event == "connection.start_tls.complete":
            self.timing.tls = self.enter("sending the request")
        elif event.endswith(".send_request_headers.started"):
            self.enter("sending the request")
        elif event.endswith(".receive_response_headers.started"):
            self.timing.first_byte = self.enter("waiting for the answer")
        elif event.endswith(".receive_response_headers.complete"):
            self.timing.first_byte += self.enter("after first byte")
        elif event.endswith(".receive_response_body.complete"):
            self.timing.transfer = self.enter("after the last byte")


class Dialler(httpcore.AsyncNetworkBackend):
    """Connects for httpcore: looks names up without hanging, times it, and says in words what failed."""

    def __init__(self, resolve_to: str) -> None:
        self._resolve_to = resolve_to
        self._backend = httpcore.AnyIOBackend()
        self._opened: httpcore.AsyncNetworkStream | None = None
        self.phase = Phase()
        self.address = ""

    async def close(self) -> None:
        """Close what was opened last: httpcore loses a connection that is cancelled in its TLS handshake."""
        if self._opened is not None:
            await self._opened.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection to `host`, or to the address that stands for it. Raises Unreachable."""
        self.phase.enter("in the name lookup")
        addresses = await dial.resolve(self._resolve_to or host, port)
        self.phase.timing.dns = self.phase.enter(f"in connect to {dial.at(addresses[0], port)}")

        async def attempt(address: str) -> tuple[str, httpcore.AsyncNetworkStream]:
            options = [*(socket_options or ()), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
            return address, await self._backend.connect_tcp(address, port, timeout, local_address, options)

        async def close(other: tuple[str, httpcore.AsyncNetworkStream]) -> None:
            await other[1].aclose()

        try:
            self.address, stream = await dial.first_to_connect(addresses, attempt, close)
        except httpcore.ConnectError as error:
            where = dial.at(host if host in addresses else addresses[0], port)
            raise Unreachable(dial.why(error, where) or f"cannot connect to {where}: {error}") from None
        self.phase.timing.connect = self.phase.enter("sending the request")
        self._opened = stream
        return stream


class Transport(httpx.AsyncHTTPTransport):
    """httpx's transport, over a connection that is opened by `Dialler`."""

    def __init__(self, context: ssl.SSLContext, dialler: Dialler) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, max_connections=1, keepalive_expiry=None, network_backend=dialler
        )
