"""The watches: the success metrics, on the whole screen."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.screens.boards.listing import ListingBoard
from cockpit.views.key import Key
from cockpit.views.keys import watches_keys
from cockpit.views.line import Line, line
from cockpit.views.walk import Walk
from cockpit.views.watches import facts_line, watch_rows

_EACH = 3
"""Rows of a watch."""


class WatchesBoard(ListingBoard):
    """How the figures agreed on stand."""

    TITLE_OF_LIST = "Watches"

    def keys(self) -> Sequence[Key]:
        """The keys of this page."""
        return watches_keys(self.now)

    def hint(self) -> str:
        """Where they are larger."""
        return "W: large, for a wall"

    def rows(self, cells: int) -> Sequence[Line]:
        """Two rows for each watch: how it stands, and how it has gone; and a blank one."""
        watches = self.now.state.document.watch
        heads = watch_rows(self.now, cells)
        if not watches:
            return heads
        pairs = zip(heads, watches, strict=True)
        return [each for head, watch in pairs for each in (head, line("   ", *facts_line(watch, self.now)), ())]

    def walk_by(self, rows: int) -> None:
        """Move the cursor from watch to watch."""
        super().walk_by(rows * _EACH if abs(rows) == 1 else rows)
        self.at -= self.at % _EACH
        self.moved()

    def do_enter(self) -> None:
        """Show everything about the watch."""
        from cockpit.screens.boards.item import ItemBoard

        watches = self.now.state.document.watch
        if watches:
            walk = Walk(self.now.state.document, self.now.stands)
            walk.go_to(walk.outline.watches[self.at // _EACH])
            self.app.push_screen(ItemBoard(walk))
