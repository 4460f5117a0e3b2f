"""Checklists put together: the files of a folder side by side, and a checklist over the one that it extends."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.checklist.file import CHILDREN, ORIGINS, Check
from cockpit.checklist.form import known_keys
from cockpit.checklist.node import Node
from cockpit.checklist.problem import Problem, problem_at

LISTS_OF_BRANCHES = ("parts", *CHILDREN)
"""Keys whose lists hold branches and items, each with an id."""

_NAMED_BY = {"contacts": "name", "commands": "id", "logs": "id", "notify": "id", "watch": "id"}


def unite(roots: Iterable[Node]) -> tuple[Node, list[Problem]]:
    """The files of a folder as one: lists one after the other, mappings together, all else written once."""
    problems: list[Problem] = []
    whole: Node | None = None
    for root in roots:
        if not isinstance(root.value, dict):
            problems.append(problem_at(root.source, "a checklist is a mapping of keys to values"))
        elif whole is None:
            whole = root
        else:
            _unite_mappings(whole, root, problems)
    if whole is None:
        raise ValueError("nothing to unite")
    return whole, problems


def _unite_mappings(whole: Node, other: Node, problems: list[Problem]) -> None:
    entries = whole.entries()
    for key, node in other.entries().items():
        known = entries.get(key)
        if known is None:
            entries[key] = node
        elif isinstance(known.value, list) and isinstance(node.value, list):
            known.value.extend(node.value)
        elif isinstance(known.value, dict) and isinstance(node.value, dict):
            for name, value in node.entries().items():
                if name in known.value:
                    problems.append(_twice(f"{key}.{name}", known.value[name], value))
                else:
                    known.value[name] = value
        elif key != "cockpit" or known.value != node.value:
            problems.append(_twice(key, known, node))


def _twice(key: str, first: Node, second: Node) -> Problem:
    return problem_at(second.place, f"`{key}` is written twice in this folder", f"the first is at {first.place}")


def extend(base: Node, over: Node) -> list[Problem]:
    """Put `over` onto `base`, in place, and say what does not fit.

    A branch or item with an id of the base changes the keys that it names, wherever it stands; others are appended to
    their parent. Mappings merge by key, contacts by name; commands, logs, watches and `notify` by id; other lists
    replace the base's. A key without a value takes the base's away.
    """
    problems: list[Problem] = []
    index = {node.text("id"): (node, key) for node, key in _branches(base) if node.text("id")}
    entries = base.entries()
    for key, node in over.entries().items():
        known = entries.get(key)
        if key == "parts":
            _extend_children(base, key, node, index, problems)
        elif key in _NAMED_BY and known is not None:
            _extend_named(known, node, _NAMED_BY[key])
        elif key == "variables" and known is not None:
            _extend_variables(known, node)
        elif key == "hosts" and known is not None:
            _extend_mapping(known, node)
        elif key in ("golive", "rollback") and known is not None:
            _extend_plan(known, node)
        elif key == "positions" and known is not None:
            _as_mapping(known)
            _as_mapping(node)
            _extend_mapping(known, node)
        elif key != "extends":
            entries[key] = node
    return problems


def _branches(node: Node) -> Iterable[tuple[Node, str]]:
    for key in LISTS_OF_BRANCHES:
        for child in node.below(key):
            yield child, key
            yield from _branches(child)


_Index = dict[str, tuple[Node, str]]


def _extend_children(parent: Node, key: str, children: Node, index: _Index, problems: list[Problem]) -> None:
    home = parent.entries().get(key)
    if not isinstance(children.value, list) or (home is not None and not isinstance(home.value, list)):
        parent.entries()[key] = children
        return
    for child in children.value:
        known, level = index.get(child.text("id"), (None, key))
        if known is None:
            if home is None:
                home = parent.entries()[key] = Node([], children.source, children.key)
            known = _without_children(child)
            home.elements().append(known)
        elif level != key:
            said = f"`{child.text('id')}` stands under `{level}` in the base, not under `{key}`"
            problems.append(problem_at(child.source, said, "write it under the same key, or give it another id"))
            continue
        else:
            _extend_mapping(known, child, leave=CHILDREN)
        for below in CHILDREN:
            if below in child.entries():
                _extend_children(known, below, child.entries()[below], index, problems)


def _without_children(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    return Node({key: child for key, child in node.value.items() if key not in CHILDREN}, node.source)


def _extend_mapping(base: Node, over: Node, leave: tuple[str, ...] = ()) -> None:
    entries = base.entries()
    for key, node in over.entries().items():
        known = entries.get(key)
        if key in leave:
            continue
        if node.value is None and known is not None:
            del entries[key]
        elif known is not None and isinstance(known.value, dict) and isinstance(node.value, dict):
            if key == "check":
                _forget_other_kind(known, node)
            _extend_mapping(known, node)
        else:
            entries[key] = node


def _forget_other_kind(base: Node, over: Node) -> None:
    """A check of another kind takes the conditions of the first one away: they speak of other things."""
    known = known_keys(Check)
    kinds = {key for key in over.entries() if key not in known}
    if kinds and not kinds <= base.entries().keys():
        for key in [key for key in base.entries() if key not in known or key in ("expect", "warn")]:
            del base.entries()[key]


def _extend_named(base: Node, over: Node, by: str) -> None:
    if not isinstance(base.value, list) or not isinstance(over.value, list):
        base.value = over.value
        return
    index = {node.text(by): node for node in base.value if node.text(by)}
    for node in over.value:
        known = index.get(node.text(by))
        if known is None:
            base.value.append(node)
        else:
            _extend_mapping(known, node)


def _extend_plan(base: Node, over: Node) -> None:
    """Steps and checks change by id, new ones are appended; all else of a plan merges by key."""
    lists = ("steps", "checks")
    _extend_mapping(base, over, leave=lists)
    for key in lists:
        if key in over.entries() and key in base.entries():
            _extend_named(base.entries()[key], over.entries()[key], "id")
        elif key in over.entries():
            base.entries()[key] = over.entries()[key]


def _extend_variables(base: Node, over: Node) -> None:
    entries = base.entries()
    for name, node in over.entries().items():
        known = entries.get(name)
        if known is None or not isinstance(known.value, dict):
            entries[name] = node
            continue
        alone = {"value": Node(node.value, node.source, node.key, node.literal)}
        new = node.value if isinstance(node.value, dict) else alone
        if any(key in ORIGINS for key in new):
            for key in ORIGINS:
                known.value.pop(key, None)
        known.value.update(new)
        known.source, known.key = node.source, node.key


def _as_mapping(node: Node) -> None:
    if isinstance(node.value, list):
        names = [name for name in node.value if isinstance(name.value, str)]
        node.value = {str(name.value): Node([], name.source, name.source) for name in names}
