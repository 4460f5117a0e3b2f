"""The board of going live: the steps, the one under the cursor, and what it prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, cast, get_args

from textual.widget import Widget

from cockpit.run.procedure import Phase
from cockpit.screens.boards.paned import PanedBoard
from cockpit.screens.boards.planning import PlanningBoard
from cockpit.screens.boards.walking import WalkingBoard
from cockpit.screens.widgets.line_list import Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.views.fired import fired_lines
from cockpit.views.heading import rule
from cockpit.views.key import Key
from cockpit.views.keys import steps_keys
from cockpit.views.lazy import Lazy
from cockpit.views.line import Line, Piece, line
from cockpit.views.printed import printed_lines
from cockpit.views.step_detail import step_strip
from cockpit.views.steps import Row, list_hint, row_to_look_at, step_line, step_rows
from cockpit.views.timeline import latest_lines
from cockpit.views.watches import watch_rows
from cockpit.views.words import title

Shown = Literal["detail", "output", "watches", "timeline"]


class StepsBoard(PlanningBoard, PanedBoard, WalkingBoard):
    """Every step with its standing. The cursor follows what is under way until it is moved."""

    DEFAULT_CSS = """
    StepsBoard #rule { height: 1; }
    StepsBoard #list { height: 7; }
    StepsBoard.-grave #list { height: 4; }
    StepsBoard #strip { display: none; }
    StepsBoard.-wide #upper { layout: horizontal; }
    StepsBoard.-wide #list { width: 5fr; height: 1fr; }
    StepsBoard.-wide #side { width: 4fr; }
    StepsBoard.-wide #strip { display: block; height: 10; }
    StepsBoard.-zoomed #list, StepsBoard.-hidden #side, StepsBoard.-hidden #strip { display: none; }
    StepsBoard.-zoomed #side { height: 1fr; width: 1fr; }
    StepsBoard.-hidden #list { height: 1fr; width: 1fr; }
    """

    PANES = "steps"
    KINDS = get_args(Shown)

    def __init__(self) -> None:
        """Stand on what is under way, or next."""
        super().__init__()
        self._at: int | None = None
        self._shown: Shown = "detail"

    @property
    def rows(self) -> list[Row]:
        """All rows of the list."""
        return step_rows(self.now.state)

    @property
    def at(self) -> int:
        """The row under the cursor."""
        rows = self.rows
        if self._at is None:
            return row_to_look_at(self.now.state, rows)
        return min(max(self._at, 0), max(len(rows) - 1, 0))

    @property
    def row(self) -> Row | None:
        """What the cursor stands on; None in a checklist without a plan."""
        rows = self.rows
        return rows[self.at] if rows else None

    def body(self) -> Iterable[Widget]:
        """The list, and below or beside it the detail; below both, on a large terminal, what is printed."""
        yield self.lines(self._rule, "rule")
        yield Pane(self.lines(self._list, "list"), self.lines(self._side, "side"), id="upper")
        yield self.lines(self._strip, "strip")

    def keys(self) -> Sequence[Key]:
        """What works on the step under the cursor."""
        return steps_keys(self.now, self.row)

    def redraw_head(self) -> None:
        """Draw what the clock changes: the head, and how long the steps take."""
        self.redraw_panes("#head, #list")

    def redraw(self) -> None:
        """Draw what changed. A failure or a doubt under the cursor gets more room for its evidence."""
        self._fit()
        super().redraw()

    def moved(self) -> None:
        """Show where the cursor is."""
        self._fit()
        self.redraw_panes("#list, #side, #strip, #keys")

    def do_follow(self) -> None:
        """To what is under way, or next; and follow it from now on."""
        self._at = None
        self.moved()

    def do_enter(self) -> None:
        """Everything about the step on the whole screen."""
        from cockpit.screens.boards.step import StepBoard

        if self.row is not None:
            self.app.push_screen(StepBoard(self))

    def turned_to(self, shown: str) -> None:
        """Show this in the lower pane."""
        self._shown = cast("Shown", shown)

    def do_pane(self) -> None:
        """Show something else in the lower pane."""
        order: tuple[Shown, ...] = ("output", "watches", "timeline")
        if not self.has_class("-wide"):
            order = ("detail", *order)
        shown = self._shown if self._shown in order else order[0]
        self._shown = order[(order.index(shown) + 1) % len(order)]
        self.cockpit.memory.keep(**{f"{self.PANES}.shown": self._shown})
        self.moved()

    def do_steps(self) -> None:
        """Stay here."""

    def _fit(self) -> None:
        doing = self.row.doing(self.now.state) if self.row is not None else None
        self.set_class(doing is not None and doing.phase in (Phase.FAILED, Phase.DOUBT), "-grave")

    def walk_by(self, rows: int) -> None:
        """Move the cursor: from now on it stays where it is put."""
        self._at = min(max(self.at + rows, 0), max(len(self.rows) - 1, 0))
        self.moved()

    def _rule(self, cells: int, _: int) -> Rows:
        done = sum(self.now.state.procedure.step(row.step.id).passed for row in self.rows if not row.back)
        name = f"Going live: {done} of {sum(not row.back for row in self.rows)} steps"
        return Rows([rule(name, self.now.glyphs, cells, list_hint(self.now))])

    def _list(self, cells: int, _: int) -> Rows:
        rows = self.rows
        if not rows:
            return Rows([line(("  this checklist has no plan: it has no `golive:`", "dim"))])
        return Rows(Lazy(len(rows), lambda number: step_line(rows[number], self.now, cells)), self.at)

    def _side(self, cells: int, rows: int) -> Rows:
        if self.row is None:
            return Rows([])
        if self.has_class("-wide"):
            edge = Piece(f"{self.now.glyphs.divider} ", "dim")
            lines = step_strip(self.row, self.now, cells - 2, rows)
            return Rows([(edge, *each) for each in (*lines, *([()] * max(0, rows - len(lines))))])
        if self._shown == "detail":
            return Rows(step_strip(self.row, self.now, cells, rows))
        return Rows(self._other(self._shown, cells, rows))

    def _strip(self, cells: int, rows: int) -> Rows:
        return Rows(self._other("output" if self._shown == "detail" else self._shown, cells, rows))

    def _other(self, shown: Shown, cells: int, rows: int) -> list[Line]:
        glyphs = self.now.glyphs
        if shown == "timeline":
            return [rule("timeline", glyphs, cells, "t: all of it"), *latest_lines(self.now, rows - 1)]
        if shown == "watches":
            told = [*fired_lines(self.now), *watch_rows(self.now, cells)]
            return [rule("watches", glyphs, cells, "tab: timeline"), *told]
        row = self.row
        doing = row.doing(self.now.state) if row is not None else None
        if row is None or doing is None or not doing.attempt:
            return [rule("output", glyphs, cells, "tab: watches"), line(("  it has not been begun", "dim"))]
        name = f"output of {'undo ' if row.undo else ''}{title(row.step.title)}"
        lines = printed_lines(row.step.id, doing, self.now, cells, rows - 1, undo=row.undo)
        return [rule(name, glyphs, cells, "tab: watches"), *lines]
