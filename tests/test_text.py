"""Foreign text made safe, and secrets taken out of it."""

from __future__ import annotations

import base64
import html
import json
import re
import sys
import unicodedata
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.text import LINE_LIMIT, Redactor, safe, safe_line, without_secrets

anything = st.text(st.characters(), max_size=60)
HOSTILE = "\x1b]0;x\x07\x1b[2J\x9b31m\x7f\x00\u202e\u2066\U000e0041\ud800\u200b\ufe0f"


def test_no_control_bidirectional_or_invisible_character_is_left() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    left = {
        character
        for character in safe(every, width=len(every))
        if unicodedata.category(character) in ("Cc", "Cf", "Cs")
    }
    assert left == {"\n"}


@given(anything)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)
    assert safe_line(safe_line(text)) == safe_line(text)


@given(anything, st.integers(1, 200))
def test_a_line_is_never_longer_than_asked(text: str, width: int) -> None:
    line = safe_line(text * 9, width=width)
    assert len(line) <= width
    assert safe_line(line, width=width) == line


@given(st.lists(anything, max_size=30), st.integers(1, 10))
def test_a_text_never_has_more_lines_than_asked(rows: list[str], lines: int) -> None:
    text = safe("\n".join(rows), lines=lines)
    assert text.count("\n") < lines
    assert safe(text, lines=lines) == text


def test_every_hostile_character_is_shown() -> None:
    assert safe_line("a\x1bb\x7fc\u202ed\x85") == "a␛b␡c<U+202E>d<U+0085>"
    assert safe(b"\xff\x1b[0m") == "\\xff␛[0m"
    assert len(safe_line(HOSTILE)) >= len(HOSTILE)


def test_a_heap_of_combining_marks_is_cut_and_said() -> None:
    assert safe_line("e" + "\u0301" * 500) == "e" + "\u0301" * 8 + "<492 more marks>"


def test_what_is_cut_is_said() -> None:
    assert safe_line("x" * 10_000).endswith(" [cut, 10000 characters]")
    assert len(safe_line("x" * 10_000)) == LINE_LIMIT
    assert safe("\n".join(map(str, range(300)))).endswith("198\n[101 more lines cut]")
    assert safe_line("abcdefgh", width=5) == "abcd…"


def test_ordinary_text_is_left_alone() -> None:
    assert safe("Grüße, 日本\nzweite Zeile [/red]") == "Grüße, 日本\nzweite Zeile [/red]"


SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=8, max_size=30).filter(
    lambda text: len(text.strip()) >= 8 and "\n" not in text
)


@given(SECRETS, st.text(max_size=5), st.text(max_size=5))
def test_a_secret_is_taken_out_in_every_form_in_which_it_travels(secret: str, before: str, after: str) -> None:
    redact = Redactor({"key": secret})
    forms = [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        secret.encode().hex(),
        secret.encode().hex().upper(),
        repr(secret)[1:-1],
    ]
    for form in forms:
        assert form not in redact(f"{before}{form}{after}") or form in "***key***"


@given(st.binary(max_size=5), st.binary(max_size=5))
def test_a_secret_inside_base64_is_taken_out_at_every_alignment(before: bytes, after: bytes) -> None:
    secret = "correct-horse-battery"
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    assert "***key***" in Redactor({"key": secret})(encoded)


def test_a_secret_that_is_added_after_others_were_looked_for_is_taken_out_too() -> None:
    redact = Redactor({"old": "correct-horse"})
    long = "x" * 5000
    assert redact("new-secret") == "new-secret"
    assert redact(f"{long}new-secret") == f"{long}new-secret"
    redact.add("new", "new-secret")
    assert redact("correct-horse new-secret") == "***old*** ***new***"
    assert redact(f"{long}new-secret") == f"{long}***new***"
    assert redact.of_stream("new-secret and new-") == ("***new*** and ", "new-")


def test_secrets_that_are_added_one_by_one_are_prepared_for_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = re.compile
    monkeypatch.setattr("cockpit.text.re.compile", lambda *given: made.append(given) or real(*given))
    redact = Redactor({f"secret {number}": f"{number}-correct-horse" for number in range(10)})
    for _ in range(3):
        assert redact("7-correct-horse") == "***secret 7***"
    assert len(made) == 1


def test_a_secret_too_short_to_protect_is_refused() -> None:
    with pytest.raises(ValueError, match="too short to protect"):
        Redactor({"pin": "1234"})


def test_without_secrets_text_stays_as_it_is() -> None:
    assert Redactor()("as it is") == "as it is"


def test_a_long_secret_in_base64_of_several_lines_is_taken_out_line_by_line() -> None:
    secret = bytes(range(33, 127)).decode() * 2
    shown = Redactor({"key": secret})(base64.encodebytes(secret.encode()).decode())
    assert set(shown.split()) == {"***key***"}


def test_what_any_redactor_knows_is_kept_out_of_an_error_that_is_nobodys() -> None:
    Redactor({"token": "known-to-somebody"})
    assert without_secrets("KeyError: 'known-to-somebody'") == "KeyError: '***token***'"
