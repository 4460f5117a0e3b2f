"""Figures that are read across a room: three rows of the terminal for each, or six."""

from __future__ import annotations

from collections.abc import Iterator

_SHAPES = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    "-": ("   ", "   ", "###", "   ", "   "),
    "+": ("   ", " # ", "###", " # ", "   "),
    "e": ("###", "# #", "###", "#  ", "###"),
    ".": (" ", " ", " ", " ", "#"),
}
"""Five dots high."""
_HALVES = {"  ": " ", "# ": "▀", " #": "▄", "##": "█"}


def large(text: str, cells: int, rows: int, *, blocks: bool) -> list[str]:
    """`text` in large figures, as large as fits; empty when it holds something else, or does not fit.

    With `blocks` two dots stand in one cell, one over the other; without, a dot is a `#`.
    """
    if not text or any(each not in _SHAPES for each in text):
        return []
    for scale in (3, 2, 1):
        dots = [_wider(row, scale) for row in _joined(text) for _ in range(scale)]
        made = list(_halved(dots)) if blocks else dots
        if len(made) <= rows and all(len(row) <= cells for row in made):
            return made
    return []


def _joined(text: str) -> Iterator[str]:
    for row in range(5):
        yield " ".join(_SHAPES[each][row] for each in text)


def _wider(row: str, scale: int) -> str:
    return "".join(dot * scale for dot in row)


def _halved(dots: list[str]) -> Iterator[str]:
    rows = [*dots, " " * len(dots[0])] if len(dots) % 2 else dots
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield "".join(_HALVES[one + other] for one, other in zip(upper, lower, strict=True))
