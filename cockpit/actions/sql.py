"""`sql`: a script on a database, in one transaction: it happens as a whole, or not at all.

What speaks to each database is in `databases/`.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Protocol

import pydantic

from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.checklist.kinds import Spec
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route

ROLLED_BACK = "the transaction was rolled back"


class SqlSpec(Spec):
    """Where, and what."""

    dsn: str = pydantic.Field(
        min_length=1,
        description="Which database: `postgresql://USER:PASSWORD@HOST/DATABASE`, `mysql://...` or `sqlite:///PATH`;"
        " usually a secret variable.",
    )
    script: str = pydantic.Field(
        min_length=1,
        description="One or more statements. They must not begin or end a transaction; MySQL and MariaDB commit by"
        " themselves at each statement that changes a schema.",
    )
    tls: bool = pydantic.Field(False, description="MySQL: encrypt the connection; refuse a server that cannot.")
    ca: str = pydantic.Field("", description="MySQL: file of certificates (PEM) to trust instead of the system's.")
    verify: bool = pydantic.Field(True, description="MySQL: refuse a certificate that is not valid for the host.")


class Failed(Exception):
    """A statement failed, or the commit was refused, in words."""

    def __init__(self, words: str, *, part_stands: bool = False) -> None:
        super().__init__(words)
        self.part_stands = part_stands
        """Part of the script has been committed all the same."""


class Lost(Exception):
    """The connection was lost."""


class Transaction(Protocol):
    """A transaction on a connection of its own."""

    async def begin(self) -> None:
        """Begin it. Raises Failed, Lost."""

    async def run(self, script: str) -> None:
        """Carry the script out. Raises Failed, Lost."""

    async def commit(self) -> None:
        """Raises Failed, Lost."""

    async def give_up(self) -> None:
        """End the connection, and so the transaction."""

    def commits_itself(self, script: str) -> bool:
        """Whether the database commits by itself in the middle of such a script."""


Connect = Callable[[SqlSpec, Route, float], Awaitable[Transaction]]
"""Connects, for so many seconds. Raises Unreachable."""


class Sql:
    """Begins, carries the script out, and commits."""

    name = "sql"
    about = "A script on PostgreSQL, MySQL, MariaDB or SQLite, in one transaction."
    spec = SqlSpec
    alone = ""
    on_hosts = True
    changes = True
    example = """\
id: migrate
title: Add the column that green needs
run:
  sql:
    dsn: "${database_url}"
    script: |
      ALTER TABLE orders ADD COLUMN colour text;
      UPDATE orders SET colour = 'blue';
undo: {run: {sql: {dsn: "${database_url}", script: ALTER TABLE orders DROP COLUMN colour}}}
"""

    def request(self, spec: SqlSpec) -> str:
        """The script, and where it is carried out."""
        return f"{spec.script.strip()}\n(in one transaction on {_shown(spec.dsn)})"

    async def carry_out(self, spec: SqlSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Carry it out as a whole. Raises Unreachable."""
        ends = asyncio.get_running_loop().time() + timeout
        connect = _of(spec.dsn)
        try:
            async with asyncio.timeout_at(ends):
                transaction = await connect(spec, route, timeout)
        except TimeoutError:
            raise Unreachable(f"no connection to {_shown(spec.dsn)} within {timeout:g} s") from None
        try:
            outcome = await _carried_out(transaction, spec.script, ends, timeout)
        finally:
            await transaction.give_up()
        output(f"{outcome.summary}\n".encode())
        return outcome


KIND: ActionKind = Sql()


async def _carried_out(transaction: Transaction, script: str, ends: float, limit: float) -> Outcome:
    itself = transaction.commits_itself(script)
    try:
        async with asyncio.timeout_at(ends):
            await transaction.begin()
    except (Failed, Lost, TimeoutError) as error:
        words = str(error) or f"not begun after {limit:g} s"
        return Outcome(done=False, summary=f"no transaction: {words}", nothing=True)
    try:
        async with asyncio.timeout_at(ends):
            await transaction.run(script)
    except Failed as failed:
        stands = itself or failed.part_stands
        words = f"{failed}; {'part of it may have been committed' if stands else ROLLED_BACK}"
        return Outcome(done=False, summary=words, nothing=not stands)
    except (Lost, TimeoutError) as error:
        words = str(error) or f"not over after {limit:g} s"
        left_of_it = "part of it may have been committed" if itself else f"{ROLLED_BACK}, or is when the server notices"
        return Outcome(done=False, summary=f"{words}; {left_of_it}", unknown=itself, nothing=not itself)
    try:
        async with asyncio.timeout_at(ends):
            await transaction.commit()
    except Failed as failed:
        return Outcome(done=False, summary=f"the commit failed: {failed}; {ROLLED_BACK}", nothing=not itself)
    except (Lost, TimeoutError) as error:
        words = str(error) or f"not over after {limit:g} s"
        return Outcome(done=False, summary=f"{words}, during the commit: it may have been committed", unknown=True)
    return Outcome(done=True, summary="committed")


def _of(dsn: str) -> Connect:
    """What speaks to the database of a DSN. Raises Unreachable."""
    scheme = dsn.partition("://")[0].partition("+")[0] if "://" in dsn else ""
    if scheme in ("postgres", "postgresql") or (not scheme and "=" in dsn):
        from cockpit.actions.databases import postgres  # noqa: PLC0415 - heavy

        return postgres.connect
    if scheme in ("mysql", "mariadb"):
        from cockpit.actions.databases import mysql  # noqa: PLC0415 - heavy

        return mysql.connect
    if scheme == "sqlite":
        from cockpit.actions.databases import sqlite  # noqa: PLC0415 - heavy

        return sqlite.connect
    raise Unreachable("`dsn` must begin with postgresql://, mysql:// or sqlite:///")


def _shown(dsn: str) -> str:
    """Where a DSN leads, without user, password and options."""
    if dsn.startswith("${"):
        return dsn
    if "://" not in dsn:
        return "postgresql://" + "".join(
            word.partition("=")[2] + ("/" if word.startswith("host=") else "")
            for word in dsn.split()
            if word.startswith(("host=", "dbname="))
        )
    scheme, _, rest = dsn.partition("://")
    place, slash, path = rest.partition("?")[0].rpartition("@")[2].partition("/")
    return f"{scheme}://{place}{slash}{urllib.parse.unquote(path)}"
