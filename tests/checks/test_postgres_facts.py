"""How a PostgreSQL server stands, each fact both ways, on real servers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cockpit.checks.postgres_facts import FIELDS, QUESTIONS
from cockpit.journal.event import CheckMeasured
from tests.servers.certificates import Authority
from tests.servers.frozen import frozen
from tests.servers.postgres import PASSWORD, Postgres
from tests.support.measuring import Measure, ended_in_time, secret
from tests.support.routes import Detour

pytestmark = pytest.mark.server

TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop.users (id int PRIMARY KEY, name text);
CREATE TABLE shop.orders (id int PRIMARY KEY, user_id int NOT NULL, coupon_id int, amount int);
CREATE TABLE shop.profiles (user_id int PRIMARY KEY, about text);
CREATE INDEX ON shop.orders (user_id);
ALTER TABLE shop.orders ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES shop.users;
GRANT USAGE ON SCHEMA shop TO clerk;
GRANT SELECT ON shop.users, shop.orders TO clerk;
GRANT INSERT ON shop.orders TO clerk;
"""


@pytest.fixture(scope="module")
def shop(postgres_server: Postgres) -> Iterator[Postgres]:
    """A database with three tables, and the role `clerk` that reads two and adds to one."""
    postgres_server.run(f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'", "CREATE DATABASE shop")
    run(postgres_server, TABLES)
    yield postgres_server
    postgres_server.run("DROP DATABASE shop WITH (FORCE)", "DROP ROLE clerk")


def run(server: Postgres, statements: str) -> None:
    with psycopg.connect(server.dsn("shop"), autocommit=True) as connection:
        connection.execute(statements.encode())


def failed(found: CheckMeasured) -> dict[str, str]:
    """What was found for the names of the conditions that did not hold."""
    assert found.result == "FAIL", found
    return {name: value for finding in found.findings if not finding.holds for name, value in finding.found.items()}


def test_every_question_is_answered_with_the_fields_that_it_documents(shop: Postgres) -> None:
    documented = {field.name for field in FIELDS} | {"privileges.tables", "hidden"}
    for question in QUESTIONS:
        with psycopg.connect(shop.dsn("shop")) as connection:
            cursor = connection.execute(question.query.encode())
            assert len(cursor.fetchall()) == 1
            assert {column.name for column in cursor.description or ()} <= documented
            assert {field.name for field in question.fields} <= {column.name for column in cursor.description or ()}


def test_a_bare_ping_asks_nothing_else(measured: Measure, shop: Postgres) -> None:
    found = measured("postgres", {"dsn": shop.dsn("shop")}, "alive && latency < 1.0")
    assert "version: " in found.evidence
    assert "in_recovery" not in found.evidence
    assert "tls.in_use: False" in found.evidence


def test_what_a_role_may_do_is_compared_with_what_it_needs(measured: Measure, shop: Postgres) -> None:
    dsn = shop.dsn("shop", "clerk")
    spec = {"dsn": dsn, "privileges": {"shop.users": ["select"], "shop.orders": ["select", "insert"]}}
    just_enough = measured(
        "postgres",
        spec,
        "as_declared && privileges.excess == [] && privileges.lacking == [] && privileges.create == []",
        "privileges.write == ['shop.orders'] && privileges.read.all(t, t in ['shop.users', 'shop.orders'])",
        "privileges.change == [] && privileges.tables['shop.users'] == ['select']",
    )
    assert just_enough.result == "PASS", just_enough
    assert measured("postgres", spec).result == "PASS"
    run(shop, "GRANT UPDATE ON shop.users TO clerk; REVOKE INSERT ON shop.orders FROM clerk")
    found = measured("postgres", spec)
    assert (found.result, found.summary) == ("FAIL", "the user lacks shop.orders: insert")
    found = measured("postgres", spec, "privileges.lacking == []", "privileges.excess == []")
    assert failed(found) == {
        "privileges.lacking": "[shop.orders: insert]",
        "privileges.excess": "[shop.users: update]",
    }
    run(shop, "REVOKE UPDATE ON shop.users FROM clerk; GRANT INSERT ON shop.orders TO clerk")
    owner = measured("postgres", {"dsn": shop.dsn("shop")}, "privileges.change == []", "!role.superuser")
    assert "shop.users" in failed(owner)["privileges.change"]


def test_an_undeclared_privilege_is_not_found_rather_than_good(measured: Measure, shop: Postgres) -> None:
    found = measured("postgres", {"dsn": shop.dsn("shop")}, "privileges.excess == []")
    assert found.findings[0].problem == "privileges.excess was not found"


def test_foreign_keys_that_are_missing_unchecked_or_slow_are_listed(measured: Measure, shop: Postgres) -> None:
    spec = {"dsn": shop.dsn("shop")}
    found = measured(
        "postgres",
        spec,
        "foreign_keys.count == 1 && foreign_keys.unindexed == [] && indexes.invalid == []",
        "foreign_keys.unvalidated == [] && constraints.unvalidated == []",
        "foreign_keys.missing == []",
    )
    # The primary key of a table of profiles is its own, though it is called like a reference.
    assert failed(found) == {"foreign_keys.missing": "[shop.orders.coupon_id]"}
    run(
        shop,
        "CREATE TABLE shop.coupons (id int PRIMARY KEY);"
        "ALTER TABLE shop.orders ADD CONSTRAINT of_coupon FOREIGN KEY (coupon_id) REFERENCES shop.coupons NOT VALID;"
        "ALTER TABLE shop.orders ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID",
    )
    found = measured(
        "postgres",
        spec,
        "foreign_keys.missing == []",
        "foreign_keys.unindexed == []",
        "foreign_keys.unvalidated == []",
        "constraints.unvalidated == []",
    )
    assert failed(found) == {
        "foreign_keys.unindexed": "[shop.orders.of_coupon]",
        "foreign_keys.unvalidated": "[shop.orders.of_coupon]",
        "constraints.unvalidated": "[shop.orders.positive]",
    }
    run(shop, "DROP TABLE shop.coupons CASCADE; ALTER TABLE shop.orders DROP CONSTRAINT positive")


def test_settings_have_their_types_and_a_wrong_name_is_told(measured: Measure, shop: Postgres) -> None:
    spec = {"dsn": shop.dsn("shop"), "settings": ["fsync", "max_connections", "seq_page_cost", "TimeZone"]}
    found = measured(
        "postgres",
        spec,
        "!settings.fsync && settings.max_connections == 30 && settings.seq_page_cost == 1.0 && settings.TimeZone != ''",
    )
    assert found.result == "PASS", found
    assert "fsync" in measured("postgres", spec).evidence
    wrong = measured("postgres", {"dsn": shop.dsn("shop"), "settings": ["fsink"]})
    assert wrong.summary == "there is no setting fsink, or role postgres may not read it"
    hidden = measured("postgres", {"dsn": shop.dsn("shop", "clerk"), "settings": ["hba_file"]})
    assert hidden.summary == "there is no setting hba_file, or role clerk may not read it"


def test_slow_logging_is_on_from_a_threshold_or_off(measured: Measure, shop: Postgres) -> None:
    off = measured("postgres", {"dsn": shop.dsn("shop")}, "slow_log.enabled", "slow_log.threshold < 1.0")
    assert failed(off) == {"slow_log.enabled": "false", "slow_log.threshold": "no value"}
    dsn = f"{shop.dsn('shop')}?options=-c%20log_min_duration_statement%3D250"
    assert measured("postgres", {"dsn": dsn}, "slow_log.enabled && slow_log.threshold == 0.25").result == "PASS"


def test_activity_shows_a_transaction_left_open_and_who_waits_for_its_lock(measured: Measure, shop: Postgres) -> None:
    dsn = shop.dsn("shop")
    with psycopg.connect(dsn) as holding, psycopg.connect(dsn) as waiting:
        holding.execute("LOCK TABLE shop.users")
        waiting.pgconn.send_query(b"SELECT * FROM shop.users")
        found = measured(
            "postgres",
            {"dsn": dsn},
            "locks.waiting == 1 && transactions.idle == 1 && transactions.oldest > 0.05 && queries.longest > 0.05",
            "queries.active == 1 && connections.used >= 3 && connections.database_limit == -1",
            retry_for=10.0,
            retry_every=0.1,
        )
        assert found.result == "PASS", found
        blind = measured("postgres", {"dsn": shop.dsn("shop", "clerk")}, "queries.longest < 5.0")
        assert blind.result == "ERROR"
        assert blind.summary == ("role clerk may not see what other sessions do: GRANT pg_read_all_stats TO clerk")
        counted = measured("postgres", {"dsn": shop.dsn("shop", "clerk")}, "connections.used >= 3", "locks.waiting > 0")
        assert counted.result == "PASS", counted
        holding.rollback()
        waiting.pgconn.get_result()
        waiting.pgconn.get_result()
    calm = measured("postgres", {"dsn": dsn}, "locks.waiting == 0 && transactions.idle == 0", retry_for=5.0)
    assert calm.result == "PASS", calm


def test_role_size_extensions_vacuum_and_the_rest_are_told(measured: Measure, shop: Postgres) -> None:
    shop.run("ALTER ROLE clerk VALID UNTIL '2099-01-01' CONNECTION LIMIT 7", "GRANT pg_monitor TO clerk")
    found = measured(
        "postgres",
        {"dsn": shop.dsn("shop", "clerk")},
        "role.expires_in > duration('24h') && role.connection_limit == 7 && 'pg_monitor' in role.member_of",
        "size > 1000000 && extensions.plpgsql == '1.0' && !('postgis' in extensions) && uptime > 0.0",
        "vacuum.dead_rows >= 0 && vacuum.dead_part <= 1.0 && vacuum.xid_age > 0 && slots.inactive == []",
        "!archive.enabled && !archive.failing && slots.retained == 0",
    )
    shop.run("ALTER ROLE clerk VALID UNTIL 'infinity' CONNECTION LIMIT -1", "REVOKE pg_monitor FROM clerk")
    assert found.result == "PASS", found
    bad = measured(
        "postgres",
        {"dsn": shop.dsn("shop", "clerk")},
        "role.expires_in > duration('24h')",
        "'pg_monitor' in role.member_of",
        "archive.enabled",
        "size < 1000",
    )
    assert bad.result == "FAIL"
    assert [finding.holds for finding in bad.findings] == [False] * 4


def test_a_primary_knows_its_replicas(measured: Measure, shop: Postgres, postgres_replica: Postgres) -> None:
    found = measured(
        "postgres",
        {"dsn": shop.dsn()},
        "replicas.connected == 1 && replicas.streaming == 1 && replicas.synchronous == 0 && replicas.lag < 5.0",
        "replicas.lag_bytes < 10000000 && replicas.list[0].state == 'streaming'",
        retry_for=10.0,
        retry_every=0.1,
    )
    assert found.result == "PASS", found
    blind = measured("postgres", {"dsn": shop.dsn(role="clerk")}, "replicas.lag < 5.0")
    assert "GRANT pg_read_all_stats TO clerk" in blind.summary
    behind = measured(
        "postgres", {"dsn": postgres_replica.dsn()}, "receiving && !replay_paused", "replicas.connected == 1"
    )
    assert failed(behind) == {"replicas.connected": "0"}


def test_a_slot_that_nobody_uses_is_named(measured: Measure, shop: Postgres) -> None:
    shop.run("SELECT pg_create_physical_replication_slot('forgotten', true)")
    found = measured("postgres", {"dsn": shop.dsn()}, "slots.inactive == []")
    shop.run("SELECT pg_drop_replication_slot('forgotten')")
    assert failed(found) == {"slots.inactive": "[forgotten]"}


def test_tls_is_measured_verified_and_demanded(
    measured: Measure, shop: Postgres, postgres_replica: Postgres, authority: Authority
) -> None:
    shop.run(f"CREATE ROLE tls_only LOGIN PASSWORD '{PASSWORD}'")
    assert measured("postgres", {"dsn": postgres_replica.dsn(role="tls_only")}, retry_for=10.0).result == "PASS"
    base = f"host=localhost port={postgres_replica.port} dbname=postgres user=tls_only password={PASSWORD}"
    trusted = f"{base} sslmode=verify-full sslrootcert={authority.file}"
    found = measured("postgres", {"dsn": trusted}, "tls.in_use && tls.version == 'TLSv1.3' && tls.cipher != ''")
    assert found.result == "PASS", found
    plain = measured("postgres", {"dsn": shop.dsn()}, "tls.in_use")
    assert failed(plain) == {"tls.in_use": "false"}
    cases = {
        f"{base} sslmode=verify-full sslrootcert=system": "the server's certificate is not trusted",
        trusted.replace("host=localhost", "host=other.example hostaddr=127.0.0.1"): (
            "certificate is for localhost, not for other.example"
        ),
        f"{base} sslmode=disable": (
            'no pg_hba.conf entry lets host "127.0.0.1", user "tls_only", database "postgres" in without TLS:'
            " sslmode=require"
        ),
    }
    for dsn, words in cases.items():
        refused = measured("postgres", {"dsn": dsn})
        assert refused.result == "ERROR", refused
        assert words in refused.summary or "rejects" in refused.summary


def test_something_else_on_the_port_is_told(measured: Measure, web_port: int) -> None:
    for mode in ("prefer", "disable"):
        found = measured("postgres", {"dsn": f"postgresql://x:y@127.0.0.1:{web_port}/z?sslmode={mode}"})
        assert (found.result, found.summary) == ("ERROR", "this port does not speak PostgreSQL")


def test_a_server_is_reached_through_a_host(measured: Measure, shop: Postgres) -> None:
    detour = Detour(names={"db.internal": "127.0.0.1"})
    dsn = f"postgresql://clerk:{PASSWORD}@db.internal:{shop.port}/shop"
    spec = {"dsn": "${secret}", "query": "SELECT 7"}
    found = measured("postgres", spec, "value == 7", values=secret(dsn), via="detour", routes=detour)
    assert found.result == "PASS", found
    assert found.request == f"SELECT 7 on postgresql://db.internal:{shop.port}/shop on detour"
    assert detour.went == [f"db.internal:{shop.port}"]
    refused = measured("postgres", {"dsn": "postgresql://x:y@127.0.0.1:1/z"}, via="detour", routes=detour)
    assert (refused.result, refused.summary) == ("ERROR", "connection refused by 127.0.0.1:1")
    folder = shop.folder.parent
    local = f"host={folder} port={shop.port} user=clerk password={PASSWORD} dbname=shop"
    found = measured("postgres", {"dsn": local}, via="detour", routes=(by_socket := Detour()))
    assert found.result == "PASS", found
    assert by_socket.went == [f"{folder}/.s.PGSQL.{shop.port}"]


def test_tls_through_a_host_is_verified_against_the_servers_own_name(
    measured: Measure, shop: Postgres, postgres_replica: Postgres, authority: Authority
) -> None:
    dsn = f"{postgres_replica.dsn()}?sslmode=verify-full&sslrootcert={authority.file}"
    good = measured("postgres", {"dsn": dsn.replace("127.0.0.1", "localhost")}, via="detour", routes=Detour())
    assert good.result == "PASS", good
    wrong = Detour(names={"db.internal": "127.0.0.1"})
    bad = measured("postgres", {"dsn": dsn.replace("127.0.0.1", "db.internal")}, via="detour", routes=wrong)
    assert bad.summary == "certificate is for localhost, not for db.internal"


def test_a_server_that_freezes_or_shuts_down_is_told_in_time(measured: Measure, postgres_spare: Postgres) -> None:
    with psycopg.connect(postgres_spare.dsn()):
        with frozen(postgres_spare.process):
            stuck = measured("postgres", {"dsn": postgres_spare.dsn()}, timeout=0.5)
        assert stuck.summary.startswith("timed out in connect to ")
        assert ended_in_time(stuck, 0.5)
        os.kill(postgres_spare.process, signal.SIGTERM)  # waits for who is still connected
        ending = measured("postgres", {"dsn": postgres_spare.dsn()}, retry_for=0.0)
        assert ending.result == "FAIL", ending
        assert (
            ending.summary
            == f"127.0.0.1:{postgres_spare.port} takes no connections: the database system is shutting down"
        )


def test_migrations_are_compared_with_what_the_database_records(
    measured: Measure, shop: Postgres, tmp_path: Path
) -> None:
    (tmp_path / "one.py").write_text("revision = 'aaa'\ndown_revision = None\n")
    (tmp_path / "two.py").write_text("revision: str = 'bbb'\ndown_revision: str | None = 'aaa'\n")
    spec = {"dsn": shop.dsn("shop"), "migrations": {"alembic": str(tmp_path), "table": "shop.alembic_version"}}
    fresh = measured("postgres", spec)
    assert (fresh.result, fresh.summary) == ("FAIL", "2 migrations pending: aaa, bbb")
    run(shop, "CREATE TABLE shop.alembic_version (version_num text); INSERT INTO shop.alembic_version VALUES ('aaa')")
    assert measured("postgres", spec).summary == "1 migration pending: bbb"
    run(shop, "UPDATE shop.alembic_version SET version_num = 'bbb'")
    done = measured("postgres", spec)
    run(shop, "DROP TABLE shop.alembic_version")
    assert done.result == "PASS", done
    nowhere = measured("postgres", {"dsn": shop.dsn("shop"), "migrations": {"alembic": "/nowhere"}})
    assert nowhere.summary == "there is no folder /nowhere: `migrations` names folders on this machine"
