"""Lines on the screen: the one widget that everything but a prompt is drawn with.

It sends the terminal what differs from what it showed before, and nothing else: over a slow link a moved cursor costs
two rows, a new second on the clock one cell. It has its own scrolling, without scroll bars or animation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.screens.palette import paint
from cockpit.views.line import Line
from cockpit.views.themes import DEFAULT

_CONTEXT = 2
"""Rows left in sight of those that the cursor came from."""


@dataclass(frozen=True)
class Rows:
    """What a list shows. `lines` may be longer than the screen; only what is seen is asked for."""

    lines: Sequence[Line]
    cursor: int | None = None
    """The row that the cursor is on; it is kept in sight."""


Source = Callable[[int, int], Rows]
"""Gives what a list shows, for a size in cells and rows."""


class LineList(Widget, can_focus=False):
    """Rows from a source that is asked again at each redraw with the size to fill: cells, rows."""

    def __init__(self, source: Source, *, name: str, encoding: str = "utf-8", mark: str = "") -> None:
        """Show what `source` gives; `mark` stands where a line was cut."""
        super().__init__(id=name)
        self._source = source
        self._encoding = encoding
        self._mark = mark
        self.covered = 0
        """Rows at its foot that something lies on: the cursor is kept above them."""
        self._top = 0
        self._painted: list[Strip] = []
        self._size_painted: tuple[int, int] = (-1, -1)
        self._rows = Rows(())

    def redraw(self) -> None:
        """Ask the source again, and refresh what differs."""
        before = self._painted
        if not self.is_attached or (self.size.width, self.size.height) != self._size_painted:
            self._size_painted = (-1, -1)
            self.refresh()
            return
        self._paint()
        for y, (old, new) in enumerate(zip(before, self._painted, strict=True)):
            if changed := _changed_cells(old, new):
                self.refresh(Region(changed[0], y, changed[1] - changed[0], 1))

    def scroll_rows(self, by: int) -> None:
        """Move what is seen by some rows, for a list without a cursor."""
        last = max(0, len(self._rows.lines) - self.size.height)
        self._top = min(max(0, self._top + by), last)
        self.redraw()

    def to_top(self) -> None:
        """Show the first row again at the next redraw."""
        self._top = 0

    @property
    def page(self) -> int:
        """How many rows a page key moves."""
        return max(1, self.size.height - 1)

    def render_line(self, y: int) -> Strip:
        """The strip for row `y` of the widget."""
        if (self.size.width, self.size.height) != self._size_painted:
            self._paint()
        return self._painted[y] if y < len(self._painted) else Strip.blank(self.size.width)

    def _paint(self) -> None:
        cells, height = self.size.width, self.size.height
        self._size_painted = (cells, height)
        if cells < 1 or height < 1:
            self._painted = []
            return
        self._rows = self._source(cells, height)
        self._keep_in_sight(height)
        count, cursor = len(self._rows.lines), self._rows.cursor
        self._painted = [
            paint(
                self._rows.lines[row] if row < count else (),
                cells,
                selected=row == cursor,
                encoding=self._encoding,
                mark=self._mark,
                theme=getattr(self.app, "look_theme", DEFAULT),
            )
            for row in range(self._top, self._top + height)
        ]

    def _keep_in_sight(self, height: int) -> None:
        """Scroll by nearly a page when the cursor leaves: all rows are sent again once a page, not at each key."""
        height = max(1, height - self.covered)
        last = max(0, len(self._rows.lines) - height)
        cursor = self._rows.cursor
        if cursor is not None and not self._top <= cursor < self._top + height:
            lead = min(_CONTEXT, height // 3)
            self._top = cursor - (height - 1 - lead if self._top - height < cursor < self._top else lead)
        self._top = min(max(0, self._top), last)


def _changed_cells(old: Strip, new: Strip) -> tuple[int, int] | None:
    """The first and the last cell (exclusive) in which two strips of one width differ; None when they are the same."""
    if old == new:
        return None
    if not (old.text.isascii() and new.text.isascii()) and not _narrow(old, new):
        return 0, new.cell_length
    before, after = _cells(old), _cells(new)
    differing = [index for index, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]]
    return (differing[0], differing[-1] + 1) if differing else None


def _narrow(*strips: Strip) -> bool:
    """Whether each character of the strips takes one cell."""
    return all(len(strip.text) == strip.cell_length for strip in strips)


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return list(itertools.chain.from_iterable(((char, segment.style) for char in segment.text) for segment in strip))
