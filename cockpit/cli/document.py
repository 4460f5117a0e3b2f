"""A checklist named on the command line, loaded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cockpit.checklist.model import Branch, Item

if TYPE_CHECKING:
    from cockpit.checklist.load import Loaded


def load_named(name: str, given: Mapping[str, str]) -> Loaded:
    """Load the checklist that `name` (a path, or that of a shipped one) means, with `given` variables.

    Raises ChecklistError with everything that is wrong with it.
    """
    from cockpit.checklist.load import load
    from cockpit.checklist.shipped import resolve
    from cockpit.checks.registry import kinds

    return load(resolve(name), kinds=kinds(), given=given, environ=os.environ)


def branches(nodes: Iterable[Branch | Item]) -> Iterator[Branch]:
    """All headings among `nodes` and under them, in order."""
    for node in nodes:
        if isinstance(node, Branch):
            yield node
            yield from branches(node.children)
