"""Signs: told apart without colour, one cell wide, in both sets."""

from __future__ import annotations

import pytest
from wcwidth import wcwidth

from cockpit.run.standing import Standing
from cockpit.views.signs import ASCII, UNICODE, WORD, Glyphs, glyphs_for, sign, sparkline


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_standing_has_a_sign_and_a_word_of_its_own(glyphs: Glyphs) -> None:
    signs = [*(glyphs.signs[standing] for standing in Standing), glyphs.measuring, glyphs.unasked]
    assert len({each.sign for each in signs}) == len({each.word for each in signs}) == len(Standing) + 2
    assert all(len(each.word) <= WORD for standing, each in glyphs.signs.items() if standing is not Standing.EXCLUDED)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_glyph_takes_one_cell(glyphs: Glyphs) -> None:
    characters = [each.sign for each in glyphs.signs.values()] + [*glyphs.levels, *glyphs.hatch]
    characters += [glyphs.measuring.sign, glyphs.folded, glyphs.unfolded, glyphs.rule, glyphs.divider, glyphs.full]
    characters += [glyphs.empty, glyphs.mark, glyphs.dot, glyphs.cursor, glyphs.differs, glyphs.unasked.sign]
    assert all(wcwidth(character) == 1 for character in characters)


def test_ascii_is_ascii() -> None:
    assert "".join(each.sign for each in ASCII.signs.values()).isascii()
    assert (
        ASCII.levels + ASCII.hatch + ASCII.mark + ASCII.rule + ASCII.dot + ASCII.differs + ASCII.unasked.sign
    ).isascii()


@pytest.mark.parametrize(
    ("encoding", "environ", "glyphs"),
    [
        ("utf-8", {"LANG": "en_GB.UTF-8", "TERM": "xterm-256color"}, UNICODE),
        ("UTF8", {}, UNICODE),
        ("ascii", {"LANG": "C"}, ASCII),
        ("latin-1", {}, ASCII),
        ("utf-8", {"LC_ALL": "ja_JP.UTF-8"}, ASCII),
        ("utf-8", {"TERM": "linux"}, ASCII),
        ("utf-8", {"COCKPIT_GLYPHS": "ascii"}, ASCII),
        ("ascii", {"COCKPIT_GLYPHS": "unicode"}, UNICODE),
    ],
)
def test_the_terminal_and_the_locale_decide_unless_somebody_did(
    encoding: str, environ: dict[str, str], glyphs: Glyphs
) -> None:
    assert glyphs_for(encoding, environ) is glyphs


def test_what_is_measured_for_the_first_time_says_so() -> None:
    assert sign(Standing.OPEN, UNICODE, measuring=True).word == "measure"
    assert sign(Standing.PASS, UNICODE, measuring=True).word == "pass"


def test_what_waits_to_be_asked_for_says_so_until_it_was() -> None:
    assert sign(Standing.OPEN, UNICODE, on_demand=True).word == "unasked"
    assert sign(Standing.OPEN, UNICODE, measuring=True, on_demand=True).word == "measure"
    assert sign(Standing.PASS, UNICODE, on_demand=True).word == "pass"


def test_a_sparkline_spans_its_lowest_and_highest() -> None:
    assert sparkline([1.0, 2.0, 3.0], UNICODE, 8) == "▁▅█"
    assert sparkline([5.0, 5.0], UNICODE, 8) == "▁▁"
    assert sparkline([], UNICODE, 8) == ""
    assert len(sparkline([float(each) for each in range(50)], ASCII, 8)) == 8
