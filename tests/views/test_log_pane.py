"""The pane of logs without a screen: where one stands, what is kept, what is attached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cockpit.logs.buffer import LogBuffer
from cockpit.logs.line import Level, LogLine
from cockpit.logs.pattern import WrongPattern
from cockpit.views.logs_forms import LINES_LIMIT, TEXT_LIMIT, attached
from cockpit.views.logs_pane import LogPane


def lines(count: int, begin: int = 0, text: str = "line") -> list[LogLine]:
    return [
        LogLine(
            number, "api", float(number), float(number), Level.ERROR if number % 10 == 5 else None, f"{text} {number}"
        )
        for number in range(begin, begin + count)
    ]


def pane(printed: Sequence[LogLine]) -> LogPane:
    made = LogPane(["api", "web"])
    put(made, printed)
    return made


def put(into: LogPane, printed: Sequence[LogLine]) -> None:
    into.take(printed, (), printed[-1].received + 10)
    assert into.advance(10**9)


def one(_: int) -> int:
    return 1


def test_it_follows_until_one_looks_back_and_again_from_the_end() -> None:
    of = pane(lines(50))
    assert of.follows
    assert of.window(10, one) == 40
    of.move(-1)
    assert not of.follows
    put(of, lines(5, 50))
    assert of.new == 5
    assert of.window(10, one) == 40
    assert of.line is not None
    assert of.line.text == "line 48"
    of.move(10**9)
    assert of.follows
    assert of.window(10, one) == 45


def test_the_window_moves_by_nearly_a_page_when_the_cursor_leaves_it() -> None:
    of = pane(lines(100))
    of.window(10, one)
    tops = []
    for _ in range(25):
        of.move(-1)
        tops.append(of.window(10, one))
    assert sorted(set(tops), reverse=True) == [90, 82, 74]


def test_lines_of_many_rows_keep_the_cursor_in_sight() -> None:
    of = pane(lines(40))
    of.move(-20)
    start = of.window(9, lambda _: 4)
    assert start <= of.index < start + 3


def test_what_is_looked_at_while_paused_is_not_pushed_out_and_the_rest_is_counted() -> None:
    of = LogPane(["api"])
    of.buffer = LogBuffer(lines=100)
    put(of, lines(95))
    of.move(-10)
    here = of.line
    for begin in range(95, 1095, 10):
        put(of, lines(10, begin))
    assert of.line == here
    assert of.new == 1000
    assert of.buffer.counts["api"].lines == 1095
    assert of.buffer.counts["api"].errors == 109
    of.follow()
    put(of, lines(1, 1095))
    notice = of.shown[-2]
    assert notice.kind == "notice"
    assert notice.text.endswith("lines skipped here: more came while paused than can be kept")


def test_errors_and_matches_are_gone_to_in_both_directions() -> None:
    of = pane(lines(50))
    assert of.seek(1, errors=True)  # from the newest line the last one is meant
    assert of.at == 45
    assert of.seek(-1, errors=True)
    assert of.at == 35
    assert of.seek(1, errors=True)
    assert of.at == 45
    assert not of.seek(1, errors=True)
    of.show(replace(of.showing, wanted=replace(of.showing.wanted, find="line 3$")))
    assert of.advance(10**9)
    assert of.seek(-1, errors=False)
    assert of.at == 3


def test_a_wrong_expression_leaves_everything_as_it_was() -> None:
    of = pane(lines(50))
    before = of.showing
    with pytest.raises(WrongPattern):
        of.show(replace(of.showing, wanted=replace(of.showing.wanted, grep="(")))
    assert of.showing == before
    assert len(of.selection) == 50


def test_sources_are_left_out_and_shown_again() -> None:
    of = pane(lines(3))
    of.toggle("api")
    assert not of.shows("api")
    assert of.shows("web")
    of.toggle("api")
    assert of.showing.wanted.sources is None


def test_a_selection_is_what_lies_between_and_is_shown() -> None:
    of = pane(lines(50))
    of.move(-5)
    of.select()
    of.move(-2)
    assert [each.number for each in of.selected] == [42, 43, 44]
    assert of.is_selected(43)
    of.select()
    assert [each.number for each in of.selected] == [42]


def test_what_is_attached_is_bounded_and_says_what_is_left_out() -> None:
    text, left_out = attached(lines(LINES_LIMIT + 7))
    assert text.count("\n") + 1 == LINES_LIMIT
    assert left_out == 7
    text, left_out = attached(lines(10, text="x" * 4000))
    assert len(text) <= TEXT_LIMIT
    assert left_out == 9
