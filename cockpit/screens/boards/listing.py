"""A board that is one list with a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.board import Board
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views.heading import rule
from cockpit.views.line import Line


class ListingBoard(Board):
    """A titled list; a subclass says what its rows are."""

    DEFAULT_CSS = "ListingBoard #rule { height: 1; }"

    TITLE_OF_LIST = ""

    def __init__(self) -> None:
        """Stand on the first row."""
        super().__init__()
        self.at = 0

    def rows(self, cells: int) -> Sequence[Line]:
        """All rows."""
        raise NotImplementedError

    @property
    def title_of_list(self) -> str:
        """What is listed."""
        return self.TITLE_OF_LIST

    def hint(self) -> str:
        """What stands at the end of the rule."""
        return ""

    def body(self) -> Iterable[Widget]:
        """The rule and the list."""
        yield self.lines(lambda cells, _: Rows([rule(self.title_of_list, self.now.glyphs, cells, self.hint())]), "rule")
        yield self.lines(self._list, "list")

    def moved(self) -> None:
        """Show where the cursor is."""
        self.query_one("#list", LineList).redraw()
        self.query_one("#rule", LineList).redraw()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows(self.size.width))

    def _list(self, cells: int, _: int) -> Rows:
        rows = self.rows(cells)
        self.at = min(max(self.at, 0), max(len(rows) - 1, 0))
        return Rows(rows, self.at)

    def _move(self, by: int) -> None:
        self.at = min(max(self.at + by, 0), max(self.count - 1, 0))
        self.moved()

    def do_up(self) -> None:
        """One row up."""
        self._move(-1)

    def do_down(self) -> None:
        """One row down."""
        self._move(1)

    def do_page_up(self) -> None:
        """A page up."""
        self._move(-self.query_one("#list", LineList).page)

    def do_page_down(self) -> None:
        """A page down."""
        self._move(self.query_one("#list", LineList).page)

    def do_first(self) -> None:
        """To the first row."""
        self._move(-self.count)

    def do_last(self) -> None:
        """To the last row."""
        self._move(self.count)
