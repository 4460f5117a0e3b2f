"""How each look is drawn: the terminal's own sixteen colours, so that its theme, light or dark, is respected.

Every look differs from ordinary text without colour too, or stands beside a word that says the same.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cockpit.views.cells import width
from cockpit.views.line import Line, Look, cut_line, line_width

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
    "live": Style(color="white", bgcolor="red", bold=True),
    "rehearsal": Style(color="black", bgcolor="cyan"),
    "replay": Style(color="black", bgcolor="magenta", bold=True),
    "hold": Style(color="black", bgcolor="yellow", bold=True),
    "alarm": Style(color="white", bgcolor="red", bold=True, underline=True),
}
SELECTED = Style(reverse=True)
"""The row under the cursor, whatever it is made of."""


def paint(pieces: Line, cells: int, *, selected: bool = False, encoding: str = "utf-8", mark: str = "") -> Strip:
    """A line as a strip of exactly `cells` cells; `mark` stands where it was cut. Text is never taken for markup."""
    kept = cut_line(pieces, cells, mark)
    if selected:
        segments = [Segment(_encodable("".join(piece.text for piece in kept), encoding), SELECTED)]
    else:
        segments = [Segment(_encodable(piece.text, encoding), LOOKS[piece.look]) for piece in kept]
    missing = cells - line_width(kept)
    if missing > 0:
        segments.append(Segment(" " * missing, SELECTED if selected else LOOKS[""]))
    return Strip(Segment.simplify(segments)).adjust_cell_length(cells)


def _encodable(text: str, encoding: str) -> str:
    """`text` with what the terminal's encoding lacks as question marks, each as wide as what it stands for."""
    if text.isascii() or encoding.lower().replace("-", "") == "utf8":
        return text
    return "".join(character if character.encode(encoding, "ignore") else "?" * width(character) for character in text)
