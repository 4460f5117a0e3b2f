"""The watches, large: to be left standing on a screen on the wall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.board import Board
from cockpit.screens.widgets.line_list import Rows
from cockpit.views.key import Key
from cockpit.views.keys import wall_keys
from cockpit.views.wall import wall_lines


class WallBoard(Board):
    """A tile for each watch. The head and the clock stay in sight."""

    def body(self) -> Iterable[Widget]:
        """The tiles."""
        yield self.lines(lambda cells, rows: Rows(wall_lines(self.now, cells, rows)), "wall")

    def keys(self) -> Sequence[Key]:
        """Only to leave it, and to hold."""
        return wall_keys(self.now)

    def do_wall(self) -> None:
        """Stay here."""
