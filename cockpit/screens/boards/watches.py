"""The watches: the success metrics, on the whole screen."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.screens.boards.listing import ListingBoard
from cockpit.views.key import Key
from cockpit.views.keys import watches_keys
from cockpit.views.line import Line
from cockpit.views.walk import Walk
from cockpit.views.watches import watch_rows


class WatchesBoard(ListingBoard):
    """How the figures agreed on stand."""

    TITLE_OF_LIST = "Watches"

    def keys(self) -> Sequence[Key]:
        """The keys of this page."""
        return watches_keys(self.now)

    def rows(self, cells: int) -> Sequence[Line]:
        """A row for each watch."""
        return watch_rows(self.now, cells)

    def do_enter(self) -> None:
        """Show everything about the watch."""
        from cockpit.screens.boards.item import ItemBoard

        watches = self.now.state.document.watch
        if watches:
            walk = Walk(self.now.state.document, self.now.stands)
            walk.go_to(walk.outline.watches[self.at])
            self.app.push_screen(ItemBoard(walk))
