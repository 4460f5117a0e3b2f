"""The keys that work on the board below, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.screens.boards.listing import ListingBoard
from cockpit.views.key import Key
from cockpit.views.keys import help_keys, help_lines
from cockpit.views.line import Line


class HelpBoard(ListingBoard):
    """All keys of a board, by what they are for."""

    TITLE_OF_LIST = "Keys"

    def __init__(self, keys: Sequence[Key]) -> None:
        """Tell of `keys`."""
        super().__init__()
        self._told = tuple(keys)

    def keys(self) -> Sequence[Key]:
        """The keys of the help itself."""
        return help_keys()

    def rows(self, cells: int) -> Sequence[Line]:
        """All keys."""
        return help_lines(self._told, cells)
