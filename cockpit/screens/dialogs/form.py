"""A form on the screen: what it is about, its blanks, and what became of the answers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from cockpit.run.command import Command
from cockpit.screens.dialogs.sheet import Sheet
from cockpit.screens.pressed import Typed, leads_back
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.screens.widgets.prompt import Prompt
from cockpit.views.cells import width
from cockpit.views.forms import Blank, Form, Unfit
from cockpit.views.heading import rule
from cockpit.views.line import Line, apart, line, wrap_line

_MARGIN = 1
_ROWS = 10
"""Rows of a sheet at least: what lies below the tree at 80 x 24."""


class FormDialog(Sheet[str]):
    """Asks a form. It stays open, with what was typed, until the answer is on disk or the person goes back.

    What is typed while an answer is being recorded is kept for what is asked next; it is dropped when nothing is.
    Its answer is the sentence to show afterwards; None when the person went back.
    """

    BINDINGS: ClassVar = [Binding("tab,down", "move(1)", show=False), Binding("shift+tab,up", "move(-1)", show=False)]
    DEFAULT_CSS = """
    FormDialog #about { height: 3; }
    FormDialog .blank { height: 1; layout: horizontal; }
    FormDialog #foot { height: 2; }
    """

    def __init__(self, form: Form) -> None:
        """Ask `form`."""
        super().__init__()
        self.form = form
        self.saying: Line = ()
        """What the foot says of the last answer."""
        self._waiting = False
        self._is_cut = False
        """Whether the screen is too low for all that the form is about."""
        self._ahead: list[Typed] = []
        """What was typed while an answer was being recorded."""

    def compose(self) -> ComposeResult:
        """A rule with the title, what it is about, the blanks, the foot."""
        blanks = [self._row(number, blank) for number, blank in enumerate(self.form.blanks)]
        yield Pane(self.lines(self._about, "about"), *blanks, self.lines(self._foot, "foot"), id="sheet")

    def on_mount(self) -> None:
        """Stand in the first blank."""
        self._fit()
        if self.prompts:
            self.prompts[0].focus()

    def on_resize(self) -> None:
        """Wrap what it is about anew."""
        self._fit()

    @property
    def prompts(self) -> list[Prompt]:
        """The blanks on the screen, in order."""
        return list(self.query(Prompt))

    @property
    def answers(self) -> list[str]:
        """What stands in the blanks."""
        return [prompt.value for prompt in self.prompts]

    def take_key(self, name: str) -> bool:
        """Escape goes back; enter does what a form without blanks asks; the page keys show all that it is about."""
        if name in ("pageup", "pagedown"):
            about = self.query_one("#about", LineList)
            about.scroll_rows(about.page if name == "pagedown" else -about.page)
            return True
        if name == "enter" and not self.form.blanks:
            if not self._waiting:
                self.submit()
            return True
        return super().take_key(name)

    def takes(self, typed: Typed) -> bool:
        """While an answer is being recorded it takes nothing but what leads back."""
        if not self._waiting or leads_back(typed):
            return super().takes(typed)
        self._ahead.append(typed)
        return False

    def action_move(self, by: int) -> None:
        """Tab and the arrows move between the blanks."""
        prompts = self.prompts
        if prompts:
            place = next((number for number, prompt in enumerate(prompts) if prompt is self.focused), 0)
            self.set_focus(prompts[(place + by) % len(prompts)])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter sends the answers from whichever blank it is pressed in."""
        event.stop()
        if not self._waiting:
            self.submit()

    def submit(self) -> None:
        """Make a command of the answers, and send it."""
        try:
            command = self.form.make(self.answers)
        except Unfit as unfit:
            self.say(line((str(unfit), "bad")))
            self.prompts[unfit.blank].focus()
            return
        if command is None:
            self.dismiss(self.form.done)
            return
        self._waiting = True
        self.say(line(("recording...", "busy")))
        self.run_worker(self._send(command))

    async def _send(self, command: Command) -> None:
        outcome = await self.cockpit.view.send(command)
        ahead, self._ahead, self._waiting = self._ahead, [], False
        self.cockpit.look_again()
        if not outcome.accepted:
            self.say(line((outcome.reason, "bad")))
        elif self.recorded(outcome.seq):
            self.cockpit.keyboard.put_before(ahead)

    def recorded(self, seq: int) -> bool:
        """It is on disk as event `seq`: say so, and close; or ask on, and return True."""
        self.dismiss(f"{self.form.done} (event {seq})")
        return False

    def say(self, what: Line) -> None:
        """Show a sentence in the foot until the next answer."""
        self.saying = what
        self._fit()
        self.query_one("#foot", LineList).redraw()

    def _row(self, number: int, blank: Blank) -> Pane:
        label = line((f" {blank.label} ", "accent"))
        cells = max(width(each.label) for each in self.form.blanks) + 2
        shown = self.lines(lambda *_: Rows([label]), f"label-{number}")
        shown.styles.width = cells
        return Pane(shown, Prompt(blank.value, blank.hint, name=f"blank-{number}"), classes="blank")

    def _about_lines(self, cells: int) -> list[Line]:
        mark = self.now.glyphs
        name = rule(self.form.title, mark, cells, "rehearsal" if self.now.state.run_kind != "live" else "")
        lines = [name]
        for about in self.form.about:
            lines += [line(" " * _MARGIN, *each) for each in wrap_line(about, cells - 2 * _MARGIN)]
        return lines

    def _about(self, cells: int, _: int) -> Rows:
        return Rows(self._about_lines(cells))

    def _foot_lines(self, cells: int) -> list[Line]:
        saying = [line(" ", *each) for each in wrap_line(self.saying, cells - 2)] if self.saying else [()]
        keys = line(
            ("enter ", "accent"),
            self.form.enter,
            *((("   tab ", "accent"), "next field") if len(self.form.blanks) > 1 else ()),
            *((("   pgdn ", "accent"), "more") if self._is_cut else ()),
        )
        return [*saying, apart(line(" ", *keys), line(("esc", "accent"), " back "), cells, self.now.glyphs.mark)]

    def _foot(self, cells: int, rows: int) -> Rows:
        *saying, keys = self._foot_lines(cells)
        return Rows([*saying, *([()] * (rows - len(saying) - 1)), keys])

    def _fit(self) -> None:
        """Give the texts the rows that they need; before they are built there is nothing to do."""
        if not self.query("#foot"):
            return
        cells = self.app.size.width
        room = max(3, self.app.size.height - len(self.form.blanks) - len(self._foot_lines(cells)))
        about, foot = min(len(self._about_lines(cells)), room), len(self._foot_lines(cells))
        self._is_cut = about < len(self._about_lines(cells))
        self.query_one("#about").styles.height = about
        self.query_one("#foot").styles.height = max(
            foot, min(_ROWS, self.app.size.height) - about - len(self.form.blanks)
        )
