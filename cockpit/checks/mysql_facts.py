"""How a MySQL or MariaDB server stands: the questions that are asked when a condition needs their answer.

MariaDB 10.5 and MySQL 5.7 and later. What a server does not know leaves its field out.
"""

# ruff: noqa: S608 - statements are made of constants of ours; what was given goes in as parameters

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cockpit.checklist.kinds import Field
from cockpit.checks import mysql_grants
from cockpit.checks.mysql_grants import Grants

Row = Mapping[str, Any]


class Server(Protocol):
    """Who answers."""

    @property
    def is_mariadb(self) -> bool:
        """It is MariaDB."""

    def ask(self, statement: str, values: tuple[Any, ...] = ()) -> Sequence[Row]:
        """The rows of one statement."""
        ...


class Blind(Exception):
    """The user may not see what would be needed; says what to grant."""


@dataclass(frozen=True, eq=False)
class Question:
    """Something to ask, and the fields that it fills; a value that is None leaves its field out."""

    answer: Callable[[Server], dict[str, Any]]
    fields: tuple[Field, ...]


def asked(used: Iterable[str]) -> list[Question]:
    """The questions that fill one of the fields used."""
    return list(dict.fromkeys(_ANSWERS[name] for name in sorted(used) if name in _ANSWERS))


def settings(server: Server, wanted: Sequence[str]) -> dict[str, Any]:
    """Settings by the names they were asked for by; one that there is not is missing."""
    marks = ", ".join(["%s"] * len(wanted))
    rows = server.ask(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({marks})", tuple(wanted))
    found = {row["Variable_name"].lower(): _typed(row["Value"]) for row in rows}
    return {name: found[name.lower()] for name in wanted if name.lower() in found}


def privileges(server: Server) -> dict[str, set[str]]:
    """What the user may do with each table of the database it is connected to, or of all when to none."""
    grants = _grants(server)
    rows = server.ask(f"SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.TABLES WHERE {_OURS}")
    return {f"{row['s']}.{row['t']}": grants.on(row["s"], row["t"]) for row in rows}


_OURS = (
    "TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
    " AND (DATABASE() IS NULL OR TABLE_SCHEMA = DATABASE())"
)


def _grants(server: Server) -> Grants:
    return mysql_grants.read(str(next(iter(row.values()))) for row in server.ask("SHOW GRANTS"))


def _may_see_processes(server: Server) -> None:
    """Raises Blind when the user sees nobody's sessions but its own: the answer would be too good."""
    if _grants(server).everywhere.isdisjoint({"process", mysql_grants.ALL}):
        raise Blind("may not see what other sessions do: GRANT PROCESS ON *.* TO it")


def _status(server: Server, *names: str) -> dict[str, Any]:
    marks = ", ".join(["%s"] * len(names))
    rows = server.ask(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({marks})", names)
    return {row["Variable_name"]: _typed(row["Value"]) for row in rows}


def _connections(server: Server) -> dict[str, Any]:
    status = _status(server, "Threads_connected", "Max_used_connections", "Connection_errors_max_connections")
    (row,) = server.ask("SELECT @@GLOBAL.max_connections AS most, @@SESSION.max_user_connections AS mine")
    return {
        "connections.used": status.get("Threads_connected"),
        "connections.peak": status.get("Max_used_connections"),
        "connections.refused": status.get("Connection_errors_max_connections"),
        "connections.max": row["most"],
        "connections.user_limit": row["mine"] or -1,
    }


def _replication(server: Server) -> dict[str, Any]:
    rows = server.ask("SHOW ALL SLAVES STATUS" if server.is_mariadb else "SHOW REPLICA STATUS")
    if not rows:
        return {"replica": False}
    states = [
        {name.replace("Slave", "Replica").replace("Master", "Source"): value for name, value in row.items()}
        for row in rows
    ]
    lags = [state["Seconds_Behind_Source"] for state in states]
    errors = [str(state[f"Last_{thread}_Error"]) for state in states for thread in ("IO", "SQL")]
    return {
        "replica": True,
        "receiving": all(state["Replica_IO_Running"] == "Yes" for state in states),
        "applying": all(state["Replica_SQL_Running"] == "Yes" for state in states),
        "lag": None if None in lags else float(max(lags)),
        "replication_error": "; ".join(filter(None, errors)),
    }


def _replicas(server: Server) -> dict[str, Any]:
    _may_see_processes(server)
    statement = "SELECT HOST AS h FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%%'"
    return {"replicas.connected": len(server.ask(statement % ()))}


def _modes(server: Server) -> dict[str, Any]:
    (row,) = server.ask("SELECT @@GLOBAL.read_only AS r, @@GLOBAL.log_bin AS b, @@GLOBAL.sync_binlog AS s")
    return {"read_only": bool(row["r"]), "binlog.enabled": bool(row["b"]), "binlog.sync": row["s"]}


def _slow_log(server: Server) -> dict[str, Any]:
    (row,) = server.ask("SELECT @@GLOBAL.slow_query_log AS logged, @@GLOBAL.long_query_time AS since")
    logged = bool(row["logged"])
    return {"slow_log.enabled": logged, "slow_log.threshold": float(row["since"]) if logged else None}


def _user(server: Server) -> dict[str, Any]:
    grants = _grants(server)
    (row,) = server.ask("SELECT CURRENT_USER() AS name")
    return {
        "user.name": row["name"],
        "user.global": sorted(grants.everywhere),
        # With each of these a user can give itself all others.
        "user.superuser": not grants.everywhere.isdisjoint({mysql_grants.ALL, "super", "create user", "system_user"}),
        "user.may_grant": grants.may_grant_everywhere,
        "user.roles": list(grants.roles),
    }


def _tables(server: Server) -> dict[str, Any]:
    rows = server.ask(
        "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS t, ENGINE AS e, DATA_LENGTH + INDEX_LENGTH AS size"
        f" FROM information_schema.TABLES WHERE {_OURS} AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1"
    )
    with_key = server.ask(
        "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS t FROM information_schema.TABLE_CONSTRAINTS"
        f" WHERE {_OURS} AND CONSTRAINT_TYPE = 'PRIMARY KEY'"
    )
    keyed = {row["t"] for row in with_key}
    return {
        "size": sum(int(row["size"] or 0) for row in rows),
        "tables.other_engine": [row["t"] for row in rows if row["e"] != "InnoDB"],
        "tables.no_primary_key": [row["t"] for row in rows if row["t"] not in keyed],
    }


def _foreign_keys(server: Server) -> dict[str, Any]:
    keys = server.ask(
        "SELECT DISTINCT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', CONSTRAINT_NAME) AS k"
        f" FROM information_schema.TABLE_CONSTRAINTS WHERE {_OURS} AND CONSTRAINT_TYPE = 'FOREIGN KEY'"
    )
    # A column that is the whole primary key of its table is not a reference, though it may be called like one.
    missing = server.ask(
        "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME) AS c"
        f" FROM information_schema.COLUMNS AS c WHERE {_OURS} AND COLUMN_NAME LIKE '%\\_id'"
        " AND NOT (COLUMN_KEY = 'PRI' AND 1 = (SELECT COUNT(*) FROM information_schema.COLUMNS AS p"
        " WHERE p.TABLE_SCHEMA = c.TABLE_SCHEMA AND p.TABLE_NAME = c.TABLE_NAME AND p.COLUMN_KEY = 'PRI'))"
        " AND NOT EXISTS (SELECT 1 FROM information_schema.KEY_COLUMN_USAGE AS k WHERE k.TABLE_SCHEMA = c.TABLE_SCHEMA"
        " AND k.TABLE_NAME = c.TABLE_NAME AND k.COLUMN_NAME = c.COLUMN_NAME AND k.REFERENCED_TABLE_NAME IS NOT NULL)"
        " AND EXISTS (SELECT 1 FROM information_schema.TABLES AS t WHERE t.TABLE_SCHEMA = c.TABLE_SCHEMA"
        " AND t.TABLE_NAME = c.TABLE_NAME AND t.TABLE_TYPE = 'BASE TABLE') ORDER BY 1"
    )
    (checked,) = server.ask("SELECT @@GLOBAL.foreign_key_checks AS c")
    return {
        "foreign_keys.count": len(keys),
        "foreign_keys.missing": [row["c"] for row in missing],
        "foreign_keys.checked": bool(checked["c"]),
    }


def _activity(server: Server) -> dict[str, Any]:
    _may_see_processes(server)
    (row,) = server.ask(
        "SELECT COALESCE(MAX(TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6))), 0) / 1000000 AS oldest"
        " FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> CONNECTION_ID()"
    )
    (queries,) = server.ask(
        "SELECT COUNT(*) AS n, COALESCE(MAX(TIME), 0) AS longest FROM information_schema.PROCESSLIST"
        " WHERE COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID()"
    )
    return {
        "transactions.oldest": float(row["oldest"]),
        "queries.active": queries["n"],
        "queries.longest": float(queries["longest"]),
    }


def _innodb(server: Server) -> dict[str, Any]:
    status = _status(
        server, "Innodb_row_lock_current_waits", "Innodb_buffer_pool_reads", "Innodb_buffer_pool_read_requests"
    )
    (row,) = server.ask("SELECT @@GLOBAL.innodb_buffer_pool_size AS p, @@GLOBAL.innodb_flush_log_at_trx_commit AS f")
    asked_for = status.get("Innodb_buffer_pool_read_requests") or 0
    from_disk = status.get("Innodb_buffer_pool_reads") or 0
    return {
        "locks.waiting": status.get("Innodb_row_lock_current_waits"),
        "innodb.buffer_pool": row["p"],
        "innodb.hit_rate": 1.0 - from_disk / asked_for if asked_for else None,
        "innodb.flush_at_commit": row["f"],
    }


QUESTIONS = (
    Question(
        _connections,
        (
            Field("connections.used", "int", "Connections of clients."),
            Field("connections.max", "int", "Connections allowed."),
            Field("connections.peak", "int", "The most that there were since the start."),
            Field("connections.refused", "int", "Connections refused at the limit since the start."),
            Field("connections.user_limit", "int", "Connections allowed to this user; -1 without a limit."),
        ),
    ),
    Question(
        _replication,
        (
            Field("replica", "bool", "It is a replica; the user needs REPLICA MONITOR or REPLICATION CLIENT."),
            Field("lag", "double", "How far a replica is behind; none when it does not replicate.", "seconds"),
            Field("receiving", "bool", "A replica is connected to what it replicates."),
            Field("applying", "bool", "A replica applies what it received."),
            Field("replication_error", "string", "Why it does not; empty while all is well."),
        ),
    ),
    Question(_replicas, (Field("replicas.connected", "int", "Replicas that follow this server's binary log."),)),
    Question(
        _modes,
        (
            Field("read_only", "bool", "The server lets ordinary users change nothing."),
            Field("binlog.enabled", "bool", "Changes are logged, for replicas and recovery to a point in time."),
            Field("binlog.sync", "int", "After how many commits that log is flushed to disk; 0: by the system."),
        ),
    ),
    Question(
        _slow_log,
        (
            Field("slow_log.enabled", "bool", "Slow statements are logged."),
            Field("slow_log.threshold", "double", "From which time on; none while they are not logged.", "seconds"),
        ),
    ),
    Question(
        _user,
        (
            Field("user.name", "string", "The user that the connection acts as: `app@%`."),
            Field("user.superuser", "bool", "It may do anything, or let itself do so."),
            Field("user.global", "list", "What it may do on the whole server: `['process']`, `['all privileges']`."),
            Field("user.may_grant", "bool", "It may give away what it may do on the whole server."),
            Field("user.roles", "list", "Roles that it was granted."),
        ),
    ),
    Question(
        _tables,
        (
            Field("size", "int", "The tables of the database on disk, as last estimated.", "bytes"),
            Field("tables.other_engine", "list", "Tables that are not InnoDB's: no transactions, no foreign keys."),
            Field("tables.no_primary_key", "list", "Tables without a primary key."),
        ),
    ),
    Question(
        _foreign_keys,
        (
            Field("foreign_keys.count", "int", "Foreign keys of the database."),
            Field("foreign_keys.missing", "list", "Columns `..._id` that no foreign key holds: `shop.orders.user_id`."),
            Field("foreign_keys.checked", "bool", "The server checks foreign keys (`foreign_key_checks`)."),
        ),
    ),
    Question(
        _activity,
        (
            Field("transactions.oldest", "double", "Age of the oldest transaction open on the server.", "seconds"),
            Field("queries.active", "int", "Statements that run, our own aside."),
            Field("queries.longest", "double", "For how long the longest of them has been running.", "seconds"),
        ),
    ),
    Question(
        _innodb,
        (
            Field("locks.waiting", "int", "Connections that wait for a row's lock."),
            Field("innodb.buffer_pool", "int", "Memory that holds tables.", "bytes"),
            Field("innodb.hit_rate", "double", "Pages that were found there since the start, 0 to 1."),
            Field("innodb.flush_at_commit", "int", "1: a commit is on disk when it returns; 0, 2: within a second."),
        ),
    ),
    Question(
        lambda server: {"uptime": _status(server, "Uptime")["Uptime"]},
        (Field("uptime", "int", "Since the server was started.", "seconds"),),
    ),
)  # fmt: skip

FIELDS = tuple(field for question in QUESTIONS for field in question.fields)

_ANSWERS = {field.name: question for question in QUESTIONS for field in question.fields}


def _typed(value: str) -> Any:
    if value in ("ON", "OFF"):
        return value == "ON"
    if re.fullmatch("-?[0-9]+", value):
        return int(value)
    return float(value) if re.fullmatch(r"-?[0-9]+\.[0-9]+", value) else value
