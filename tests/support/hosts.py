"""Routes to hosts, for as long as a test needs them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from cockpit.checklist.model import Host
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Ended, Program
from cockpit.connect.routes import HostRoutes


@contextlib.asynccontextmanager
async def routed(*hosts: Host, passphrases: Mapping[str, str] | None = None) -> AsyncIterator[HostRoutes]:
    """Routes to `hosts`, closed at the end."""
    routes = HostRoutes(hosts, passphrases=passphrases)
    try:
        yield routes
    finally:
        await routes.close()


def run(
    host: Host, command: str | tuple[str, ...] = "echo hello", *others: Host, timeout: float = 20.0, **how
) -> Ended:
    """How a program ended that was run on `host`, which may be reached through `others`."""

    async def once() -> Ended:
        passphrases = how.pop("passphrases", None)
        async with routed(host, *others, passphrases=passphrases) as routes:
            return await routes.to(host.name).run(Program(command, **how), timeout)

    return asyncio.run(once())


def refused(host: Host, *others: Host, timeout: float = 20.0, **how) -> str:
    """Why `host` cannot be used."""
    try:
        ended = run(host, "echo hello", *others, timeout=timeout, **how)
    except Unreachable as reason:
        return str(reason)
    raise AssertionError(f"it can: {ended}")
