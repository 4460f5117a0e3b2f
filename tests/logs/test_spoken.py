"""Lines of JSON, said in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.logs.spoken import spoken


def test_what_a_line_of_json_says_comes_first_and_the_rest_after_it() -> None:
    text = '{"at": "2026-11-24T13:48:59Z", "level": "info", "event": "order taken", "id": 7, "pair": "BTC/EUR", "by": {"user": "ada"}}'
    assert spoken(text) == 'order taken id=7 pair=BTC/EUR by={"user":"ada"}'


@pytest.mark.parametrize(
    "text", ["", "GET / 200", "{", "{}", "{not json}", "[1]", '{"level": "info"}', '{"msg": "a\\u001b[2Jb"}']
)
def test_what_is_no_message_in_json_or_would_hide_something_stays_as_it_is(text: str) -> None:
    assert spoken(text) == text


@given(st.text() | st.dictionaries(st.text(), st.text() | st.integers()).map(str))
def test_any_line_can_be_said(text: str) -> None:
    assert isinstance(spoken(text), str)
