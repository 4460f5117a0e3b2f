"""PostgreSQL: what 200 pings cost, on a connection that is kept and on new ones.

python tests/bench/bench_postgres.py [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import psycopg

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.postgres import KIND
from cockpit.connect.thread import imported
from tests.bench.figures import Figure, print_table
from tests.servers import postgres
from tests.servers.postgres import Postgres
from tests.support.measuring import no_values

PINGS = 200
AT_ONCE = 16

Ping = Callable[[int], Awaitable[object]]


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().quick else 9
    with postgres.primary() as server:
        print_table([*kept(server, rounds), *cold(server, rounds)])


def kept(server: Postgres, rounds: int) -> Iterator[Figure]:
    """On a connection that is kept: beside psycopg's own synchronous connection, one ping after the other."""
    peer = statistics.median(psycopg_pings(server) for _ in range(rounds))
    check, spec = ping_check(server.dsn()), KIND.spec.model_validate({"dsn": server.dsn()})

    async def ours() -> tuple[list[float], list[float], list[float]]:
        session = Session()

        async def measured(_: int) -> None:
            found = await measure("ping", check, kinds={"postgres": KIND}, values=no_values(), session=session)
            assert found.result == "PASS", found

        async def together(_: int) -> None:
            await asyncio.gather(*(measured(number) for number in range(PINGS)))

        await imported(KIND.imports[0])  # type: ignore[attr-defined]
        await measured(0)
        read = [await clocked(lambda _: KIND.read(spec, session, 5.0), PINGS) for _ in range(rounds)]
        serial = [await clocked(measured, PINGS) for _ in range(rounds)]
        at_once = [await clocked(together, 1) for _ in range(rounds)]
        await session.close()
        return read, serial, at_once

    read, serial, at_once = map(statistics.median, asyncio.run(ours()))
    name = "psycopg alone, kept"
    yield Figure(f"{PINGS} pings, kept: the kind alone", read, name, peer, 1.7, "ms")
    yield Figure(f"{PINGS} pings, kept: measured, one after the other", serial, name, peer, 3.0, "ms")
    yield Figure(f"{PINGS} pings, kept: measured, all at once", at_once, name, peer, 1.7, "ms")


def cold(server: Postgres, rounds: int) -> Iterator[Figure]:
    """On new connections, 16 at a time: beside pg_isready, 8 at a time, which proves no password, so that we do not."""
    rules = server.folder / "pg_hba.conf"
    rules.write_text(f"host all pinger 127.0.0.1/32 trust\n{rules.read_text()}")
    server.run("CREATE ROLE pinger LOGIN", "SELECT pg_reload_conf()")
    time.sleep(0.5)
    dsn = server.dsn(role="pinger")
    peer = statistics.median(pg_isready(server) for _ in range(rounds))
    checks = [ping_check(f"{dsn}?application_name=ping{number}") for number in range(PINGS)]

    async def once() -> float:
        session, gate = Session(), asyncio.Semaphore(AT_ONCE)

        async def measured(check: Check) -> None:
            async with gate:
                found = await measure("ping", check, kinds={"postgres": KIND}, values=no_values(), session=session)
                assert found.result == "PASS", found
                # Nothing is kept: the server allows fewer connections than there are checks.
                await session.keep("postgres", object).close()

        took = await clocked(lambda _: asyncio.gather(*map(measured, checks)), 1)
        await session.close()
        return took

    ours = statistics.median(asyncio.run(once()) for _ in range(rounds))
    yield Figure(f"{PINGS} pings, new connections", ours, "pg_isready, xargs -P8", peer, 0.6, "ms")


def ping_check(dsn: str) -> Check:
    """A bare ping."""
    return Check("postgres", {"dsn": dsn}, expect=("alive",), timeout=30.0)


async def clocked(ping: Ping, times: int) -> float:
    """Milliseconds that `times` pings take, one after the other."""
    began = time.perf_counter()
    for number in range(times):
        await ping(number)
    return (time.perf_counter() - began) * 1000


def psycopg_pings(server: Postgres) -> float:
    """Milliseconds that PINGS statements take in psycopg's simplest form."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        began = time.perf_counter()
        for _ in range(PINGS):
            connection.execute("SELECT 1").fetchone()
        return (time.perf_counter() - began) * 1000


def pg_isready(server: Postgres) -> float:
    """Milliseconds that PINGS runs of PostgreSQL's own program take."""
    command = [postgres.programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", server.port]
    began = time.perf_counter()
    subprocess.run(["xargs", "-P8", "-n1", *map(str, command), "-d"], input="postgres\n" * PINGS, text=True, check=True)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
