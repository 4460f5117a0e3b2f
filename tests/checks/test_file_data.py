"""Content as data."""

from __future__ import annotations

import contextlib
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.file_data import (
    DEPTH_LIMIT,
    VARIABLE_LIMIT,
    data_in,
    dotenv,
    format_of,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/.env", "dotenv"),
        ("/srv/.env.production", "dotenv"),
        ("/srv/bot.env", "dotenv"),
        ("a.JSON", "json"),
        ("a.yml", "yaml"),
        ("pyproject.toml", "toml"),
        ("setup.cfg", "ini"),
        ("/srv.json/README", None),
        ("nginx.conf", None),
    ],
)
def test_the_name_tells_the_format(path: str, expected: str | None) -> None:
    assert format_of(path) == expected


@pytest.mark.parametrize(
    ("written", "text", "words"),
    [
        ("json", '{"a": 1,}', "line 1, column 9: expecting property name enclosed in double quotes"),
        ("json", "[" * 100_000, "it is nested too deeply"),
        ("yaml", "a: [1\nb: 2", "line 2, column 2: did not find expected ',' or ']'"),
        ("yaml", "a: !!python/name:os.system", "line 1, column 4: could not determine a constructor for the tag"),
        ("yaml", "a: \x1b", "it has characters that YAML does not allow"),
        ("yaml", "[" * 200_000, f"nested more than {DEPTH_LIMIT} levels deep"),
        ("yaml", "a: &a [*a]", "it has more than 100000 values"),
        ("toml", "a = [", "Invalid value (at end of document)"),
        ("toml", "a." * 100_000 + "b = 1", "it is nested too deeply"),
        ("dotenv", "A=1\nB C=2\n", "line 2 is no NAME=value"),
        ("dotenv", "A=b\n" + "A=${A}${A}\n" * 40, f"line 19: longer than {VARIABLE_LIMIT} characters"),
        ("ini", "a=1", "line 1 stands in no [section]"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(written: Any, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        data_in(text, written)


def test_aliases_that_stand_for_billions_are_refused_at_once() -> None:
    lines = ["k0: &k0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"k{level}: &k{level} [{', '.join([f'*k{level - 1}'] * 10)}]" for level in range(1, 10)]
    started = time.monotonic()
    with pytest.raises(ValueError, match="more than 100000 values"):
        data_in("\n".join(lines), "yaml")
    assert time.monotonic() - started < 5


def test_tags_of_an_application_are_left_out() -> None:
    text = "a: !Ref x\nb: !Sub [y, {c: 1}]\nd: !If {e: [2]}\n"
    assert data_in(text, "yaml") == {"a": "x", "b": ["y", {"c": 1}], "d": {"e": [2]}}


def test_several_yaml_documents_are_a_list() -> None:
    assert data_in("a: 1\n---\nb: 2\n", "yaml") == [{"a": 1}, {"b": 2}]
    assert data_in("", "yaml") == []


def test_a_dotenv_files_variables_are_its_own_and_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/of/ours")
    text = "A=1\nexport B='x y'\nC=\"${A}-${HOME}\"\nD\nE=\nA=2 # comment\n"
    assert dotenv(text) == {"A": "2", "B": "x y", "C": "1-", "E": ""}


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_dotenv_file_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        found = dotenv(text)
        assert all(isinstance(name, str) and isinstance(value, str) for name, value in found.items())
