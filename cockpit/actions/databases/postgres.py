"""A transaction on PostgreSQL."""

from __future__ import annotations

import psycopg
from psycopg.pq import TransactionStatus

from cockpit.actions.sql import Failed, Lost, SqlSpec
from cockpit.connect import postgres
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route

SERVER_FIRST = 100
"""Milliseconds by which the server ends a statement before we would, so that it is known what came of it."""


async def connect(spec: SqlSpec, route: Route, timeout: float) -> PostgresTransaction:
    """Connect. Raises Unreachable."""
    try:
        return PostgresTransaction(await postgres.connect(spec.dsn, route), timeout)
    except postgres.Refusing as refusing:
        raise Unreachable(str(refusing)) from None


class PostgresTransaction:
    """A transaction; what it changes in the schema belongs to it."""

    def __init__(self, connection: postgres.Connection, timeout: float) -> None:
        self._connection = connection
        self._limit = max(1, int(timeout * 1000) - SERVER_FIRST)

    async def begin(self) -> None:
        """Begin it. Raises Failed, Lost."""
        await self._carry_out(f"BEGIN; SET LOCAL statement_timeout = {self._limit}")

    async def run(self, script: str) -> None:
        """Carry the script out. Raises Failed, Lost."""
        await self._carry_out(script)
        if self._connection.libpq.transaction_status != TransactionStatus.INTRANS:
            raise Failed("the script ended the transaction by itself", part_stands=True)

    async def commit(self) -> None:
        """Commit it. Raises Failed, Lost."""
        await self._carry_out("COMMIT")

    async def give_up(self) -> None:
        """End the connection."""
        await self._connection.close()

    def commits_itself(self, script: str) -> bool:  # noqa: ARG002 - whatever it is
        """Never."""
        return False

    async def _carry_out(self, statements: str) -> None:
        try:
            await self._connection.execute(statements.encode())
        except postgres.Broken as broken:
            raise Lost(str(broken)) from None
        except psycopg.Error as error:
            raise Failed(_words(error)) from None


def _words(error: psycopg.Error) -> str:
    """A statement that failed: what the server said, where, and its hint."""
    said = str(error.diag.message_primary or error).strip()
    if error.diag.message_detail:
        said += f" ({error.diag.message_detail})"
    if error.diag.statement_position:
        said += f" (character {error.diag.statement_position})"
    return said + (f"; {error.diag.message_hint}" if error.diag.message_hint else "")
