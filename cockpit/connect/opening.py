"""Opening a TCP connection through a route, with the time of each phase."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from cockpit.connect import dial
from cockpit.connect.route import Route


class Phase:
    """Where something that takes several phases stands, so that a time limit can say where it ran out."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._since = self.started
        self.words = "before it began"
        """`in connect to 10.0.0.5:443`, `waiting for the answer`."""

    def enter(self, words: str) -> float:
        """Another phase begins; how many seconds the one before it took."""
        now = time.monotonic()
        took, self._since, self.words = now - self._since, now, words
        return took


@dataclass(frozen=True)
class Opened:
    """A connection that was just opened."""

    socket: socket.socket
    """Connected and non-blocking; whoever asked for it closes it."""
    host: str
    port: int
    address: str
    """What it leads to; empty when a name was looked up at the far end of a route, which does not tell."""
    lookup: float
    """Seconds of the name lookup; 0 when it is a part of connecting, at the far end of a route."""
    connect: float
    """Seconds of connecting."""

    @property
    def remote(self) -> str:
        """Address and port that it leads to; empty when only the far end of a route knows."""
        return dial.at(self.address, self.port) if self.address else ""

    @property
    def where(self) -> str:
        """`HOST:PORT`."""
        return dial.at(self.host, self.port)


async def open_socket(route: Route, host: str, port: int, phase: Phase) -> Opened:
    """Connect to a TCP port through `route`. Raises Unreachable."""
    if route.name:
        phase.enter(f"in connect to {dial.at(host, port)}{route.words}")
        opened = await route.connect(host, port)
        address = host if dial.is_address(host) else ""
        return Opened(opened, host, port, address, 0.0, phase.enter("after connect"))
    phase.enter("in the name lookup")
    addresses = await dial.resolve(host, port)
    lookup = phase.enter(f"in connect to {dial.at(addresses[0], port)}")

    async def attempt(address: str) -> tuple[str, socket.socket]:
        return address, await route.connect(address, port)

    async def close(other: tuple[str, socket.socket]) -> None:
        other[1].close()

    address, opened = await dial.first_to_connect(addresses, attempt, close)
    return Opened(opened, host, port, address, lookup, phase.enter("after connect"))
