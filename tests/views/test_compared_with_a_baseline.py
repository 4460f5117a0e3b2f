"""What a run shows of the baseline that it is compared with."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from fake_run import FakeRun
from launch import ENGINE, NOW, event, story

from cockpit.engine.replayed import ReplayedRun
from cockpit.journal import event as ev
from cockpit.views.detail import detail_lines
from cockpit.views.line import text_of
from cockpit.views.moment import Moment, moment
from cockpit.views.outline import Outline
from cockpit.views.run_view import RunView
from cockpit.views.signs import ASCII, UNICODE, Glyphs
from cockpit.views.timeline import tell
from cockpit.views.tree_rows import tree_row

ITEM = "health-checks-implemented"
TAKEN = NOW - dt.timedelta(days=1, hours=3)
BASELINE = ev.BaselineTaken(
    "before-launch",
    TAKEN,
    "bastion-1",
    {
        ITEM: ev.Remembered("PASS", 240.0, {"status": 200, "latency": 0.24}, ("latency",)),
        "flask-env-production": ev.Remembered("PASS", None, {}),
    },
)


@pytest.fixture
def view() -> FakeRun:
    run = FakeRun()
    run.add(BASELINE, ENGINE)
    return run


def now_of(view: RunView, glyphs: Glyphs = UNICODE) -> Moment:
    return moment(view, zone=dt.UTC, glyphs=glyphs)


def detail(view: RunView, item_id: str) -> list[str]:
    now = now_of(view)
    item = now.state.document.find(item_id)
    assert item is not None
    return [text_of(row).strip() for row in detail_lines(item, now, 100)]


def row(view: RunView, item_id: str, glyphs: Glyphs = UNICODE) -> str:
    now = now_of(view, glyphs)
    node = next(each for each in Outline(now.state.document).nodes if each.item and each.item.id == item_id)
    return text_of(tree_row(node, now, 100))


def test_the_detail_tells_each_value_then_and_now(view: FakeRun) -> None:
    lines = detail(view, ITEM)
    assert "∆ baseline result PASS at 2026-11-23 07:02; now FAIL" in lines
    assert "∆ baseline 240 at 2026-11-23 07:02; now 812 (+238 %)" in lines
    assert "∆ baseline latency 0.24 at 2026-11-23 07:02; now 0.812 (+238 %)" in lines
    assert not any("status" in line and "baseline" in line for line in lines)


def test_what_does_not_differ_says_so(view: FakeRun) -> None:
    assert "baseline PASS at 2026-11-23 07:02; now nothing differs" in detail(view, "flask-env-production")


def test_an_item_that_the_baseline_lacks_says_so(view: FakeRun) -> None:
    assert "not measured in the baseline of 2026-11-23 07:02" in detail(view, "debug-false")


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    assert not any("baseline" in line for line in detail(FakeRun(), ITEM))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_the_list_marks_what_differs(view: FakeRun, glyphs: Glyphs) -> None:
    assert f"{glyphs.differs}http" in row(view, ITEM, glyphs)
    assert glyphs.differs not in row(view, "flask-env-production", glyphs)
    assert glyphs.differs not in row(FakeRun(), ITEM, glyphs)


def test_what_is_being_measured_shows_that_instead(view: FakeRun) -> None:
    view.link = msgspec.structs.replace(view.link, measuring=frozenset({ITEM}))
    assert f"{UNICODE.measuring.sign}http" in row(view, ITEM)


def test_a_replay_shows_it_from_the_event_on() -> None:
    events = story()
    run = ReplayedRun([*events, event(len(events), BASELINE, ENGINE)])
    run.go_to(run.tape.last - 1)
    assert not any("baseline" in line for line in detail(run, ITEM))
    run.step(1)
    assert any("baseline 240" in line for line in detail(run, ITEM))


def test_the_timeline_says_what_the_run_is_compared_with() -> None:
    told = tell(event(3, BASELINE, ENGINE), {}, dt.UTC)
    assert told.sentence == "compares with the baseline before-launch of 2026-11-23 07:02 on bastion-1: 2 items"
