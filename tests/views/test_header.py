"""The head: what is always in sight, whatever has to give way."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from fake_run import FakeRun
from hypothesis import given, settings
from hypothesis import strategies as st
from launch import GRACE, story

from cockpit.journal import event as ev
from cockpit.views.header import header
from cockpit.views.line import line_width, text_of
from cockpit.views.moment import Moment, moment
from cockpit.views.run_view import Link

UTC = dt.UTC


def rows(view: FakeRun, cells: int = 80) -> tuple[str, str]:
    first, second = header(moment(view, zone=UTC), cells)
    return text_of(first), text_of(second)


def test_environment_release_kind_progress_failures_and_record_are_in_the_first_row() -> None:
    first, _ = rows(FakeRun())
    for words in ("LIVE", "production", "2026.11.3", "CHECKS 10/228", "2 failed", "10:02:41", "REC"):
        assert words in first


@pytest.mark.parametrize("kind", ["rehearsal", "drill"])
def test_a_run_that_is_not_live_says_so_and_is_framed(kind: str) -> None:
    first, _ = rows(FakeRun(story(kind)))
    assert first.startswith(f"░░ {kind.upper()} ░░")


@given(
    st.text(alphabet="abc-.日", min_size=1, max_size=60),
    st.text(alphabet="abc-.日", min_size=1, max_size=60),
    st.integers(60, 140),
)
@settings(max_examples=40, deadline=None)
def test_however_long_the_names_the_rest_stays_in_sight(environment: str, release: str, cells: int) -> None:
    now = moment(FakeRun(), zone=UTC)
    state = msgspec.structs.replace(now.state, environment=environment, release=release)
    first, second = header(Moment(state, now.events, now.link, now.now, zone=UTC), cells)
    text = text_of(first)
    assert line_width(first) <= cells
    assert line_width(second) <= cells
    for words in ("LIVE", "CHECKS 10/228", "2 failed", "REC"):
        assert words in text


def test_the_captain_is_you_or_somebody_with_a_terminal_a_place_and_a_time() -> None:
    assert "captain ada (you)" in rows(FakeRun())[1]
    assert "captain ada on pts/3 from 10.0.0.7 since 09:58 · you look on" in rows(FakeRun(captain=False, you=GRACE))[1]


def test_a_hold_has_its_reason_its_age_and_its_author() -> None:
    view = FakeRun()
    view.add(ev.HoldStarted("waiting for the DBA"), by=GRACE)
    view.time += dt.timedelta(minutes=4)
    assert "HOLD 4m by grace: waiting for the DBA" in rows(view)[1]


def test_what_cannot_be_recorded_takes_the_second_row() -> None:
    view = FakeRun()
    view.link = Link(connected=True, captain=True, recording=False, problem="no space left on device")
    first, second = rows(view)
    assert "NOT RECORDED" in first
    assert "NOT RECORDED: no space left on device" in second


def test_a_lost_engine_is_told() -> None:
    assert "NO ENGINE" in rows(FakeRun(connected=False, captain=False))[0]


def test_a_closed_run_is_read_only() -> None:
    view = FakeRun()
    view.add(ev.RunClosed("NOT GOOD: 206 open"))
    assert "READ ONLY" in rows(view)[0]
    assert "closed 10:02" in rows(view)[1]


def test_the_clock_goes_on_without_anything_being_counted_anew() -> None:
    now = moment(FakeRun(), zone=UTC)
    counted, stands = now.tally, now.stands
    later = now.later(now.now + dt.timedelta(seconds=1))
    assert later.tally is counted
    assert later.stands is stands
    assert "10:02:42" in text_of(header(later, 80)[0])
