"""A line of the screen: pieces of text, each with the name of how it looks.

What a name means in colours is the screens' business; plain mode and tests read the text alone. Foreign text goes
into a piece as it is and is never taken for markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from cockpit.views.cells import cut, head, width, wrap

Look = Literal[
    "",  # ordinary
    "dim",  # of second rank
    "strong",
    "good",
    "bad",
    "warn",
    "busy",  # under way
    "accent",  # keys, headings
    "bar",  # the head of the screen
    "live",  # the badge of a live run
    "rehearsal",  # the badge and head of a rehearsal or drill
    "replay",  # the badge of a replay
    "hold",
    "alarm",  # NOT RECORDED
]
"""How a piece of text looks."""


class Piece(NamedTuple):
    """Some text that looks one way."""

    text: str
    look: Look = ""


Line = tuple[Piece, ...]
"""One line of the screen, from left to right."""


def line(*pieces: Piece | tuple[str, Look] | str) -> Line:
    """A line from pieces, pairs or plain strings; empty ones are left out."""
    made = (Piece(piece) if isinstance(piece, str) else Piece(*piece) for piece in pieces)
    return tuple(piece for piece in made if piece.text)


def text_of(pieces: Line) -> str:
    """The text of a line alone."""
    return "".join(piece.text for piece in pieces)


def line_width(pieces: Line) -> int:
    """How many cells a line takes."""
    return sum(width(piece.text) for piece in pieces)


def cut_line(pieces: Line, cells: int, mark: str = "…") -> Line:
    """A line in at most `cells` cells; when something was cut, `mark` stands at its end."""
    if line_width(pieces) <= cells:
        return pieces
    room = cells - width(mark)
    kept: list[Piece] = []
    for piece in pieces:
        size = width(piece.text)
        if size > room:
            kept.append(Piece(head(piece.text, room) + (mark if cells >= width(mark) else ""), piece.look))
            break
        kept.append(piece)
        room -= size
    return tuple(piece for piece in kept if piece.text)


def apart(left: Line, right: Line, cells: int, mark: str = "…", fill: Piece | None = None) -> Line:
    """`left` and `right` at the two ends of `cells` cells; the left one is cut when both do not fit."""
    room = cells - line_width(right)
    if room < 1:
        return cut_line(right, cells, mark)
    kept = cut_line(left, room, mark)
    gap = room - line_width(kept)
    character, look = fill or Piece(" ")
    return (*kept, Piece(character * gap, look), *right) if gap else (*kept, *right)


def joined(parts: Iterable[Line], between: Piece) -> Line:
    """Lines put one after another with `between` between them; empty ones are left out."""
    made: list[Piece] = []
    for part in parts:
        if part:
            if made:
                made.append(between)
            made.extend(part)
    return tuple(made)


def pad(text: str, cells: int, mark: str = "…") -> str:
    """`text` in exactly `cells` cells, cut or filled up with spaces at its right."""
    kept = cut(text, cells, mark)
    return kept + " " * (cells - width(kept))


def pad_left(text: str, cells: int, mark: str = "…") -> str:
    """`text` in exactly `cells` cells, cut or filled up with spaces at its left."""
    kept = cut(text, cells, mark)
    return " " * (cells - width(kept)) + kept


_WIDEST = 2
"""Cells of the widest character: where fewer are left, nothing can be wrapped."""


def wrap_line(pieces: Line, cells: int) -> list[Line]:
    """A line on as many rows as it takes; what is wrapped is indented under the last piece of its first row."""
    if line_width(pieces) <= cells or not pieces:
        return [pieces]
    *first, last = pieces
    indent = sum(width(piece.text) for piece in first)
    if indent > cells // 2 or cells - indent < _WIDEST:
        return [(Piece(text, last.look),) for text in wrap("".join(piece.text for piece in pieces), cells)]
    texts = wrap(last.text, cells - indent)
    return [
        (*first, Piece(texts[0], last.look)),
        *((Piece(" " * indent), Piece(text, last.look)) for text in texts[1:]),
    ]
