"""How lines are drawn: in the inks of a theme, and made safe on the way."""

from __future__ import annotations

import functools

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cockpit.text import safe_line
from cockpit.views.cells import width
from cockpit.views.line import Line, Look, Piece, cut_line, line_width
from cockpit.views.themes import DEFAULT, THEMES


@functools.cache
def looks(theme: str) -> dict[Look, Style]:
    """How a theme draws each look."""
    inks = THEMES[theme].inks if theme in THEMES else THEMES[DEFAULT].inks
    return {
        look: Style(
            color=ink.colour or None,
            bgcolor=ink.ground or None,
            bold=ink.bold or None,
            dim=ink.dim or None,
            underline=ink.underline or None,
            reverse=ink.reverse or None,
        )
        for look, ink in inks.items()
    }


@functools.lru_cache(maxsize=1024)
def paint(
    pieces: Line, cells: int, *, selected: bool = False, encoding: str = "utf-8", mark: str = "", theme: str = DEFAULT
) -> Strip:
    """A line as a strip of exactly `cells` cells, drawn in `theme`; `mark` stands where it was cut.

    Text is never taken for markup. It was made safe when it was recorded; a journal that somebody wrote by hand was
    not, so what is not plain is made safe again here, the one way to the terminal. Strips are kept: most lines are
    drawn again and again as they were.
    """
    kept = cut_line(tuple(Piece(_safe(piece.text), piece.look) for piece in pieces), cells, mark)
    styles = looks(theme)
    under_cursor = styles[""] + Style(reverse=True)
    if selected:
        segments = [Segment(_encodable("".join(piece.text for piece in kept), encoding), under_cursor)]
    else:
        segments = [Segment(_encodable(piece.text, encoding), styles[piece.look]) for piece in kept]
    missing = cells - line_width(kept)
    if missing > 0:
        segments.append(Segment(" " * missing, under_cursor if selected else styles[""]))
    return Strip(Segment.simplify(segments)).adjust_cell_length(cells)


def _safe(text: str) -> str:
    return text if text.isascii() and text.isprintable() else safe_line(text)


def _encodable(text: str, encoding: str) -> str:
    """`text` with what the terminal's encoding lacks as question marks, each as wide as what it stands for."""
    if text.isascii() or encoding.lower().replace("-", "") == "utf8":
        return text
    return "".join(character if character.encode(encoding, "ignore") else "?" * width(character) for character in text)
