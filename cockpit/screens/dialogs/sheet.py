"""What every dialog has: a sheet at the foot of the screen, with the board in sight above it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import events
from textual.screen import ModalScreen

from cockpit.screens.pressed import Typed, leads_back, pressed
from cockpit.screens.widgets.line_list import LineList, Source
from cockpit.views.moment import Moment

if TYPE_CHECKING:
    from cockpit.screens.app import CockpitApp

Answer = TypeVar("Answer")


class Sheet(ModalScreen[Answer], Generic[Answer], inherit_bindings=False):
    """A dialog. What is typed before it stands is for it too, but for an answer to what nobody has seen yet."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Sheet { background: transparent; align: center bottom; }
    Sheet #sheet { height: auto; min-height: 10; width: 100%; max-height: 100%; }
    Sheet #sheet { background: ansi_default; color: ansi_default; }
    Sheet LineList { width: 1fr; }
    """

    def __init__(self) -> None:
        """Not seen yet."""
        super().__init__()
        self._stands_since = float("inf")
        self._answered_unseen = False

    def on_screen_resume(self) -> None:
        """It stands."""
        self._stands_since = min(self._stands_since, time.monotonic())

    def asks_anew(self) -> None:
        """What it asks from now on, nobody has seen yet."""
        self._stands_since = time.monotonic()
        self._answered_unseen = False

    def takes(self, typed: Typed) -> bool:
        """Whether `typed` is for this dialog.

        What was typed before it stood is, up to an enter: that would say yes to it, and what follows is for a next one.
        """
        if typed.time >= self._stands_since or leads_back(typed):
            return True
        self._answered_unseen = self._answered_unseen or (isinstance(typed, events.Key) and typed.key == "enter")
        return not self._answered_unseen

    @property
    def cockpit(self) -> CockpitApp:
        """The app that it belongs to."""
        return cast("CockpitApp", self.app)

    @property
    def now(self) -> Moment:
        """The run as it was last looked at."""
        return self.cockpit.now

    def lines(self, source: Source, name: str) -> LineList:
        """A list of lines that draws in the terminal's encoding."""
        return LineList(source, name=name, encoding=self.cockpit.encoding, mark=self.now.glyphs.mark)

    def on_key(self, event: events.Key) -> None:
        """Take what is a key of the sheet; the rest goes on to the bindings of its prompts."""
        if self.take_key(pressed(event)):
            event.stop()

    def take_key(self, name: str) -> bool:
        """Do what the key is for; False when it is no key of this sheet. Escape goes back."""
        if name == "escape":
            self.dismiss(None)
        return name == "escape"
