"""The trading bot's SQLite database: its migrations, and the questions that the back ends ask it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

MIGRATIONS: tuple[tuple[int, str, str], ...] = (
    (
        1,
        "bots",
        """
        create table bots (
            id integer primary key,
            name text not null unique,
            pair text not null,
            running integer not null default 1 check (running in (0, 1))
        );
        insert into bots (name, pair) values ('grid', 'BTC/USDT'), ('momentum', 'ETH/USDT'), ('arbitrage', 'SOL/USDT');
        """,
    ),
    (
        2,
        "trades",
        """
        create table trades (
            id integer primary key,
            bot integer not null references bots (id),
            side text not null check (side in ('buy', 'sell')),
            quantity real not null check (quantity > 0),
            price real not null check (price > 0),
            colour text not null,
            at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        );
        """,
    ),
    (
        3,
        "indexes on trades",
        """
        create index trades_by_time on trades (at);
        create index trades_by_bot on trades (bot);
        """,
    ),
    (
        4,
        "fees",
        """
        create table fees (
            trade integer primary key references trades (id),
            amount real not null check (amount >= 0)
        );
        """,
    ),
)
"""Version, name and SQL of each migration, in their order."""

TAKEN_BACK = {4: "drop table fees;"}
"""How a migration is undone, where it can be."""

SCHEMA = 3
"""The schema version that the back ends need."""

SCHEMA_OF_FEES = 4
"""The one that a back end needs which records the fee of each trade. The others work on it as well."""

FEE = 0.001
"""What a trade costs, as a share of its value."""

_LEDGER = """
    create table if not exists schema_version (
        version integer primary key,
        name text not null,
        applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    )
"""


class CannotBeTakenBack(Exception):
    """A migration cannot be undone. The message says which."""


def migrate(path: Path, to: int = SCHEMA) -> list[int]:
    """Bring the database at `path` (made if missing) to the version `to` at least; return what was applied.

    Each migration and its entry in `schema_version` are one transaction. Raises sqlite3.Error.
    """
    with closing(_connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute(_LEDGER)
        applied = {version for (version,) in connection.execute("select version from schema_version")}
        pending = [migration for migration in MIGRATIONS if migration[0] not in applied and migration[0] <= to]
        for version, name, sql in pending:
            # The versions and names are the constants above.
            entry = f"insert into schema_version (version, name) values ({version}, '{name}');"  # noqa: S608
            connection.executescript(f"begin immediate; {sql} {entry} commit;")
        return [version for version, _, _ in pending]


def take_back(path: Path, to: int) -> list[int]:
    """Undo the migrations of the database at `path` that came after the version `to`; return them, the newest first.

    Raises CannotBeTakenBack before anything is done, and sqlite3.Error.
    """
    with closing(_connect(path)) as connection:
        later = "select version from schema_version where version > ? order by version desc"
        versions = [version for (version,) in connection.execute(later, (to,))]
        for version in versions:
            if version not in TAKEN_BACK:
                raise CannotBeTakenBack(f"there is no way back from migration {version}")
        for version in versions:
            entry = f"delete from schema_version where version = {int(version)};"  # noqa: S608 - a number
            connection.executescript(f"begin immediate; {TAKEN_BACK[version]} {entry} commit;")
        return versions


class Database:
    """One back end's connection, shared by its threads. A question without an answer raises sqlite3.Error."""

    def __init__(self, path: Path, *, fees: bool = False) -> None:
        """Open the database at `path`; with `fees`, record what each trade costs."""
        self.fees = fees
        self._connection = _connect(path)
        self._lock = threading.Lock()

    def settings(self) -> dict[str, Any]:
        """What this connection runs with: schema version, journal mode, whether foreign keys are enforced."""
        ((schema,),) = self._ask("select coalesce(max(version), 0) from schema_version")
        ((journal_mode,),) = self._ask("pragma journal_mode")
        ((foreign_keys,),) = self._ask("pragma foreign_keys")
        return {"schema": schema, "journal_mode": journal_mode, "foreign_keys": bool(foreign_keys)}

    def bots(self) -> list[dict[str, Any]]:
        """All bots."""
        rows = self._ask("select id, name, pair, running from bots order by id")
        return [{"id": number, "name": name, "pair": pair, "running": bool(on)} for number, name, pair, on in rows]

    def add_bot(self, name: str, pair: str) -> int:
        """Record a bot; return its id. Raises sqlite3.IntegrityError when the name is taken."""
        return self._insert("insert into bots (name, pair) values (?, ?)", name, pair)

    def trades(self, limit: int) -> list[dict[str, Any]]:
        """The newest trades, at most `limit`."""
        columns = ("id", "bot", "side", "quantity", "price", "colour", "at")
        rows = self._ask(
            "select id, bot, side, quantity, price, colour, at from trades order by id desc limit ?", limit
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def add_trade(self, bot: int, side: str, quantity: float, price: float, colour: str) -> int:
        """Record a trade; return its id. Raises sqlite3.IntegrityError for an unknown bot or a wrong value."""
        statement = "insert into trades (bot, side, quantity, price, colour) values (?, ?, ?, ?, ?)"
        with self._lock, self._connection:
            self._connection.execute("begin immediate")
            number = self._connection.execute(statement, (bot, side, quantity, price, colour)).lastrowid or 0
            if self.fees:
                self._connection.execute("insert into fees values (?, ?)", (number, quantity * price * FEE))
            return number

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def _ask(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _insert(self, sql: str, *values: Any) -> int:
        with self._lock:
            return self._connection.execute(sql, values).lastrowid or 0


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    connection.execute("pragma foreign_keys = on")
    # With a write-ahead log this loses no committed trade when a process dies; only a power cut could.
    connection.execute("pragma synchronous = normal")
    return connection
