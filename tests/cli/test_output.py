"""What is printed can be printed anywhere."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli import output, words


@given(st.text())
def test_plain_text_is_ascii_whatever_it_was_and_ascii_stays_as_it_is(text: str) -> None:
    assert output.plain(text).isascii()
    if text.isascii():
        assert output.plain(text) == text


def test_plain_text_keeps_what_it_says() -> None:
    assert output.plain("früh · spät… “ja” ≤ 3 → ✓ 漢") == 'fruh - spat... "ja" <= 3 -> + <U+6F22>'


@given(st.dictionaries(st.text(), st.text()))
def test_json_is_printable_ascii_and_reads_back(value: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", printed.append)
        output.print_json(value)
    assert json.loads(printed[0]) == value
    assert all(sign == "\n" or " " <= sign <= "~" for sign in printed[0])


@pytest.mark.parametrize(
    ("environment", "utf8"),
    [
        ({}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": ""}, True),
    ],
)
def test_the_locale_says_whether_a_terminal_shows_utf8(environment: dict[str, str], utf8: bool) -> None:
    assert output.speaks_utf8(environment) is utf8


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("45m", 2700), ("2h", 7200), ("3d", 259200)])
def test_a_moment_may_be_so_long_from_now(text: str, seconds: int) -> None:
    expected = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    assert abs((words.moment(text) - expected).total_seconds()) < 10


def test_a_moment_with_a_zone_is_that_moment() -> None:
    assert words.moment("2999-01-01T12:00+02:00") == dt.datetime(2999, 1, 1, 10, tzinfo=dt.UTC)


@given(st.text(max_size=20))
def test_whatever_is_written_as_a_moment_is_one_or_is_refused_as_an_argument(text: str) -> None:
    with contextlib.suppress(argparse.ArgumentTypeError):
        assert words.moment(text).tzinfo is not None
