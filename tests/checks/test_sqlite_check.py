"""The `sqlite` kind on real files: good, damaged, locked, missing, and none at all."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from tests.support.measuring import Measure, ended_in_time, no_values

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    """A database with a table of 250 rows, under a name that a URI would have to quote."""
    path = tmp_path / "trades #1?.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE trades (id INTEGER PRIMARY KEY, state TEXT, note BLOB)")
    connection.executemany("INSERT INTO trades VALUES (?, 'open', x'00ff')", [(n,) for n in range(1, 251)])
    connection.execute("CREATE INDEX by_state ON trades (state)")
    connection.commit()
    connection.close()
    return path


def test_a_good_file_passes_and_its_rows_can_be_decided_on(measured: Measure, trades: Path) -> None:
    found = measured(
        "sqlite",
        {"path": str(trades), "query": "SELECT id, state, note FROM trades", "integrity": True},
        "row_count == 250 && size(rows) == 100 && row.state == 'open' && row.note == '00ff' && value == 1",
        "integrity == 'ok' && size > 4096 && latency < 1.0 && readable",
    )
    assert found.result == "PASS", found
    assert found.request == f"SELECT id, state, note FROM trades on {trades}"
    assert found.summary.startswith("250 rows in ")
    assert found.value == 1.0
    assert measured("sqlite", {"path": str(trades)}).result == "PASS"


def test_a_failed_condition_shows_the_value(measured: Measure, trades: Path) -> None:
    spec = {"path": str(trades), "query": "SELECT count(*) FROM trades"}
    found = measured("sqlite", spec, "value > 1000")
    assert (found.result, found.findings[0].found) == ("FAIL", {"value": "250"})


def test_nothing_can_be_changed(measured: Measure, trades: Path) -> None:
    before = trades.read_bytes()
    other = trades.with_name("other.db")
    for query in (
        "DELETE FROM trades",
        f"ATTACH '{other}' AS other",
        f"VACUUM INTO '{other}'",
        "VACUUM",
        "PRAGMA user_version = 3",
        "PRAGMA journal_mode = wal",
        "CREATE TEMP TABLE copies AS SELECT * FROM trades",
    ):
        assert measured("sqlite", {"path": str(trades), "query": query}, "row_count < 9").result in ("ERROR", "PASS")
    assert trades.read_bytes() == before
    assert not other.exists()
    found = measured("sqlite", {"path": str(trades), "query": "DELETE FROM trades"})
    assert (found.result, found.summary) == ("ERROR", "a check only reads: this statement does something else")


def test_the_schema_can_be_read_through_pragma_tables(measured: Measure, trades: Path) -> None:
    for query in (
        "select count(*) from pragma_index_list('trades')",
        "select count(*) > 0 from pragma_table_info('trades')",
        "select count(*) + 1 from pragma_foreign_key_check",
        "select count(*) + 1 from pragma_foreign_key_list('trades')",
    ):
        result = measured("sqlite", {"path": str(trades), "query": query}, "value == 1")
        assert result.result == "PASS", result.summary


def test_what_is_not_there_or_not_a_database_is_named(measured: Measure, tmp_path: Path) -> None:
    missing = measured("sqlite", {"path": str(tmp_path / "none.db")})
    assert (missing.result, missing.summary) == ("ERROR", f"{tmp_path}/none.db: no such file or directory")
    assert not (tmp_path / "none.db").exists()
    text = tmp_path / "notes.txt"
    text.write_text("these are notes, not a database, " * 100)
    wrong = measured("sqlite", {"path": str(text)})
    assert (wrong.result, wrong.summary) == ("FAIL", f"{text} is not an SQLite database")


def test_damage_is_found_when_it_is_looked_for(measured: Measure, trades: Path) -> None:
    data = bytearray(trades.read_bytes())
    data[4096 : 4096 + 2000] = bytes(2000)
    trades.write_bytes(data)
    found = measured("sqlite", {"path": str(trades), "integrity": True})
    assert found.result == "FAIL", found
    assert found.findings[0].found["integrity"] != "ok"
    assert found.summary


def test_a_locked_file_is_named_in_time(measured: Measure, trades: Path) -> None:
    with sqlite3.connect(trades, isolation_level=None) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        found = measured("sqlite", {"path": str(trades), "query": "SELECT 1 FROM trades"}, timeout=0.4)
    connection.close()
    assert (found.result, found.summary) == ("ERROR", f"{trades} is locked by another program for longer than 0.4 s")
    assert ended_in_time(found, 0.4)


def test_an_endless_query_is_ended_in_time_and_delays_no_other(trades: Path) -> None:
    async def run() -> None:
        session, values = Session(), no_values()
        endless = Check("sqlite", {"path": str(trades), "query": ENDLESS}, timeout=0.5)
        quick = Check("sqlite", {"path": str(trades), "query": "SELECT 1"}, timeout=5.0)
        slow, *others = await asyncio.gather(
            *(
                measure("item", check, kinds=kinds(), values=values, session=session)
                for check in (endless, quick, quick)
            )
        )
        assert (slow.result, slow.summary) == ("ERROR", "timed out in the query after 0.5 s")
        assert ended_in_time(slow, 0.5)
        assert [other.result for other in others] == ["PASS", "PASS"]
        assert max(other.took for other in others) < slow.took

    asyncio.run(run())


def test_a_wrong_query_is_an_error_in_the_databases_words(measured: Measure, trades: Path) -> None:
    found = measured("sqlite", {"path": str(trades), "query": "SELECT * FROM nowhere"})
    assert (found.result, found.summary) == ("ERROR", "the query failed: no such table: nowhere")
    two = measured("sqlite", {"path": str(trades), "query": "SELECT 1; SELECT 2"})
    assert two.result == "ERROR"


def test_an_endless_query_leaves_no_thread_behind(measured: Measure, trades: Path) -> None:
    measured("sqlite", {"path": str(trades), "query": ENDLESS}, timeout=0.1)
    ends = time.monotonic() + 2
    while any(thread.name == f"cockpit {trades}" for thread in threading.enumerate()):
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_how_the_file_stands_is_told_both_ways(measured: Measure, trades: Path) -> None:
    found = measured(
        "sqlite",
        {"path": str(trades), "integrity": "full"},
        "journal_mode == 'delete' && wal_size == 0 && writable && age < 600.0 && user_version == 0",
        "free_part < 0.5 && foreign_keys.count == 0 && foreign_keys.broken == [] && integrity == 'ok'",
    )
    assert found.result == "PASS", found
    with closing(sqlite3.connect(trades, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = wal; PRAGMA user_version = 7;"
            "CREATE TABLE fills (fill_id INTEGER PRIMARY KEY, trade_id INTEGER REFERENCES trades, bot_id INTEGER);"
            "INSERT INTO fills VALUES (1, 1, 1), (2, 9999, 1); DELETE FROM trades WHERE id > 10"
        )
        bad = measured(
            "sqlite",
            {"path": str(trades)},
            "journal_mode == 'delete'",
            "wal_size == 0",
            "user_version == 0",
            "foreign_keys.count == 0",
            "foreign_keys.missing == []",
            "foreign_keys.broken == []",
        )
    assert bad.result == "FAIL"
    found_in = {name: value for finding in bad.findings for name, value in finding.found.items()}
    assert int(found_in.pop("wal_size")) > 0
    assert found_in == {
        "journal_mode": "wal",
        "user_version": "7",
        "foreign_keys.count": "1",
        "foreign_keys.missing": "[fills.bot_id]",
        "foreign_keys.broken": "[fills 2 to trades]",
    }


def test_what_is_not_asked_for_is_not_looked_at(measured: Measure, trades: Path) -> None:
    found = measured("sqlite", {"path": str(trades)})
    assert "journal_mode" not in found.evidence
    assert "foreign_keys" not in found.evidence


def test_pending_migrations_fail_the_check(measured: Measure, trades: Path, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "a.py").write_text("revision = 'a'\ndown_revision = None\n")
    spec = {"path": str(trades), "migrations": {"alembic": str(tmp_path)}}
    fresh = measured("sqlite", spec)
    assert (fresh.result, fresh.summary) == ("FAIL", "1 migration pending: a")
    with closing(sqlite3.connect(trades, isolation_level=None)) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('a')"
        )
    done = measured("sqlite", spec, "as_declared && migrations.heads == ['a'] && migrations.unknown == []")
    assert done.result == "PASS", done
