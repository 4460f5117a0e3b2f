"""The quick commands: a key away each, and what the one under the cursor prints, beside or in place of everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.checklist.model import Command
from cockpit.run import command as cmd
from cockpit.screens.boards.board import Board
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views import commands as quick
from cockpit.views.heading import rule
from cockpit.views.key import Key
from cockpit.views.keys import commands_keys
from cockpit.views.line import Line, cut_line, line
from cockpit.views.processes import ORDERS
from cockpit.views.words import title

_LIST = 8
"""Rows of the list at most."""


class CommandsBoard(Board):
    """The list, and below it the output; `z` gives the output the whole screen."""

    DEFAULT_CSS = """
    CommandsBoard #rule, CommandsBoard #about { height: 1; }
    CommandsBoard #exact { height: 1; }
    CommandsBoard.-zoomed #rule, CommandsBoard.-zoomed #list { display: none; }
    """

    def __init__(self) -> None:
        """Stand on the first command, and follow what it prints."""
        super().__init__()
        self._at = 0
        self._order = 0
        self._back_from_end: int | None = None
        """Rows that one has scrolled back; None while the newest is followed."""

    @property
    def listed(self) -> list[tuple[str, Command]]:
        """All commands with their keys."""
        return quick.listed(self.now.state.document)

    @property
    def command(self) -> Command | None:
        """The one under the cursor; None when there are none."""
        listed = self.listed
        return listed[min(self._at, len(listed) - 1)][1] if listed else None

    @property
    def zoomed(self) -> bool:
        """Whether the output has the whole screen."""
        return self.has_class("-zoomed")

    def body(self) -> Iterable[Widget]:
        """The list, the exact command, the output."""
        listing = self.lines(self._list, "list")
        listing.styles.height = max(1, min(_LIST, len(self.listed)))
        yield self.lines(self._heading, "rule")
        yield listing
        yield self.lines(self._about, "about")
        yield self.lines(self._exact, "exact")
        yield self.lines(self._output, "output")

    def keys(self) -> Sequence[Key]:
        """To run, to stop, to look closer."""
        return commands_keys(self.now, self.command, zoomed=self.zoomed)

    def redraw_head(self) -> None:
        """Draw what the clock changes: the head, and ages."""
        self.redraw_panes("#head, #list")

    def press(self, key: Key, name: str) -> None:
        """A key of a command runs it."""
        if key.does == "quick":
            self._run(quick.quick_keys(self.now.state.document)[name])
        else:
            super().press(key, name)

    def do_enter(self) -> None:
        """Run the one under the cursor."""
        if self.command is not None:
            self._run(self.command)

    def do_stop(self) -> None:
        """End it."""
        if self.command is not None:
            self.send(cmd.StopCommand(self.command.id), f"{title(self.command.title)} is being ended")

    def do_zoom(self) -> None:
        """Give the output the whole screen, or take it back."""
        self.toggle_class("-zoomed")
        self._back_from_end = None
        self.redraw()

    def do_sort(self) -> None:
        """Order the processes by something else."""
        self._order = (self._order + 1) % len(ORDERS)
        self.say((f"ordered by {ORDERS[self._order]}", "good"))
        self.redraw()

    def do_copy(self) -> None:
        """Hand the exact command to the terminal's clipboard; whether it took it, only the terminal knows."""
        if self.command is not None:
            self.app.copy_to_clipboard(self.command.run)
            self.say(("the command was sent to the terminal's clipboard", "good"))

    def do_up(self) -> None:
        """One row up; of the output, when that is zoomed."""
        self._move(-1)

    def do_down(self) -> None:
        """One row down."""
        self._move(1)

    def do_page_up(self) -> None:
        """A page of the output up."""
        self._scroll(-self.query_one("#output", LineList).page)

    def do_page_down(self) -> None:
        """A page of the output down."""
        self._scroll(self.query_one("#output", LineList).page)

    def do_first(self) -> None:
        """To the beginning of what is kept."""
        self._scroll(-(10**6))

    def do_last(self) -> None:
        """To the newest, and follow it."""
        self._scroll(10**6)

    def do_commands(self) -> None:
        """Stay here."""

    def _run(self, command: Command) -> None:
        self._at = next(place for place, (_, each) in enumerate(self.listed) if each.id == command.id)
        self._back_from_end = None
        ran = quick.last(command, self.now)
        if ran is not None and not ran.over:
            self.say((f"{title(command.title)} is under way: x ends it", "warn"))
        elif command.changes:
            if self.now.not_allowed:
                self.say((self.now.not_allowed, "warn"))
            else:
                self.ask(quick.command_form(command, self.now))
        else:
            self.send(cmd.RunCommand(command.id), f"{title(command.title)}: begun; nothing is recorded of it")
        self.redraw()

    def _move(self, by: int) -> None:
        if self.zoomed:
            self._scroll(by)
            return
        self._at = min(max(self._at + by, 0), max(len(self.listed) - 1, 0))
        self._back_from_end = None
        self.redraw()

    def _scroll(self, by: int) -> None:
        self._back_from_end = max(0, (self._back_from_end or 0) - by) or None
        self.redraw_panes("#output, #about")

    def _heading(self, cells: int, _: int) -> Rows:
        listed = len(self.listed)
        how = f"{listed} of them, enter runs the row" if listed > _LIST else "enter runs the row"
        return Rows([rule("Quick commands", self.now.glyphs, cells, how)])

    def _list(self, cells: int, _: int) -> Rows:
        listed = self.listed
        if not listed:
            return Rows([line(("  this checklist has none: `commands:` is where they are written", "dim"))])
        return Rows([quick.command_row(key, command, self.now, cells) for key, command in listed], self._at)

    def _about(self, cells: int, _: int) -> Rows:
        command = self.command
        if command is None:
            return Rows([])
        hint = "end: newest" if self._back_from_end else f"ordered by {self._by}" if command.processes else ""
        return Rows([rule(quick.output_title(command, self.now), self.now.glyphs, cells, hint)])

    def _exact(self, cells: int, _: int) -> Rows:
        if self.command is None:
            return Rows([])
        return Rows([cut_line(quick.exact_line(self.command, self.now), cells, self.now.glyphs.mark)])

    @property
    def _by(self) -> str:
        return ORDERS[self._order]

    def _output(self, cells: int, rows: int) -> Rows:
        command = self.command
        if command is None:
            return Rows([])
        lines = quick.output_lines(command, self.now, cells, order=ORDERS[self._order])
        if command.processes and not self._back_from_end:
            return Rows(_with_its_end(lines, rows))
        most = max(0, len(lines) - rows)
        self._back_from_end = min(self._back_from_end or 0, most) or None
        first = most - (self._back_from_end or 0)
        return Rows(lines[first : first + rows])


def _with_its_end(lines: list[Line], rows: int) -> list[Line]:
    """A table from its top; its last row, that it is over, always among them."""
    return lines if len(lines) <= rows else [*lines[: rows - 1], lines[-1]]
