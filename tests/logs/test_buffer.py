"""Lines kept within bounds, merged by time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.logs.buffer import LogBuffer
from cockpit.logs.line import Level, LogLine, mark

SECONDS = st.floats(0, 10, allow_nan=False)


def line(
    number: int,
    source: str = "a",
    at: float | None = None,
    received: float = 0.0,
    text: str = "x",
    level: Level | None = None,
) -> LogLine:
    return LogLine(number, source, at, received, level, text)


@given(st.lists(st.lists(st.integers(0, 60), max_size=30), max_size=20), st.integers(1, 50), st.integers(200, 5000))
def test_memory_stays_bounded_and_every_line_is_kept_or_counted_as_dropped(
    batches: list[list[int]], lines: int, size: int
) -> None:
    buffer = LogBuffer(lines, size)
    number = 0
    for batch in batches:
        buffer.add([line(number + at, text="x" * length) for at, length in enumerate(batch)], now=1.0)
        number += len(batch)
        assert buffer.end - buffer.first <= lines
        assert buffer.bytes <= size or buffer.end - buffer.first == 1
        assert buffer.dropped["a"] + buffer.end - buffer.first == number
    kept = [each.number for each in buffer.lines(buffer.first, buffer.end)]
    assert kept == list(range(number - len(kept), number))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | SECONDS), max_size=60))
def test_lines_of_one_source_stay_in_order_and_those_of_several_are_in_the_order_of_time(
    came: list[tuple[str, float | None]],
) -> None:
    buffer = LogBuffer()
    for source in "abc":  # so that there are several from the beginning
        buffer.add([line(-1, source, at=-1.0, received=-1.0)], now=5.0)
    buffer.add([line(number, source, at, received=1.0) for number, (source, at) in enumerate(came)], now=5.0)
    settled = buffer.lines(3, buffer.end)
    assert sorted(each.number for each in settled) == list(range(len(came)))
    for source in "abc":
        numbers = [each.number for each in settled if each.source == source]
        assert numbers == sorted(numbers)


@given(st.lists(st.tuples(st.sampled_from("abc"), SECONDS), max_size=60))
def test_sources_that_each_tell_times_in_order_are_merged_by_time(came: list[tuple[str, float]]) -> None:
    buffer = LogBuffer()
    for source in "abc":
        buffer.add([line(-1, source, at=-1.0, received=-1.0)], now=5.0)
    times = {source: iter(sorted(at for name, at in came if name == source)) for source in "abc"}
    buffer.add(
        [line(number, source, next(times[source]), received=1.0) for number, (source, _) in enumerate(came)], now=5.0
    )
    moments = [each.moment for each in buffer.lines(3, buffer.end)]
    assert moments == sorted(moments)


def test_a_line_that_comes_within_the_window_takes_its_place_in_time() -> None:
    buffer = LogBuffer(window=0.5)
    buffer.add([line(1, "a", at=1.0, received=1.0)], now=1.0)
    buffer.add([line(2, "a", at=1.3, received=1.3), line(3, "b", at=1.2, received=1.35)], now=1.4)
    buffer.settle(2.0)
    assert [each.number for each in buffer.lines(0, 9)] == [1, 3, 2]


def test_lines_of_a_single_source_are_there_at_once() -> None:
    buffer = LogBuffer(window=0.5)
    buffer.add([line(1, received=1.0)], now=1.0)
    assert (buffer.end, buffer.held) == (1, 0)


def test_what_is_held_back_is_bounded_too() -> None:
    buffer = LogBuffer(lines=10)
    buffer.add([line(0, "a"), line(0, "b")], now=0.0)
    buffer.add([line(number, "ab"[number % 2], received=1.0) for number in range(50)], now=1.0)
    assert buffer.held <= 10
    assert buffer.end - buffer.first <= 10


def test_lines_errors_and_rates_are_counted_by_source_skipped_ones_among_them() -> None:
    buffer = LogBuffer()
    buffer.add([line(at, received=10.5, level=Level.ERROR) for at in range(100)], now=11.0)
    buffer.add([LogLine(101, "a", None, 10.9, Level.ERROR, "  at x", continues=True)], now=11.0)
    buffer.skipped("b", 50, received=10.5, errors=2)
    a, b = buffer.counts["a"], buffer.counts["b"]
    assert (a.lines, a.errors, a.skipped, a.rate(11.0)) == (101, 100, 0, 101 / 5)
    assert (b.lines, b.errors, b.skipped, b.rate(11.0)) == (50, 2, 50, 10.0)
    assert a.rate(30.0) == 0


def test_a_mark_stands_where_it_was_made_and_counts_for_no_source() -> None:
    buffer = LogBuffer()
    buffer.add([line(1, "a", at=1.0, received=1.0), line(2, "b", at=3.0, received=3.0), mark("here", 2.0)], now=9.0)
    assert [each.text for each in buffer.lines(0, 9)] == ["x", "here", "x"]
    assert "" not in buffer.counts


def test_what_was_dropped_or_never_there_is_no_line() -> None:
    buffer = LogBuffer(lines=1)
    buffer.add([line(1), line(2)], now=1.0)
    assert buffer.line(1).number == 2
    for position in (-1, 0, 2):
        with pytest.raises(IndexError):
            buffer.line(position)
