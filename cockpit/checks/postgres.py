"""`postgres`: whether a PostgreSQL server answers, what a query finds, and how the server stands.

A bare ping is one statement. Everything else runs in a transaction that is read-only and limited in time, and is rolled
back.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

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


Setting = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")]


def _reading_only(query: str) -> str:
    if re.match(r"\s*copy\b", query, re.IGNORECASE):
        raise ValueError("must ask for rows: COPY gives none")
    return query


class PostgresSpec(Spec):
    """One connection, and what to ask on it."""

    dsn: str = pydantic.Field(
        min_length=1,
        description="Where to connect: `postgresql://USER:PASSWORD@HOST/DATABASE` or `host=... dbname=...`;"
        " usually a secret variable.",
    )
    query: Annotated[str, pydantic.AfterValidator(_reading_only)] = pydantic.Field(
        "", description="One statement, run read-only; nothing: the server is only pinged."
    )
    settings: tuple[Setting, ...] = pydantic.Field((), description="Settings of the server to read: `[ssl, work_mem]`.")
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
        asked = _Asked(spec, session.used, time.monotonic() + timeout, timeout)
        connection = await kept.take(spec.dsn)
        if connection is not None:
            try:
                return await _use(connection, kept, asked)
            except Broken:
                pass  # the server ended it since its last use: that says nothing of the server now
        try:
            async with asyncio.timeout(asked.left):
                connection = await connect(spec.dsn, session.route)
        except TimeoutError:
            raise Unmeasurable(f"timed out in connect to {_shown(spec.dsn)} after {timeout:.1f} s") from None
        except Refusing as refusing:
            return Reading({"alive": False}, summary=str(refusing), evidence=refusing.said)
        try:
            return await _use(connection, kept, asked)
        except Broken as broken:
            raise Unmeasurable(str(broken)) from None


KIND: Kind = Postgres()


@dataclass(frozen=True)
class _Asked:
    """What is wanted, and until when."""

    spec: PostgresSpec
    used: frozenset[str]
    ends: float
    timeout: float

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.ends - time.monotonic()

    @property
    def questions(self) -> list[Question]:
        """What has to be asked beside the query: what conditions use, and what the spec declares."""
        needed = postgres_facts.asked(self.used)
        if self.spec.privileges and postgres_facts.PRIVILEGES not in needed:
            needed.append(postgres_facts.PRIVILEGES)
        return needed


async def _use(connection: Connection, kept: Kept[Connection], asked: _Asked) -> Reading:
    """Ask on a connection, which is kept when it is still good afterwards."""
    spec, questions = asked.spec, asked.questions
    try:
        async with asyncio.timeout(asked.left):
            if spec.query or questions or spec.settings or spec.migrations:
                return await _ask(connection, asked, questions)
            started = time.monotonic()
            await connection.execute(b"SELECT 1")
            return _reading({**_known(connection), "latency": time.monotonic() - started})
    except TimeoutError:
        phase = "query" if spec.query else "ping"
        raise Unmeasurable(f"timed out in the {phase} after {asked.timeout:.1f} s") from None
    finally:
        if connection.idle:
            await kept.give(spec.dsn, connection)
        else:
            await connection.close()


async def _ask(connection: Connection, asked: _Asked, questions: list[Question]) -> Reading:
    """All that is measured, in one transaction."""
    import psycopg  # noqa: PLC0415 - heavy

    spec, rows, defined = asked.spec, None, None
    if spec.migrations:
        defined = await in_thread("the files of migrations", partial(read_files, spec.migrations))
    values = _known(connection)
    limit = max(1, int(asked.left * 1000) - SERVER_FIRST)
    try:
        started = time.monotonic()
        # A transaction can be made writable until it has read: hence a statement that reads.
        await connection.execute(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}; SELECT 1".encode())
        values["latency"] = time.monotonic() - started
        for question in questions:
            values |= await _answer(connection, question)
        if spec.settings:
            values["settings"] = await _settings(connection, spec.settings)
        if spec.migrations and defined is not None:
            values |= defined.standing(await _applied(connection, spec.migrations))
        if spec.query:
            started = time.monotonic()
            rows = await _rows(connection, spec.query)
            values["latency"] = time.monotonic() - started
        await connection.execute(b"ROLLBACK")
    except (psycopg.Error, Unmeasurable) as error:
        await connection.execute(b"ROLLBACK")
        raise _failure(error, asked.timeout) if isinstance(error, psycopg.Error) else error from None
    if "privileges.tables" in values:
        values |= privileges.fields(values["privileges.tables"], spec.privileges, "public")
    return _reading(values, rows, spec)


def _known(connection: Connection) -> dict[str, Any]:
    """What an answer alone tells."""
    return {
        "alive": True,
        "as_declared": True,
        "version": connection.version,
        "server_version": connection.libpq.server_version,
        "tls.in_use": connection.libpq.ssl_in_use,
    }


async def _answer(connection: Connection, question: Question) -> dict[str, Any]:
    (values,) = await connection.ask(question.query)
    if values.pop(postgres_facts.HIDDEN, 0):
        who = connection.role
        raise Unmeasurable(f"role {who} may not see what other sessions do: GRANT pg_read_all_stats TO {who}")
    # A span of time stays one: `duration` is a type of conditions.
    return {
        name: value if isinstance(value, dt.timedelta) else plain(value)
        for name, value in values.items()
        if value is not None
    }


async def _settings(connection: Connection, wanted: Sequence[str]) -> dict[str, Any]:
    rows = await connection.ask(postgres_facts.SETTINGS, f"{{{','.join(wanted).lower()}}}")
    found = postgres_facts.settings(wanted, rows)
    for name in wanted:
        if name not in found:
            raise Unmeasurable(f"there is no setting {name}, or role {connection.role} may not read it")
    return found


async def _applied(connection: Connection, spec: Migrations) -> list[tuple[Any, ...]]:
    """What the database's own table says was applied; nothing when there is no such table yet."""
    (known,) = await connection.ask("SELECT to_regclass($1) IS NOT NULL AS there", spec.recorded_in)
    if not known["there"]:
        return []
    statement = f"SELECT {', '.join(spec.columns)} FROM {spec.recorded_in}"  # noqa: S608 - a name that the spec's pattern let pass
    return [tuple(row.values()) for row in await connection.ask(statement)]


async def _rows(connection: Connection, query: str) -> Rows:
    rows = Rows(())
    async for row in connection.stream(query):
        rows.columns = rows.columns or list(row)
        rows.add(row.values())
    return rows


def _reading(values: dict[str, Any], rows: Rows | None = None, spec: PostgresSpec | None = None) -> Reading:
    took = f"{values['latency'] * 1000:.1f} ms"
    complaint = _complaint(values, spec) if spec is not None else ""
    values["as_declared"] = not complaint
    facts = "\n".join(f"{name}: {value}" for name, value in values.items())
    if rows is None:
        words = complaint or f"PostgreSQL {values['version'].partition(' ')[0]} answers in {took}"
        return Reading(values, words, facts, figure=values["latency"])
    figure = rows.figure if rows.figure is not None else values["latency"]
    return Reading({**values, **rows.values()}, complaint or f"{rows.summary} in {took}", rows.evidence, figure)


def _complaint(values: dict[str, Any], spec: PostgresSpec) -> str:
    """What is not as the spec declares it, in one line."""
    if spec.migrations and values["migrations.pending"]:
        return migrations.summary(values)
    return privileges.summary(values)


def _failure(error: psycopg.Error, timeout: float) -> Unmeasurable:
    """A statement that failed, in words of the field."""
    if error.sqlstate == "57014":
        return Unmeasurable(f"timed out in the query after {timeout:.1f} s")
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
