"""The page of the way back: what a rollback would do; from here it is begun, and here it is watched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.reading import ReadingBoard
from cockpit.screens.widgets.line_list import Rows
from cockpit.views import plan_forms as forms
from cockpit.views.heading import rule
from cockpit.views.key import Key
from cockpit.views.keys import way_back_keys
from cockpit.views.line import Line
from cockpit.views.way_back import way_back_lines, way_back_title


class WayBackBoard(ReadingBoard):
    """The preview, the progress, and what is left."""

    DEFAULT_CSS = "WayBackBoard #rule { height: 1; }"

    def body(self) -> Iterable[Widget]:
        """A rule over the text."""
        yield self.lines(lambda cells, _: Rows([rule(way_back_title(self.now), self.now.glyphs, cells)]), "rule")
        yield from super().body()

    def keys(self) -> Sequence[Key]:
        """To look, to begin it, to clear the run after it."""
        return way_back_keys(self.now)

    def text(self, cells: int) -> Sequence[Line]:
        """What a rollback would do, does, or did."""
        return way_back_lines(self.now, cells)

    def redraw_head(self) -> None:
        """Draw what the clock changes: the head, and how long its parts take."""
        self.redraw_panes("#head, #text")

    def do_roll_back(self) -> None:
        """Show it once more, and ask for the release's name and a reason."""
        self.ask(forms.roll_back_form(self.now))

    def do_clear(self) -> None:
        """Ask why the run may go on."""
        self.ask(forms.clear_form(self.now))

    def do_way_back(self) -> None:
        """Stay here."""
