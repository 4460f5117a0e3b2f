"""A walk through the checklist: where one stands, what is folded and what is filtered. No drawing, no keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from cockpit.checklist.model import Document, Item
from cockpit.run.standing import Standing
from cockpit.views.filter import Filter
from cockpit.views.outline import Node, Outline


class Walk:
    """A checklist with a cursor in it. What is folded and filtered is this person's alone, and is nowhere recorded."""

    def __init__(self, document: Document, stands: Mapping[str, Standing]) -> None:
        """Stand on the first item with something left to do; fold what need not be seen."""
        self.outline = Outline(document)
        self.folded = self.outline.folded_at_first(stands)
        self.wanted = Filter()
        self.at = self.outline.nodes[0].key if self.outline.nodes else ""
        self._rows = {node.key: row for row, node in enumerate(self.outline.nodes)}
        first = self.seek(1, lambda item: not stands[item.id].settled)
        if first is not None:
            self.at = first.key

    @property
    def node(self) -> Node | None:
        """What the cursor stands on; None in an empty checklist."""
        return self.outline.by_key.get(self.at)

    def shown(self, stands: Mapping[str, Standing]) -> list[Node]:
        """The rows, from the first to the last."""
        return self.outline.shown(self.folded, self.wanted, stands)

    def is_folded(self, node: Node) -> bool:
        """Whether what stands under a heading is out of sight."""
        return not self.wanted and node.key in self.folded

    def row(self, nodes: Sequence[Node]) -> int:
        """The cursor's row in `nodes`; while its node is hidden, that of the nearest heading over it."""
        rows = {node.key: row for row, node in enumerate(nodes)}
        node = self.node
        return next((rows[key] for key in (self.at, *reversed(node.above if node else ())) if key in rows), 0)

    def move(self, by: int, nodes: Sequence[Node]) -> None:
        """Go some rows down in `nodes`, up when negative, to the ends at most."""
        if nodes:
            self.at = nodes[min(max(self.row(nodes) + by, 0), len(nodes) - 1)].key

    def go_to(self, node: Node) -> None:
        """Stand on `node`, with every heading over it unfolded."""
        self.folded -= set(node.above)
        self.at = node.key

    def fold(self) -> None:
        """Fold the heading; from a row that cannot be folded, go to the heading over it."""
        node = self.node
        if node is not None and node.is_heading and node.key not in self.folded:
            self.folded |= {node.key}
        elif node is not None and node.above:
            self.at = node.above[-1]

    def unfold(self) -> None:
        """Unfold the heading."""
        self.folded -= {self.at}

    def toggle(self) -> None:
        """Fold the heading, or unfold it."""
        self.folded ^= {self.at}

    def fold_all(self) -> None:
        """Fold every heading below the parts; when all are folded, unfold them."""
        below = frozenset(node.key for node in self.outline.nodes if node.is_heading and node.level != "part")
        self.folded = self.folded - below if below <= self.folded else self.folded | below

    def narrow(self, wanted: str, stands: Mapping[str, Standing]) -> None:
        """Show only what a filter wants, and stand on the first row of it unless the cursor is on one."""
        self.wanted = Filter(wanted)
        found = [node for node in self.shown(stands) if not node.is_heading]
        if wanted and found and self.at not in {node.key for node in found}:
            self.at = found[0].key

    def seek(self, by: int, wanted: Callable[[Item], bool]) -> Node | None:
        """The next item that is wanted, the one before with -1; the search goes round and ends where it began."""
        here = self._rows.get(self.at, -1)
        items = self.outline.items
        after = (node for node in items if self._rows[node.key] > here)
        before = (node for node in items if self._rows[node.key] < here)
        self_last = (node for node in items if self._rows[node.key] == here)
        turn: Iterable[Node]
        if by > 0:
            turn = chain(after, before, self_last)
        else:
            turn = chain(reversed(list(before)), reversed(list(after)), self_last)
        return next((node for node in turn if node.item is not None and wanted(node.item)), None)
