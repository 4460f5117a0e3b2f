"""`sqlite`: what a query finds in a database file, which is opened read-only."""

from __future__ import annotations

import os
import sqlite3
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import migrations
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.migrations import Migrations, read_files
from cockpit.checks.plain import ROWS_LIMIT, Rows
from cockpit.connect.thread import in_thread


class SqliteSpec(Spec):
    """A file, and what to ask of it."""

    path: str = pydantic.Field(min_length=1, description="The database file; `~` is the home directory.")
    query: str = pydantic.Field("", description="One statement that reads; nothing: the file is only opened and read.")
    integrity: bool | Literal["full"] = pydantic.Field(
        False,
        description="Look through the whole file for damage (`quick_check`); `full`: compare indexes with tables, too.",
    )
    migrations: Migrations | None = pydantic.Field(
        None, description="Where the database's migrations are defined, to see whether one is pending."
    )


class Sqlite:
    """Measures in a thread, which is interrupted when time is up."""

    name = "sqlite"
    about = "What a query finds in an SQLite database file, its size, and whether it is damaged."
    spec = SqliteSpec
    server = ("path",)
    at_once = 8
    implied = "readable && integrity in ['ok', 'not asked'] && as_declared"
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
        Field("age", "double", "Since the file, or its write-ahead log, was last written.", "seconds"),
        Field("writable", "bool", "The user who measures may write to the file and beside it."),
        Field("journal_mode", "string", "`wal`, `delete`, `truncate`, ...: how changes are made safe."),
        Field("wal_size", "int", "The write-ahead log beside it; 0 without one.", "bytes"),
        Field("user_version", "int", "The number that the application keeps in the file (`PRAGMA user_version`)."),
        Field("free_part", "double", "Pages that hold nothing, as a part of all, 0 to 1."),
        Field("foreign_keys.count", "int", "Foreign keys of all tables."),
        Field("foreign_keys.missing", "list", "Columns called `..._id` that no foreign key holds: `orders.user_id`."),
        Field("foreign_keys.broken", "list", "Rows whose reference leads nowhere: `orders 7 to users`; the first 100."),
        Field("as_declared", "bool", "No migration is pending; true when no `migrations` were written."),
        *migrations.FIELDS,
    )

    def request(self, spec: SqliteSpec) -> str:
        """`SELECT count(*) FROM trades on /var/lib/bot/trades.db`."""
        asked = " ".join(spec.query.split()) or f"PRAGMA {_PRAGMAS[spec.integrity]}"
        return f"{asked} on {spec.path}"

    async def read(self, spec: SqliteSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable."""
        asking = _Asking(spec, session.used, timeout)
        return await in_thread(spec.path, asking.run, interrupt=asking.interrupt)


KIND: Kind = Sqlite()

_PRAGMAS = {False: "schema_version", True: "quick_check", "full": "integrity_check"}


class _Asking:
    """One connection, opened, asked and closed in a thread; it ends itself when its time is up."""

    def __init__(self, spec: SqliteSpec, used: frozenset[str], timeout: float) -> None:
        self._path, self._spec, self._used, self._timeout = Path(spec.path).expanduser(), spec, used, timeout
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
        damage = self._damage(connection) if self._spec.integrity else "not asked"
        values: dict[str, Any] = {"readable": True, "latency": latency, "size": size, "integrity": damage}
        complaint = ""
        if self._spec.migrations is not None:
            values |= read_files(self._spec.migrations).standing(_applied(connection, self._spec.migrations))
            complaint = migrations.summary(values) if values["migrations.pending"] else ""
        values["as_declared"] = not complaint
        values |= self._facts(connection)
        took = f"{latency * 1000:.1f} ms"
        if rows is None:
            good = {"ok": "undamaged", "not asked": "readable"}.get(damage)
            words = complaint or (f"{good}, {size} bytes, in {took}" if good else damage)
            facts = {name: value for name, value in values.items() if name not in ("readable", "latency")}
            return Reading(values, words, "\n".join(f"{name}: {value}" for name, value in facts.items()), latency)
        figure = rows.figure if rows.figure is not None else latency
        return Reading({**values, **rows.values()}, complaint or f"{rows.summary} in {took}", rows.evidence, figure)

    def _damage(self, connection: sqlite3.Connection) -> str:
        return str(connection.execute(f"PRAGMA {_PRAGMAS[self._spec.integrity]}(1)").fetchone()[0])

    def _facts(self, connection: sqlite3.Connection) -> dict[str, Any]:
        """The fields used that cost a look."""

        def pragma(name: str) -> Any:
            return connection.execute(f"PRAGMA {name}").fetchone()[0]

        wal = Path(f"{self._path}-wal")
        answers: dict[str, Callable[[], Any]] = {
            "age": lambda: time.time() - max(path.stat().st_mtime for path in (self._path, wal) if path.exists()),
            "writable": lambda: os.access(self._path, os.W_OK) and os.access(self._path.parent, os.W_OK),
            "journal_mode": lambda: pragma("journal_mode"),
            "wal_size": lambda: wal.stat().st_size if wal.exists() else 0,
            "user_version": lambda: pragma("user_version"),
            "free_part": lambda: pragma("freelist_count") / max(1, pragma("page_count")),
            "foreign_keys.count": lambda: connection.execute(_COUNT_KEYS).fetchone()[0],
            "foreign_keys.missing": lambda: [name for (name,) in connection.execute(_MISSING_KEYS)],
            "foreign_keys.broken": lambda: [
                f"{table} {row} to {parent}"
                for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(ROWS_LIMIT)
            ],
        }
        return {name: answers[name]() for name in answers if name in self._used}

    def _words(self, error: sqlite3.Error) -> str:
        return {
            sqlite3.SQLITE_INTERRUPT: f"timed out in the query after {self._timeout:.1f} s",
            sqlite3.SQLITE_BUSY: f"{self._path} is locked by another program for longer than {self._timeout:.1f} s",
            sqlite3.SQLITE_NOTADB: f"{self._path} is not an SQLite database",
            sqlite3.SQLITE_CORRUPT: f"{self._path} is damaged: {error}",
            sqlite3.SQLITE_AUTH: "a check only reads: this statement does something else",
            sqlite3.SQLITE_CANTOPEN: f"{self._path} cannot be opened: may this user read it and its directory?",
        }.get(_code(error)) or f"the query failed: {error}"


_COUNT_KEYS = """
SELECT coalesce(sum((SELECT count(DISTINCT id) FROM pragma_foreign_key_list(t.name))), 0)
FROM sqlite_schema AS t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'
"""
_MISSING_KEYS = """
SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND c.name LIKE '%\\_id' ESCAPE '\\'
  AND c.name NOT IN (SELECT k."from" FROM pragma_foreign_key_list(t.name) AS k)
  AND NOT (c.pk = 1 AND (SELECT max(pk) FROM pragma_table_info(t.name)) = 1) ORDER BY 1
"""


def _applied(connection: sqlite3.Connection, spec: Migrations) -> list[tuple[Any, ...]]:
    """What the database's own table says was applied; nothing when there is no such table yet."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [spec.recorded_in])
    if known.fetchone() is None:
        return []
    return connection.execute(f"SELECT {', '.join(spec.columns)} FROM {spec.recorded_in}").fetchall()  # noqa: S608 - a name that the spec's pattern let pass


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
