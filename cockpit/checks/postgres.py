"""`postgres`: whether a PostgreSQL server answers, what a query finds, and how the server stands.

A bare ping is one statement. Everything else runs in a transaction that is read-only and limited in time, and is rolled
back.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import re
import time
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import migrations, postgres_facts, privileges
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.migrations import Migrations, read_files
from cockpit.checks.plain import Rows, plain
from cockpit.checks.postgres_facts import Question
from cockpit.connect.kept import Kept
from cockpit.connect.thread import in_thread

if TYPE_CHECKING:
    import psycopg

    from cockpit.connect.postgres import Connection

SERVER_FIRST = 50
"""Milliseconds by which the server ends a statement before we would: the connection then stays good."""

Privilege = Literal["own", "select", "insert", "update", "delete", "truncate"]


class PostgresSpec(Spec):
    """One connection, and what to ask on it."""

    dsn: str = pydantic.Field(
        min_length=1,
        description="Where to connect: `postgresql://USER:PASSWORD@HOST/DATABASE` or `host=... dbname=...`;"
        " usually a secret variable.",
    )
    query: str = pydantic.Field("", description="One statement, run read-only; nothing: the server is only pinged.")
    settings: tuple[str, ...] = pydantic.Field((), description="Settings of the server to read: `[ssl, work_mem]`.")
    migrations: Migrations | None = pydantic.Field(
        None, description="Where the database's migrations are defined, to see whether one is pending."
    )
    privileges: dict[str, list[Privilege]] = pydantic.Field({}, description=privileges.NEEDED)


class Postgres:
    """Measures on a connection that is kept."""

    name = "postgres"
    about = "Whether a PostgreSQL server answers, what a read-only query finds, and how the server stands."
    spec = PostgresSpec
    imports = ("cockpit.connect.postgres",)
    via = True
    server = ("dsn",)
    at_once = 16
    implied = "alive && as_declared"
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
        Field("tls.in_use", "bool", "The connection is encrypted."),
        Field(
            "settings",
            "map",
            "The settings asked for: true or false, a number in the server's own unit"
            " (`log_min_duration_statement` in ms), or text.",
        ),
        Field(
            "as_declared",
            "bool",
            "No migration is pending and the role has just the `privileges` that were written; true when neither was.",
        ),
        *migrations.FIELDS,
        *privileges.FIELDS,
        *postgres_facts.FIELDS,
    )

    def request(self, spec: PostgresSpec) -> str:
        """`SELECT 1 on postgresql://db.example:5432/bot`."""
        return f"{' '.join(spec.query.split()) or 'SELECT 1'} on {_shown(spec.dsn)}"

    async def read(self, spec: PostgresSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        from cockpit.connect.postgres import Broken, Refusing, connect  # noqa: PLC0415 - heavy

        kept: Kept[Connection] = session.keep("postgres", Kept)
        ends = time.monotonic() + timeout
        connection = await kept.take(spec.dsn)
        if connection is not None:
            try:
                return await _use(connection, kept, spec, session.used, ends)
            except Broken:
                pass  # the server ended it since its last use: that says nothing of the server now
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + ends - time.monotonic()):
                connection = await connect(spec.dsn, session.route)
        except TimeoutError:
            raise Unmeasurable(f"timed out in connect to {_shown(spec.dsn)} after {timeout:.1f} s") from None
        except Refusing as refusing:
            return Reading({"alive": False}, summary=str(refusing), evidence=refusing.said)
        try:
            return await _use(connection, kept, spec, session.used, ends)
        except Broken as broken:
            raise Unmeasurable(str(broken)) from None


KIND: Kind = Postgres()


async def _use(
    connection: Connection, kept: Kept[Connection], spec: PostgresSpec, used: frozenset[str], ends: float
) -> Reading:
    """Ask on a connection, which is kept when it is still good afterwards."""
    given = ends - time.monotonic()
    questions = postgres_facts.asked(used)
    if spec.privileges and postgres_facts.PRIVILEGES not in questions:
        questions.append(postgres_facts.PRIVILEGES)
    try:
        async with asyncio.timeout(given):
            if spec.query or questions or spec.settings or spec.migrations:
                return await _apart(connection, _ask(connection, spec, questions, given))
            return _reading({**_known(connection), "latency": await connection.ping()})
    except TimeoutError:
        raise Unmeasurable(f"timed out in the {'query' if spec.query else 'ping'} after {given:.1f} s") from None
    finally:
        if connection.idle:
            await kept.give(spec.dsn, connection)
        else:
            connection.cut()
            await connection.close()


async def _apart(connection: Connection, asking: Coroutine[Any, Any, Reading]) -> Reading:
    """Await what psycopg does, but never cancel it: it would ask the server to cancel, and wait for an answer."""
    task = asyncio.create_task(asking)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        connection.cut()
        await asyncio.wait({task}, timeout=0.1)
        raise


async def _ask(connection: Connection, spec: PostgresSpec, questions: list[Question], timeout: float) -> Reading:
    """All that is measured, in one transaction."""
    import psycopg  # noqa: PLC0415 - heavy

    defined = (
        await in_thread("the files of migrations", partial(read_files, spec.migrations)) if spec.migrations else None
    )
    asking, rows = connection.psycopg, None
    values = _known(connection)
    limit = max(1, int(timeout * 1000) - SERVER_FIRST)
    try:
        started = time.monotonic()
        # A transaction can be made writable until it has read: hence a statement that reads.
        await asking.execute(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}; SELECT 1".encode())
        values["latency"] = time.monotonic() - started
        for question in questions:
            values |= await _answer(asking, question)
        if spec.settings:
            values["settings"] = await _settings(asking, spec.settings)
        if spec.migrations and defined is not None:
            values |= defined.standing(await _applied(asking, spec.migrations))
        if spec.query:
            started = time.monotonic()
            rows = await _rows(asking, spec.query)
            values["latency"] = time.monotonic() - started
        await asking.execute("ROLLBACK")
    except psycopg.Error as error:
        with contextlib.suppress(psycopg.Error):
            await asking.execute("ROLLBACK")
        raise _failure(error, asking, timeout) from None
    except Unmeasurable:
        await asking.execute("ROLLBACK")
        raise
    if "privileges.tables" in values:
        values |= privileges.fields(values["privileges.tables"], spec.privileges, "public")
    return _reading(values, rows, spec)


def _known(connection: Connection) -> dict[str, Any]:
    """What an answer alone tells."""
    info = connection.psycopg.info
    return {
        "alive": True,
        "as_declared": True,
        "version": info.parameter_status("server_version") or "",
        "server_version": info.server_version,
        "tls.in_use": connection.psycopg.pgconn.ssl_in_use,
    }


async def _answer(asking: psycopg.AsyncConnection[Any], question: Question) -> dict[str, Any]:
    cursor = await asking.execute(question.query.encode())
    found = await cursor.fetchone()
    values = {column.name: value for column, value in zip(cursor.description or (), found or (), strict=True)}
    if values.pop(postgres_facts.HIDDEN, 0):
        raise Unmeasurable(
            f"role {asking.info.user} may not see what other sessions do: GRANT pg_read_all_stats TO {asking.info.user}"
        )
    # A span of time stays one: `duration` is a type of conditions.
    return {
        name: value if isinstance(value, dt.timedelta) else plain(value)
        for name, value in values.items()
        if value is not None
    }


async def _settings(asking: psycopg.AsyncConnection[Any], wanted: Sequence[str]) -> dict[str, Any]:
    cursor = await asking.execute(postgres_facts.SETTINGS, [[name.lower() for name in wanted]])
    found = postgres_facts.settings(wanted, await cursor.fetchall())
    for name in wanted:
        if name not in found:
            raise Unmeasurable(f"there is no setting {name}, or role {asking.info.user} may not read it")
    return found


async def _applied(asking: psycopg.AsyncConnection[Any], spec: Migrations) -> list[tuple[Any, ...]]:
    """What the database's own table says was applied; nothing when there is no such table yet."""
    cursor = await asking.execute("SELECT to_regclass(%s)", [spec.recorded_in])
    if (await cursor.fetchone() or (None,))[0] is None:
        return []
    cursor = await asking.execute(f"SELECT {', '.join(spec.columns)} FROM {spec.recorded_in}".encode())  # noqa: S608 - a name that the spec's pattern let pass
    return await cursor.fetchall()


async def _rows(asking: psycopg.AsyncConnection[Any], query: str) -> Rows:
    """The rows, one at a time: the protocol that streams takes one statement only, so nothing follows a COMMIT."""
    cursor = asking.cursor()
    rows = Rows(())
    async for row in cursor.stream(query.encode()):
        if not rows.count:
            rows.columns = [column.name for column in cursor.description or ()]
        rows.add(row)
    return rows


def _reading(values: dict[str, Any], rows: Rows | None = None, spec: PostgresSpec | None = None) -> Reading:
    took = f"{values['latency'] * 1000:.1f} ms"
    complaint = _complaint(values, spec) if spec is not None else ""
    values["as_declared"] = not complaint
    facts = "\n".join(f"{name}: {value}" for name, value in values.items())
    if rows is None:
        words = complaint or f"PostgreSQL {values['version']} answers in {took}"
        return Reading(values, words, facts, figure=values["latency"])
    figure = rows.figure if rows.figure is not None else values["latency"]
    return Reading({**values, **rows.values()}, complaint or f"{rows.summary} in {took}", rows.evidence, figure)


def _complaint(values: dict[str, Any], spec: PostgresSpec) -> str:
    """What is not as the spec declares it, in one line."""
    if spec.migrations and values["migrations.pending"]:
        return migrations.summary(values)
    return privileges.summary(values)


def _failure(error: psycopg.Error, asking: psycopg.AsyncConnection[Any], timeout: float) -> Exception:
    """A statement that failed, in words of the field."""
    from cockpit.connect.postgres import Broken, lost  # noqa: PLC0415 - heavy

    if error.sqlstate == "57014":
        return Unmeasurable(f"timed out in the query after {timeout:.1f} s")
    if asking.closed or asking.broken:
        return Broken(lost(error))
    if error.sqlstate == "25006":
        return Unmeasurable(f"{error.diag.message_primary}: a check only reads")
    where = f" (character {error.diag.statement_position})" if error.diag.statement_position else ""
    hint = f"; {error.diag.message_hint}" if error.diag.message_hint else ""
    return Unmeasurable(f"the query failed: {error.diag.message_primary or error}{where}{hint}")


def _shown(dsn: str) -> str:
    """Where a connection string leads, as a URL without user, password and options."""
    if "://" in dsn:
        place, _, rest = dsn.partition("://")[2].partition("?")[0].rpartition("@")[2].partition("/")
        return f"postgresql://{place or 'localhost'}/{rest}"
    rest = re.sub(r"password\s*=\s*('(?:[^'\\]|\\.)*'|\S*)", "", dsn)
    words: dict[str, str] = dict(re.findall(r"(host|port|dbname)\s*=\s*'?([^\s']+)", rest))
    host = (words.get("host") or os.environ.get("PGHOST") or "localhost").partition(",")[0]
    port = (words.get("port") or os.environ.get("PGPORT") or "5432").partition(",")[0]
    return f"postgresql://{host if host.startswith('/') else f'{host}:{port}'}/{words.get('dbname', '')}"
