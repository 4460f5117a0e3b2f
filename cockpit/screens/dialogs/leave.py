"""Leaving a run that goes on."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult

from cockpit.screens.dialogs.sheet import Sheet
from cockpit.screens.widgets.line_list import Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.views.heading import rule
from cockpit.views.line import line
from cockpit.views.status import verdict_line


class LeaveDialog(Sheet[Literal["leave", "close"]]):
    """Leave, end the run, or stay."""

    DEFAULT_CSS = "LeaveDialog #choices { height: 7; }"

    def compose(self) -> ComposeResult:
        """The choices."""
        yield Pane(self.lines(self._choices, "choices"), id="sheet")

    def take_key(self, name: str) -> bool:
        """One key decides."""
        if name in ("enter", "q"):
            self.dismiss("leave")
        elif name == "E":
            self.dismiss("close")
        else:
            return super().take_key(name)
        return True

    def _choices(self, cells: int, _: int) -> Rows:
        run = self.now.state.run
        return Rows(
            [
                rule("Leave", self.now.glyphs, cells),
                line(" The run goes on without this screen: checks, watches and clocks."),
                line(" Come back with ", ("cockpit", "strong"), " or ", (f"cockpit attach {run}", "strong"), "."),
                (),
                verdict_line(self.now, cells),
                (),
                line((" enter", "accent"), " leave; the run goes on"),
                line((" E", "accent"), "     end the run, with the verdict above"),
                line((" esc", "accent"), "   stay"),
            ]
        )
