"""The `postgres` kind against a real server and its replica: good, refusing, slow, frozen, gone."""

from __future__ import annotations

import asyncio
import time

import pytest

from cockpit.checklist.model import Check, Variable
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values
from cockpit.journal.event import CheckMeasured
from tests.servers.postgres import PASSWORD, Postgres
from tests.servers.web import serving
from tests.support.measuring import Measure, ended_in_time, no_values, secret

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def bot(postgres_server: Postgres) -> Postgres:
    """The server with a database, a table and a role that may do little."""
    postgres_server.run("CREATE DATABASE bot", f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    postgres_server.run("CREATE TABLE trades AS SELECT n AS id, 'open' AS state FROM generate_series(1, 250) n")
    postgres_server.run("GRANT SELECT ON trades TO reader")
    return postgres_server


def test_a_ping_passes_and_tells_how_the_server_stands(measured: Measure, bot: Postgres) -> None:
    found = measured(
        "postgres",
        {"dsn": "${secret}"},
        "alive && latency < 1.0 && server_version >= 110000 && version != ''",
        "!in_recovery && connections.used >= 1 && connections.max == 30",
        "role.name == 'reader' && !role.superuser && !role.createdb && !role.bypassrls",
        values=secret(bot.dsn(role="reader")),
    )
    assert found.result == "PASS", found
    assert found.request == f"SELECT 1 on postgresql://127.0.0.1:{bot.port}/postgres"
    assert PASSWORD not in str(found)
    assert measured("postgres", {"dsn": bot.dsn()}).result == "PASS"
    sqlalchemy = bot.dsn().replace("postgresql://", "postgresql+psycopg2://")
    assert measured("postgres", {"dsn": sqlalchemy}).result == "PASS"


def test_the_rows_of_a_query_are_measured_and_shown(measured: Measure, bot: Postgres) -> None:
    found = measured(
        "postgres",
        {"dsn": bot.dsn(), "query": "SELECT id, state FROM trades ORDER BY id"},
        "row_count == 250 && size(rows) == 100",
        "row.id == 1 && row.state == 'open' && value == 1",
    )
    assert found.result == "PASS", found
    assert found.value == 1.0
    assert "[150 more rows]" in found.evidence
    wrong = measured("postgres", {"dsn": bot.dsn(), "query": "SELECT count(*) AS n FROM trades"}, "row.n == 251")
    assert wrong.result == "FAIL"
    assert wrong.findings[0].found == {"row.n": "250"}
    assert wrong.summary.startswith("250 in ")


@pytest.mark.parametrize(
    ("query", "expect"),
    [
        ("SELECT 12.5::numeric AS n", "value == 12.5"),
        ("SELECT now() AS t", "timestamp(value) > timestamp('2020-01-01T00:00:00Z')"),
        ("SELECT interval '90 s'", "value == 90.0"),
        ("SELECT null", "value == null"),
        ("SELECT '{\"a\": [1, 2]}'::jsonb", "value.a[1] == 2"),
        ("SELECT array[1, 2]", "value[1] == 2"),
        ("SELECT 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid", "value.startsWith('f81d4fae')"),
        ("SELECT '\\x00ff'::bytea", "value == '00ff'"),
        ("SELECT date '2026-11-24'", "value == '2026-11-24'"),
        ("SELECT 99999999999999999999::numeric", "value > 1.0e19"),
        ("SHOW max_connections", "value == '30'"),
        ("SELECT 1 WHERE false", "row_count == 0"),
    ],
)
def test_values_of_every_type_can_be_decided_on(measured: Measure, bot: Postgres, query: str, expect: str) -> None:
    found = measured("postgres", {"dsn": bot.dsn(), "query": query}, expect)
    assert found.result == "PASS", found


def test_a_check_cannot_change_anything(measured: Measure, bot: Postgres) -> None:
    for query in (
        "DELETE FROM trades",
        "SET default_transaction_read_only = off",
        "COMMIT; DELETE FROM trades",
        "SELECT 1; DELETE FROM trades",
    ):
        measured("postgres", {"dsn": bot.dsn(), "query": query})
    assert bot.run("SELECT count(*) FROM trades") == [(250,)]
    refused = measured("postgres", {"dsn": bot.dsn(), "query": "DELETE FROM trades"})
    assert refused.summary == "cannot execute DELETE in a read-only transaction: a check only reads"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELEC 1", 'the query failed: syntax error at or near "SELEC" (character 1)'),
        ("SELECT * FROM nowhere", 'the query failed: relation "nowhere" does not exist (character 15)'),
        ("SELECT 1; SELECT 2", "the query failed: cannot insert multiple commands into a prepared statement"),
        ("SELECT 1/0", "the query failed: division by zero"),
    ],
)
def test_a_wrong_query_is_an_error_in_the_servers_words(
    measured: Measure, bot: Postgres, query: str, words: str
) -> None:
    found = measured("postgres", {"dsn": bot.dsn(), "query": query})
    assert (found.result, found.summary) == ("ERROR", words)


def test_each_way_of_being_let_in_nowhere_is_named(measured: Measure, bot: Postgres, refusing_port: int) -> None:
    cases = {
        bot.dsn(role="reader", password="not-the-password"): 'authentication refused for role "reader"',
        bot.dsn(role="nobody_here"): 'authentication refused for role "nobody_here"',
        bot.dsn(database="nowhere"): 'database "nowhere" does not exist',
        f"postgresql://x:y@127.0.0.1:{refusing_port}/z": f"connection refused by 127.0.0.1:{refusing_port}",
        "host=127.0.0.1 port=1 dbname=z": "connection refused by 127.0.0.1:1",
        "postgresql://no-such-host.invalid/z": "name not found: no-such-host.invalid",
        "host=/nowhere dbname=z user=x": "no server listens on /nowhere/.s.PGSQL.5432",
        "postgresql://[": "the connection string cannot be read: write postgresql://USER@HOST:PORT/DATABASE",
        f"{bot.dsn()}?sslmode=require": "the server offers no TLS, which the connection string demands",
    }
    for dsn, words in cases.items():
        found = measured("postgres", {"dsn": dsn})
        assert (found.result, found.summary) == ("ERROR", words)
        assert PASSWORD not in str(found)


def test_a_server_that_hangs_up_on_a_newcomer_is_told_in_one_whole_sentence(measured: Measure) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.close()

    with serving(hang_up) as port:
        found = measured("postgres", {"dsn": f"postgresql://x:y@127.0.0.1:{port}/z?sslmode=disable"})
    words = f"cannot connect to 127.0.0.1:{port}: server closed the connection unexpectedly"
    assert (found.result, found.summary) == ("ERROR", words)


def test_a_server_without_a_free_connection_is_not_alive(measured: Measure, bot: Postgres) -> None:
    bot.run("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0 PASSWORD 'crowd-password'")
    found = measured("postgres", {"dsn": bot.dsn(role="crowd", password="crowd-password")})
    assert found.result == "FAIL"
    assert found.summary == f'127.0.0.1:{bot.port} takes no connections: too many connections for role "crowd"'


def test_a_replica_says_so_and_how_far_it_is_behind(
    measured: Measure, bot: Postgres, postgres_replica: Postgres
) -> None:
    found = measured(
        "postgres", {"dsn": postgres_replica.dsn()}, "in_recovery && lag < 5.0", retry_for=5.0, retry_every=0.1
    )
    assert found.result == "PASS", found
    primary = measured("postgres", {"dsn": bot.dsn()}, "in_recovery", "lag < 5.0")
    assert primary.result == "FAIL"
    assert primary.findings[0].found == {"in_recovery": "false"}
    assert primary.findings[1].problem == "lag was not found"


def test_a_slow_query_is_ended_in_time_here_and_on_the_server(measured: Measure, bot: Postgres) -> None:
    dsn = f"{bot.dsn()}?application_name=sleeper"
    found = measured("postgres", {"dsn": dsn, "query": "SELECT pg_sleep(30)"}, timeout=0.4)
    assert (found.result, found.summary) == ("ERROR", "timed out in the query after 0.4 s")
    assert ended_in_time(found, 0.4)
    time.sleep(0.2)
    assert bot.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sleeper'") == [(0,)]


def test_a_black_hole_is_given_up_in_time(measured: Measure, black_hole: int) -> None:
    found = measured("postgres", {"dsn": f"postgresql://x:y@127.0.0.1:{black_hole}/z"}, timeout=0.3)
    assert found.summary == f"timed out in connect to postgresql://127.0.0.1:{black_hole}/z after 0.3 s"
    assert ended_in_time(found, 0.3)


def test_a_frozen_backend_is_given_up_in_time_and_delays_no_other(bot: Postgres) -> None:
    def check(application: str) -> Check:
        return Check("postgres", {"dsn": f"{bot.dsn()}?application_name={application}"}, timeout=0.5)

    async def run() -> tuple[CheckMeasured, CheckMeasured, CheckMeasured]:
        session, values = Session(), no_values()

        async def once(application: str) -> CheckMeasured:
            return await measure("item", check(application), kinds=kinds(), values=values, session=session)

        assert (await once("frozen")).result == "PASS"
        with bot.frozen("frozen"):
            stuck, other = await asyncio.gather(once("frozen"), once("lively"))
        after = await once("frozen")
        await session.close()
        return stuck, other, after

    stuck, other, after = asyncio.run(run())
    assert (stuck.result, stuck.summary) == ("ERROR", "timed out in the ping after 0.5 s")
    assert ended_in_time(stuck, 0.5)
    assert other.result == "PASS"
    assert other.took < stuck.took
    assert after.result == "PASS"


def test_a_kept_connection_that_the_server_ended_is_replaced(bot: Postgres) -> None:
    dsn = f"{bot.dsn()}?application_name=kept"

    async def run() -> list[CheckMeasured]:
        session, found = Session(), []
        for round_ in range(3):
            check = Check("postgres", {"dsn": dsn, "query": "SELECT pg_backend_pid()"})
            found.append(await measure("item", check, kinds=kinds(), values=no_values(), session=session))
            if round_ == 1:
                bot.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kept'")
        await session.close()
        return found

    first, second, third = asyncio.run(run())
    assert [found.result for found in (first, second, third)] == ["PASS"] * 3, third
    assert first.value == second.value
    assert second.value != third.value


def test_a_password_never_shows_in_any_form(measured: Measure, bot: Postgres, refusing_port: int) -> None:
    password = "s3cret/with'odd&signs"
    for dsn in (
        f"postgresql://reader:s3cret%2Fwith%27odd%26signs@127.0.0.1:{bot.port}/postgres",
        f"postgresql://reader:s3cret%2Fwith%27odd%26signs@127.0.0.1:{refusing_port}/postgres",
        f"host=127.0.0.1 port={bot.port} user=reader password='s3cret/with\\'odd&signs' dbname=nowhere",
        f"postgresql://reader:{password}@127.0.0.1:{bot.port}/postgres",
    ):
        found = measured("postgres", {"dsn": "${secret}"}, values=secret(dsn))
        assert found.result == "ERROR", found
        for form in (password, "s3cret%2F", "s3cret/", "with'odd", "odd&signs"):
            assert form not in str(found)


def test_a_missing_secret_says_what_to_set(measured: Measure) -> None:
    values = Values([Variable("database_url", secret=True, env="DATABASE_URL")], {})
    found = measured("postgres", {"dsn": "${database_url}"}, values=values)
    words = "variable database_url: environment variable DATABASE_URL is not set: export it before Cockpit starts"
    assert (found.result, found.summary) == ("ERROR", words)
