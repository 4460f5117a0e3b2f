"""What a terminal can be asked to do beside printing lines: colours, and a few lines that are drawn again in place.

Nothing here is needed to understand what is printed: a stream that is no terminal, or a dumb one, gets lines alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import TextIO

from cockpit.views.cells import cut

_COLOURS = {"PASS": "32", "WARN": "33", "FAIL": "1;31", "ERROR": "1;31", "BLOCKED": "33", "dim": "2", "changed": "7"}
_END = "\x1b[0m"


def can_redraw(stream: TextIO) -> bool:
    """Whether lines on this stream can be drawn again."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")


def paint(text: str, look: str) -> str:
    """`text` in the colour of a result."""
    return f"\x1b[{_COLOURS[look]}m{text}{_END}" if look in _COLOURS else text


def no_paint(text: str, _: str) -> str:
    """`text` as it is."""
    return text


def has_colours(stream: TextIO) -> bool:
    """Whether colours are wanted on this stream (no-color.org)."""
    return can_redraw(stream) and not os.environ.get("NO_COLOR")


def columns() -> int:
    """Cells in a line."""
    return shutil.get_terminal_size().columns


def rows() -> int:
    """Lines on the screen."""
    return shutil.get_terminal_size().lines


class Region:
    """The lines at the bottom of a terminal, drawn again in place: only what changed, in one write."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on `stream`, which can redraw."""
        self._stream = stream
        self._drawn: list[str] = []
        self._columns = columns()

    def draw(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show `lines` (text and look) instead of those before; each is cut to fit, so that none wraps.

        When there are more than the screen has, the last ones are shown. After the window became narrower, what stood
        there has wrapped: it is left, and drawn again below.
        """
        if columns() < self._columns:
            self.leave()
        self._columns = columns()
        room = self._columns - 1
        lines = lines[-max(1, rows() - 1) :]
        colours = has_colours(self._stream)
        made = [paint(cut(text, room), look) if colours else cut(text, room) for text, look in lines]
        if made == self._drawn:
            return
        written = [f"\x1b[{len(self._drawn)}A\r" if self._drawn else ""]
        for number, line in enumerate(made):
            same = number < len(self._drawn) and self._drawn[number] == line
            written.append("\n" if same else f"{line}\x1b[K\n")
        # What was drawn below the last line goes.
        written.append("\x1b[J" if len(self._drawn) > len(made) else "")
        self._drawn = made
        self._stream.write("".join(written))
        self._stream.flush()

    def erase(self) -> None:
        """Take the lines away."""
        self.draw([])

    def leave(self) -> None:
        """Let the lines stand, and draw below them from now on."""
        self._drawn = []
