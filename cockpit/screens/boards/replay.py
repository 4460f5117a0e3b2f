"""A run played back: the same board, with the keys of a player and a bar that says where one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.player import PlayerBoard
from cockpit.screens.boards.run import RunBoard
from cockpit.views.key import Key
from cockpit.views.keys import replay_keys


class ReplayBoard(RunBoard, PlayerBoard):
    """What the captain's screen showed, at any moment of the run."""

    PANES = "replay"

    def __init__(self) -> None:
        """Show what happened below the tree at first."""
        super().__init__()
        self._shown = "timeline"

    def body(self) -> Iterable[Widget]:
        """The bar over what a run's board has."""
        yield self.bar()
        yield from super().body()

    def keys(self) -> Sequence[Key]:
        """The keys of a player, besides those that look."""
        return replay_keys(self.now, self.node)

    def do_leave(self) -> None:
        """Leave: nothing is lost by it."""
        self.app.exit(0)
