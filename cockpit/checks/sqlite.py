"""`sqlite`: what a query finds in a database file, which is opened read-only."""

from __future__ import annotations

import sqlite3
import time
import urllib.parse
from pathlib import Path
from typing import Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.plain import Rows
from cockpit.connect.thread import in_thread


class SqliteSpec(Spec):
    """A file, and what to ask of it."""

    path: str = pydantic.Field(min_length=1, description="The database file; `~` is the home directory.")
    query: str = pydantic.Field("", description="One statement that reads; nothing: the file is only opened and read.")
    integrity: bool = pydantic.Field(False, description="Look through the whole file for damage (`quick_check`).")


class Sqlite:
    """Measures in a thread, which is interrupted when time is up."""

    name = "sqlite"
    about = "What a query finds in an SQLite database file, its size, and whether it is damaged."
    spec = SqliteSpec
    server = ("path",)
    at_once = 8
    implied = "readable && integrity in ['ok', 'not asked']"
    example = """\
sqlite: {path: /var/lib/bot/trades.db, query: "SELECT count(*) FROM trades", integrity: true}
expect:
  - value > 0
  - integrity == 'ok'
"""
    fields = (
        Field("readable", "bool", "It is an SQLite database that can be read."),
        Field("latency", "double", "The query, or reading the header.", "seconds"),
        Field("rows", "list", "Rows of the query as maps; the first 100."),
        Field("row", "map", "The first row."),
        Field("value", "dyn", "The first column of the first row."),
        Field("row_count", "int", "Rows of the query, all of them."),
        Field("size", "int", "The file.", "bytes"),
        Field("integrity", "string", "`ok`, or the first damage found; `not asked` without `integrity: true`."),
    )

    def request(self, spec: SqliteSpec) -> str:
        """`SELECT count(*) FROM trades on /var/lib/bot/trades.db`."""
        asked = " ".join(spec.query.split()) or ("PRAGMA quick_check" if spec.integrity else "PRAGMA schema_version")
        return f"{asked} on {spec.path}"

    async def read(self, spec: SqliteSpec, session: Session, timeout: float) -> Reading:  # noqa: ARG002 - opened each time
        """Ask once. Raises Unmeasurable."""
        asking = _Asking(spec, timeout)
        return await in_thread(spec.path, asking.run, interrupt=asking.interrupt)


KIND: Kind = Sqlite()


class _Asking:
    """One connection, opened, asked and closed in a thread; it ends itself when its time is up."""

    def __init__(self, spec: SqliteSpec, timeout: float) -> None:
        self._path, self._spec, self._timeout = Path(spec.path).expanduser(), spec, timeout
        self._ends = time.monotonic() + timeout
        self._over = False

    def interrupt(self) -> None:
        """End what is under way: nobody waits for it any more."""
        self._over = True

    def run(self) -> Reading:
        try:
            size = self._path.stat().st_size
        except OSError as error:
            raise Unmeasurable(f"{self._path}: {(error.strerror or str(error)).lower()}") from None
        try:
            connection = self._open()
            try:
                return self._ask(connection, size)
            finally:
                connection.close()
        except sqlite3.Error as error:
            if _code(error) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                words = self._words(error)
                return Reading({"readable": False, "size": size, "integrity": str(error)}, words, evidence=str(error))
            raise Unmeasurable(self._words(error)) from None

    def _open(self) -> sqlite3.Connection:
        where = f"file:{urllib.parse.quote(str(self._path.absolute()))}?mode=ro"
        connection = sqlite3.connect(where, uri=True, isolation_level=None, timeout=max(0.0, self._timeout - 0.05))
        connection.set_progress_handler(self._is_over, 10_000)
        connection.set_authorizer(_only_reading)
        return connection

    def _is_over(self) -> bool:
        return self._over or time.monotonic() > self._ends

    def _ask(self, connection: sqlite3.Connection, size: int) -> Reading:
        started = time.monotonic()
        connection.execute("PRAGMA schema_version").fetchone()
        rows = None
        if self._spec.query:
            started = time.monotonic()
            cursor = connection.execute(self._spec.query)
            rows = Rows([column[0] for column in cursor.description or ()])
            for row in cursor:
                rows.add(row)
        latency = time.monotonic() - started
        damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0] if self._spec.integrity else "not asked"
        values: dict[str, Any] = {"readable": True, "latency": latency, "size": size, "integrity": damage}
        took = f"{latency * 1000:.1f} ms"
        if rows is None:
            good = {"ok": "undamaged", "not asked": "readable"}.get(damage)
            words = f"{good}, {size} bytes, in {took}" if good else damage
            return Reading(values, words, evidence=f"size: {size} bytes\nintegrity: {damage}", figure=latency)
        figure = rows.figure if rows.figure is not None else latency
        return Reading({**values, **rows.values()}, f"{rows.summary} in {took}", rows.evidence, figure)

    def _words(self, error: sqlite3.Error) -> str:
        return {
            sqlite3.SQLITE_INTERRUPT: f"timed out in the query after {self._timeout:.1f} s",
            sqlite3.SQLITE_BUSY: f"{self._path} is locked by another program for longer than {self._timeout:.1f} s",
            sqlite3.SQLITE_NOTADB: f"{self._path} is not an SQLite database",
            sqlite3.SQLITE_CORRUPT: f"{self._path} is damaged: {error}",
            sqlite3.SQLITE_AUTH: "a check only reads: this statement does something else",
            sqlite3.SQLITE_CANTOPEN: f"{self._path} cannot be opened: may this user read it and its directory?",
        }.get(_code(error)) or f"the query failed: {error}"


_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_PRAGMA,
    }
)


def _only_reading(action: int, table: str | None, *_: str | None) -> int:
    """Allow a statement to read and nothing else: ATTACH would make a file, even on a read-only connection.

    To read `pragma_...` as a table, SQLite declares it in its schema first; on disk nothing is written.
    """
    declares = action == sqlite3.SQLITE_UPDATE and table == "sqlite_master"
    return sqlite3.SQLITE_OK if action in _READING or declares else sqlite3.SQLITE_DENY


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for what Python's module itself refused."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
