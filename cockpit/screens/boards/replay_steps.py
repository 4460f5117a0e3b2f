"""The steps of a run played back, with the keys of a player."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.player import PlayerBoard
from cockpit.screens.boards.steps import StepsBoard
from cockpit.views.key import Key
from cockpit.views.keys import replay_steps_keys


class ReplayStepsBoard(StepsBoard, PlayerBoard):
    """What the captain saw of going live, at any moment of the run."""

    def body(self) -> Iterable[Widget]:
        """The bar over the steps."""
        yield self.bar()
        yield from super().body()

    def keys(self) -> Sequence[Key]:
        """The keys of a player, besides those that look."""
        return replay_steps_keys(self.now)
