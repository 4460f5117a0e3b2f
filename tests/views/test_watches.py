"""How a watch has gone: its worst value, the baseline's, and how near it is to what it must not do."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from cockpit.checklist.plan import Abort, Criterion
from cockpit.journal import event as ev
from cockpit.run.criteria import near
from cockpit.run.state import fold
from cockpit.views.digits import large
from cockpit.views.line import line_width, text_of
from cockpit.views.moment import Moment
from cockpit.views.run_view import Link
from cockpit.views.signs import ASCII, UNICODE
from cockpit.views.wall import wall_lines
from cockpit.views.watches import facts_line
from tests.support.runs import T0, document, events, live, manual


def measured(value: float, result: str = "PASS", item: str = "errors") -> ev.CheckMeasured:
    return ev.CheckMeasured(item, result, f"{value} of 100", value=value)


def moment(*data: ev.Data, target: str = "< 2", abort: Abort | None = None, glyphs=UNICODE) -> Moment:
    watch = msgspec.structs.replace(live("errors"), target=target, abort=abort)
    happened = events(document(manual("owner"), watch=(watch,)), *data)
    state = fold(happened)
    now = T0 + dt.timedelta(seconds=len(happened))
    return Moment(state, happened, Link(connected=True, captain=True), now, glyphs, dt.UTC)


def facts(now: Moment) -> str:
    return text_of(facts_line(now.state.document.watch[0], now))


def test_the_worst_value_of_the_whole_run_is_the_one_on_the_bad_side_of_the_target() -> None:
    values = [measured(value) for value in (1.0, 9.5, *[2.0] * 30, 0.5)]
    assert "worst 9.5 at 22:00" in facts(moment(*values, target="< 2"))
    assert "worst 0.5 at 22:00" in facts(moment(*values, target="> 99.9 %"))


def test_the_baseline_stands_beside_it_with_the_difference() -> None:
    then = ev.BaselineTaken("last", T0 - dt.timedelta(days=1), "bastion", {"errors": ev.Remembered("PASS", 2.0)})
    assert "∆ baseline 2 (+50 %)" in facts(moment(then, measured(3.0)))
    assert "baseline 2, no different" in facts(moment(then, measured(2.0)))


@pytest.mark.parametrize(
    ("results", "bad"),
    [(["PASS"] * 5, 0), (["FAIL", "PASS", "FAIL", "PASS", "PASS"], 2), (["FAIL", *["PASS"] * 5], 0), (["ERROR"], 1)],
)
def test_it_counts_how_many_of_the_last_are_bad(results: list[str], bad: int) -> None:
    now = moment(*(measured(1.0, each) for each in results), abort=Abort(Criterion(5, 3)))
    found = near(now.state.document.watch[0], now.state.item("errors"), T0, now.now)
    assert (found.bad, found.of, found.at) == (bad, 5, 3)


def test_a_criterion_of_time_says_for_how_long_it_has_been_bad() -> None:
    now = moment(measured(1.0), measured(5.0, "FAIL"), measured(5.0, "FAIL"), abort=Abort(Criterion(seconds=10.0)))
    found = near(now.state.document.watch[0], now.state.item("errors"), T0, now.now)
    assert (found.seconds, found.limit, found.part) == (2.0, 10.0, 0.2)


def test_before_t_0_nothing_counts_and_it_says_so() -> None:
    now = moment(measured(1.0, "FAIL"), abort=Abort(Criterion(5, 3), action="hold"))
    assert "holds at 3 of 5 bad, from T-0 on" in facts(now)
    assert near(now.state.document.watch[0], now.state.item("errors"), None, now.now).bad == 0


@pytest.mark.parametrize("size", [(80, 18), (120, 30), (60, 9), (40, 4)])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_the_wall_fills_its_room_and_no_more(size: tuple[int, int], glyphs) -> None:
    now = moment(measured(12.5), glyphs=glyphs)
    lines = wall_lines(now, *size)
    assert 0 < len(lines) <= size[1]
    assert all(line_width(each) <= size[0] for each in lines)
    if glyphs is ASCII:
        assert "".join(map(text_of, lines)).isascii()


def test_figures_are_as_large_as_fits_and_never_cut() -> None:
    assert len(large("12.5", 80, 3, blocks=True)) == 3
    assert len(large("12.5", 80, 10, blocks=True)) == 8
    assert len(large("12.5", 80, 5, blocks=False)) == 5
    assert large("12.5", 10, 10, blocks=True) == []
    assert large("arn:aws", 80, 10, blocks=True) == []
