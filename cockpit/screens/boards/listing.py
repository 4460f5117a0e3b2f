"""A board that is one list with a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.walking import WalkingBoard
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views.heading import rule
from cockpit.views.line import Line


class ListingBoard(WalkingBoard):
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

    def walk_by(self, rows: int) -> None:
        """Move the cursor."""
        self.at = min(max(self.at + rows, 0), max(self.count - 1, 0))
        self.moved()
