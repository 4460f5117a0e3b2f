"""`sql`: scripts in one transaction on real databases, both ways; and connections that are lost at the worst moment."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
from tests.servers.mariadb import MariaDB
from tests.servers.postgres import Postgres
from tests.servers.web import serving
from tests.support.attempts import act

pytestmark = pytest.mark.server


@pytest.fixture
def table(postgres_server: Postgres) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:12]}"
    postgres_server.run(f"CREATE TABLE {name} (id int PRIMARY KEY)", f"INSERT INTO {name} VALUES (1)")
    yield name
    postgres_server.run(f"DROP TABLE IF EXISTS {name}")


def rows(server: Postgres, table: str) -> list[object]:
    return [number for (number,) in server.run(f"SELECT id FROM {table} ORDER BY id")]


def test_a_script_is_committed_as_a_whole(postgres_server: Postgres, table: str) -> None:
    script = f"ALTER TABLE {table} ADD colour text; INSERT INTO {table} VALUES (2, 'green');"
    acted = act("sql", {"dsn": postgres_server.dsn(), "script": script})
    assert (acted.outcome.done, acted.outcome.summary, acted.output) == (True, "committed", "committed\n")
    assert rows(postgres_server, table) == [1, 2]


def test_a_script_that_fails_half_way_has_done_nothing(postgres_server: Postgres, table: str) -> None:
    script = f"INSERT INTO {table} VALUES (2); INSERT INTO {table} VALUES (1)"
    outcome = act("sql", {"dsn": postgres_server.dsn(), "script": script}).outcome
    assert (outcome.done, outcome.nothing, outcome.unknown) == (False, True, False)
    assert "duplicate key value" in outcome.summary
    assert outcome.summary.endswith("; the transaction was rolled back")
    assert rows(postgres_server, table) == [1]


def test_a_commit_that_is_refused_has_done_nothing(postgres_server: Postgres, table: str) -> None:
    script = f"CREATE TABLE {table}_2 (id int REFERENCES {table} DEFERRABLE INITIALLY DEFERRED); INSERT INTO {table}_2 VALUES (7)"
    outcome = act("sql", {"dsn": postgres_server.dsn(), "script": script}).outcome
    assert (outcome.done, outcome.nothing, outcome.unknown) == (False, True, False)
    assert outcome.summary.startswith("the commit failed: ")


def test_a_script_that_commits_by_itself_is_told(postgres_server: Postgres, table: str) -> None:
    outcome = act("sql", {"dsn": postgres_server.dsn(), "script": f"INSERT INTO {table} VALUES (2); COMMIT"}).outcome
    assert (outcome.done, outcome.nothing) == (False, False)
    assert outcome.summary == "the script ended the transaction by itself; part of it may have been committed"


def test_a_script_that_takes_too_long_is_rolled_back(postgres_server: Postgres, table: str) -> None:
    script = f"INSERT INTO {table} VALUES (2); SELECT pg_sleep(60)"
    outcome = act("sql", {"dsn": postgres_server.dsn(), "script": script}, timeout=1).outcome
    assert (outcome.done, outcome.nothing, outcome.unknown) == (False, True, False)
    assert "statement timeout" in outcome.summary
    assert rows(postgres_server, table) == [1]


def test_a_connection_that_is_lost_before_the_commit_has_changed_nothing(postgres_server: Postgres, table: str) -> None:
    script = f"INSERT INTO {table} VALUES (2); SELECT pg_terminate_backend(pg_backend_pid())"
    outcome = act("sql", {"dsn": postgres_server.dsn(), "script": script}).outcome
    assert (outcome.done, outcome.nothing, outcome.unknown) == (False, True, False)
    assert rows(postgres_server, table) == [1]


@contextlib.contextmanager
def losing_commits(to: int) -> Iterator[int]:
    """A port that leads to a database, and goes dead at the first COMMIT that it is asked to carry."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far, near = await asyncio.open_connection("127.0.0.1", to)

        async def back() -> None:
            while data := await far.read(65536):
                writer.write(data)

        answering = asyncio.create_task(back())
        try:
            while data := await reader.read(65536):
                if b"COMMIT" in data:
                    break
                near.write(data)
        finally:
            answering.cancel()
            writer.close()
            near.close()

    with serving(lead) as port:
        yield port


def test_a_connection_that_is_lost_at_the_commit_leaves_it_unknown(postgres_server: Postgres, table: str) -> None:
    with losing_commits(postgres_server.port) as port:
        dsn = postgres_server.dsn().replace(f":{postgres_server.port}/", f":{port}/")
        outcome = act("sql", {"dsn": dsn, "script": f"INSERT INTO {table} VALUES (2)"}).outcome
    assert (outcome.done, outcome.unknown, outcome.nothing) == (False, True, False)
    assert outcome.summary.endswith(", during the commit: it may have been committed")


def test_a_database_behind_a_host(postgres_server: Postgres, table: str, ssh_host: Host) -> None:
    script = f"INSERT INTO {table} VALUES (2)"
    assert act("sql", {"dsn": postgres_server.dsn(), "script": script}, ssh_host).outcome.done
    assert rows(postgres_server, table) == [1, 2]


def test_a_server_that_cannot_be_reached_or_refuses_has_done_nothing(
    postgres_server: Postgres, refusing_port: int, silent_port: int
) -> None:
    for dsn in (
        f"postgresql://bot@127.0.0.1:{refusing_port}/bot",
        postgres_server.dsn(password="wrong-password"),
        f"postgresql://bot@127.0.0.1:{silent_port}/bot",
        f"mysql://bot@127.0.0.1:{refusing_port}/bot",
        "oracle://bot@db/bot",
    ):
        outcome = act("sql", {"dsn": dsn, "script": "SELECT 1"}, timeout=1).outcome
        assert (outcome.done, outcome.nothing) == (False, True), dsn
        assert "wrong-password" not in outcome.summary


@pytest.fixture
def shop(mariadb_server: MariaDB) -> Iterator[str]:
    name = f"shop_{uuid.uuid4().hex[:12]}"
    mariadb_server.run(
        f"CREATE DATABASE {name}", f"CREATE TABLE {name}.t (id int PRIMARY KEY)", f"INSERT INTO {name}.t VALUES (1)"
    )
    yield name
    mariadb_server.run(f"DROP DATABASE {name}")


def in_shop(server: MariaDB, shop: str) -> list[int]:
    return [number for (number,) in server.run(f"SELECT id FROM {shop}.t ORDER BY id")]


def test_mysql_commits_a_script_as_a_whole_or_not_at_all(mariadb_server: MariaDB, shop: str) -> None:
    good = {"dsn": mariadb_server.url(shop), "script": "INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\n"}
    assert act("sql", good).outcome.done
    assert in_shop(mariadb_server, shop) == [1, 2, 3]
    bad = {**good, "script": "INSERT INTO t VALUES (4); INSERT INTO t VALUES (1)"}
    outcome = act("sql", bad).outcome
    assert (outcome.done, outcome.nothing, outcome.unknown) == (False, True, False)
    assert "Duplicate entry" in outcome.summary
    assert in_shop(mariadb_server, shop) == [1, 2, 3]


def test_mysql_commits_at_a_change_of_schema_and_that_is_told(mariadb_server: MariaDB, shop: str) -> None:
    script = "INSERT INTO t VALUES (2); ALTER TABLE t ADD colour text; INSERT INTO t (id) VALUES (1)"
    outcome = act("sql", {"dsn": mariadb_server.url(shop), "script": script}).outcome
    assert (outcome.done, outcome.nothing) == (False, False)
    assert outcome.summary.endswith("; part of it may have been committed")
    assert in_shop(mariadb_server, shop) == [1, 2]


def test_mysql_at_its_time_limit_and_at_a_lost_commit(mariadb_server: MariaDB, shop: str) -> None:
    slow = {"dsn": mariadb_server.url(shop), "script": "INSERT INTO t VALUES (2); DO SLEEP(60)"}
    outcome = act("sql", slow, timeout=1).outcome
    assert (outcome.done, outcome.nothing, outcome.unknown) == (False, True, False)
    with losing_commits(mariadb_server.port) as port:
        dsn = mariadb_server.url(shop).replace(f":{mariadb_server.port}/", f":{port}/")
        outcome = act("sql", {"dsn": dsn, "script": "INSERT INTO t VALUES (5)"}).outcome
    assert (outcome.done, outcome.unknown) == (False, True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a database.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);")
    return path


def in_file(path: Path) -> list[int]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [number for (number,) in database.execute("SELECT id FROM t ORDER BY id")]


def test_sqlite_commits_a_script_as_a_whole_or_not_at_all(file: Path) -> None:
    script = """
        CREATE TABLE log (words TEXT);  -- one; not two
        CREATE TRIGGER told AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('a;b'); INSERT INTO log VALUES ('c'); END;
        INSERT INTO t VALUES (2)
    """
    assert act("sql", {"dsn": f"sqlite://{file}", "script": script}).outcome.summary == "committed"
    assert in_file(file) == [1, 2]
    bad = act(
        "sql", {"dsn": f"sqlite:///{file}", "script": "INSERT INTO t VALUES (3); INSERT INTO t VALUES (1);"}
    ).outcome
    assert (bad.done, bad.nothing) == (False, True)
    assert bad.summary == "UNIQUE constraint failed: t.id; the transaction was rolled back"
    assert in_file(file) == [1, 2]
    itself = act("sql", {"dsn": f"sqlite://{file}", "script": "INSERT INTO t VALUES (3); COMMIT"}).outcome
    assert (itself.done, itself.nothing) == (False, False)


def test_sqlite_waits_for_another_writer_as_long_as_there_is_time(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        outcome = act("sql", {"dsn": f"sqlite://{file}", "script": "INSERT INTO t VALUES (2)"}, timeout=0.5).outcome
        assert (outcome.done, outcome.nothing) == (False, True)
        threading.Timer(0.3, other.execute, ["ROLLBACK"]).start()
        assert act("sql", {"dsn": f"sqlite://{file}", "script": "INSERT INTO t VALUES (2)"}).outcome.done


def test_sqlite_makes_no_file_and_ends_what_takes_too_long(file: Path, tmp_path: Path) -> None:
    away = act("sql", {"dsn": f"sqlite://{tmp_path}/none.db", "script": "SELECT 1"}).outcome
    assert (away.nothing, away.summary) == (True, f"there is no SQLite file {tmp_path}/none.db that can be written")
    assert not (tmp_path / "none.db").exists()
    endless = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    outcome = act("sql", {"dsn": f"sqlite://{file}", "script": endless}, timeout=0.5).outcome
    assert (outcome.done, outcome.nothing) == (False, True)
    assert in_file(file) == [1]
