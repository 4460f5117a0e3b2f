"""Where the run stands in one line, to be pasted or read out."""

from __future__ import annotations

from textual.app import ComposeResult

from cockpit.screens.dialogs.sheet import Sheet
from cockpit.screens.widgets.line_list import Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.views.bridge import bridge_line
from cockpit.views.cells import wrap
from cockpit.views.heading import rule
from cockpit.views.line import line


class BridgeDialog(Sheet[None]):
    """The line, whole, with nothing beside it: so it can be copied by hand too. Any key goes back."""

    DEFAULT_CSS = "BridgeDialog #line { height: 9; }"

    def __init__(self) -> None:
        """Take the line of this moment."""
        super().__init__()
        self._text = ""

    def compose(self) -> ComposeResult:
        """The line."""
        self._text = bridge_line(self.now.state, self.now.now)
        self.app.copy_to_clipboard(self._text)
        yield Pane(self.lines(self._shown, "line"), id="sheet")

    def take_key(self, name: str) -> bool:  # noqa: ARG002 - whichever it is
        """Go back."""
        self.dismiss(None)
        return True

    def _shown(self, cells: int, _: int) -> Rows:
        copied = " Sent to the terminal's clipboard too; whether it took it, only it can say."
        return Rows(
            [
                rule("For the bridge call", self.now.glyphs, cells, "any key: back"),
                (),
                *(line((text, "strong")) for text in wrap(self._text, cells)),
                (),
                line((copied, "dim")),
            ]
        )
