"""The page of one step: everything about it, and all that it printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cockpit.screens.boards.planning import PlanningBoard
from cockpit.screens.boards.reading import ReadingBoard
from cockpit.views.heading import rule
from cockpit.views.key import Key
from cockpit.views.keys import step_keys
from cockpit.views.line import Line
from cockpit.views.printed import printed_lines
from cockpit.views.step_detail import step_detail
from cockpit.views.steps import Row

_PRINTED = 500
"""Lines of the end of the output."""


class OnAStep(Protocol):
    """What stands on a step: a board with a cursor."""

    @property
    def row(self) -> Row | None:
        """The step; None when there is none."""


class StepBoard(ReadingBoard, PlanningBoard):
    """The step under the cursor of the board below, on the whole screen."""

    def __init__(self, below: OnAStep) -> None:
        """Show where the cursor of `below` stands."""
        super().__init__()
        self._below = below

    @property
    def row(self) -> Row | None:
        """The step of the board below."""
        return self._below.row

    def do_timeline(self) -> None:
        """What happened to this step."""
        from cockpit.screens.boards.timeline import TimelineBoard

        row = self.row
        self.app.push_screen(TimelineBoard(about=row.step.id if row is not None else ""))

    def keys(self) -> Sequence[Key]:
        """What works on the step."""
        return step_keys(self.now, self.row)

    def text(self, cells: int) -> Sequence[Line]:
        """The detail, then the output."""
        row = self.row
        if row is None:
            return []
        lines = step_detail(row, self.now, cells)
        doing = row.doing(self.now.state)
        if doing is not None and doing.attempt and row.step.gate is None:
            lines.append(rule("what it printed", self.now.glyphs, cells, "the end of it"))
            lines += printed_lines(row.step.id, doing, self.now, cells, _PRINTED, undo=row.undo)
        return lines
