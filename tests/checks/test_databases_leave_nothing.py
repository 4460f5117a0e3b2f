"""Measuring databases that answer, refuse, hang or talk nonsense leaves no file, thread or task behind."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from pathlib import Path

import pytest

from cockpit.checklist.model import Check
from cockpit.checks import registry
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from tests.servers.mariadb import MariaDB
from tests.servers.postgres import Postgres
from tests.servers.redis import Redis
from tests.support.measuring import no_values
from tests.support.routes import Detour
from tests.support.threads import busy

pytestmark = pytest.mark.server

ROUNDS = 4
NOBODY = 1
"""A port on which nobody listens, nor will when the system hands out free ports."""


@pytest.mark.parametrize("via", ["", "detour"])
@pytest.mark.parametrize("kind", ["postgres", "mysql", "redis"])
def test_nothing_is_left_open_after_many_measurements(
    kind: str,
    via: str,
    postgres_server: Postgres,
    mariadb_server: MariaDB,
    redis_server: Redis,
    web_port: int,
    black_hole: int,
    silent_socket: Path,
) -> None:
    key = "dsn" if kind == "postgres" else "url"
    good = {"postgres": postgres_server.dsn(), "mysql": mariadb_server.url(), "redis": redis_server.url()}[kind]
    slow: dict[str, object] = {
        "postgres": {"query": "SELECT pg_sleep(30)"},
        "mysql": {"query": "SELECT SLEEP(30)"},
        "redis": {"command": ["XREAD", "BLOCK", 30000, "STREAMS", "s", "$"]},
    }[kind]
    scheme = {"postgres": "postgresql", "mysql": "mysql", "redis": "redis"}[kind]
    wrong_password = good.replace("a-good", "a-bad")
    quiet = f"host={silent_socket.parent} user=x" if kind == "postgres" else f"unix://{silent_socket}"
    specs: list[tuple[dict[str, object], float]] = [
        ({key: good}, 5.0),
        ({key: good, **slow}, 0.2),
        ({key: wrong_password}, 5.0),
        # The detour's far end would wait for the silent one's word for ever.
        *([] if via else [({key: quiet}, 0.1)]),
        *(({key: f"{scheme}://x:y@127.0.0.1:{port}/0"}, 0.2) for port in (NOBODY, web_port, black_hole)),
    ]
    checks = [Check(kind, spec, timeout=timeout, via=via) for spec, timeout in specs]

    served = {postgres_server.port, mariadb_server.port, redis_server.port, NOBODY, web_port, black_hole}

    def open_here() -> Counter[str]:
        files = Counter(_words(file, web_port, served) for file in Path("/proc/self/fd").iterdir())
        threads = Counter(f"thread {name}" for name in busy())
        return files + threads + Counter({"tasks": len(asyncio.all_tasks())}) - Counter({"": 1_000_000})

    async def rounds() -> tuple[Counter[str], Counter[str]]:
        detour = Detour()
        session = Session(detour)

        async def once_all() -> None:
            for check in checks:
                await measure("item", check, kinds=registry.kinds(), values=no_values(), session=session)

        async def settled(wanted: Counter[str]) -> Counter[str]:
            for _ in range(750):
                await asyncio.sleep(0.02)
                if open_here() == wanted:
                    break
            return open_here()

        async def quiet_for_long() -> Counter[str]:
            last, unchanged = open_here(), 0
            while unchanged < 75:
                await asyncio.sleep(0.02)
                now = open_here()
                last, unchanged = now, unchanged + 1 if now == last else 0
            return last

        await once_all()
        before = await quiet_for_long()
        for _ in range(ROUNDS):
            await once_all()
        after = await settled(before)
        await session.close()
        return before, after

    before, after = asyncio.run(rounds())
    assert (after - before, before - after) == (Counter(), Counter())


def _words(file: Path, web_port: int, served: set[int]) -> str:
    """An open file by what it is; nothing for the test server's ends of connections, which are its own concern."""
    try:
        if not file.is_socket():
            return str(file.readlink())
        with socket.socket(fileno=os.dup(int(file.name))) as found:
            here = found.getsockname()
            return "" if isinstance(here, tuple) and here[1] == web_port else f"socket at {_peer(found, served)}"
    except OSError:
        return ""


def _peer(found: socket.socket, served: set[int]) -> str:
    """The server's port; a port that is another one each time is not told, so that two counts can be compared."""
    try:
        peer = found.getpeername()
    except OSError:
        return ""
    if not isinstance(peer, tuple) or len(peer) < 2:
        return str(found.family)
    return str(peer[1]) if peer[1] in served else "a passing port"
