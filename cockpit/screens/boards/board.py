"""What every board has: the head, a message line, the key bar, and one way from a key to what it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from cockpit.run.command import Command
from cockpit.screens.pressed import pressed
from cockpit.screens.widgets.line_list import LineList, Rows, Source
from cockpit.views.header import header
from cockpit.views.key import Key
from cockpit.views.keys import key_bar
from cockpit.views.line import Line, Look, Piece, line
from cockpit.views.moment import Moment
from cockpit.views.status import verdict_line

if TYPE_CHECKING:
    from cockpit.screens.app import CockpitApp
    from cockpit.views.forms import Form

SMALLEST = (60, 15)
"""Columns and rows under which a board says that it is too small."""


class Board(Screen[None], inherit_bindings=False):
    """A whole screen. A subclass says what stands in its body, which keys it has, and does them in `do_...`."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - declared so by Textual
        (0, "-tiny"),
        (SMALLEST[0], "-narrow"),
        (110, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (SMALLEST[1], "-high")]  # noqa: RUF012 - as above

    DEFAULT_CSS = """
    Board { background: ansi_default; color: ansi_default; layout: vertical; }
    Board LineList { height: 1fr; width: 1fr; }
    Board #head, Board #keys, Board #bar { height: 2; }
    Board #message { height: 1; }
    Board #notice { display: none; }
    Board.-tiny > *, Board.-low > * { display: none; }
    Board.-tiny > #notice, Board.-low > #notice { display: block; }
    """

    def __init__(self) -> None:
        """Say nothing at first: the message line shows the verdict."""
        super().__init__()
        self._message: Line = ()

    @property
    def cockpit(self) -> CockpitApp:
        """The app that it belongs to."""
        return cast("CockpitApp", self.app)

    @property
    def now(self) -> Moment:
        """The run as it was last looked at."""
        return self.cockpit.now

    def body(self) -> Iterable[Widget]:
        """The widgets between the head and the message line."""
        raise NotImplementedError

    def keys(self) -> Sequence[Key]:
        """The keys that it has at this moment."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Head, body, message, keys; and the notice of a terminal that is too small."""
        yield self.lines(lambda cells, _: Rows(header(self.now, cells)), "head")
        yield from self.body()
        yield self.lines(lambda cells, _: Rows([self.message(cells)]), "message")
        yield self.lines(lambda cells, _: Rows(key_bar(self.keys(), self.barred, cells)), "keys")
        yield self.lines(_too_small, "notice")

    def lines(self, source: Source, name: str) -> LineList:
        """A list of lines that draws in the terminal's encoding."""
        return LineList(source, name=name, encoding=self.cockpit.encoding, mark=self.now.glyphs.mark)

    @property
    def barred(self) -> str:
        """Why nothing can be changed on this board, for the key bar."""
        return self.now.not_allowed

    @property
    def about(self) -> str:
        """The id of the item that is looked at; empty when it is none."""
        return ""

    def message(self, cells: int) -> Line:
        """The message line: what was said last, or else the verdict."""
        return self._message or verdict_line(self.now, cells)

    def redraw(self) -> None:
        """Draw what changed."""
        self.redraw_panes("LineList")

    def redraw_panes(self, which: str) -> None:
        """Draw what changed in some panes, by selector. A board that is not built yet has none."""
        for pane in self.query(which).results(LineList):
            pane.redraw()

    def redraw_head(self) -> None:
        """Draw the head alone: the clock went on."""
        self.redraw_panes("#head")

    def on_screen_resume(self) -> None:
        """Draw what changed while another board was in front."""
        self.redraw()

    def say(self, *pieces: Piece | tuple[str, Look]) -> None:
        """Show a sentence until the next key."""
        self._message = line(" ", *pieces) if pieces else ()
        self.redraw_panes("#message")

    def on_key(self, event: events.Key) -> None:
        """Take every key.

        Textual calls this of each class that has one: only this class has, the others have `take_key`.
        """
        if self.take_key(event):
            event.stop()

    def take_key(self, event: events.Key) -> bool:
        """Do what the key is for, or say why it does nothing; False leaves it to the bindings of a prompt."""
        if self._message:
            self.say()
        name = pressed(event)
        key = next((key for key in self.keys() if key.answers(name)), None)
        if key is not None and key.why:
            self.say((f"{key.show}: {key.why}", "warn"))
        elif key is not None:
            self.press(key, name)
        return True

    def press(self, key: Key, name: str) -> None:  # noqa: ARG002 - a board whose digits differ wants the name
        """Do what `key` is for."""
        getattr(self, f"do_{key.does}")()

    def send(self, command: Command, done: str) -> None:
        """Ask the engine, and say what became of it; "done" is said only when it is on disk."""
        self.say(("recording...", "busy"))
        self.run_worker(self._send(command, done), exclusive=False)

    async def _send(self, command: Command, done: str) -> None:
        outcome = await self.cockpit.view.send(command)
        self.cockpit.look_again()
        if outcome.accepted:
            self.say((done, "good"))
        else:
            self.say((outcome.reason, "bad"))

    def ask(self, form: Form) -> None:
        """Put a form on top."""
        from cockpit.screens.dialogs.form import FormDialog

        self.app.push_screen(FormDialog(form), self.answered)

    def answered(self, said: str | None) -> None:
        """Look again after a form, and say what came of it."""
        self.cockpit.look_again()
        if said:
            self.say((said, "good"))

    def do_back(self) -> None:
        """Go back to the board below."""
        self.dismiss(None)

    def do_help(self) -> None:
        """List the keys."""
        from cockpit.screens.boards.help import HelpBoard

        self.app.push_screen(HelpBoard(self.keys()))

    def do_timeline(self) -> None:
        """Show what happened."""
        from cockpit.screens.boards.timeline import TimelineBoard

        self.app.push_screen(TimelineBoard())

    def do_contacts(self) -> None:
        """Show contacts and quick commands."""
        from cockpit.screens.boards.contacts import ContactsBoard

        self.app.push_screen(ContactsBoard())

    def do_watches(self) -> None:
        """Show the watches."""
        from cockpit.screens.boards.watches import WatchesBoard

        self.app.push_screen(WatchesBoard())

    def do_theme(self) -> None:
        """Draw everything in the next theme."""
        theme = self.cockpit.turn_theme()
        self.say((f"{theme.name}: {theme.about}", "good"))

    def do_wall(self) -> None:
        """Show the watches large."""
        from cockpit.screens.boards.wall import WallBoard

        self.app.push_screen(WallBoard())

    def do_commands(self) -> None:
        """Show the quick commands."""
        from cockpit.screens.boards.commands import CommandsBoard

        self.app.push_screen(CommandsBoard())

    def do_logs(self) -> None:
        """Show the logs."""
        from cockpit.screens.boards.logs import LogsBoard

        self.app.push_screen(LogsBoard(self.about))

    def do_steps(self) -> None:
        """Show the steps of going live."""
        if self.cockpit.replay is not None:
            from cockpit.screens.boards.replay_steps import ReplayStepsBoard

            self.app.push_screen(ReplayStepsBoard())
            return
        from cockpit.screens.boards.steps import StepsBoard

        self.app.push_screen(StepsBoard())

    def do_way_back(self) -> None:
        """Show what a rollback would do, or does."""
        from cockpit.screens.boards.way_back import WayBackBoard

        self.app.push_screen(WayBackBoard())

    def do_bridge(self) -> None:
        """Show where the run stands in one line, and copy it."""
        from cockpit.screens.dialogs.bridge import BridgeDialog

        self.app.push_screen(BridgeDialog())

    def do_hold(self) -> None:
        """Ask why the run is put in hold, or released."""
        from cockpit.views.forms import hold_form

        self.ask(hold_form(self.now))

    def do_veto(self) -> None:
        """Ask why what a watch has fired is not done."""
        from cockpit.views.plan_forms import veto_form

        self.ask(veto_form(self.now))

    def do_take(self) -> None:
        """Ask before taking command."""
        from cockpit.views.forms import take_command_form

        self.ask(take_command_form(self.now))

    def do_close(self) -> None:
        """Show the verdict, and ask before the run ends."""
        from cockpit.views.forms import close_form

        self.ask(close_form(self.now))


def _too_small(cells: int, rows: int) -> Rows:
    columns, lines = SMALLEST
    words = ("Cockpit needs", f"{columns} x {lines}.", f"This is {cells} x {rows}.", "The run goes on.")
    return Rows([line(word) for word in words[:rows]])
