"""The board of a run: the tree, the item under the cursor, and what else is watched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Literal, cast, get_args

from textual.timer import Timer
from textual.widget import Widget

from cockpit.screens.boards.filtering import FilteringBoard
from cockpit.screens.boards.paned import PanedBoard
from cockpit.screens.boards.saying import SayingBoard
from cockpit.screens.boards.walking import WalkingBoard
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.views.detail import detail_head, detail_strip
from cockpit.views.heading import heading_lines, rule
from cockpit.views.key import Key
from cockpit.views.keys import asks_now, run_keys
from cockpit.views.lazy import Lazy
from cockpit.views.line import Line, Piece, line
from cockpit.views.timeline import latest_lines
from cockpit.views.tree_rows import tree_row
from cockpit.views.walk import Walk
from cockpit.views.watches import watch_rows
from cockpit.views.words import plural

Shown = Literal["detail", "watches", "timeline"]

_REST = 0.2
"""Seconds after which a cursor that moved is taken to rest: only then the detail is drawn."""

_SHEET = 9
"""Rows of a wide tree that a sheet covers."""


class RunBoard(FilteringBoard, SayingBoard, PanedBoard, WalkingBoard):
    """The checklist, walked item by item."""

    DEFAULT_CSS = """
    RunBoard #side { height: 7; }
    RunBoard #strip { display: none; }
    RunBoard.-wide #body { layout: horizontal; }
    RunBoard.-wide #tree { width: 3fr; }
    RunBoard.-wide #side { width: 2fr; height: 1fr; }
    RunBoard.-wide #strip { display: block; height: 9; }
    RunBoard.-zoomed #tree, RunBoard.-hidden #side { display: none; }
    RunBoard.-zoomed #side { height: 1fr; width: 1fr; }
    """

    PANES = "run"
    KINDS = get_args(Shown)
    WALKED = "#tree"

    def __init__(self) -> None:
        """Show the detail of an item below the tree at first."""
        super().__init__()
        self._shown: Shown = "detail"
        self._rest: Timer | None = None

    @cached_property
    def walk(self) -> Walk:
        """The checklist, with its cursor."""
        return Walk(self.now.state.document, self.now.stands)

    def body(self) -> Iterable[Widget]:
        """The tree, and beside or below it the detail; beside it also a strip."""
        side = Pane(self.lines(self._detail, "detail"), self.lines(self._strip, "strip"), id="side")
        yield Pane(self.lines(self._tree, "tree"), side, id="body")

    def keys(self) -> Sequence[Key]:
        """What works on the row under the cursor."""
        return run_keys(self.now, self.node)

    def _tree(self, cells: int, _: int) -> Rows:
        nodes = self.walk.shown(self.now.stands)
        if not nodes:
            empty = "nothing is like that; esc drops the filter" if self.wanted else "this checklist is empty"
            return Rows([line((f"  {empty}", "dim"))])
        draw = lambda row: tree_row(nodes[row], self.now, cells, folded=self.walk.is_folded(nodes[row]))  # noqa: E731
        return Rows(Lazy(len(nodes), draw), self.walk.row(nodes))

    def _detail(self, cells: int, rows: int) -> Rows:
        if self.has_class("-wide"):
            return Rows(self._edged(self._of_node(cells - 2, rows), rows))
        return Rows(self._of_node(cells, rows) if self._shown == "detail" else self._other(cells, rows))

    def _of_node(self, cells: int, rows: int) -> list[Line]:
        if self.item is not None:
            title = detail_head(self.item, self.now, cells)
            return [*title, *detail_strip(self.item, self.now, cells, rows - len(title))]
        return heading_lines(self.node, self.now, cells)[:rows] if self.node else []

    def _strip(self, cells: int, rows: int) -> Rows:
        return Rows(self._edged(self._other(cells - 2, rows), rows))

    def _other(self, cells: int, rows: int) -> list[Line]:
        if self._shown == "timeline":
            return [rule("timeline", self.now.glyphs, cells, "t: all of it"), *latest_lines(self.now, rows - 1)]
        return [rule("watches", self.now.glyphs, cells, "tab: timeline"), *watch_rows(self.now, cells)]

    def _edged(self, lines: Sequence[Line], rows: int) -> list[Line]:
        """With a line down the left edge."""
        edge = Piece(f"{self.now.glyphs.divider} ", "dim")
        return [(edge, *each) for each in (*lines, *([()] * max(0, rows - len(lines))))]

    def moved(self) -> None:
        """Show the cursor at once; the detail follows when it rests."""
        self.redraw_panes("#tree")
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST, self._rested)

    def on_screen_suspend(self) -> None:
        """Keep the cursor above a sheet that lies on the foot of the tree."""
        self._lie_on(_SHEET if self.has_class("-wide") else 0)

    def on_screen_resume(self) -> None:
        """Use the whole tree again."""
        self._lie_on(0)

    def _lie_on(self, rows: int) -> None:
        tree = self.query_one("#tree", LineList)
        if tree.covered != rows:
            tree.covered = rows
            tree.redraw()

    def _rested(self) -> None:
        self.redraw_panes("#detail, #strip, #keys")

    def walk_by(self, rows: int) -> None:
        """Move the cursor."""
        self.walk.move(rows, self.walk.shown(self.now.stands))
        self.moved()

    def do_unfold(self) -> None:
        """Unfold the heading."""
        self.walk.unfold()
        self.moved()

    def do_fold(self) -> None:
        """Fold the heading, or go to the one over the row."""
        self.walk.fold()
        self.moved()

    def do_fold_all(self) -> None:
        """Fold every section, or unfold all when they are."""
        self.walk.fold_all()
        self.moved()

    def press(self, key: Key, name: str) -> None:
        """Digits go to the part with that number."""
        if key.does != "part":
            super().press(key, name)
        elif int(name) <= len(self.walk.outline.parts):
            self.walk.go_to(self.walk.outline.parts[int(name) - 1])
            self.moved()

    def filter_changed(self) -> None:
        """Stand on the first row that is found."""
        self.walk.narrow(self.wanted, self.now.stands)
        self.moved()

    def found(self) -> str:
        """How many rows the filter finds."""
        found = sum(not node.is_heading for node in self.walk.shown(self.now.stands))
        return f"{plural(found, 'row')} of {sum(not node.is_heading for node in self.walk.outline.nodes)}"

    def do_enter(self) -> None:
        """Fold or unfold a heading; ask about an open manual item; show everything about any other."""
        item = self.item
        if self.node is not None and self.node.is_heading:
            self.walk.toggle()
            self.moved()
        elif item is None and self.node is not None and self.node.level == "command":
            self.do_commands()
        elif item is None:
            self.do_contacts()
        elif asks_now(item, self.now):
            self.do_confirm()
        else:
            self.do_detail()

    def do_detail(self) -> None:
        """Show everything about the item."""
        from cockpit.screens.boards.item import ItemBoard

        self.app.push_screen(ItemBoard(self.walk), self._back_from_item)

    def _back_from_item(self, _: None) -> None:
        self.moved()

    def turned_to(self, shown: str) -> None:
        """Show this in the lower pane."""
        self._shown = cast("Shown", shown)

    def do_pane(self) -> None:
        """Show something else in the lower pane."""
        order: tuple[Shown, ...] = (
            ("watches", "timeline") if self.has_class("-wide") else ("detail", "watches", "timeline")
        )
        place = order.index(self._shown) if self._shown in order else 0
        self._shown = order[(place + 1) % len(order)]
        self.cockpit.memory.keep(**{f"{self.PANES}.shown": self._shown})
        self._rested()

    def do_leave(self) -> None:
        """Leave; a captain is told that the run goes on."""
        if self.now.not_allowed:
            self.app.exit(0)
            return
        from cockpit.screens.dialogs.leave import LeaveDialog

        self.app.push_screen(LeaveDialog(), self._left)

    def _left(self, how: Literal["leave", "close"] | None) -> None:
        if how == "leave":
            self.app.exit(0)
        elif how == "close":
            self.do_close()
