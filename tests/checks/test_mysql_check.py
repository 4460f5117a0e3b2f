"""The `mysql` kind against a real MariaDB and its replica: good, refusing, slow, frozen, gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.journal.event import CheckMeasured
from tests.servers.certificates import Authority
from tests.servers.frozen import frozen
from tests.servers.mariadb import PASSWORD, MariaDB
from tests.servers.web import serving
from tests.support.measuring import Measure, ended_in_time, no_values, secret
from tests.support.routes import Detour

pytestmark = pytest.mark.server

TABLES = (
    "CREATE DATABASE shop",
    "CREATE TABLE shop.users (id INT PRIMARY KEY, name TEXT)",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, user_id INT REFERENCES shop.users (id), coupon_id INT, amount INT)",
    "CREATE TABLE shop.profiles (user_id INT PRIMARY KEY, about TEXT)",
    "CREATE TABLE shop.log (at DATETIME, said TEXT) ENGINE = Aria",
    "INSERT INTO shop.users VALUES (1, 'ada'), (2, 'linus')",
    f"CREATE USER clerk IDENTIFIED BY '{PASSWORD}'",
    "GRANT SELECT ON shop.users TO clerk",
    "GRANT SELECT, INSERT ON shop.orders TO clerk",
)


@pytest.fixture(scope="module")
def shop(mariadb_server: MariaDB) -> Iterator[MariaDB]:
    """A database with four tables, and the user `clerk` that reads two and adds to one."""
    mariadb_server.run(*TABLES)
    yield mariadb_server
    mariadb_server.run("DROP DATABASE shop", "DROP USER clerk")


def failed(found: CheckMeasured) -> dict[str, str]:
    """What was found for the names of the conditions that did not hold."""
    assert found.result == "FAIL", found
    return {name: value for finding in found.findings if not finding.holds for name, value in finding.found.items()}


def test_a_ping_passes_and_asks_nothing_else(measured: Measure, shop: MariaDB) -> None:
    found = measured(
        "mysql",
        {"url": "${secret}"},
        "alive && latency < 1.0 && version.startsWith('10.') && product == 'MariaDB' && !tls.in_use",
        values=secret(shop.url("shop")),
    )
    assert found.result == "PASS", found
    assert found.request == f"SELECT 1 on mysql://127.0.0.1:{shop.port}/shop"
    assert found.summary.startswith("MariaDB 10.")
    assert "connections" not in found.evidence
    assert PASSWORD not in str(found)
    assert measured("mysql", {"url": shop.url()}).result == "PASS"
    sqlalchemy = shop.url("shop").replace("mysql://", "mysql+pymysql://") + "?charset=utf8mb4"
    assert measured("mysql", {"url": sqlalchemy}).result == "PASS"


def test_the_rows_of_a_query_are_measured_and_shown(measured: Measure, shop: MariaDB) -> None:
    found = measured(
        "mysql",
        {"url": shop.url("shop"), "query": "SELECT id, name FROM users ORDER BY id"},
        "row_count == 2 && rows[1].name == 'linus' && row.id == 1 && value == 1",
    )
    assert found.result == "PASS", found
    assert (found.value, found.evidence) == (1.0, "id | name\n1 | ada\n2 | linus")
    wrong = measured("mysql", {"url": shop.url("shop"), "query": "SELECT COUNT(*) AS n FROM users"}, "row.n == 3")
    assert failed(wrong) == {"row.n": "2"}
    assert wrong.summary.startswith("2 in ")


@pytest.mark.parametrize(
    ("query", "expect"),
    [
        ("SELECT 12.5", "value == 12.5"),
        ("SELECT NOW()", "timestamp(value + 'Z') > timestamp('2020-01-01T00:00:00Z')"),
        ("SELECT CAST('00:01:30' AS TIME)", "value == 90.0"),
        ("SELECT NULL", "value == null"),
        ("SELECT X'00ff'", "value == '00ff'"),
        ("SELECT DATE '2026-11-24'", "value == '2026-11-24'"),
        ("SELECT 18446744073709551615", "value > 1.0e19"),
        ("SHOW GLOBAL VARIABLES LIKE 'max_connections'", "row.Value == '30'"),
        ("(SELECT 1)", "value == 1"),
        ("SELECT '100%'", "value == '100%'"),
        ("SELECT 1 WHERE FALSE", "row_count == 0"),
    ],
)
def test_values_of_every_type_can_be_decided_on(measured: Measure, shop: MariaDB, query: str, expect: str) -> None:
    found = measured("mysql", {"url": shop.url("shop"), "query": query}, expect)
    assert found.result == "PASS", found


def test_a_check_cannot_change_anything(measured: Measure, shop: MariaDB) -> None:
    for query in (
        "DELETE FROM users",
        "COMMIT",
        "SET GLOBAL max_connections = 1",
        "KILL 1",
        "SELECT 1; DELETE FROM users",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "/*!50000 DELETE FROM users */",
        "WITH a AS (SELECT 1) DELETE FROM users",
        "select 1 /*M!100000 into outfile '/tmp/x' */",
    ):
        assert measured("mysql", {"url": shop.url("shop"), "query": query}).result == "ERROR", query
    assert shop.run("SELECT COUNT(*) FROM shop.users") == ((2,),)
    shop.run("SET GLOBAL log_bin_trust_function_creators = 1")
    shop.run("CREATE FUNCTION shop.spoil() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM shop.users; RETURN 1; END")
    found = measured("mysql", {"url": shop.url("shop"), "query": "SELECT spoil()"})
    assert found.summary == "Cannot execute statement in a READ ONLY transaction: a check only reads"
    refused = measured("mysql", {"url": shop.url("shop"), "query": "DELETE FROM users"})
    assert "must only read: this statement begins like one that does something else" in refused.summary


def test_a_wrong_query_is_an_error_in_the_servers_words(measured: Measure, shop: MariaDB) -> None:
    for query, words in (
        ("SELECT * FROM nowhere", "the query failed: Table 'shop.nowhere' doesn't exist"),
        ("SELECT FROM", "the query failed: You have an error in your SQL syntax"),
    ):
        found = measured("mysql", {"url": shop.url("shop"), "query": query})
        assert found.result == "ERROR"
        assert found.summary.startswith(words)
    denied = measured("mysql", {"url": shop.url("shop", "clerk"), "query": "SELECT * FROM profiles"})
    assert denied.summary.startswith("user clerk may not: SELECT command denied to user")


def test_each_way_of_being_let_in_nowhere_is_named(
    measured: Measure, shop: MariaDB, refusing_port: int, web_port: int, black_hole: int
) -> None:
    shop.run(
        "CREATE OR REPLACE USER tls_only IDENTIFIED BY 'x' REQUIRE SSL", "CREATE OR REPLACE USER gone ACCOUNT LOCK"
    )
    cases = {
        shop.url("shop", password="wrong"): "authentication refused for user admin",
        shop.url("shop", user="stranger"): "authentication refused for user stranger",
        shop.url("shop", user="tls_only", password="x"): "authentication refused for user tls_only",
        shop.url("shop", user="gone", password=""): "user gone is locked",
        shop.url("nowhere"): 'database "nowhere" does not exist',
        shop.url("mysql", user="clerk"): "user clerk may not use database mysql",
        f"mysql://x:y@127.0.0.1:{refusing_port}/z": f"connection refused by 127.0.0.1:{refusing_port}",
        f"mysql://x:y@127.0.0.1:{web_port}/z": f"timed out in the login on 127.0.0.1:{web_port} after 0.5 s",
        f"mysql://x:y@127.0.0.1:{black_hole}/z": f"timed out in the connection on 127.0.0.1:{black_hole} after 0.5 s",
        "mysql://x:y@no-such-host.invalid/z": "name not found: no-such-host.invalid",
        "unix:///nowhere/mysqld.sock": "/nowhere/mysqld.sock does not exist",
    }
    for url, words in cases.items():
        # A web server waits for our word, as we wait for its: the greeting of MySQL comes from the server.
        quick = str(black_hole) in url or str(web_port) in url
        found = measured("mysql", {"url": url}, timeout=0.5 if quick else 5.0)
        assert (found.result, found.summary) == ("ERROR", words)
        assert PASSWORD not in str(found)
        assert "a-good%2F" not in str(found)


def test_a_url_that_cannot_be_used_is_told_without_being_shown(measured: Measure) -> None:
    for url, words in (
        (
            "postgresql://x:geheim@127.0.0.1/z",
            "`mysql`: `url` must begin with mysql://, mariadb://, mysql2:// or unix://",
        ),
        ("mysql://x:geheim@127.0.0.1/z?ssl-mode=REQUIRED", "`mysql`: `url` asks for TLS after its `?`"),
    ):
        found = measured("mysql", {"url": url})
        assert found.result == "ERROR"
        assert found.summary.startswith(words)
        assert "geheim" not in str(found)


def test_tls_is_verified_and_demanded(measured: Measure, shop: MariaDB, authority: Authority) -> None:
    url = shop.url("shop").replace("127.0.0.1", "localhost")
    spec = {"url": url, "tls": True, "ca": str(authority.file)}
    found = measured(
        "mysql", spec, "tls.in_use && tls.version.startsWith('TLSv1.') && tls.expires_in > duration('24h')"
    )
    assert found.result == "PASS", found
    unknown = measured("mysql", {"url": url, "tls": True})
    assert unknown.summary == "certificate of localhost refused: self-signed certificate in certificate chain"
    assert measured("mysql", {"url": url, "tls": True, "verify": False}, "tls.in_use").result == "PASS"
    wrong = measured("mysql", {**spec, "url": shop.url("shop")})
    assert wrong.summary == (
        "certificate of 127.0.0.1 refused: IP address mismatch, certificate is not valid for '127.0.0.1'."
    )


def test_how_the_server_stands_is_told_both_ways(measured: Measure, shop: MariaDB) -> None:
    found = measured(
        "mysql",
        {"url": shop.url("shop"), "settings": ["max_connections", "slow_query_log", "sql_mode", "long_query_time"]},
        "connections.used >= 1 && connections.max == 30 && connections.peak >= 1 && connections.refused == 0",
        "connections.user_limit == -1 && !replica && !read_only && binlog.enabled && binlog.sync == 0",
        "user.name == 'admin@%' && user.superuser && user.may_grant && user.global == ['all privileges'] && user.roles == []",
        "size > 0 && tables.other_engine == ['shop.log'] && tables.no_primary_key == ['shop.log']",
        "innodb.buffer_pool == 8388608 && innodb.hit_rate > 0.0 && innodb.flush_at_commit == 0 && locks.waiting == 0",
        "settings.max_connections == 30 && !settings.slow_query_log && settings.sql_mode != '' && uptime >= 0",
        "settings.long_query_time == 10.0",
    )
    assert found.result == "PASS", found
    bad = measured(
        "mysql",
        {"url": shop.url("shop", "clerk")},
        "user.superuser",
        "user.may_grant",
        "slow_log.enabled",
        "slow_log.threshold < 1.0",
        "lag < 5.0",
        "read_only",
    )
    assert bad.result == "ERROR"
    assert "user clerk may not: " in bad.summary
    bad = measured(
        "mysql",
        {"url": shop.url("shop", "clerk")},
        "user.superuser",
        "slow_log.enabled",
        "slow_log.threshold < 1.0",
        "read_only",
    )
    assert failed(bad) == {
        "user.superuser": "false",
        "slow_log.enabled": "false",
        "slow_log.threshold": "no value",
        "read_only": "false",
    }
    wrong = measured("mysql", {"url": shop.url(), "settings": ["max_conections"]})
    assert wrong.summary == "there is no setting max_conections"


def test_slow_logging_that_is_on_has_its_threshold(measured: Measure, shop: MariaDB) -> None:
    shop.run("SET GLOBAL slow_query_log = 1", "SET GLOBAL long_query_time = 0.25")
    found = measured("mysql", {"url": shop.url()}, "slow_log.enabled && slow_log.threshold == 0.25")
    shop.run("SET GLOBAL slow_query_log = 0", "SET GLOBAL long_query_time = 10")
    assert found.result == "PASS", found


def test_foreign_keys_that_are_missing_are_listed(measured: Measure, shop: MariaDB) -> None:
    found = measured(
        "mysql",
        {"url": shop.url("shop")},
        "foreign_keys.count == 1 && foreign_keys.checked",
        "foreign_keys.missing == []",
    )
    # The primary key of a table of profiles is its own, though it is called like a reference.
    assert failed(found) == {"foreign_keys.missing": "[shop.orders.coupon_id]"}
    shop.run("ALTER TABLE shop.orders ADD CONSTRAINT of_coupon FOREIGN KEY (coupon_id) REFERENCES shop.users (id)")
    done = measured("mysql", {"url": shop.url("shop")}, "foreign_keys.count == 2 && foreign_keys.missing == []")
    shop.run("ALTER TABLE shop.orders DROP FOREIGN KEY of_coupon")
    assert done.result == "PASS", done


def test_what_a_user_may_do_is_compared_with_what_it_needs(measured: Measure, shop: MariaDB) -> None:
    spec = {"url": shop.url("shop", "clerk"), "privileges": {"users": ["select"], "shop.orders": ["select", "insert"]}}
    just_enough = measured(
        "mysql",
        spec,
        "as_declared && privileges.excess == [] && privileges.lacking == [] && privileges.change == []",
        "privileges.write == ['shop.orders'] && privileges.read == ['shop.orders', 'shop.users']",
        "privileges.tables['shop.users'] == ['select']",
    )
    assert just_enough.result == "PASS", just_enough
    shop.run("GRANT UPDATE (name) ON shop.users TO clerk", "REVOKE INSERT ON shop.orders FROM clerk")
    found = measured("mysql", spec, "privileges.excess == []", "privileges.lacking == []")
    assert failed(found) == {
        "privileges.excess": "[shop.users: update]",
        "privileges.lacking": "[shop.orders: insert]",
    }
    assert measured("mysql", spec).summary == "the user lacks shop.orders: insert"
    shop.run("REVOKE UPDATE (name) ON shop.users FROM clerk", "GRANT INSERT ON shop.orders TO clerk")
    shop.run("CREATE ROLE keeper", r"GRANT DELETE ON `sh\_p`.* TO keeper", "GRANT DROP ON `sh_p`.* TO keeper")
    shop.run("GRANT keeper TO clerk", "SET DEFAULT ROLE keeper FOR clerk")
    through_role = measured("mysql", spec, "privileges.change == []", "privileges.write == ['shop.orders']")
    shop.run("DROP ROLE keeper")
    assert failed(through_role) == {"privileges.change": "[shop.log, shop.orders, shop.profiles, shop.users]"}


def test_activity_shows_a_transaction_left_open_and_who_waits_for_its_lock(measured: Measure, shop: MariaDB) -> None:
    with shop.connect() as holding, shop.connect() as waiting:
        holding.begin()
        with holding.cursor() as cursor:
            cursor.execute("UPDATE shop.users SET name = 'x' WHERE id = 1")
        started = threading.Thread(target=_ask_and_wait, args=(waiting,))
        started.start()
        found = measured(
            "mysql",
            {"url": shop.url("shop")},
            "transactions.oldest > 0.05 && queries.active >= 1 && queries.longest >= 0.0 && locks.waiting >= 1",
            retry_for=10.0,
            retry_every=0.1,
        )
        holding.rollback()
        started.join(10)
    assert found.result == "PASS", found
    blind = measured("mysql", {"url": shop.url("shop", "clerk")}, "queries.longest < 5.0")
    words = "user clerk may not see what other sessions do: GRANT PROCESS ON *.* TO it"
    assert (blind.result, blind.summary) == ("ERROR", words)
    calm = measured(
        "mysql", {"url": shop.url("shop")}, "locks.waiting == 0 && transactions.oldest == 0.0", retry_for=5.0
    )
    assert calm.result == "PASS", calm


def _ask_and_wait(waiting: pymysql.Connection) -> None:
    with contextlib.suppress(pymysql.err.Error), waiting.cursor() as cursor:
        cursor.execute("UPDATE shop.users SET name = 'y' WHERE id = 1")


def test_a_replica_and_its_primary_know_each_other(measured: Measure, shop: MariaDB, mariadb_replica: MariaDB) -> None:
    waiting = {"retry_for": 20.0, "retry_every": 0.1}
    found = measured(
        "mysql",
        {"url": mariadb_replica.url()},
        "replica && receiving && applying && lag < 5.0 && replication_error == '' && read_only",
        **waiting,
    )
    assert found.result == "PASS", found
    primary = measured("mysql", {"url": shop.url()}, "replicas.connected == 1", "!replica", **waiting)
    assert primary.result == "PASS", primary
    mariadb_replica.run("STOP SLAVE SQL_THREAD")
    stopped = measured("mysql", {"url": mariadb_replica.url()}, "applying", "lag < 5.0", "replicas.connected == 1")
    mariadb_replica.run("START SLAVE SQL_THREAD")
    assert failed(stopped) == {"applying": "false", "lag": "no value", "replicas.connected": "0"}


def test_migrations_are_compared_with_what_the_database_records(
    measured: Measure, shop: MariaDB, tmp_path: Path
) -> None:
    folder = tmp_path / "shop" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_initial.py").write_text("class Migration(migrations.Migration):\n    pass\n")
    spec = {"url": shop.url("shop"), "migrations": {"django": str(tmp_path)}}
    fresh = measured("mysql", spec)
    assert (fresh.result, fresh.summary) == ("FAIL", "1 migration pending: shop.0001_initial")
    shop.run("CREATE TABLE shop.django_migrations (app TEXT, name TEXT)")
    shop.run("INSERT INTO shop.django_migrations VALUES ('shop', '0001_initial')")
    done = measured("mysql", spec, "as_declared && migrations.current == ['shop.0001_initial']")
    shop.run("DROP TABLE shop.django_migrations")
    assert done.result == "PASS", done


def test_a_slow_query_is_ended_in_time_here_and_on_the_server(measured: Measure, shop: MariaDB) -> None:
    found = measured("mysql", {"url": shop.url("shop"), "query": "SELECT SLEEP(30)"}, timeout=0.5)
    assert found.result == "ERROR"
    assert found.summary in (
        "timed out in the query after 0.5 s",
        f"timed out in the query on 127.0.0.1:{shop.port} after 0.5 s",
    )
    assert ended_in_time(found, 0.5)
    ends = time.monotonic() + 10
    while shop.run("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"):
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_server_without_a_free_connection_is_not_alive(measured: Measure, shop: MariaDB) -> None:
    shop.run(f"CREATE OR REPLACE USER crowd IDENTIFIED BY '{PASSWORD}' WITH MAX_USER_CONNECTIONS 1")
    with pymysql.connect(host="127.0.0.1", port=shop.port, user="crowd", password=PASSWORD, ssl_disabled=True):
        found = measured("mysql", {"url": shop.url(user="crowd")})
    assert found.result == "FAIL"
    assert found.summary == (
        f"127.0.0.1:{shop.port} takes no connections: User 'crowd' has exceeded the 'max_user_connections' resource"
        " (current value: 1)"
    )


def test_a_server_is_reached_by_its_socket_and_through_a_host(
    measured: Measure, shop: MariaDB, authority: Authority, refusing_port: int
) -> None:
    spec = {"url": f"unix://{shop.folder}/socket?db=shop", "user": "admin", "password": PASSWORD}
    assert measured("mysql", spec).request == f"SELECT 1 on unix://{shop.folder}/socket"
    assert measured("mysql", {**spec, "query": "SELECT DATABASE()"}, "value == 'shop'").result == "PASS"
    detour = Detour(names={"localhost": "127.0.0.1"})
    url = shop.url("shop").replace("127.0.0.1", "localhost")
    for more in ({}, {"tls": True, "ca": str(authority.file)}):
        far = measured("mysql", {"url": url, **more}, "connections.max == 30", via="detour", routes=detour)
        assert far.result == "PASS", far
    assert far.request == f"SELECT 1 on mysql://localhost:{shop.port}/shop on detour"
    assert detour.went == [f"localhost:{shop.port}"] * 2
    assert measured("mysql", spec, via="detour", routes=(by_socket := Detour())).result == "PASS"
    assert by_socket.went == [f"{shop.folder}/socket"]
    refused = measured("mysql", {"url": f"mysql://x@127.0.0.1:{refusing_port}/"}, via="detour", routes=detour)
    assert refused.summary == f"connection refused by 127.0.0.1:{refusing_port}"


def test_a_frozen_server_is_given_up_in_time_and_a_killed_one_is_told(mariadb_spare: MariaDB) -> None:
    ping = Check("mysql", {"url": mariadb_spare.url()}, timeout=0.5)
    query = Check("mysql", {"url": mariadb_spare.url(), "query": "SELECT SLEEP(20)"}, timeout=15.0)

    async def run() -> list[CheckMeasured]:
        session, found = Session(), []

        async def once(check: Check = ping) -> None:
            found.append(await measure("item", check, kinds=kinds(), values=no_values(), session=session))

        await once()
        with frozen(mariadb_spare.process):
            await once()
            await once()
        await once()
        under_way = asyncio.create_task(once(query))
        await asyncio.sleep(0.5)
        os.kill(mariadb_spare.process, signal.SIGKILL)
        await under_way
        await session.close()
        return found

    good, stuck, cold, thawed, killed = asyncio.run(run())
    where = f"127.0.0.1:{mariadb_spare.port}"
    assert good.result == "PASS"
    assert stuck.summary == f"timed out in the ping on {where} after 0.5 s"
    assert cold.summary == f"timed out in the login on {where} after 0.5 s"
    assert ended_in_time(stuck, 0.5)
    assert thawed.result == "PASS"
    assert killed.result == "ERROR"
    # A kept connection that breaks is replaced, and by then nobody listens any more.
    assert killed.summary.startswith((f"connection refused by {where}", f"{where} closed the connection"))
    ends = time.monotonic() + 5
    while any(where in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < ends, "a thread was left behind"
        time.sleep(0.01)


def test_a_kept_connection_that_the_server_ended_is_replaced(shop: MariaDB) -> None:
    check = Check("mysql", {"url": shop.url("shop"), "query": "SELECT CONNECTION_ID()"})

    async def run() -> list[CheckMeasured]:
        session, found = Session(), []
        for round_ in range(3):
            found.append(await measure("item", check, kinds=kinds(), values=no_values(), session=session))
            if round_ == 1:
                shop.run(f"KILL {int(found[0].value or 0)}")
        await session.close()
        return found

    found = asyncio.run(run())
    assert [one.result for one in found] == ["PASS"] * 3
    assert found[0].value == found[1].value != found[2].value


def test_what_greets_in_another_protocol_is_told(measured: Measure) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            writer.write(b"220 mail.example ESMTP ready, and more than a few bytes of it\r\n" * 2)
            await writer.drain()

    with serving(greet) as port:
        found = measured("mysql", {"url": f"mysql://x:y@127.0.0.1:{port}/z"})
    assert found.result == "ERROR"
    assert found.summary in (
        f"127.0.0.1:{port} does not speak MySQL's protocol",
        f"127.0.0.1:{port} closed the connection (does it speak MySQL's protocol?)",
    )
