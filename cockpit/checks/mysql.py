"""`mysql`: whether a MySQL or MariaDB server answers, what a query finds, and how the server stands.

A query runs in a transaction that is read-only, limited in time, and rolled back.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import re
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import migrations, mysql_facts, privileges
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.migrations import Migrations, read_files
from cockpit.checks.plain import Rows, plain
from cockpit.connect import certificate
from cockpit.connect.database import Address, read_url
from cockpit.connect.kept import Kept
from cockpit.connect.thread import in_thread

if TYPE_CHECKING:
    from cockpit.connect.mysql import Connection

SCHEMES = dict.fromkeys(
    ("mysql", "mariadb", "mysql2", "mysql+pymysql", "mysql+mysqldb", "mariadb+pymysql", "mariadb+mariadbconnector"),
    False,
)
PORT = 3306

Privilege = Literal["select", "insert", "update", "delete", "create", "drop", "alter", "index", "references", "trigger"]


def _url(url: str) -> str:
    read_url(url, SCHEMES, PORT)
    return url


def _reading_only(query: str) -> str:
    """A read-only transaction does not keep a statement from ending it, or from setting what is the server's own."""
    if query and not re.match(
        r"[\s(]*(select|show|with|table|values|explain|describe|desc|check)\b", query, re.IGNORECASE
    ):
        raise ValueError("must only read: this statement begins like one that does something else")
    if re.search(r"\b(outfile|dumpfile)\b|/\*[!M]", query, re.IGNORECASE):
        raise ValueError("must only read: this statement may write a file or hide something in a comment")
    return query


class MysqlSpec(Spec):
    """One connection, and what to ask on it."""

    url: Annotated[str, pydantic.AfterValidator(_url)] = pydantic.Field(
        description="Where to connect: `mysql://USER:PASSWORD@HOST/DATABASE` or `unix:///PATH?db=DATABASE`;"
        " usually a secret variable."
    )
    user: str = pydantic.Field("", description="The user, when the URL does not name it.")
    password: str = pydantic.Field("", description="The password, when the URL does not hold it; a secret variable.")
    tls: bool = pydantic.Field(False, description="Encrypt the connection; refuse a server that cannot.")
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of the system's.")
    verify: bool = pydantic.Field(True, description="Refuse a certificate that is not valid for the host.")
    query: Annotated[str, pydantic.AfterValidator(_reading_only)] = pydantic.Field(
        "", description="One statement, run read-only; nothing: the server is only pinged."
    )
    settings: tuple[str, ...] = pydantic.Field(
        (), description="Settings of the server to read: `[max_connections, sql_mode]`."
    )
    migrations: Migrations | None = pydantic.Field(
        None, description="Where the database's migrations are defined, to see whether one is pending."
    )
    privileges: dict[str, list[Privilege]] = pydantic.Field({}, description=privileges.NEEDED)

    @property
    def address(self) -> Address:
        """Where to connect, and as whom."""
        found = read_url(self.url, SCHEMES, PORT)
        return replace(
            found,
            scheme="unix" if found.path else "mysql",
            user=self.user or found.user,
            password=self.password or found.password,
            tls=self.tls,
            ca=self.ca,
            verify=self.verify,
        )


class Mysql:
    """Measures on a connection that is kept, in a thread."""

    name = "mysql"
    about = "Whether a MySQL or MariaDB server answers, what a read-only query finds, and how the server stands."
    spec = MysqlSpec
    imports = ("cockpit.connect.mysql",)
    via = True
    server = ("url",)
    at_once = 8
    implied = "alive && as_declared"
    example = """\
mysql:
  url: mysql://app@db.example/shop
  password: "${database_password}"
  query: SELECT COUNT(*) AS open FROM orders WHERE state = 'open'
expect:
  - row.open < 1000
  - connections.used * 10 < connections.max * 8
  - "!user.superuser && slow_log.enabled"
"""
    fields = (
        Field("alive", "bool", "It takes connections and answers; false while it stops or has none left."),
        Field("latency", "double", "The query, or the ping, on an open connection.", "seconds"),
        Field("version", "string", "As the server says it: `10.11.6-MariaDB`, `8.0.36`."),
        Field("product", "string", "`MariaDB` or `MySQL`."),
        Field("rows", "list", "Rows of the query as maps; the first 100."),
        Field("row", "map", "The first row."),
        Field("value", "dyn", "The first column of the first row."),
        Field("row_count", "int", "Rows of the query, all of them."),
        Field("tls.in_use", "bool", "The connection is encrypted."),
        Field("tls.version", "string", "`TLSv1.3`; none without TLS."),
        Field("tls.expires_in", "duration", "Until the server's certificate expires."),
        Field("settings", "map", "The settings asked for: true or false, a number, or text."),
        Field(
            "as_declared",
            "bool",
            "No migration is pending and the user has just the `privileges` that were written; true when neither was.",
        ),
        *migrations.FIELDS,
        *privileges.FIELDS,
        *mysql_facts.FIELDS,
    )

    def request(self, spec: MysqlSpec) -> str:
        """`SELECT 1 on mysql://db.example:3306/shop`."""
        return f"{' '.join(spec.query.split()) or 'SELECT 1'} on {spec.address.words}"

    async def read(self, spec: MysqlSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        from cockpit.connect.mysql import Broken, Refusing, connect, login  # noqa: PLC0415 - heavy

        kept: Kept[Connection] = session.keep("mysql", Kept)
        asked = _Asked(spec, session.used, time.monotonic() + timeout, timeout)
        address, phase, reading = spec.address, asked.phase, None
        connection = await kept.take(address)
        try:
            async with asyncio.timeout(timeout):
                if connection is not None:
                    with contextlib.suppress(Broken):  # ended since its last use: that says nothing of the server now
                        reading = await _read(connection, asked)
                if reading is None:
                    if connection is not None:
                        await connection.close()
                    phase, connection = "connection", None
                    made = await connect(address, session.route)
                    phase = "login"
                    connection = await login(address, made)
                    phase = asked.phase
                    reading = await _read(connection, asked)
                return reading
        except TimeoutError:
            raise Unmeasurable(f"timed out in the {phase} on {address.where} after {timeout:.1f} s") from None
        except Refusing as refusing:
            return Reading({"alive": False}, summary=str(refusing), evidence=str(refusing))
        except Broken as broken:
            raise Unmeasurable(str(broken)) from None
        finally:
            if connection is not None:
                if connection.good and not connection.busy:
                    await kept.give(address, connection)
                else:
                    connection.cut()
                    await connection.close()


KIND: Kind = Mysql()


@dataclass(frozen=True)
class _Asked:
    """What is wanted, and until when."""

    spec: MysqlSpec
    used: frozenset[str]
    ends: float
    timeout: float

    @property
    def phase(self) -> str:
        """What takes its time once a connection is there."""
        return "query" if self.spec.query else "ping"


async def _read(connection: Connection, asked: _Asked) -> Reading:
    """All that is measured on one connection, in a thread."""
    return await in_thread(connection.address.where, partial(_in_words, connection, asked), interrupt=connection.cut)


def _in_words(connection: Connection, asked: _Asked) -> Reading:
    """Measure, and say in words of the field why it could not be done."""
    from cockpit.connect.mysql import DENIED, READ_ONLY, TIMED_OUT, Refused  # noqa: PLC0415 - heavy

    who = f"user {connection.address.user}"
    connection.busy = True
    try:
        reading = _measure(connection, asked)
    except mysql_facts.Blind as blind:
        connection.busy = False
        raise Unmeasurable(f"{who} {blind}") from None
    except Refused as refused:
        connection.busy = False
        if refused.code in TIMED_OUT:
            raise Unmeasurable(f"timed out in the query after {asked.timeout:.1f} s") from None
        if refused.code in READ_ONLY:
            raise Unmeasurable(f"{refused}: a check only reads") from None
        if refused.code in DENIED:
            raise Unmeasurable(f"{who} may not: {refused}") from None
        raise Unmeasurable(f"the query failed: {refused}") from None
    connection.busy = False
    return reading


def _measure(connection: Connection, asked: _Asked) -> Reading:
    spec, used = asked.spec, asked.used
    values, rows = _known(connection, used), None
    questions = mysql_facts.asked(used)
    may = spec.privileges or not used.isdisjoint(_OF_PRIVILEGES)
    if spec.query or questions or may or spec.settings or spec.migrations:
        connection.limit(asked.ends - time.monotonic())
    started = time.monotonic()
    connection.ask("SELECT 1")
    values["latency"] = time.monotonic() - started
    for question in questions:
        answer = question.answer(connection)
        values |= {name: plain(value) for name, value in answer.items() if value is not None}
    if may:
        values |= privileges.fields(mysql_facts.privileges(connection), spec.privileges, connection.address.database)
    if spec.settings:
        values["settings"] = mysql_facts.settings(connection, spec.settings)
        for name in spec.settings:
            if name not in values["settings"]:
                raise Unmeasurable(f"there is no setting {name}")
    if spec.migrations:
        values |= read_files(spec.migrations).standing(_applied(connection, spec.migrations))
    if spec.query:
        rows, values["latency"] = _rows(connection, spec.query)
    return _reading(values, rows, spec)


_OF_PRIVILEGES = frozenset(field.name for field in privileges.FIELDS)


def _known(connection: Connection, used: frozenset[str]) -> dict[str, Any]:
    """What the connection alone tells."""
    tls = connection.tls
    known: dict[str, Any] = {
        "alive": True,
        "as_declared": True,
        "version": connection.version,
        "product": "MariaDB" if connection.is_mariadb else "MySQL",
        "tls.in_use": tls is not None,
    }
    if tls is not None:
        known["tls.version"] = tls.version() or ""
        der = tls.getpeercert(binary_form=True)
        if "tls.expires_in" in used and der:
            known["tls.expires_in"] = certificate.read(der).not_after - dt.datetime.now(dt.UTC)
    return known


def _applied(connection: Connection, spec: Migrations) -> list[tuple[Any, ...]]:
    """What the database's own table says was applied; nothing when there is no such table yet."""
    from cockpit.connect.mysql import NO_TABLE, Refused  # noqa: PLC0415 - heavy

    statement = f"SELECT {', '.join(spec.columns)} FROM {spec.recorded_in}"  # noqa: S608 - a name that the spec's pattern let pass
    try:
        return [tuple(row.values()) for row in connection.ask(statement)]
    except Refused as refused:
        if refused.code == NO_TABLE:
            return []
        raise


def _rows(connection: Connection, query: str) -> tuple[Rows, float]:
    """The rows, and how long they took."""
    from cockpit.connect.mysql import Refused  # noqa: PLC0415 - heavy

    connection.ask("START TRANSACTION READ ONLY")
    started = time.monotonic()
    try:
        columns, found = connection.stream(query)
        rows = Rows(columns)
        for row in found:
            rows.add(row)
        took = time.monotonic() - started
    except Refused:
        connection.ask("ROLLBACK")
        raise
    connection.ask("ROLLBACK")
    return rows, took


def _reading(values: dict[str, Any], rows: Rows | None, spec: MysqlSpec) -> Reading:
    took = f"{values['latency'] * 1000:.1f} ms"
    pending = spec.migrations is not None and values["migrations.pending"]
    complaint = migrations.summary(values) if pending else privileges.summary(values)
    values["as_declared"] = not complaint
    if rows is None:
        facts = "\n".join(f"{name}: {value}" for name, value in values.items())
        words = complaint or f"{values['product']} {values['version'].partition('-')[0]} answers in {took}"
        return Reading(values, words, facts, figure=values["latency"])
    figure = rows.figure if rows.figure is not None else values["latency"]
    return Reading({**values, **rows.values()}, complaint or f"{rows.summary} in {took}", rows.evidence, figure)
