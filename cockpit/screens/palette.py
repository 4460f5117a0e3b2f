"""How each look is drawn: the terminal's own sixteen colours, so that its theme, light or dark, is respected.

Every look differs from ordinary text without colour too, or stands beside a word that says the same. What must stand
out is reversed, not given a background: it still stands out where there are no colours.
"""

from __future__ import annotations

import functools

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cockpit.text import safe_line
from cockpit.views.cells import width
from cockpit.views.line import Line, Look, Piece, cut_line, line_width

LOOKS: dict[Look, Style] = {
    "": Style(),
    "dim": Style(dim=True),
    "strong": Style(bold=True),
    "good": Style(color="green"),
    "bad": Style(color="red", bold=True),
    "warn": Style(color="yellow"),
    "busy": Style(color="cyan"),
    "accent": Style(color="cyan"),
    "bar": Style(reverse=True),
    "live": Style(color="red", bold=True, reverse=True),
    "rehearsal": Style(color="cyan", reverse=True),
    "replay": Style(color="magenta", bold=True, reverse=True),
    "hold": Style(color="yellow", bold=True, reverse=True),
    "alarm": Style(color="red", bold=True, underline=True, reverse=True),
}
SELECTED = Style(reverse=True)
"""The row under the cursor, whatever it is made of."""


@functools.lru_cache(maxsize=1024)
def paint(pieces: Line, cells: int, *, selected: bool = False, encoding: str = "utf-8", mark: str = "") -> Strip:
    """A line as a strip of exactly `cells` cells; `mark` stands where it was cut.

    Text is never taken for markup. It was made safe when it was recorded; a journal that somebody wrote by hand was
    not, so what is not plain is made safe again here, the one way to the terminal. Strips are kept: most lines are
    drawn again and again as they were.
    """
    kept = cut_line(tuple(Piece(_safe(piece.text), piece.look) for piece in pieces), cells, mark)
    if selected:
        segments = [Segment(_encodable("".join(piece.text for piece in kept), encoding), SELECTED)]
    else:
        segments = [Segment(_encodable(piece.text, encoding), LOOKS[piece.look]) for piece in kept]
    missing = cells - line_width(kept)
    if missing > 0:
        segments.append(Segment(" " * missing, SELECTED if selected else LOOKS[""]))
    return Strip(Segment.simplify(segments)).adjust_cell_length(cells)


def _safe(text: str) -> str:
    return text if text.isascii() and text.isprintable() else safe_line(text)


def _encodable(text: str, encoding: str) -> str:
    """`text` with what the terminal's encoding lacks as question marks, each as wide as what it stands for."""
    if text.isascii() or encoding.lower().replace("-", "") == "utf8":
        return text
    return "".join(character if character.encode(encoding, "ignore") else "?" * width(character) for character in text)
