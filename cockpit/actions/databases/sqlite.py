"""A transaction on an SQLite file of this machine."""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.parse
from collections.abc import Callable, Iterator

from cockpit.actions.sql import Failed, SqlSpec
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route
from cockpit.connect.thread import in_thread


async def connect(spec: SqlSpec, route: Route, timeout: float) -> SqliteTransaction:
    """Open the file, which must be there. Raises Unreachable."""
    if route.name:
        raise Unreachable("an SQLite file is opened on this machine only: run its own client there, with `command`")
    path = "/" + urllib.parse.unquote(spec.dsn.partition("://")[2].partition("?")[0]).lstrip("/")

    def opened() -> sqlite3.Connection:
        # Busy for as long as there is time: somebody else's transaction may end yet.
        where = f"file:{urllib.parse.quote(path)}?mode=rw"
        return sqlite3.connect(where, uri=True, isolation_level=None, timeout=timeout, check_same_thread=False)

    try:
        return SqliteTransaction(path, await in_thread(f"opening {path}", opened))
    except sqlite3.Error:
        raise Unreachable(f"there is no SQLite file {path} that can be written") from None


class SqliteTransaction:
    """A transaction; what it changes in the schema belongs to it."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    async def begin(self) -> None:
        """Begin it, once nobody else writes. Raises Failed."""
        await self._carry_out(lambda: self._connection.execute("BEGIN IMMEDIATE"))

    async def run(self, script: str) -> None:
        """Carry the script out. Raises Failed."""

        def statements() -> None:
            for statement in _statements(script):
                self._connection.execute(statement)
                if not self._connection.in_transaction:
                    raise Failed("the script ended the transaction by itself", part_stands=True)

        await self._carry_out(statements)

    async def commit(self) -> None:
        """Commit it. Raises Failed."""
        await self._carry_out(lambda: self._connection.execute("COMMIT"))

    async def give_up(self) -> None:
        """Close the file."""
        with contextlib.suppress(sqlite3.Error):  # a statement that was cut off may not have noticed yet
            await in_thread(f"closing {self._path}", self._connection.close)

    def commits_itself(self, script: str) -> bool:  # noqa: ARG002 - whatever it is
        """Never."""
        return False

    async def _carry_out(self, work: Callable[[], object]) -> None:
        try:
            await in_thread(f"a script on {self._path}", work, interrupt=self._connection.interrupt)
        except sqlite3.Error as error:
            raise Failed(str(error)) from None


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one at a time; SQLite itself says where one ends (a trigger holds several `;`)."""
    begun = ""
    for piece in script.split(";"):
        begun += piece + ";"
        if sqlite3.complete_statement(begun):
            yield begun
            begun = ""
    if begun.strip("; \n\t"):
        yield begun
