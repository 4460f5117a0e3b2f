"""Values from outside as plain data, and containers as fields: pure, no server needed."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.checklist.conditions import compile_condition
from cockpit.checklist.kinds import Field
from cockpit.checks import container, hiding
from cockpit.checks.plain import CELL_LIMIT, DEPTH_LIMIT, ROWS_LIMIT, Rows, plain

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.timedeltas()
    | st.uuids(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(ANYTHING)
def test_anything_becomes_data_that_json_and_conditions_take(value: Any) -> None:
    found = plain(value)
    json.dumps(found)
    decision = compile_condition("value == 'x' || true", (Field("value", "dyn", "Any."),)).decide({"value": found})
    assert decision.holds, decision


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (decimal.Decimal("12.5"), 12.5),
        (2**63, float(2**63)),
        (True, True),
        (10**400, float("inf")),
        (dt.datetime(2026, 11, 24, 5, 0, tzinfo=dt.UTC), "2026-11-24T05:00:00+00:00"),
        (dt.date(2026, 11, 24), "2026-11-24"),
        (dt.timedelta(minutes=1.5), 90.0),
        (b"\x00\xff", "00ff"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({1: (1, {2})}, {"1": [1, [2]]}),
    ],
)
def test_each_type_becomes_what_is_documented(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_data_nested_too_deeply_is_refused() -> None:
    value: list[Any] = []
    for _ in range(DEPTH_LIMIT + 1):
        value = [value]
    with pytest.raises(ValueError, match="nested more than 50 levels"):
        plain(value)


def test_all_rows_are_counted_the_first_kept_and_long_values_cut() -> None:
    rows = Rows(["id", "text"])
    for number in range(ROWS_LIMIT + 5):
        rows.add((number, "x" * (CELL_LIMIT + 1)))
    assert rows.count == ROWS_LIMIT + 5
    assert len(rows.kept) == ROWS_LIMIT
    assert len(rows.kept[0]["text"]) == CELL_LIMIT
    assert rows.evidence.endswith("[5 more rows]")
    assert (Rows(["id"]).summary, Rows(["id"]).values()) == ("no row", {"rows": [], "row_count": 0})


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("bot", "latest"),
        ("bot:1.2.3", "1.2.3"),
        ("registry.example:5000/team/bot", "latest"),
        ("registry.example:5000/team/bot:1.2.3", "1.2.3"),
        ("bot@sha256:0123", ""),
        ("bot:1.2.3@sha256:0123", "1.2.3"),
    ],
)
def test_the_tag_of_an_image_is_found_in_its_name(image: str, tag: str) -> None:
    assert container.tag_of(image) == tag


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "x", "***"),
        ("api_token", "x", "***"),
        ("DB_PASSWORD", "x", "***"),
        ("PGPASSWD", "x", "***"),
        ("SENTRY_DSN", "x", "***"),
        ("BASIC_AUTH", "x", "***"),
        ("SECRET_KEY", "", ""),
        ("FLASK_ENV", "production", "production"),
        ("AUTHOR", "ada", "ada"),
        ("REDIS_URL", "redis://:hunter2@redis/0", "redis://***@redis/0"),
        ("BASE_URL", "http://bot.example/", "http://bot.example/"),
    ],
)
def test_a_secret_is_known_by_its_name_or_by_the_userinfo_in_it(name: str, value: str, expected: str) -> None:
    assert hiding.shown(name, value) == expected


def test_a_container_of_an_older_or_barer_daemon_has_its_fields_too() -> None:
    bare = {"State": {"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"}, "Config": {}, "HostConfig": {}}
    found = container.facts(bare, [], dt.datetime.now(dt.UTC))
    assert not found["running"]
    assert "started_ago" not in found
    assert (found["health"], found["user"], found["restart_policy"], found["cpu_limit"]) == ("none", "root", "no", 0.0)
    limited = {**bare, "HostConfig": {"CpuQuota": 150_000, "CpuPeriod": 100_000}}
    assert container.facts(limited, ["sha256:0123"], dt.datetime.now(dt.UTC))["cpu_limit"] == 1.5
    published = {"NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "81/tcp": None}}}
    assert container.facts({**bare, **published}, [], dt.datetime.now(dt.UTC))["ports"] == {
        "80/tcp": "0.0.0.0:8080",
        "81/tcp": "",
    }
