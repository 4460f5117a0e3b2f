"""What stands for what: the sign, word and look of each standing, in Unicode and in ASCII.

Every standing has a sign and a word of its own, so that nothing depends on colour. All signs are one cell wide in
both sets, also where East Asian terminals draw ambiguous characters in two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cockpit.run.standing import Standing
from cockpit.views.line import Look


class Sign(NamedTuple):
    """How a standing is shown."""

    sign: str
    word: str
    look: Look


@dataclass(frozen=True)
class Glyphs:
    """The characters that screens are made of; each but `hatch` is one cell wide."""

    signs: Mapping[Standing, Sign]
    measuring: Sign
    unasked: Sign
    """An item whose check changes something, and that nobody has asked for yet."""
    folded: str
    unfolded: str
    rule: str
    divider: str
    full: str
    """A done cell of a progress bar."""
    empty: str
    mark: str
    """Stands where text was cut."""
    differs: str
    """Marks what is not as in the baseline."""
    dot: str
    """Between two things on one line."""
    cursor: str
    levels: str
    """A sparkline's heights, lowest first."""
    hatch: str
    """Frames the badge of a run that is not live."""


WORD = 7
"""Cells of the longest word of a standing that an item of this run can have."""


def _signs(characters: str) -> dict[Standing, Sign]:
    words: tuple[tuple[Standing, str, Look], ...] = (
        (Standing.OPEN, "open", ""),
        (Standing.PASS, "pass", "good"),
        (Standing.WARN, "warn", "warn"),
        (Standing.FAIL, "FAIL", "bad"),
        (Standing.ERROR, "ERROR", "bad"),
        (Standing.BLOCKED, "blocked", "warn"),
        (Standing.STALE, "STALE", "warn"),
        (Standing.WAIVED, "waived", "warn"),
        (Standing.RULED_OUT, "n/a", "dim"),
        (Standing.EXCLUDED, "not counted", "dim"),
    )
    return {standing: Sign(sign, word, look) for sign, (standing, word, look) in zip(characters, words, strict=True)}


UNICODE = Glyphs(
    signs=_signs("☐✓!✗?⊘◷~-·"),
    measuring=Sign("↻", "measure", "busy"),
    unasked=Sign("⊡", "unasked", "accent"),
    folded="▸",
    unfolded="▾",
    rule="─",
    divider="│",
    full="━",
    empty="─",
    mark="…",
    differs="∆",
    dot="·",
    cursor="▸",
    levels="▁▂▃▄▅▆▇█",
    hatch="░░",
)
"""For terminals that show UTF-8."""

ASCII = Glyphs(
    signs=_signs("o+!x?#%~-."),
    measuring=Sign("*", "measure", "busy"),
    unasked=Sign("&", "unasked", "accent"),
    folded=">",
    unfolded="v",
    rule="-",
    divider="|",
    full="=",
    empty="-",
    mark="~",
    differs="^",
    dot="|",
    cursor=">",
    levels="_.-=^",
    hatch="::",
)
"""For terminals and locales that do not."""


def sign(standing: Standing, glyphs: Glyphs, *, measuring: bool = False, on_demand: bool = False) -> Sign:
    """How an item that stands so is shown.

    One that has no result yet shows that it is being measured, or that its check waits to be asked for.
    """
    if standing is Standing.OPEN and (measuring or on_demand):
        return glyphs.measuring if measuring else glyphs.unasked
    return glyphs.signs[standing]


def glyphs_for(encoding: str, environ: Mapping[str, str]) -> Glyphs:
    """The glyphs to use with a terminal of that encoding.

    `COCKPIT_GLYPHS` (`ascii` or `unicode`) decides when it is set. The Linux console and East Asian locales get ASCII:
    the one lacks the characters, the others draw some of them in two cells.
    """
    asked = environ.get("COCKPIT_GLYPHS", "").lower()
    if asked in ("ascii", "unicode"):
        return ASCII if asked == "ascii" else UNICODE
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG", "")
    plain = environ.get("TERM", "") in ("linux", "vt100", "vt220", "dumb") or locale[:2] in ("ja", "ko", "zh")
    return ASCII if plain or encoding.lower().replace("-", "") not in ("utf8", "utf8sig") else UNICODE


def sparkline(values: list[float], glyphs: Glyphs, cells: int) -> str:
    """The last `cells` values as a line of heights, the lowest and highest of them at its ends."""
    shown = values[-cells:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    top = len(glyphs.levels) - 1
    if high == low:
        return glyphs.levels[0] * len(shown)
    return "".join(glyphs.levels[round((value - low) / (high - low) * top)] for value in shown)
