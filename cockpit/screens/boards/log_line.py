"""One line of the logs, whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cockpit.logs.line import LogLine
from cockpit.screens.boards.reading import ReadingBoard
from cockpit.views.ages import clock
from cockpit.views.cells import wrap
from cockpit.views.heading import rule
from cockpit.views.key import Key
from cockpit.views.keys import help_keys
from cockpit.views.line import Line, line


class LogLineBoard(ReadingBoard):
    """A line that is too long for its row."""

    def __init__(self, of: LogLine) -> None:
        """Show `of`."""
        super().__init__()
        self._of = of

    def keys(self) -> Sequence[Key]:
        """What moves, and the way back."""
        return help_keys()

    def text(self, cells: int) -> Sequence[Line]:
        """Where it comes from, when, and its text."""
        of = self._of
        at = clock(dt.datetime.fromtimestamp(of.moment, dt.UTC), self.now.zone, self.now.now, seconds=True)
        whose = "as it says" if of.at is not None else "when it came"
        about = [
            ("source", of.source or "none"),
            ("time", f"{at}, {whose}"),
            ("level", of.level.word if of.level is not None else "not said"),
            ("number", f"{of.number:,}"),
        ]
        return [
            rule("A line of the logs", self.now.glyphs, cells),
            *(line((f" {name:<8}", "dim"), value) for name, value in about),
            (),
            *(line(f" {text}") for text in wrap(of.text, cells - 2)),
        ]
