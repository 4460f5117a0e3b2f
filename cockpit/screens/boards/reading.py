"""A board that is one text without a cursor, scrolled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.board import Board
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views.line import Line


class ReadingBoard(Board):
    """A subclass says what its lines are."""

    def text(self, cells: int) -> Sequence[Line]:
        """All lines."""
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        """The text."""
        yield self.lines(lambda cells, _: Rows(self.text(cells)), "text")

    def do_up(self) -> None:
        """One row up."""
        self._scroll(-1)

    def do_down(self) -> None:
        """One row down."""
        self._scroll(1)

    def do_page_up(self) -> None:
        """A page up."""
        self._scroll(-self.query_one("#text", LineList).page)

    def do_page_down(self) -> None:
        """A page down."""
        self._scroll(self.query_one("#text", LineList).page)

    def do_first(self) -> None:
        """To the top."""
        self._scroll(-(10**6))

    def do_last(self) -> None:
        """To the end."""
        self._scroll(10**6)

    def _scroll(self, by: int) -> None:
        self.query_one("#text", LineList).scroll_rows(by)
