"""A board with a list that is walked by the keys of the cursor."""

from __future__ import annotations

from cockpit.screens.boards.board import Board
from cockpit.screens.widgets.line_list import LineList

_ALL = 10**9
"""More rows than any list has: walking stops at its ends."""


class WalkingBoard(Board):
    """A subclass says which list it is, and what walking in it does."""

    WALKED = "#list"

    def walk_by(self, rows: int) -> None:
        """Go some rows down, up when negative, to the ends at most."""
        raise NotImplementedError

    @property
    def _page(self) -> int:
        return self.query_one(self.WALKED, LineList).page

    def do_up(self) -> None:
        """One row up."""
        self.walk_by(-1)

    def do_down(self) -> None:
        """One row down."""
        self.walk_by(1)

    def do_page_up(self) -> None:
        """A page up."""
        self.walk_by(-self._page)

    def do_page_down(self) -> None:
        """A page down."""
        self.walk_by(self._page)

    def do_first(self) -> None:
        """To the first row."""
        self.walk_by(-_ALL)

    def do_last(self) -> None:
        """To the last row."""
        self.walk_by(_ALL)
