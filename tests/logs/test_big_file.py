"""A big file looked at from its end, and searched."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.logs import big_file
from cockpit.logs.big_file import BigFile

LINES = st.lists(st.text("abE \tx", max_size=12), max_size=60)


@given(LINES, st.booleans(), st.integers(1, 20), st.integers(1, 40))
@settings(max_examples=80, deadline=None)
def test_lines_before_and_after_any_line_are_those_that_stand_there(
    tmp_path_factory, lines, ended: bool, count: int, block: int
) -> None:
    path = tmp_path_factory.mktemp("big") / "log"
    text = "\n".join(lines) + ("\n" if ended else "")
    path.write_text(text)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    starts = [start for start in starts if start < len(text)]
    old, big_file.BLOCK = big_file.BLOCK, block
    try:
        file = BigFile(path)
        for at, start in enumerate(starts):
            assert [line.start for line in file.before(start, count)] == starts[max(0, at - count) : at]
            assert [line.start for line in file.after(start, count)] == starts[at : at + count]
            assert file.line_at(start) == start
        assert [line.start for line in file.before(file.size, count)] == starts[-count:]
        file.close()
    finally:
        big_file.BLOCK = old


@given(LINES, st.sampled_from(["a", "E", "^a", "b$", "a.*x", "x|E", "ab"]), st.integers(5, 50))
@settings(max_examples=80, deadline=None)
def test_a_search_finds_each_line_that_matches_once_whatever_the_blocks(
    tmp_path_factory, lines, pattern: str, block: int
) -> None:
    path = tmp_path_factory.mktemp("big") / "log"
    path.write_text("".join(f"{line}\n" for line in lines))
    old, big_file.SEARCHED_AT_ONCE = big_file.SEARCHED_AT_ONCE, block
    try:
        file = BigFile(path)
        search = file.search(pattern)
        assert search.wait(10)
        file.close()
    finally:
        big_file.SEARCHED_AT_ONCE = old
    flags = re.IGNORECASE if pattern == pattern.lower() else 0
    found, at = [], 0
    for line in lines:
        if re.search(pattern, line, flags):
            found.append(at)
        at += len(line) + 1
    assert (search.found, search.count, search.progress) == (found, len(found), 1.0)


def test_lines_are_made_safe_and_one_that_never_ends_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\x1b[31mred\xff\r\n" + b"x" * 30_000_000 + b"\n")
    file = BigFile(path)
    assert file.after(0, 1)[0].text == "␛[31mred\\xff"
    assert file.before(file.size, 1)[0].text.startswith("xxx")
    file.close()


def test_a_search_can_be_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"abc\n" * 2_000_000)
    file = BigFile(path)
    search = file.search("c")
    search.stop()
    assert search.done
    file.close()
