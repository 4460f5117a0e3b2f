"""How a check gets to what it measures: from this machine, or from a host that is reached over SSH.

Kinds of check open connections and run programs through a `Route` and need not know which it is.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of each stream of a program that are kept; what comes after them is read and dropped."""


@dataclass(frozen=True)
class Program:
    """A program to run."""

    command: str | tuple[str, ...]
    """A text is run by `/bin/sh -c`, exactly as it is written; a tuple is a program and its arguments, and no shell
    looks at them."""
    input: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Set for the program beside what it would have anyway. May hold secrets: they stand in no argument that others
    on the machine can list."""
    folder: str = ""
    """Where it runs; nothing: where Cockpit runs, or the home of the user on a host."""
    limit: int = OUTPUT_LIMIT
    sink: Callable[[bytes], None] | None = None
    """Is given the standard output as it comes, what is beyond the limit too."""


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    status: int | None
    """Exit status; None when a signal ended it, or time ran out."""
    output: bytes
    errors: bytes
    took: float
    """Seconds."""
    signal: str = ""
    """`KILL`, `TERM`: what ended it."""
    timed_out: bool = False
    """It was ended because time ran out; what it had printed by then is kept."""
    cut: bool = False
    """It printed more than the limit on one of its streams."""


class Route(Protocol):
    """A way to what is measured. Everything raises Unreachable, and ends at once when it is cancelled."""

    @property
    def name(self) -> str:
        """The host of the checklist that it leads to; nothing for this machine."""

    @property
    def words(self) -> str:
        """Where it starts, to follow what was asked: ` on app1 (deploy@10.0.0.5)`; nothing for this machine."""

    async def connect(self, host: str, port: int) -> socket.socket:
        """A non-blocking socket that is connected to a TCP port, as the far end of the route sees it.

        Raises NoConnection when the port itself was tried and could not be connected to.
        """
        ...

    async def connect_unix(self, path: str) -> socket.socket:
        """A non-blocking socket that is connected to a Unix socket there."""
        ...

    async def run(self, program: Program, timeout: float) -> Ended:
        """Run a program there, to its end or until `timeout` seconds are over: then it is ended with its children.

        Raises CutOff when the route was lost while it ran.
        """
        ...


class Routes(Protocol):
    """The ways that a checklist knows."""

    def to(self, name: str) -> Route:
        """The route to a host of the checklist, or from this machine when `name` is empty."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
