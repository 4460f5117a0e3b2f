"""What was written, value by value, each with its place: between the text of a file and the document.

YAML and Markdown are both read into nodes, so that folders, `extends`, errors and `explain` treat them alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cockpit.checklist.source import Source


# Nodes make a tree, so the collector would look through thousands of them for nothing.
class Node(msgspec.Struct, gc=False):
    """A value and where it was written."""

    value: str | int | float | bool | list[Node] | dict[str, Node] | None
    source: Source
    key: Source | None = None
    """Where its key was written, when it stands in a mapping."""
    literal: int = -1
    """Columns from `source` to the first character of a text that stands in the file exactly as it is; else -1."""
    open: bool = False
    """It holds a variable whose value is not known yet: it may become anything, and is not judged."""
    lost: frozenset[str] = frozenset()
    """Keys that were taken out because they are wrong: nothing more is to be said about their absence."""

    def __contains__(self, key: str) -> bool:
        """Whether `key` was written here, right or wrong."""
        return key in self.lost or (isinstance(self.value, dict) and key in self.value)

    @property
    def place(self) -> Source:
        """Where to point a reader: the key, or the value itself."""
        return self.key or self.source

    def entries(self) -> dict[str, Node]:
        """Its keys and values; nothing when it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def elements(self) -> list[Node]:
        """Its elements; nothing when it is no list."""
        return self.value if isinstance(self.value, list) else []

    def below(self, key: str) -> list[Node]:
        """The elements of the list under `key`; nothing when there is no such list."""
        child = self.entries().get(key)
        return child.elements() if child is not None else []

    def text(self, key: str) -> str:
        """The text under `key`, or an empty string."""
        child = self.entries().get(key)
        return child.value if child is not None and isinstance(child.value, str) else ""

    def at(self, path: tuple[str | int, ...]) -> Node:
        """The node at `path`, or the deepest one on the way that exists."""
        node = self
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return node

    def walk(self) -> Iterator[Node]:
        """This node and all under it, in order."""
        yield self
        for child in (*self.entries().values(), *self.elements()):
            yield from child.walk()


def plain(node: Node) -> Any:
    """The values alone, as mappings, lists and scalars."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    return value


def copy(node: Node) -> Node:
    """A copy whose mappings and lists can be changed without changing the original's."""
    value = node.value
    if isinstance(value, dict):
        value = {key: copy(child) for key, child in value.items()}
    elif isinstance(value, list):
        value = [copy(child) for child in value]
    return Node(value, node.source, node.key, node.literal, node.open, node.lost)


def kind_of(value: object) -> str:
    """What sort of value this is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"the number {value}"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _child(node: Node, step: str | int) -> Node | None:
    value = node.value
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None
