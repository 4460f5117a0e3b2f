"""What every family of commands needs of a run that is carried line by line: to see it, to ask, to tell, to act."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.run import command as cmd
    from cockpit.views.line import Line
    from cockpit.views.moment import Moment


class PlainTalk(ABC):
    """A talk with one person, in lines."""

    @property
    @abstractmethod
    def _now(self) -> Moment:
        """The run as it is."""

    @property
    @abstractmethod
    def _width(self) -> int:
        """Cells of a line."""

    @abstractmethod
    def _ask(self, what: str) -> str:
        """Read a line."""

    @abstractmethod
    def _say(self, text: str) -> None:
        """Print a line."""

    @abstractmethod
    def _say_line(self, line: Line) -> None:
        """Print a line of a view."""

    @abstractmethod
    def _may(self, command: cmd.Command, barred: str | None = None) -> bool:
        """Whether the rules allow a command now, before anything is asked for it; says why not.

        `barred` is why this person cannot give it; None: whatever bars those who are not captain.
        """

    @abstractmethod
    def _send(self, command: cmd.Command) -> bool:
        """Ask the engine for something and tell what came of it; whether it was done."""
