"""A board of two panes, of which the second can have the whole screen, or go; it is remembered which."""

from __future__ import annotations

from typing import ClassVar, Literal

from cockpit.screens.boards.board import Board

How = Literal["", "zoomed", "hidden"]


class PanedBoard(Board):
    """`Z` gives the lower or side pane the screen, the backslash takes it away; again brings both back."""

    PANES = ""
    """The board's name, under which it is remembered."""
    KINDS: ClassVar[tuple[str, ...]] = ()
    """What the pane can show."""

    def on_mount(self) -> None:
        """As it was left."""
        how = self.cockpit.memory.now.panes.get(self.PANES, "")
        self._show(how if how in ("zoomed", "hidden") else "")
        shown = self.cockpit.memory.now.panes.get(f"{self.PANES}.shown", "")
        if shown in self.KINDS:
            self.turned_to(shown)

    def turned_to(self, shown: str) -> None:
        """Show this in the pane, as it did last time."""

    def do_zoom_pane(self) -> None:
        """Give the pane the screen, or take it back."""
        self._turn("zoomed")

    def do_hide_pane(self) -> None:
        """Take the pane away, or bring it back."""
        self._turn("hidden")

    @property
    def how(self) -> str:
        """How the pane is shown."""
        return next((how for how in ("zoomed", "hidden") if self.has_class(f"-{how}")), "")

    def _turn(self, how: str) -> None:
        wanted = "" if self.how == how else how
        self._show(wanted)
        self.cockpit.memory.keep(**{self.PANES: wanted})
        self.redraw()

    def _show(self, how: str) -> None:
        for each in ("zoomed", "hidden"):
            self.set_class(each == how, f"-{each}")
