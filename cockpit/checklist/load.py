"""The way in: a checklist from its path, or everything that is wrong with it, all at once.

Nothing is measured, run or read beyond the checklist's own files: a checklist can be loaded anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from cockpit.checklist.actions import DocumentedAction
from cockpit.checklist.build import build
from cockpit.checklist.file import CHILDREN
from cockpit.checklist.form import read_form
from cockpit.checklist.kinds import DocumentedKind
from cockpit.checklist.model import Document
from cockpit.checklist.node import Node
from cockpit.checklist.problem import ChecklistError
from cockpit.checklist.read import read
from cockpit.checklist.source import Source
from cockpit.checklist.whole_file import Checklist

_NONE: Mapping[str, str] = MappingProxyType({})
_NO_ACTIONS: Mapping[str, DocumentedAction] = MappingProxyType({})


class Loaded(msgspec.Struct, frozen=True):
    """A checklist as loaded, and what was written for each part of it."""

    document: Document
    nodes: Mapping[str, Node]
    """What was written for each branch, item, watch and step, by id: with `extends`, from more than one file."""

    @property
    def origins(self) -> Mapping[tuple[str, str], Source]:
        """Where each value was written: (id, key) to its place; keys of mappings are dotted: `check.http.url`."""
        return {(id_, key): node.source for id_, top in self.nodes.items() for key, node in values(top)}


def load(
    path: Path,
    *,
    kinds: Mapping[str, DocumentedKind],
    actions: Mapping[str, DocumentedAction] = _NO_ACTIONS,
    given: Mapping[str, str] = _NONE,
    environ: Mapping[str, str],
) -> Loaded:
    """Load the YAML file, folder of YAML files or Markdown file at `path`.

    `given` are values from the command line; they come before what the checklist says. `environ` is the environment
    that `env` variables are captured from. Raises ChecklistError with all problems.
    """
    written = read(path)
    form, node, wrong = read_form(Checklist, written.root)
    problems = [*written.problems, *wrong]
    if form is None:
        raise ChecklistError(problems)
    document, nodes, wrong = build(
        form, node, whole=written.root, files=written.files, kinds=kinds, given=given, environ=environ, actions=actions
    )
    problems.extend(wrong)
    if problems:
        order = {file.path: index for index, file in enumerate(written.files)}
        raise ChecklistError(sorted(problems, key=lambda each: (order.get(each.file, -1), each.line, each.column)))
    return Loaded(document, MappingProxyType(nodes))


def values(node: Node, prefix: str = "") -> list[tuple[str, Node]]:
    """What was written for a branch or item, without what stands below it: dotted key, node."""
    found = []
    for key, child in node.entries().items():
        if prefix or key not in CHILDREN:
            found.append((prefix + key, child))
            found.extend(values(child, f"{prefix}{key}."))
    return found
