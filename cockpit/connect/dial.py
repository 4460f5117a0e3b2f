"""Finding the addresses of a name, connecting to the first that answers, and saying in plain words why none did."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from cockpit.connect.thread import in_thread

T = TypeVar("T")

HEAD_START = 0.25
"""Seconds that an address has for itself before the next one is tried beside it (RFC 8305, section 5)."""


class Unreachable(Exception):
    """It could not be reached. The message says what failed, at which address, in words of the field."""


class CutOff(Unreachable):
    """It was reached, and lost again with something under way: that may or may not have happened."""


class NoConnection(Unreachable):
    """It was tried to connect, and no connection came about: refused, no route, silence.

    Whoever measures whether a port is open has measured it; what else is Unreachable (a name that is not found, a host
    on the way that is down) leaves the question open.
    """


def refused_beyond(words: str, said: str) -> Unreachable:
    """What came of a connection that another machine was asked to make: `said` is what it told of why there is none."""
    tried = ("refused", "unreachable", "no route", "timed out", "reset")
    return NoConnection(words) if any(word in said.lower() for word in tried) else Unreachable(words)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host` in the order in which to try them. Raises Unreachable."""
    if is_address(host):
        return [host.strip("[]")]
    try:
        found = await in_thread(
            f"name lookup of {host}", lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
    except (socket.gaierror, UnicodeError) as error:
        raise Unreachable(_name_words(host, error)) from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_address(host: str) -> bool:
    """Whether it is an IP address, with or without brackets, and not a name."""
    try:
        ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


async def first_to_connect(
    addresses: Sequence[str], attempt: Callable[[str], Awaitable[T]], close: Callable[[T], Awaitable[None]]
) -> T:
    """The outcome of the first `attempt` that succeeds; `close` ends one that succeeds at the same moment.

    An address is tried when the one before it failed, or after HEAD_START: a broken IPv6 route then costs little.
    When all fail, the failure of the first is raised: it is the address that a user expects.
    """
    if len(addresses) == 1:
        return await attempt(addresses[0])
    waiting = list(addresses)
    running: dict[asyncio.Future[T], str] = {}
    failures: dict[str, BaseException] = {}
    try:
        while waiting or running:
            if waiting:
                address = waiting.pop(0)
                running[asyncio.ensure_future(attempt(address))] = address
            done, _ = await asyncio.wait(
                running, timeout=HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if (error := task.exception()) is None:
                    del running[task]
                    return task.result()
                failures[running.pop(task)] = error
        raise failures[addresses[0]]
    finally:
        for task in running:
            if not task.cancel() and not task.cancelled() and task.exception() is None:
                await close(task.result())


def no_connection(error: BaseException, where: str) -> Unreachable:
    """What connecting to `where` came to when it came to `error`."""
    words = why(error, where) or f"cannot connect to {where}: {error}"
    missed = any(isinstance(cause, OSError) and cause.errno in _MISSED for cause in causes(error))
    return NoConnection(words) if missed else Unreachable(words)


def why(error: BaseException, where: str) -> str | None:
    """What went wrong with a connection to `where` (`HOST:PORT`, a socket), when an OSError is behind `error`."""
    for cause in causes(error):
        if isinstance(cause, OSError) and cause.errno in _WORDS:
            return _WORDS[cause.errno].format(where=where)
    for cause in causes(error):
        if isinstance(cause, OSError) and cause.errno is not None:
            return f"{where}: {os.strerror(cause.errno)}"
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that stands behind it: causes, contexts, grouped and wrapped exceptions."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None)]
        waiting += [*getattr(one, "exceptions", ()), *one.args]


def at(host: str, port: int) -> str:
    """`HOST:PORT`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_MISSED = {
    *(errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED),
    *(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT),
}
_WORDS = {
    errno.ECONNREFUSED: "connection refused by {where}",
    errno.ECONNRESET: "connection reset by {where}",
    errno.ECONNABORTED: "connection aborted by {where}",
    errno.EPIPE: "connection closed by {where}",
    errno.EHOSTUNREACH: "no route to {where}: host unreachable",
    errno.ENETUNREACH: "no route to {where}: network unreachable",
    errno.ETIMEDOUT: "connection to {where} timed out",
    errno.EACCES: "permission denied for {where}",
    errno.EPERM: "not permitted to connect to {where}: a firewall of this machine forbids it",
    errno.ENOENT: "{where} does not exist",
    errno.EADDRNOTAVAIL: "no local address to reach {where} from",
    errno.EMFILE: "too many open files here, before {where} was reached: raise `ulimit -n`",
}


def _name_words(host: str, error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return f"{host!r} is not a host name"
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"name lookup failed for the moment: {host} (no name server answered)"
    return f"name not found: {host}"
