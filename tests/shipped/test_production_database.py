"""The production checklist's questions to the database, put to a real one: good, spoiled and mended."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import yaml

from cockpit.checklist.load import load
from cockpit.checklist.model import Document
from cockpit.checklist.shipped import resolve
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values
from cockpit.journal.event import CheckMeasured
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.server

SABOTAGE: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "production_sabotage.yaml").read_text(encoding="utf-8")
)
TRIED_BELOW = {
    "connection-pooling",
    "data-encryption",
    "data-replication",
    "database-created",
    "database-instances",
    "database-operations",
    "first-day-database",
    "load-database",
    "queries-analyzed",
    "read-replicas",
}
CLASSIFIED = b"""
SELECT format('COMMENT ON COLUMN %I.%I IS %L', table_name, column_name, 'internal')
FROM information_schema.columns WHERE table_schema = 'public'
"""
ROLE_PASSWORD = "password-of-the-bot"
Superuser = psycopg.Connection[Any]
TABLES = """
CREATE TABLE alembic_version (version_num text PRIMARY KEY);
CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, password_hash text NOT NULL);
CREATE TABLE trades (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id int NOT NULL CONSTRAINT trades_user_fk REFERENCES users,
    amount numeric NOT NULL CONSTRAINT trades_amount CHECK (amount > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX trades_user ON trades (user_id);
CREATE TABLE audit_log (action text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO alembic_version VALUES ('4f9d');
INSERT INTO users (email, password_hash)
VALUES ('ada', '$2b$12$ada'), ('linus', 'scrypt:32768:8:1$linus'), ('grace', '$argon2id$v=19$grace');
INSERT INTO trades (user_id, amount) SELECT id, 10 FROM users;
INSERT INTO audit_log VALUES ('login');
INSERT INTO audit_log SELECT 'ordered trade ' || id FROM trades;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO bot;
"""


@pytest.fixture(scope="module")
def owner(postgres_server: Postgres) -> Iterator[Superuser]:
    """The trading bot's database as it should be, and a connection of its owner."""
    postgres_server.run(
        f"CREATE ROLE bot LOGIN CONNECTION LIMIT 20 PASSWORD $${ROLE_PASSWORD}$$",
        "ALTER ROLE bot SET log_min_duration_statement = 500",
        "ALTER SYSTEM SET log_connections = on",
        "SELECT pg_reload_conf()",
        "CREATE DATABASE trading_bot",
    )
    with psycopg.connect(postgres_server.dsn("trading_bot"), autocommit=True) as connection:
        for statement in TABLES.split(";\n"):
            connection.execute(statement.encode())
        for (classified,) in connection.execute(CLASSIFIED).fetchall():
            connection.execute(classified.encode())
        yield connection
    postgres_server.run(
        "DROP DATABASE trading_bot WITH (FORCE)",
        "DROP ROLE bot",
        "ALTER SYSTEM RESET log_connections",
        "SELECT pg_reload_conf()",
    )


class Bot:
    """The checklist wired to one database, as the application's role sees it."""

    def __init__(self, database: Postgres, replica: Postgres | None = None) -> None:
        self.environ = {
            name: server.dsn("trading_bot", "bot", ROLE_PASSWORD)
            for name, server in (("DATABASE_URL", database), ("REPLICA_URL", replica))
            if server is not None
        }
        with psycopg.connect(database.dsn()) as connection:
            logins = connection.execute("SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolcanlogin").fetchone()
        assert logins is not None
        given = {
            "users_table": "users",
            "trades_table": "trades",
            "audit_table": "audit_log",
            "unaudited_query": "SELECT count(*) FROM trades t WHERE NOT EXISTS"
            " (SELECT FROM audit_log WHERE action = 'ordered trade ' || t.id)",
            "data_classes": "internal|personal",
            "database_logins": logins[0],
        }
        folder = resolve("production")
        self.document: Document = load(folder, kinds=kinds(), given=given, environ=self.environ).document

    def measure(self, item_id: str, changes: Sequence[tuple[str, str]] = ()) -> CheckMeasured:
        """Measure one item on a connection of its own; `changes` are made to its query."""
        (check,) = (item.check for item in self.document.items() if item.id == item_id)
        assert check is not None
        for before, after in changes:
            assert before in check.spec["query"]
            check = msgspec.structs.replace(
                check, spec={**check.spec, "query": check.spec["query"].replace(before, after)}
            )

        async def once() -> CheckMeasured:
            session = Session()
            try:
                values = Values(self.document.variables, self.environ)
                return await measure(item_id, check, kinds=kinds(), values=values, session=session)
            finally:
                await session.close()

        return asyncio.run(once())


def ask(dsn: str, query: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(query.encode())


def wait_for(reached: Callable[[], bool]) -> None:
    """Settings are read again, statistics flushed and replicas caught up within a moment, not at once."""
    ends = time.monotonic() + 15
    while not reached():
        assert time.monotonic() < ends, "it did not come about in 15 seconds"
        time.sleep(0.1)


@pytest.mark.parametrize("item_id", list(SABOTAGE))
def test_a_check_passes_notices_what_was_spoiled_and_passes_again(
    item_id: str, owner: Superuser, postgres_server: Postgres
) -> None:
    bot = Bot(postgres_server)
    wait_for(lambda: bot.measure(item_id).result == "PASS")
    for statement in SABOTAGE[item_id]["spoil"]:
        owner.execute(statement)
    try:
        wait_for(lambda: bot.measure(item_id).result == SABOTAGE[item_id].get("as", "FAIL"))
    finally:
        for statement in SABOTAGE[item_id]["mend"]:
            owner.execute(statement)
    wait_for(lambda: bot.measure(item_id).result == "PASS")


def test_every_check_of_the_database_is_tried_here(owner: Superuser, postgres_server: Postgres) -> None:
    bot = Bot(postgres_server, postgres_server)
    asked = {item.id for item in bot.document.items() if item.check and item.check.kind == "postgres"}
    assert asked == SABOTAGE.keys() | TRIED_BELOW


def test_a_primary_passes_and_one_that_is_gone_is_an_error(owner: Superuser, postgres_server: Postgres) -> None:
    bot = Bot(postgres_server)
    assert bot.measure("database-instances").result == "PASS"
    bot.environ["DATABASE_URL"] = "postgresql://bot@127.0.0.1:1/trading_bot"
    assert bot.measure("database-instances").result == "ERROR"


def test_what_the_application_reads_and_writes_counts_from_when_the_statistics_began(
    owner: Superuser, postgres_server: Postgres
) -> None:
    bot = Bot(postgres_server)

    def nothing_counted_yet() -> bool:
        # A connection that has just ended may hand its figures in after the reset: then it takes another one.
        owner.execute("SELECT pg_stat_reset()")
        return bot.measure("database-operations").result == "FAIL"

    wait_for(nothing_counted_yet)
    with psycopg.connect(postgres_server.dsn("trading_bot")) as application:
        application.execute("SET enable_seqscan = off")
        application.execute("INSERT INTO trades (user_id, amount) SELECT id, 1 FROM users WHERE id = 1")
    wait_for(lambda: bot.measure("database-operations").result == "PASS")


def test_a_query_that_waits_for_a_lock_fails_the_load_test(owner: Superuser, postgres_server: Postgres) -> None:
    bot = Bot(postgres_server)
    assert bot.measure("load-database").result == "PASS"
    assert bot.measure("first-day-database").result in ("PASS", "WARN")
    owner.execute("SELECT pg_advisory_lock(1)")
    waiting = threading.Thread(target=ask, args=(bot.environ["DATABASE_URL"], "SELECT pg_advisory_lock(1)"))
    waiting.start()
    try:
        wait_for(lambda: bot.measure("load-database").result == "FAIL")
    finally:
        owner.execute("SELECT pg_advisory_unlock(1)")
        waiting.join()
    assert bot.measure("load-database").result == "PASS"


def test_a_pooled_connection_is_one_of_the_application_and_not_cockpits_own(
    owner: Superuser, postgres_server: Postgres
) -> None:
    bot = Bot(postgres_server)
    at_once = [("interval '10 s'", "interval '0'")]
    assert bot.measure("connection-pooling", at_once).result == "FAIL"
    with psycopg.connect(bot.environ["DATABASE_URL"]):
        assert bot.measure("connection-pooling", at_once).result == "PASS"
        assert bot.measure("connection-pooling").result == "FAIL"  # it is not old enough


def test_a_database_named_test_is_not_the_production_database(owner: Superuser, postgres_server: Postgres) -> None:
    owner.execute("CREATE DATABASE trading_bot_test")
    try:
        bot = Bot(postgres_server)
        bot.environ["DATABASE_URL"] = postgres_server.dsn("trading_bot_test", "bot", ROLE_PASSWORD)
        assert bot.measure("database-created").result == "FAIL"
    finally:
        owner.execute("DROP DATABASE trading_bot_test WITH (FORCE)")


def test_an_unencrypted_way_to_the_database_fails(owner: Superuser, postgres_server: Postgres) -> None:
    assert Bot(postgres_server).measure("data-encryption").result == "FAIL"


def test_statements_that_nobody_counts_are_an_error_not_a_pass(owner: Superuser, postgres_server: Postgres) -> None:
    measured = Bot(postgres_server).measure("queries-analyzed")
    assert measured.result == "ERROR"
    assert "pg_stat_statements" in measured.summary


def test_a_replica_passes_as_one_and_the_primary_does_not(
    owner: Superuser, postgres_server: Postgres, postgres_replica: Postgres
) -> None:
    good, wrong = Bot(postgres_server, postgres_replica), Bot(postgres_server, postgres_server)
    wait_for(lambda: good.measure("data-replication").result == "PASS")
    for item_id in ("read-replicas", "data-replication"):
        assert good.measure(item_id).result == "PASS"
        assert wrong.measure(item_id).result == "FAIL"
