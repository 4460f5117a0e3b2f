"""A run played back: the same board, with the keys of a player and a bar that says where one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.run import RunBoard
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views.keys import Key, replay_keys
from cockpit.views.replay_bar import replay_bar
from cockpit.views.run_view import ReplayControls


class ReplayBoard(RunBoard):
    """What the captain's screen showed, at any moment of the run."""

    DEFAULT_CSS = "ReplayBoard #bar { height: 2; }"

    def __init__(self) -> None:
        """Show what happened below the tree at first."""
        super().__init__()
        self._shown = "timeline"

    @property
    def replay(self) -> ReplayControls:
        """The player. Raises TypeError when the app shows a live run."""
        if self.cockpit.replay is None:
            raise TypeError("a replay board needs a replay")
        return self.cockpit.replay

    def body(self) -> Iterable[Widget]:
        """The bar over what a run's board has."""
        yield self.lines(lambda cells, _: Rows(replay_bar(self.replay, self.now, cells)), "bar")
        yield from super().body()

    def keys(self) -> Sequence[Key]:
        """The keys of a player, besides those that look."""
        return replay_keys(self.now, self.node)

    @property
    def barred(self) -> str:
        """Nothing: a replay has no keys that would change anything, and the head says what it is."""
        return ""

    def do_leave(self) -> None:
        """Leave: nothing is lost by it."""
        self.app.exit(0)

    def do_play(self) -> None:
        """Play, or pause."""
        if self.replay.playing:
            self.replay.pause()
        else:
            self.replay.play()
        self._shift()

    def do_step_back(self) -> None:
        """One event back."""
        self.replay.step(-1)
        self._shift()

    def do_step_on(self) -> None:
        """One event on."""
        self.replay.step(1)
        self._shift()

    def do_section_back(self) -> None:
        """To the section worked on before."""
        self._jumped(found=self.replay.next_section(-1), what="no section was worked on before this one")

    def do_section_on(self) -> None:
        """To the next section worked on."""
        self._jumped(found=self.replay.next_section(1), what="no other section is worked on after this")

    def do_failure_back(self) -> None:
        """To the failure before."""
        self._jumped(found=self.replay.next_failure(-1), what="nothing failed before this")

    def do_failure_on(self) -> None:
        """To the next failure."""
        self._jumped(found=self.replay.next_failure(1), what="nothing fails after this")

    def do_faster(self) -> None:
        """Faster."""
        self.replay.faster(1)
        self._shift()

    def do_slower(self) -> None:
        """Slower."""
        self.replay.faster(-1)
        self._shift()

    def do_go_to(self) -> None:
        """Ask for a time or a number."""
        from cockpit.views.forms import go_to_form

        self.ask(go_to_form(self.replay.go_to, self.now))

    def _jumped(self, *, found: bool, what: str) -> None:
        self._shift()
        if not found:
            self.say((what, "warn"))

    def _shift(self) -> None:
        """Draw the moment that the player stands at."""
        self.cockpit.look_again()
        self.query_one("#bar", LineList).redraw()
