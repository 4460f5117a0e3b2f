"""The page of one item: everything there is to say of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.screens.boards.saying import SayingBoard
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.views.detail import detail_head, detail_lines
from cockpit.views.key import Key
from cockpit.views.keys import item_keys
from cockpit.views.line import line
from cockpit.views.walk import Walk


class ItemBoard(SayingBoard):
    """The item under the cursor of a tree, on the whole screen."""

    DEFAULT_CSS = "ItemBoard #where { height: 1; }"

    def __init__(self, walk: Walk) -> None:
        """Show where the cursor of `tree` stands."""
        super().__init__()
        self._of = walk

    @property
    def walk(self) -> Walk:
        """The tree of the board below: moving here moves there too."""
        return self._of

    def body(self) -> Iterable[Widget]:
        """The headings over it, and the rest."""
        yield self.lines(self._where, "where")
        yield self.lines(self._detail, "detail")

    def keys(self) -> Sequence[Key]:
        """What works on the item."""
        return item_keys(self.now, self.node)

    def moved(self) -> None:
        """Show the item that the cursor came to, from its top."""
        self.query_one("#detail", LineList).to_top()
        self.redraw()

    def do_timeline(self) -> None:
        """What happened to this item."""
        from cockpit.screens.boards.timeline import TimelineBoard

        self.app.push_screen(TimelineBoard(about=self.item.id if self.item is not None else ""))

    def _where(self, *_: int) -> Rows:
        node = self.node
        names = [self.walk.outline.by_key[key].name for key in node.above] if node else []
        return Rows([line((f" {f' {self.now.glyphs.folded} '.join(names)}", "dim"))])

    def _detail(self, cells: int, _: int) -> Rows:
        if self.item is None:
            return Rows([])
        return Rows([*detail_head(self.item, self.now, cells), *detail_lines(self.item, self.now, cells)])

    def _scroll(self, by: int) -> None:
        self.query_one("#detail", LineList).scroll_rows(by)

    def do_up(self) -> None:
        """One row up."""
        self._scroll(-1)

    def do_down(self) -> None:
        """One row down."""
        self._scroll(1)

    def do_page_up(self) -> None:
        """A page up."""
        self._scroll(-self.query_one("#detail", LineList).page)

    def do_page_down(self) -> None:
        """A page down."""
        self._scroll(self.query_one("#detail", LineList).page)

    def do_first(self) -> None:
        """To the top."""
        self._scroll(-(10**6))

    def do_last(self) -> None:
        """To the end."""
        self._scroll(10**6)
