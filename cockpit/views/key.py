"""A key of a screen: what it is for, and why it does nothing now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["move", "look", "say", "lines", "run"]
"""What a key is for: to move, to look at something, to say something of an item, to use lines of the logs, to act on
the run."""


@dataclass(frozen=True)
class Key:
    """A key and what it does."""

    show: str
    """As it is printed on the keyboard, and as Textual names it: `n`, `enter`, `/`."""
    words: str
    does: str
    """The name of what happens, for the screen to look up."""
    group: Group
    bar: str = ""
    """Words for the key bar; empty leaves it out of the bar."""
    also: tuple[str, ...] = ()
    """Other keys that do the same."""
    why: str = ""
    """Why it cannot be used now; empty when it can."""

    def answers(self, pressed: str) -> bool:
        """Whether this key was pressed."""
        return pressed == self.show or pressed in self.also
