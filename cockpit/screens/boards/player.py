"""What every board of a replay has: the keys of a player, and the bar that says where one is."""

from __future__ import annotations

from cockpit.screens.boards.board import Board
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views.replay_bar import replay_bar
from cockpit.views.run_view import ReplayControls


class PlayerBoard(Board):
    """A board on which time is moved."""

    @property
    def replay(self) -> ReplayControls:
        """The player. Raises TypeError when the app shows a live run."""
        if self.cockpit.replay is None:
            raise TypeError("a replay board needs a replay")
        return self.cockpit.replay

    def bar(self) -> LineList:
        """The bar, for the body."""
        return self.lines(lambda cells, _: Rows(replay_bar(self.replay, self.now, cells)), "bar")

    @property
    def barred(self) -> str:
        """Nothing: a replay has no keys that would change anything, and the head says what it is."""
        return ""

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
