"""Confirming item after item: type what you see, enter, and the next open item is asked.

A value that is not what is expected is told before it is recorded, with the condition that fails; a second enter
records it as failing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.checklist.model import Confirm, Item
from cockpit.screens.dialogs.form import FormDialog
from cockpit.screens.widgets.line_list import LineList
from cockpit.views.answers import judge
from cockpit.views.forms import Form, confirm_form
from cockpit.views.line import Line, apart, line, wrap_line
from cockpit.views.words import title

if TYPE_CHECKING:
    from cockpit.screens.boards.saying import SayingBoard


class ConfirmDialog(FormDialog):
    """Asks for the item under the cursor of a board, and moves that cursor on."""

    def __init__(self, board: SayingBoard) -> None:
        """Ask for the item that `board` stands on."""
        self._board = board
        self._item, self._asked = _asked_of(board)
        self._warned_of: str | None = None
        super().__init__(self._form())

    def submit(self) -> None:
        """Judge the value first."""
        value = self.answers[0].strip()
        found = judge(self._asked, value) if value else None
        if found is not None and not found.holds and self._warned_of != value:
            self._warned_of = value
            self.say(line((f"{found.why}. Enter again records it as failing.", "bad")))
            return
        super().submit()

    def recorded(self, seq: int) -> bool:
        """Say so, and ask the next open item; close when there is none."""
        failing = self._warned_of == self.answers[0].strip()
        done = f"{title(self._item.title)}: recorded{' as failing' if failing else ''} (event {seq})"
        if not self._step(1):
            self.dismiss(f"{done}. No other item asks a person.")
            return False
        self.asks_anew()
        self.say(line((done, "warn" if failing else "good")))
        return True

    def take_key(self, name: str) -> bool:
        """The page keys go to the open item before or after, without an answer."""
        if name not in ("pagedown", "pageup"):
            return super().take_key(name)
        if not self._step(1 if name == "pagedown" else -1):
            self.say(line(("no other item asks a person", "warn")))
        return True

    def _step(self, by: int) -> bool:
        node = self._board.next_to_confirm(by)
        if node is None:
            return False
        self._board.walk.go_to(node)
        self._board.moved()
        self._item, self._asked = _asked_of(self._board)
        self._warned_of = None
        self.form = self._form()
        for prompt, blank in zip(self.prompts, self.form.blanks, strict=True):
            prompt.value = blank.value
        self.prompts[0].focus()
        self.saying = ()
        self._fit()
        self.query_one("#about", LineList).redraw()
        return True

    def _form(self) -> Form:
        return confirm_form(self._item, self._asked, self._board.now)

    def _foot_lines(self, cells: int) -> list[Line]:
        saying = [line(" ", *each) for each in wrap_line(self.saying, cells - 2)] if self.saying else [()]
        keys = line(
            (" enter", "accent"),
            " record, next item",
            ("  tab", "accent"),
            " note, evidence",
            ("  pgdn", "accent"),
            " skip",
        )
        return [*saying, apart(keys, line(("esc", "accent"), " back "), cells, self.now.glyphs.mark)]


def _asked_of(board: SayingBoard) -> tuple[Item, Confirm]:
    """The item that the board stands on, and its question. Raises ValueError when it asks a person nothing."""
    item = board.item
    if item is None or item.confirm is None:
        raise ValueError("the cursor stands on nothing that asks a person")
    return item, item.confirm
