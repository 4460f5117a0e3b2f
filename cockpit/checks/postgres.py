"""`postgres`: whether a PostgreSQL server answers, what a query finds, and how the server stands.

What is asked runs in a transaction that is read-only and limited in time, and is rolled back. A backend that hangs
(frozen, unreachable) is given up by shutting its socket down: cancelling through the server would hang too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.plain import Rows, plain
from cockpit.connect import dial
from cockpit.connect.kept import Kept

if TYPE_CHECKING:
    import psycopg

SERVER_FIRST = 50
"""Milliseconds by which the server ends a statement before we would: the connection then stays good."""

_FACTS = """
SELECT pg_is_in_recovery() AS in_recovery,
  CASE WHEN NOT pg_is_in_recovery() THEN NULL
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0.0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END AS lag,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS "connections.used",
  current_setting('max_connections')::int AS "connections.max",
  rolname::text AS "role.name", rolsuper AS "role.superuser", rolcreatedb AS "role.createdb",
  rolcreaterole AS "role.createrole", rolreplication AS "role.replication", rolbypassrls AS "role.bypassrls"
FROM pg_roles WHERE rolname = current_user
"""
"""A replica that has replayed all it received lags by nothing only while it receives: hence the receiver."""


class PostgresSpec(Spec):
    """One connection, and what to ask on it."""

    dsn: str = pydantic.Field(
        min_length=1,
        description="Where to connect: `postgresql://USER:PASSWORD@HOST/DATABASE` or `host=... dbname=...`;"
        " usually a secret variable.",
    )
    query: str = pydantic.Field("", description="One statement, run read-only; nothing: the server is only pinged.")


class Postgres:
    """Measures on a connection that is kept."""

    name = "postgres"
    about = "Whether a PostgreSQL server answers, what a read-only query finds, and how the server stands."
    spec = PostgresSpec
    imports = ("psycopg",)
    server = ("dsn",)
    at_once = 16
    implied = "alive"
    example = """\
postgres: {dsn: "${database_url}", query: "SELECT count(*) AS open FROM orders WHERE state = 'open'"}
expect:
  - row.open < 1000
  - connections.used * 10 < connections.max * 8
  - "!role.superuser"
"""
    fields = (
        Field("alive", "bool", "It takes connections and answers; false while it starts, stops or has none left."),
        Field("latency", "double", "The query, or the ping, on an open connection.", "seconds"),
        Field("version", "string", "As the server says it: `15.4`."),
        Field("server_version", "int", "As the server numbers itself: 150004 is 15.4."),
        Field("rows", "list", "Rows of the query as maps; the first 100."),
        Field("row", "map", "The first row."),
        Field("value", "dyn", "The first column of the first row."),
        Field("row_count", "int", "Rows of the query, all of them."),
        Field("in_recovery", "bool", "It is a replica."),
        Field("lag", "double", "How far a replica is behind; a primary has none.", "seconds"),
        Field("connections.used", "int", "Connections of clients."),
        Field("connections.max", "int", "Connections allowed."),
        Field("role.name", "string", "The role that the connection acts as."),
        Field("role.superuser", "bool", "That role may do anything."),
        Field("role.createdb", "bool", "It may create databases."),
        Field("role.createrole", "bool", "It may create roles."),
        Field("role.replication", "bool", "It may replicate."),
        Field("role.bypassrls", "bool", "It is not bound by row-level security."),
    )

    def request(self, spec: PostgresSpec) -> str:
        """`SELECT 1 on postgresql://db.example:5432/bot`."""
        return f"{' '.join(spec.query.split()) or 'SELECT 1'} on {_shown(spec.dsn)}"

    async def read(self, spec: PostgresSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        kept: Kept[_Connection] = session.keep("postgres", Kept)
        ends = time.monotonic() + timeout
        connection = await kept.take(spec.dsn)
        if connection is not None:
            try:
                return await self._use(connection, kept, spec, ends)
            except _Broken:
                pass  # the server ended it since its last use: that says nothing of the server now
        try:
            async with asyncio.timeout(timeout):
                connection = await _connect(spec.dsn)
        except TimeoutError:
            raise Unmeasurable(f"timed out in connect to {_shown(spec.dsn)} after {timeout:.1f} s") from None
        except _Refusing as refusing:
            return Reading({"alive": False}, summary=str(refusing), evidence=refusing.said)
        try:
            return await self._use(connection, kept, spec, ends)
        except _Broken as broken:
            raise Unmeasurable(str(broken)) from None

    async def _use(self, connection: _Connection, kept: Kept[_Connection], spec: PostgresSpec, ends: float) -> Reading:
        started = time.monotonic()
        asking = asyncio.create_task(_ask(connection.psycopg, spec.query, ends - started))
        try:
            await asyncio.wait({asking}, timeout=ends - started)
            if not asking.done():
                raise Unmeasurable(f"timed out in the {'query' if spec.query else 'ping'} after {ends - started:.1f} s")
            return asking.result()
        finally:
            if asking.done() and connection.idle:
                await kept.give(spec.dsn, connection)
            else:
                await connection.cut(asking)


KIND: Kind = Postgres()


class _Refusing(Exception):
    """The server answered that it takes no connection at present."""

    def __init__(self, words: str, said: str) -> None:
        super().__init__(words)
        self.said = said


class _Broken(Exception):
    """The connection was lost."""


@dataclass
class _Connection:
    """A connection that can be ended even when its backend hangs."""

    psycopg: psycopg.AsyncConnection[Any]
    opened: float

    @property
    def idle(self) -> bool:
        """Open, with nothing under way on it, not even a transaction."""
        return not self.psycopg.closed and self.psycopg.info.transaction_status == 0

    async def close(self) -> None:
        """End it; closing waits for no answer."""
        await self.psycopg.close()

    async def cut(self, asking: asyncio.Task[Reading]) -> None:
        """End it with what is under way on it: whatever waits for its socket sees it closed."""
        if not self.psycopg.closed:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.psycopg.fileno())) as shared:
                shared.shutdown(socket.SHUT_RDWR)
        await asyncio.wait({asking}, timeout=0.1)
        if asking.done() and not asking.cancelled():
            asking.exception()
        await self.close()


async def _connect(dsn: str) -> _Connection:
    import psycopg  # noqa: PLC0415 - heavy
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - heavy

    try:
        parameters: dict[str, Any] = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise Unmeasurable("the connection string cannot be read: write postgresql://USER@HOST:PORT/DATABASE") from None
    parameters = {"application_name": "cockpit", **parameters, **await _addresses(parameters)}
    try:
        connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise _refusal(str(error), _place(parameters)) from None
    return _Connection(connection, time.monotonic())


async def _addresses(parameters: dict[str, Any]) -> dict[str, str]:
    """Hosts with their addresses, one each, so that libpq has no name to look up."""
    hosts = str(parameters.get("host") or os.environ.get("PGHOST", "")).split(",")
    ports = str(parameters.get("port") or os.environ.get("PGPORT", "5432")).split(",")
    if parameters.get("hostaddr") or any(not host or host[0] in "/@" for host in hosts):
        return {}
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    found = [(h, a, p) for h, p in zip(hosts, ports, strict=True) for a in await dial.resolve(h, int(p or 5432))]
    names, addresses, numbers = zip(*found, strict=True)
    return {"host": ",".join(names), "hostaddr": ",".join(addresses), "port": ",".join(numbers)}


async def _ask(connection: psycopg.AsyncConnection[Any], query: str, timeout: float) -> Reading:
    """All that is measured, in one transaction."""
    import psycopg  # noqa: PLC0415 - heavy

    limit = max(1, int(timeout * 1000) - SERVER_FIRST)
    try:
        started = time.monotonic()
        await connection.execute(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}; SELECT 1".encode())
        latency = time.monotonic() - started
        cursor = connection.cursor()
        facts = await (await cursor.execute(_FACTS.encode())).fetchone()
        values = {column.name: value for column, value in zip(cursor.description or (), facts or (), strict=True)}
        rows = None
        if query:
            started = time.monotonic()
            rows = await _rows(connection, query)
            latency = time.monotonic() - started
        await connection.execute("ROLLBACK")
    except psycopg.Error as error:
        with contextlib.suppress(psycopg.Error):
            await connection.execute("ROLLBACK")
        raise _failure(error, connection, timeout) from None
    version = connection.info.parameter_status("server_version") or ""
    values |= {"alive": True, "latency": latency, "version": version, "server_version": connection.info.server_version}
    return _reading({name: plain(value) for name, value in values.items() if value is not None}, rows)


async def _rows(connection: psycopg.AsyncConnection[Any], query: str) -> Rows:
    """The rows, one at a time: the protocol that streams takes one statement only, so nothing follows a COMMIT."""
    cursor = connection.cursor()
    rows = Rows(())
    async for row in cursor.stream(query.encode()):
        if not rows.count:
            rows.columns = [column.name for column in cursor.description or ()]
        rows.add(row)
    return rows


def _reading(values: dict[str, Any], rows: Rows | None) -> Reading:
    took = f"{values['latency'] * 1000:.1f} ms"
    if rows is None:
        facts = "\n".join(f"{name}: {value}" for name, value in values.items())
        return Reading(values, summary=f"PostgreSQL {values['version']} answers in {took}", evidence=facts)
    figure = rows.figure if rows.figure is not None else values["latency"]
    return Reading({**values, **rows.values()}, f"{rows.summary} in {took}", rows.evidence, figure)


_REFUSING = ("starting up", "shutting down", "in recovery mode", "too many", "not yet accepting", "connection slots")
_REFUSALS = (
    (r'password authentication failed for user "([^"]*)"', 'authentication refused for role "{0}"'),
    (r"no password supplied", "authentication refused: the connection string has no password"),
    (r'Peer authentication failed for user "([^"]*)"', 'authentication refused for role "{0}" (peer)'),
    (r'role "([^"]*)" does not exist', 'role "{0}" does not exist'),
    (r'role "([^"]*)" is not permitted to log in', 'role "{0}" may not log in'),
    (r'database "([^"]*)" does not exist', 'database "{0}" does not exist'),
    (r"no pg_hba.conf entry for (.*)", "the server lets nobody in from here: no pg_hba.conf entry for {0}"),
    (r"server does not support SSL", "the server offers no TLS, which the connection string demands"),
    (r"certificate verify failed", "the server's certificate is not trusted"),
    (r'server certificate for "([^"]*)" .*does not match host name "([^"]*)"', "certificate is for {0}, not for {1}"),
    (r"received invalid response to SSL negotiation", "this port does not speak PostgreSQL"),
)  # fmt: skip


def _refusal(said: str, place: str) -> Exception:
    """A connection that was not made, in words of the field; libpq gives nothing but its message."""
    last = said.strip().splitlines()[-1].partition("FATAL:")[2].strip() or said.strip().splitlines()[-1]
    if any(words in said for words in _REFUSING):
        return _Refusing(f"{place} takes no connections: {last}", said)
    for pattern, words in _REFUSALS:
        if match := re.search(pattern, said):
            return Unmeasurable(words.format(*match.groups()))
    if "Connection refused" in said:
        return Unmeasurable(f"connection refused by {place}")
    if match := re.search(r'socket "([^"]*)" failed: No such file', said):
        return Unmeasurable(f"no server listens on {match[1]}")
    return Unmeasurable(f"cannot connect to {place}: {last}")


def _failure(error: psycopg.Error, connection: psycopg.AsyncConnection[Any], timeout: float) -> Exception:
    """A statement that failed, in words of the field."""
    if error.sqlstate == "57014":
        return Unmeasurable(f"timed out in the query after {timeout:.1f} s")
    if connection.closed or connection.broken:
        return _Broken(f"the server closed the connection: {str(error).strip().splitlines()[0]}")
    if error.sqlstate == "25006":
        return Unmeasurable(f"{error.diag.message_primary}: a check only reads")
    where = f" (character {error.diag.statement_position})" if error.diag.statement_position else ""
    hint = f"; {error.diag.message_hint}" if error.diag.message_hint else ""
    return Unmeasurable(f"the query failed: {error.diag.message_primary or error}{where}{hint}")


def _place(parameters: dict[str, Any]) -> str:
    host = str(parameters.get("host") or os.environ.get("PGHOST") or "localhost").partition(",")[0]
    if host.startswith("/"):
        return host
    return dial.at(host, int(str(parameters.get("port") or os.environ.get("PGPORT") or 5432).partition(",")[0]))


def _shown(dsn: str) -> str:
    """Where a connection string leads, as a URL without user, password and options."""
    if "://" in dsn:
        place, _, rest = dsn.partition("://")[2].partition("?")[0].rpartition("@")[2].partition("/")
        return f"postgresql://{place or 'localhost'}/{rest}"
    words: dict[str, Any] = dict(re.findall(r"(host|port|dbname)\s*=\s*'?([^\s']+)", dsn))
    return f"postgresql://{_place(words)}/{words.get('dbname', '')}"
