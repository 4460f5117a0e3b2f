"""Where each value of an item or heading comes from, whether it is live, and why: the answer to `cockpit explain`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cockpit.checklist import model
from cockpit.checklist.load import Loaded, values
from cockpit.checklist.node import Node, plain
from cockpit.checklist.uses import names_in, words
from cockpit.text import safe_line

WIDEST = 60
"""Columns that a value may take before its place is no longer aligned."""


def explain(loaded: Loaded, id_: str, request: Callable[[model.Check], str] | None = None) -> list[str]:
    """Lines about the item, watch, heading or step `id_`, safe to print.

    `request` says what a check will ask, exactly, secrets hidden. Raises KeyError when nothing has this id.
    """
    node = loaded.nodes[id_]
    item = loaded.document.find(id_)
    lines = [f"{id_}  {node.source}", *_headings(loaded.document, id_)]
    if item is not None:
        lines += ["", mode(item), *_excluded(loaded.document, item), *_asks(item, request), *_needs(item, node)]
    lines += ["", *_table([*_written(node), *_defaults(item, node)])]
    lines += _variables(loaded.document, node)
    return [safe_line(line).rstrip() for line in lines]


def mode(item: model.Item) -> str:
    """Whether an item is live, manual or both, and why."""
    if item.unwired:
        return f"manual: a check measures it once {' and '.join(item.unwired)} {_are(item.unwired)} set"
    if item.check is None:
        return "manual: it has no check"
    return "both: a check measures it, and a person confirms it" if item.mode == "both" else "live: a check measures it"


def _are(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"


def _headings(document: model.Document, id_: str) -> Iterator[str]:
    above = [branch.title for branch in document.branches() if branch.id != id_ and id_ in _ids(branch)]
    if above:
        yield f"in {' > '.join(above)}"


def _ids(branch: model.Branch) -> Iterator[str]:
    yield from (each.id for each in branch.branches())
    yield from (item.id for item in branch.items())


def _excluded(document: model.Document, item: model.Item) -> Iterator[str]:
    if item.excluded:
        whole = next((branch for branch in document.branches() if branch.excluded and item.id in _ids(branch)), None)
        yield f"{item.excluded}" + (f" (all of {whole.title})" if whole is not None else "")


def _asks(item: model.Item, request: Callable[[model.Check], str] | None) -> Iterator[str]:
    if item.check is not None and request is not None:
        yield f"asks: {request(item.check)}"
    if item.confirm is not None and item.mode != "live":
        yield f"asks: {item.confirm.ask}"


def _needs(item: model.Item, node: Node) -> Iterator[str]:
    """Needs that were written and do not count, because what they name is not measured in this run."""
    for each in node.at(("check", "needs")).elements():
        if item.check is not None and each.value not in item.check.needs:
            yield f"needs {each.value}, which is not measured in this run: that does not count"


_Row = tuple[str, str, str]
"""A dotted key, its value, and its place."""


def _written(node: Node) -> Iterator[_Row]:
    for key, child in values(node):
        if not child.entries():
            yield key, _in_words(plain(child)), str(child.source)


def _defaults(item: model.Item | None, node: Node) -> Iterator[_Row]:
    """What holds although it was not written."""
    if item is None or item.check is None:
        return
    check, written = item.check, node.at(("check",))
    if "timeout" not in written:
        yield "check.timeout", f"{check.timeout:g}s", "default"
    if "deadline" not in written:
        yield "check.deadline", f"{check.timeout + check.retry_for:g}s", "default: all tries together"


def _table(rows: list[_Row]) -> Iterator[str]:
    key_width = max((len(key) for key, _, _ in rows), default=0)
    value_width = min(WIDEST, max((len(value) for _, value, _ in rows), default=0))
    for key, value, place in rows:
        yield f"{key:{key_width}}  {value:{value_width}}  {place}"


def _variables(document: model.Document, node: Node) -> list[str]:
    """What the variables that are used here stand for, or what would set them."""
    known = {each.name: each for each in document.variables}
    own = [plain(child) for _, child in values(node) if not child.entries()]
    lines = [_variable(known[name]) for name in dict.fromkeys(names_in(own)) if name in known]
    return ["", *lines] if lines else []


def _variable(variable: model.Variable) -> str:
    about = f": {variable.about}" if variable.about else ""
    if not variable.is_set:
        wanted = f"environment variable {variable.env}" if variable.env else f"--var {variable.name}=..."
        example = f", such as {variable.example}" if variable.example else ""
        return f"${{{variable.name}}} is not set{about} (set it with {wanted}{example})"
    if variable.secret:
        return f"${{{variable.name}}} is a secret from {variable.origin}{about}"
    if variable.value is None:
        return f"${{{variable.name}}} is read from {variable.origin} when it is used{about}"
    return f"${{{variable.name}}} is {words(variable.value)} ({variable.origin}){about}"


def _in_words(value: object) -> str:
    return "; ".join(map(_in_words, value)) if isinstance(value, list) else words(value)
