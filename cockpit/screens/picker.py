"""What `cockpit` without arguments shows: choose a run or a checklist."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence

from textual import events
from textual.app import App, ComposeResult

from cockpit.screens import terminal
from cockpit.screens.pressed import pressed
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views.line import Line, apart, line
from cockpit.views.picker import Choice, PickerRow, RunChoice, picker_rows
from cockpit.views.signs import Glyphs


class PickerApp(App[Choice], inherit_bindings=False):
    """A list of choices; the one taken is its result, None when the person leaves."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    App, Screen { background: ansi_default; color: ansi_default; }
    LineList { width: 1fr; height: 1fr; }
    #head, #keys { height: 1; }
    #list { margin: 1 0; }
    """

    def __init__(
        self, choices: Sequence[Choice], now: dt.datetime, *, glyphs: Glyphs | None = None, encoding: str | None = None
    ) -> None:
        """Offer `choices`; ages are told against `now`."""
        super().__init__(ansi_color=True)
        self._choices = tuple(choices)
        self._now = now
        self._glyphs = glyphs or terminal.glyphs(os.environ)
        self._encoding = encoding or terminal.encoding()
        self._at = 0

    def compose(self) -> ComposeResult:
        """Head, list, keys."""
        for source, name in ((self._head, "head"), (self._list, "list"), (self._keys, "keys")):
            yield LineList(source, name=name, encoding=self._encoding, mark=self._glyphs.mark)

    def on_key(self, event: events.Key) -> None:
        """Move, take, leave."""
        event.stop()
        name = pressed(event)
        count = sum(row.choice is not None for row in self._rows(self.size.width))
        if name in ("q", "escape", "ctrl+c", "ctrl+q"):
            self.exit(None)
        elif name == "enter" and count:
            self.exit(self._chosen())
        elif moved := {"up": -1, "k": -1, "down": 1, "j": 1, "home": -count, "end": count}.get(name):
            self._at = min(max(self._at + moved, 0), max(count - 1, 0))
            for pane in self.query(LineList):
                pane.redraw()

    def _rows(self, cells: int) -> list[PickerRow]:
        return picker_rows(self._choices, self._now, self._glyphs, cells)

    def _places(self, rows: Sequence[PickerRow]) -> list[int]:
        return [place for place, row in enumerate(rows) if row.choice is not None]

    def _chosen(self) -> Choice | None:
        rows = self._rows(self.size.width)
        return rows[self._places(rows)[self._at]].choice if self._places(rows) else None

    def _head(self, cells: int, _: int) -> Rows:
        return Rows([apart(line((" Cockpit ", "bar")), (), cells, fill=line((" ", "bar"))[0])])

    def _list(self, cells: int, _: int) -> Rows:
        rows = self._rows(cells)
        places = self._places(rows)
        return Rows([row.shown for row in rows], places[self._at] if places else None)

    def _keys(self, cells: int, _: int) -> Rows:
        chosen = self._chosen()
        take = "start a run from it"
        if isinstance(chosen, RunChoice):
            take = "replay it" if chosen.verdict else "go on with it" if not chosen.alive else "look at it, and go on"
        left: Line = line((" enter", "accent"), f" {take}", ("  up down", "accent"), " choose") if chosen else ()
        return Rows([apart(left, line(("q", "accent"), " leave "), cells)])
