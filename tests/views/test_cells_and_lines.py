"""Text in cells: measured, cut, wrapped and put side by side."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from cockpit.text import safe_line
from cockpit.views.cells import cut, head, width, wrap
from cockpit.views.line import Piece, apart, cut_line, joined, line, line_width, pad, pad_left, text_of, wrap_line

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60).map(safe_line)
cells = st.integers(min_value=0, max_value=40)
lines = st.lists(st.tuples(texts, st.sampled_from(["", "dim", "bad"])), max_size=5).map(lambda pieces: line(*pieces))


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    assert width("ab") == 2
    assert width("日本") == 4
    assert width("e\u0301") == 1
    assert width("✓ ☐ ▸") == 5


@given(texts, cells)
def test_a_cut_text_fits_and_begins_as_the_whole_one(text: str, room: int) -> None:
    short = cut(text, room)
    assert width(short) <= room
    assert short == text or room == 0 or text.startswith(short[:-1])


@given(texts, cells)
def test_a_head_fits(text: str, room: int) -> None:
    assert width(head(text, room)) <= room
    assert text.startswith(head(text, room))


@given(texts, st.integers(min_value=2, max_value=40))
def test_wrapping_loses_nothing_but_spaces_and_fits(text: str, room: int) -> None:
    rows = wrap(text, room)
    assert all(width(row) <= room for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


@given(texts, cells)
def test_a_padded_text_has_exactly_its_width(text: str, room: int) -> None:
    assert width(pad(text, room)) == width(pad_left(text, room)) == room


@given(lines, cells)
def test_a_cut_line_fits(pieces: tuple[Piece, ...], room: int) -> None:
    assert line_width(cut_line(pieces, room)) <= room


@given(lines, lines, st.integers(min_value=1, max_value=60))
def test_two_ends_fill_the_row_and_never_overflow(left: tuple[Piece, ...], right: tuple[Piece, ...], room: int) -> None:
    row = apart(left, right, room)
    assert line_width(row) <= room
    assert line_width(right) >= room or line_width(row) == room


@given(lines, st.integers(min_value=2, max_value=40))
def test_a_wrapped_line_fits_and_keeps_its_text(pieces: tuple[Piece, ...], room: int) -> None:
    rows = wrap_line(pieces, room)
    assert all(line_width(row) <= room for row in rows)
    assert "".join(map(text_of, rows)).replace(" ", "") == text_of(pieces).replace(" ", "")


def test_a_wide_character_is_not_wrapped_into_the_one_cell_beside_a_label() -> None:
    assert [line_width(row) for row in wrap_line(line(("a", "dim"), "日本"), 2)] == [1, 2, 2]


def test_what_is_under_a_label_is_wrapped_under_its_text() -> None:
    rows = wrap_line(line(("look  ", "dim"), "one two three four"), 16)
    assert [text_of(row) for row in rows] == ["look  one two", "      three four"]


def test_empty_parts_are_joined_by_nothing() -> None:
    assert text_of(joined([line("a"), (), line("b")], Piece(", "))) == "a, b"


def test_of_a_megabyte_in_a_line_only_what_can_be_seen_is_looked_at() -> None:
    marks, letters = "e" + "\u0301" * 500_000, "\u4e2d" * 1_000_000
    began = time.process_time()
    for text in (marks, letters, "y" * 1_000_000):
        assert width(cut(text, 80)) <= 80
        assert len(wrap(text, 80)) <= 110
    assert time.process_time() - began < 2
