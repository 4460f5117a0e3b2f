"""A board with a filter: `/` opens a prompt, each letter narrows, enter keeps it, escape drops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from cockpit.screens.boards.board import Board
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.views.filter import HELP
from cockpit.views.line import Line, Piece, line

if TYPE_CHECKING:
    from textual.widgets import Input

    from cockpit.screens.widgets.prompt import Prompt


class FilteringBoard(Board):
    """A board whose rows can be narrowed down."""

    DEFAULT_CSS = """
    FilteringBoard #filter-row { height: 1; layout: horizontal; }
    FilteringBoard #filter-label { width: 8; }
    FilteringBoard.-filtering #message { display: none; }
    """

    HINT = HELP
    """What a filter knows, shown in the empty prompt."""
    LABEL = "filter"
    """What is typed in the prompt, in at most six letters."""

    def __init__(self) -> None:
        """Show everything at first."""
        super().__init__()
        self.wanted = ""
        self._prompt: Prompt | None = None

    def found(self) -> str:
        """How much the filter finds, in words."""
        raise NotImplementedError

    def filter_changed(self) -> None:
        """Show what the filter wants now."""
        raise NotImplementedError

    def message(self, cells: int) -> Line:
        """While a filter is on, the message line says so."""
        if self._message or not self.wanted:
            return super().message(cells)
        how = Piece("   / changes it, esc drops it", "dim")
        return line((" filter ", "accent"), (self.wanted, "strong"), f"   {self.found()}", how)

    def do_filter(self) -> None:
        """Open the prompt in place of the message line."""
        from cockpit.screens.widgets.prompt import Prompt

        self._prompt = Prompt(self.wanted, self.HINT, name="filter")
        label = self.lines(lambda *_: Rows([line((f" {self.LABEL}", "accent"))]), "filter-label")
        self.mount(Pane(label, self._prompt, id="filter-row"), before="#message")
        self.add_class("-filtering")
        self._prompt.focus()

    def take_key(self, event: events.Key) -> bool:
        """While the prompt is open, keys are its own, but for those that move, and escape."""
        if event.key == "escape" and (self._prompt is not None or self.wanted):
            self._close(keep=False)
        elif self._prompt is None or event.key in ("up", "down", "pageup", "pagedown"):
            return super().take_key(event)
        else:
            return False
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow with each letter."""
        event.stop()
        if self._prompt is not None and event.value != self.wanted:
            self.wanted = event.value
            self.filter_changed()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        event.stop()
        self._close(keep=True)

    def _close(self, *, keep: bool) -> None:
        if self._prompt is not None:
            self._prompt = None
            self.query_one("#filter-row").remove()
            self.remove_class("-filtering")
            self.set_focus(None)
        if not keep:
            self.wanted = ""
            self.filter_changed()
        self.query_one("#message", LineList).redraw()
