"""The checklist as a list of nodes in reading order, and which of them are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from cockpit.checklist.model import Branch, Command, Contact, Document, Item
from cockpit.run.standing import Standing
from cockpit.views.filter import Filter
from cockpit.views.words import title

Level = Literal["part", "section", "group", "item", "watch", "contact", "command"]


@dataclass(frozen=True)
class Node:
    """One row that the tree can show."""

    key: str
    """Unique in the outline, and the same in every run of the document."""
    level: Level
    depth: int
    subject: Branch | Item | Contact | Command
    above: tuple[str, ...] = ()
    """Keys of the headings over it, the outermost first."""
    items: tuple[Item, ...] = ()
    """For a heading: the items under it. For an item: itself."""

    @property
    def is_heading(self) -> bool:
        """Whether other nodes stand under it."""
        return isinstance(self.subject, Branch)

    @property
    def name(self) -> str:
        """Its title, as people read it."""
        return self.subject.name if isinstance(self.subject, Contact) else title(self.subject.title)

    @property
    def item(self) -> Item | None:
        """The item or watch that it is."""
        return self.subject if isinstance(self.subject, Item) else None


class Outline:
    """All nodes of a document, in order."""

    def __init__(self, document: Document) -> None:
        """Lay out `document`; watches, contacts and quick commands stand where a reference part shows them."""
        self.nodes: tuple[Node, ...] = tuple(node for part in document.parts for node in _branch(part, (), document))
        self.watches = tuple(Node(f"watch::{watch.id}", "watch", 0, watch, (), (watch,)) for watch in document.watch)
        """The watches by themselves: no rows of the tree, and yet to be looked at one by one."""
        self.by_key: Mapping[str, Node] = {node.key: node for node in (*self.nodes, *self.watches)}
        self.parts: tuple[Node, ...] = tuple(node for node in self.nodes if node.level == "part")
        self.items: tuple[Node, ...] = tuple(node for node in self.nodes if node.level == "item")

    def of_item(self, item_id: str) -> Node | None:
        """The node of an item or a watch."""
        return self.by_key.get(f"item:{item_id}") or self.by_key.get(f"watch::{item_id}")

    def folded_at_first(self, stands: Mapping[str, Standing]) -> frozenset[str]:
        """The headings to fold when a run is opened.

        What is not counted is folded, and every section but the first one with something left to do.
        """
        folded: set[str] = set()
        found = False
        for node in self.nodes:
            if not isinstance(node.subject, Branch):
                continue
            if node.subject.excluded:
                folded.add(node.key)
            elif node.level == "section" or (node.level == "part" and not _has_sections(node.subject)):
                left = any(not stands[item.id].settled for item in node.items)
                if found or not left:
                    folded.add(node.key)
                found = found or left
        return frozenset(folded)

    def shown(self, folded: frozenset[str], wanted: Filter, stands: Mapping[str, Standing]) -> list[Node]:
        """The nodes to show: those under no folded heading; with a filter, what it finds and the headings over it."""
        if not wanted:
            return [node for node in self.nodes if folded.isdisjoint(node.above)]
        found = [node for node in self.nodes if not node.is_heading and self._matches(node, wanted, stands)]
        keep = {node.key for node in found}.union(*(node.above for node in found))
        return [node for node in self.nodes if node.key in keep]

    def _matches(self, node: Node, wanted: Filter, stands: Mapping[str, Standing]) -> bool:
        over = " ".join(self.by_key[key].name for key in node.above)
        return wanted.matches(node.subject, over, stands)


def _branch(branch: Branch, above: tuple[str, ...], document: Document) -> Iterator[Node]:
    yield Node(branch.id, branch.level, len(above), branch, above, tuple(branch.items()))
    under = (*above, branch.id)
    for child in branch.children:
        if isinstance(child, Branch):
            yield from _branch(child, under, document)
        else:
            yield Node(f"item:{child.id}", "item", len(under), child, under, (child,))
    yield from _reference(branch, under, document)


def _reference(branch: Branch, under: tuple[str, ...], document: Document) -> Iterator[Node]:
    if "watch" in branch.show:
        for watch in document.watch:
            yield Node(f"watch:{branch.id}:{watch.id}", "watch", len(under), watch, under)
    if "contacts" in branch.show:
        for number, contact in enumerate(document.contacts):
            yield Node(f"contact:{branch.id}:{number}", "contact", len(under), contact, under)
    if "commands" in branch.show:
        for command in document.commands:
            yield Node(f"command:{branch.id}:{command.id}", "command", len(under), command, under)


def _has_sections(branch: Branch) -> bool:
    return any(isinstance(child, Branch) and child.level == "section" for child in branch.children)
