"""The trading bot's back end: its answers, its faults, its database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.demo.bot import Bot
from cockpit.demo.database import SCHEMA, Database, migrate
from cockpit.demo.faults import FaultSwitch
from cockpit.demo.log import Log
from cockpit.demo.metrics import BOUNDS, Metrics
from cockpit.demo.serving import Request

TRADE = {"bot": 1, "side": "buy", "quantity": 0.5, "price": 64000}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    migrate(tmp_path / "bot.db")
    return tmp_path / "bot.db"


@pytest.fixture
def bot(database: Path, tmp_path: Path) -> Iterator[Bot]:
    with closing(Database(database)) as connection, closing(Log(tmp_path / "blue.log", colour="blue")) as log:
        yield Bot("blue", "1.4.2", connection, log)


def ask(bot: Bot, method: str, target: str, body: object = None) -> tuple[int, dict]:
    reply = bot.answer(Request(method, target, {}, json.dumps(body).encode() if body is not None else b""))
    return reply.status, json.loads(reply.body)


def test_migrations_are_applied_once(tmp_path):
    assert migrate(tmp_path / "bot.db") == [1, 2, 3]
    assert migrate(tmp_path / "bot.db") == []
    with closing(sqlite3.connect(tmp_path / "bot.db")) as database:
        assert database.execute("select max(version), count(*) from schema_version").fetchone() == (SCHEMA, SCHEMA)
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)


def test_a_trade_that_was_recorded_is_the_newest_that_is_shown(bot: Bot):
    status, told = ask(bot, "POST", "/api/trades", TRADE)
    assert (status, told["colour"]) == (201, "blue")
    _, shown = ask(bot, "GET", "/api/trades?limit=1")
    assert [(trade["id"], trade["price"]) for trade in shown["trades"]] == [(told["id"], 64000.0)]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"bot": 99}, 422),
        ({"side": "hold"}, 422),
        ({"quantity": 0}, 422),
        ({"price": -1}, 422),
        ({"price": "much"}, 400),
        ({"bot": None}, 400),
        ({"bot": True}, 400),
        ({"side": ""}, 400),
    ],
)
def test_a_wrong_trade_is_refused_and_not_recorded(bot: Bot, change, status):
    assert ask(bot, "POST", "/api/trades", TRADE | change)[0] == status
    assert ask(bot, "GET", "/api/trades")[1]["trades"] == []


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([10**30, "", "x", "\0", "\ud800"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    trade=st.fixed_dictionaries({}, optional=dict.fromkeys(TRADE, VALUES)), keep=st.sets(st.sampled_from(sorted(TRADE)))
)
def test_whatever_is_sent_as_a_trade_is_recorded_or_refused(bot: Bot, trade, keep):
    sent = {**trade, **{name: TRADE[name] for name in keep}}
    assert ask(bot, "POST", "/api/trades", sent)[0] in (201, 400, 422)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 60_000])
def test_a_body_that_is_no_object_is_refused(bot: Bot, body):
    assert bot.answer(Request("POST", "/api/trades", {}, body)).status == 400


def test_a_bot_can_be_added_once(bot: Bot):
    assert ask(bot, "POST", "/api/bots", {"name": "mean reversion", "pair": "XRP/USDT"}) == (201, {"id": 4})
    assert ask(bot, "POST", "/api/bots", {"name": "mean reversion", "pair": "XRP/USDT"})[0] == 422
    assert len(ask(bot, "GET", "/api/bots")[1]["bots"]) == 4


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/api/trades", 405),
        ("GET", "/api/trades?limit=0", 400),
        ("GET", "/api/trades?limit=x", 400),
        ("HEAD", "/health", 200),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(bot: Bot, method, target, status):
    assert ask(bot, method, target)[0] == status


def test_health_tells_what_the_back_end_is_and_runs_with(bot: Bot):
    status, health = ask(bot, "GET", "/health")
    assert status == 200
    assert health.pop("uptime") >= 0
    assert health == {
        "status": "ok",
        "colour": "blue",
        "version": "1.4.2",
        "fees": False,
        "database": {"status": "ok", "schema": SCHEMA, "journal_mode": "wal", "foreign_keys": True},
    }


def test_health_is_degraded_on_a_schema_that_is_too_old(bot: Bot, database: Path):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("delete from schema_version where version = ?", (SCHEMA,))
    status, health = ask(bot, "GET", "/health")
    assert (status, health["status"], health["database"]["status"]) == (503, "degraded", f"schema {SCHEMA} is needed")


def test_health_is_degraded_when_a_table_is_gone(bot: Bot, database: Path):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("drop table schema_version")
    status, health = ask(bot, "GET", "/health")
    assert (status, health["status"]) == (503, "degraded")
    assert "no such table" in health["database"]["status"]


def test_a_back_end_that_is_down_answers_only_its_fault_switch(bot: Bot):
    assert ask(bot, "POST", "/_fault", {"down": True})[1]["down"] is True
    assert ask(bot, "GET", "/health")[0] == 503
    assert ask(bot, "GET", "/version")[0] == 503
    assert ask(bot, "DELETE", "/_fault")[1] == {"slow_ms": 0, "fail_rate": 0, "down": False}
    assert ask(bot, "GET", "/health")[0] == 200


def test_a_fail_rate_fails_that_share_of_the_api_and_nothing_else(bot: Bot):
    ask(bot, "POST", "/_fault", {"fail_rate": 0.25})
    statuses = [ask(bot, "GET", "/api/bots")[0] for _ in range(40)]
    assert statuses.count(500) == 10
    assert {ask(bot, "GET", "/health")[0] for _ in range(10)} == {200}
    metrics = bot.answer(Request("GET", "/metrics")).body.decode()
    assert "\nbot_errors_total 10\n" in metrics


def test_a_slow_back_end_takes_longer_and_says_so_in_its_histogram(bot: Bot):
    ask(bot, "POST", "/_fault", {"slow_ms": 60})
    ask(bot, "GET", "/health")
    metrics = bot.answer(Request("GET", "/metrics")).body.decode()
    assert 'bot_request_seconds_bucket{le="0.05"} 1\n' in metrics
    assert 'bot_request_seconds_bucket{le="0.1"} 2\n' in metrics


@pytest.mark.parametrize(
    "wanted", [{"slow": 1}, {"slow_ms": -1}, {"fail_rate": 1.1}, {"fail_rate": "half"}, {"down": 1}, {"slow_ms": True}]
)
def test_a_fault_that_is_none_is_refused_and_changes_nothing(bot: Bot, wanted):
    status, told = ask(bot, "POST", "/_fault", wanted)
    assert status == 400
    assert "there are slow_ms" in told["error"]
    assert ask(bot, "GET", "/_fault")[1] == {"slow_ms": 0, "fail_rate": 0, "down": False}


@given(rate=st.floats(0, 1), requests=st.integers(1, 300))
def test_failures_are_spread_evenly(rate, requests):
    switch = FaultSwitch()
    switch.put_in({"fail_rate": rate})
    failed = sum(switch.fails() for _ in range(requests))
    assert abs(failed - rate * requests) <= 1.001


def test_the_log_is_one_json_object_a_line_and_names_the_request(bot: Bot, tmp_path: Path):
    bot.answer(Request("GET", "/health\x1b[2J", {"X-Request-Id": "r7"}))
    (line,) = (tmp_path / "blue.log").read_text().splitlines()
    told = json.loads(line)
    assert (told["event"], told["status"], told["request"], told["colour"]) == ("request", 404, "r7", "blue")
    assert "\x1b" not in line


@given(latencies=st.lists(st.floats(0, 10), max_size=50))
def test_each_bucket_counts_the_latencies_up_to_its_bound(latencies):
    metrics = Metrics("bot", {})
    for seconds in latencies:
        metrics.observe(seconds)
    lines = dict(line.rsplit(" ", 1) for line in metrics.text(0).splitlines() if not line.startswith("#"))
    for bound in BOUNDS:
        assert int(lines[f'bot_request_seconds_bucket{{le="{bound}"}}']) == sum(it <= bound for it in latencies)
    assert int(lines['bot_request_seconds_bucket{le="+Inf"}']) == len(latencies)
