"""Durations, ages, times of day; and the end of a waiver as people write it."""

from __future__ import annotations

import datetime as dt

import pytest
from launch import NOW

from cockpit.views.ages import age, clock, countdown, duration
from cockpit.views.expiry import read_expiry

LONDON_SUMMER = dt.timezone(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (0.42, "0.4s"),
        (3, "3s"),
        (41, "41s"),
        (60, "1m"),
        (3599, "59m"),
        (5400, "90m"),
        (7200, "2h"),
        (200000, "2d"),
        (-41, "-41s"),
    ],
)
def test_a_duration_has_one_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(-5, "now"), (9, "now"), (10, "10s"), (47, "40s"), (61, "1m")])
def test_an_age_under_a_minute_goes_in_steps_so_that_a_list_at_rest_stays_still(seconds: int, words: str) -> None:
    assert age(NOW - dt.timedelta(seconds=seconds), NOW) == words


def test_a_time_of_another_day_has_its_date() -> None:
    assert clock(NOW, dt.UTC, NOW) == "10:02"
    assert clock(NOW - dt.timedelta(days=1), dt.UTC, NOW, seconds=True) == "2026-11-23 10:02:41"
    assert clock(NOW, LONDON_SUMMER) == "11:02"


def test_a_position_in_a_run_has_hours_when_it_needs_them() -> None:
    assert countdown(872) == "14:32"
    assert countdown(3730) == "1:02:10"


@pytest.mark.parametrize(
    ("written", "expires"),
    [
        ("", None),
        ("2h", dt.datetime(2026, 11, 24, 12, 2, 41, tzinfo=dt.UTC)),
        (" 30 min ", dt.datetime(2026, 11, 24, 10, 32, 41, tzinfo=dt.UTC)),
        ("3d", dt.datetime(2026, 11, 27, 10, 2, 41, tzinfo=dt.UTC)),
        ("18:00", dt.datetime(2026, 11, 24, 18, 0, tzinfo=dt.UTC)),
        ("9:30", dt.datetime(2026, 11, 25, 9, 30, tzinfo=dt.UTC)),
        ("2026-12-01", dt.datetime(2026, 12, 1, 23, 59, 59, tzinfo=dt.UTC)),
        ("2026-12-01 08:00", dt.datetime(2026, 12, 1, 8, 0, tzinfo=dt.UTC)),
    ],
)
def test_the_end_of_a_waiver_is_written_in_many_ways(written: str, expires: dt.datetime | None) -> None:
    assert read_expiry(written, NOW, dt.UTC) == expires


@pytest.mark.parametrize(
    ("written", "why"),
    [("soon", "is no time"), ("2020-01-01", "is over already"), ("25:00", "is no time"), ("2x", "is no time")],
)
def test_what_is_no_time_or_over_is_refused_in_a_sentence(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_expiry(written, NOW, dt.UTC)


def test_a_time_of_day_is_the_one_where_the_person_is() -> None:
    assert read_expiry("18:00", NOW, LONDON_SUMMER) == dt.datetime(2026, 11, 24, 17, 0, tzinfo=dt.UTC)
