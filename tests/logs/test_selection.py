"""Choosing among lines, a portion at a time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.logs.buffer import LogBuffer
from cockpit.logs.line import Level, LogLine, mark
from cockpit.logs.pattern import Pattern, WrongPattern
from cockpit.logs.selection import Selection, Wanted

LINES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from([None, *Level]), st.text("abE x", max_size=6)), max_size=40
)
WANTED = st.builds(
    Wanted,
    grep=st.sampled_from(["", "a", "b x", "a|b", "^E"]),
    without=st.sampled_from(["", "x", "E$"]),
    sources=st.sampled_from([None, frozenset("a"), frozenset()]),
    level=st.sampled_from([None, Level.WARNING, Level.ERROR]),
    find=st.sampled_from(["", "a", "E"]),
)


class Counting(Selection):
    """Counts how often it looks at a line."""

    looks = 0

    def wants(self, line: LogLine) -> bool:
        self.looks += 1
        return super().wants(line)


def lines_of(written: list[tuple[str, Level | None, str]], start: int = 0) -> list[LogLine]:
    return [LogLine(start + at, source, None, 0.0, level, text) for at, (source, level, text) in enumerate(written)]


def by_hand(line: LogLine, wanted: Wanted) -> bool:
    def found(pattern: str) -> bool:
        return re.search(pattern, line.text, re.IGNORECASE if pattern == pattern.lower() else 0) is not None

    return (
        (wanted.sources is None or line.source in wanted.sources)
        and (wanted.level is None or (line.level is not None and line.level >= wanted.level))
        and (not wanted.grep or found(wanted.grep))
        and (not wanted.without or not found(wanted.without))
    )


@given(st.lists(LINES, max_size=6), WANTED, st.integers(1, 30), st.integers(1, 60))
def test_what_is_chosen_in_portions_is_what_a_look_at_all_lines_chooses(
    batches, wanted: Wanted, portion: int, limit: int
) -> None:
    buffer, selection = LogBuffer(lines=limit, window=0.0), Selection(wanted)
    for batch in batches:
        buffer.add(lines_of(batch, buffer.end), now=1.0)
        selection.advance(buffer, portion)
    while not selection.advance(buffer, portion):
        pass
    kept = range(buffer.first, buffer.end)
    chosen = [at for at in kept if by_hand(buffer.line(at), wanted)]
    assert selection.positions(0, len(selection)) == chosen
    assert len(selection) == len(chosen)
    errors = [at for at in chosen if (buffer.line(at).level or 0) >= Level.ERROR]
    found = [at for at in chosen if wanted.find and Pattern(wanted.find).found_in(buffer.line(at).text)]
    assert (selection.errors, selection.matches) == (len(errors), len(found))
    for at in (buffer.first - 1, *kept, buffer.end):
        assert selection.next_error(at) == next((each for each in errors if each > at), None)
        assert selection.previous_error(at) == next((each for each in reversed(errors) if each < at), None)
        assert selection.next_match(at) == next((each for each in found if each > at), None)
        assert selection.previous_match(at) == next((each for each in reversed(found) if each < at), None)
        assert selection.index(at) == sum(each < at for each in chosen)


def test_no_line_is_looked_at_twice() -> None:
    buffer, selection = LogBuffer(window=0.0), Counting(Wanted(grep="x"))
    for _ in range(10):
        buffer.add(lines_of([("a", None, "x")] * 100, buffer.end), now=1.0)
        selection.advance(buffer)
    assert (selection.looks, len(selection)) == (1000, 1000)


def test_marks_are_always_seen_and_notices_unless_their_source_is_not() -> None:
    selection = Selection(Wanted(grep="nothing", sources=frozenset("a"), level=Level.ERROR))
    assert selection.wants(mark("here", 1.0))
    assert selection.wants(LogLine(1, "a", None, 0.0, None, "gone", "notice"))
    assert not selection.wants(LogLine(1, "b", None, 0.0, None, "gone", "notice"))


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        ("error", "ERROR", True),
        ("Error", "ERROR", False),
        (r"\Serror", "xERROR", True),
        ("straße", "STRAßE", True),
        ("a.c", "xabcx", True),
        ("a.c", "ac", False),
        ("k", "\u212a", True),
    ],
)
def test_a_pattern_without_capitals_finds_them_too(pattern: str, line: str, found: bool) -> None:
    assert Pattern(pattern).found_in(line) is found


def test_spans_are_in_characters() -> None:
    assert list(Pattern("b+").spans("äbbß b")) == [(1, 3), (5, 6)]
    assert list(Pattern("b*").spans("ab")) == [(1, 2)]


def test_what_is_no_regular_expression_is_said_in_words() -> None:
    with pytest.raises(WrongPattern, match=r"`\(` is no regular expression"):
        Selection(Wanted(grep="("))
