"""What differs from a baseline, and what only varies."""

from __future__ import annotations

import datetime as dt

import pytest

from cockpit.journal.event import CheckMeasured, Finding, Remembered, Value
from cockpit.run.difference import Change, Passed, changes, figure_changes, since_baseline

THEN = dt.datetime(2026, 11, 24, 7, 0, tzinfo=dt.UTC)
DAY = 86400.0
A_DAY = Passed(THEN, THEN + dt.timedelta(days=1))


def differs(before: Value, now: Value, *, time: bool = False, passed: Passed = A_DAY) -> bool:
    return bool(changes({"x": before}, {"x": now}, ("x",) if time else (), passed))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (200, 500),
        (42, 43),
        (True, False),
        ("blue", "green"),
        ("2.3", "2.30"),
        (1, True),
        (0, False),
        (None, 0),
        ("", None),
    ],
)
def test_numbers_texts_and_truths_differ_when_they_are_not_the_same(before: Value, now: Value) -> None:
    assert differs(before, now)
    assert differs(now, before)
    assert not differs(before, before)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (0.12, 0.40, True),
        (0.12, 0.17, False),
        (0.40, 0.12, True),
        (0.001, 0.099, False),
        (2.0, 2.9, False),
        (2.0, 3.1, True),
        (0.0, 0.2, True),
    ],
)
def test_a_time_differs_by_half_and_more_than_jitter(before: float, now: float, expected: bool) -> None:
    assert differs(before, now, time=True) is expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (30 * DAY, 29 * DAY, False),
        (2 * DAY, 3 * DAY, False),
        (DAY / 2, DAY * 1.5, False),
        (3 * DAY, DAY, True),
        (2 * DAY, 90 * DAY, True),
    ],
    ids=["a certificate ages", "something stands still", "so it does", "too fast", "renewed"],
)
def test_a_time_that_runs_differs_when_it_ran_by_other_than_the_time_passed(
    before: float, now: float, expected: bool
) -> None:
    assert differs(before, now, time=True) is expected


def test_a_latency_is_no_time_that_runs() -> None:
    soon = Passed(THEN, THEN + dt.timedelta(seconds=2))
    assert differs(0.1, 2.1, time=True, passed=soon)


def test_a_number_with_a_fraction_differs_by_a_tenth() -> None:
    assert not differs(0.50, 0.54)
    assert differs(0.50, 0.56)
    assert differs(0.0, 0.01)
    assert differs(-1.0, 1.0)


def test_a_moment_that_was_now_both_times_does_not_differ() -> None:
    assert not differs("Tue, 24 Nov 2026 07:00:00 GMT", "Wed, 25 Nov 2026 07:00:20 GMT")
    assert not differs("2026-11-24T07:00:01Z", "2026-11-25T06:59:59.5+00:00")
    assert differs("Tue, 24 Nov 2026 07:00:00 GMT", "Tue, 24 Nov 2026 07:00:01 GMT")
    assert differs("2026-11-20T07:00:00Z", "2026-11-21T07:00:00Z")
    assert differs("2026-11-24T07:00:99Z", "Tue, 99 Nov 2026 07:00:00 GMT")


def test_a_change_tells_by_how_much_a_number_grew() -> None:
    assert changes({"x": 0.12}, {"x": 0.4}, (), A_DAY) == [Change("x", 0.12, 0.4, 233.3)]
    assert changes({"x": -2}, {"x": -3}, (), A_DAY) == [Change("x", -2, -3, -50.0)]
    assert changes({"x": 0}, {"x": 3}, (), A_DAY) == [Change("x", 0, 3)]
    assert changes({"x": "a"}, {"x": "b"}, (), A_DAY) == [Change("x", "a", "b")]


def test_a_name_that_only_one_has_differs_and_those_before_come_first() -> None:
    found = changes({"b": 1, "gone": "x"}, {"new": 2, "b": 1}, (), A_DAY)
    assert found == [Change("gone", "x", None), Change("new", None, 2)]


def test_a_figure_is_not_told_again_when_it_is_a_value_that_is_told() -> None:
    told = [Change("latency", 0.123456, 0.4, 224.0)]
    assert figure_changes(0.1234561, 0.4, (), A_DAY, told) == []
    assert figure_changes(1.0, 2.0, (), A_DAY, told) == [Change("figure", 1.0, 2.0, 100.0)]
    assert figure_changes(None, 2.0, (), A_DAY, []) == []


def test_a_measurement_is_compared_as_far_as_the_journal_knows_it() -> None:
    remembered = Remembered(
        "PASS",
        0.12,
        {
            "status": 200,
            "body.version": "2.3",
            "ready": True,
            "latency": 0.12,
            "tls.expires_in": 30 * DAY,
            "not asked any more": 1,
        },
        ("figure", "latency", "tls.expires_in"),
    )
    found = {
        "status": "200",
        "body.version": "2.30",
        "ready": "false",
        "latency": "0.4",
        "tls.expires_in": "29d",
        "new": "1",
    }
    measured = CheckMeasured("api", "FAIL", value=0.4, findings=(Finding("...", False, found),))
    assert since_baseline(remembered, measured, A_DAY) == [
        Change("result", "PASS", "FAIL"),
        Change("body.version", "2.3", "2.30"),
        Change("ready", True, False),
        Change("latency", 0.12, 0.4, 233.3),
    ]


@pytest.mark.parametrize(("text", "seconds"), [("250ms", 0.25), ("1.5s", 1.5), ("2d3h", 183600), ("4d", 345600)])
def test_a_length_of_time_is_read_as_a_finding_shows_it(text: str, seconds: float) -> None:
    now = CheckMeasured("a", "PASS", findings=(Finding("c", True, {"age": text}),))
    assert since_baseline(Remembered("PASS", None, {"age": float(seconds)}), now, A_DAY) == []
    (change,) = since_baseline(Remembered("PASS", None, {"age": 1e9}), now, A_DAY)
    assert change.now == seconds


def test_what_has_no_value_now_differs() -> None:
    now = CheckMeasured("a", "FAIL", findings=(Finding("c", False, {"age": "no value"}),))
    assert since_baseline(Remembered("FAIL", None, {"age": 3}), now, A_DAY) == [Change("age", 3, "no value")]
