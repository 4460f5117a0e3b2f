"""Nodes checked against the file format: every wrong key and value, in plain words, with its place.

What is wrong is taken out and the rest checked on, so that one mistake hides no other.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cockpit.checklist.file import NOT_CARRIED_OUT
from cockpit.checklist.node import Node, copy, kind_of, plain
from cockpit.checklist.problem import Problem, problem_at, suggest

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]

MOST_PROBLEMS = 200
"""Wrong keys and values that are named one by one; with more, nothing else is looked at."""

_PASSES = 8
_PLACEHOLDERS: dict[str, str | int] = {
    "cockpit": 1,
    "name": "?",
    "title": "?",
    "for": "1s",
    "container": "?",
    "run": "?",
}
"""What stands in for a required value that is missing or wrong, so that the rest of its mapping is checked on."""


def read_form(model: type[Model], written: Node) -> tuple[Model | None, Node, list[Problem]]:
    """Check `written` against `model`: what is right of it, the nodes that this was made of, and what is wrong.

    The result is None only when nothing is left, as when a mapping is needed and something else was written.
    """
    node = copy(written)
    problems: list[Problem] = []
    for _ in range(_PASSES):
        try:
            return model.model_validate(plain(node)), node, problems
        except ValidationError as error:
            details = error.errors(include_url=False)
        if len(details) > MOST_PROBLEMS:
            problems.extend(_problem(model, node, detail) for detail in details[:MOST_PROBLEMS])
            problems.append(problem_at(node.source, f"and {len(details) - MOST_PROBLEMS} more wrong keys and values"))
            break
        wrong: list[tuple[Path, str]] = []
        for detail in details:
            path = detail["loc"]
            if not _known_already(node, detail["type"], path):
                problems.append(_problem(model, node, detail))
            wrong.append((path, detail["type"]))
        taken = [_take_out(model, node, path, kind) for path, kind in wrong]
        if not all(taken):
            break
    return None, node, problems


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys of a mapping, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _known_already(node: Node, kind: str, path: Path) -> bool:
    """A key that is left alone, or one that is missing because it was wrong."""
    if kind == "extra_forbidden":
        return str(path[-1]).startswith("x-")
    return kind == "missing" and path[-1] in node.at(path[:-1]).lost


def _problem(model: type[BaseModel], node: Node, detail: Any) -> Problem:
    path: Path = detail["loc"]
    kind: str = detail["type"]
    found = node.at(path)
    if kind == "extra_forbidden":
        return _unknown(model, found, path)
    if kind == "missing":
        return problem_at(found.source, f"`{path[-1]}` is missing: {_noun(model, path[:-1])} needs it")
    key = next((step for step in reversed(path) if isinstance(step, str) and found is not node), "")
    subject = f"`{key}`" if key and found.key is not None else "this"
    say = _WORDS.get(kind)
    message = say(detail) if say else str(detail["msg"]).removeprefix("Input should ").removeprefix("Value ")
    if found.value is None and kind != "value_error":
        message = "has no value: write one, or remove the key"
    return problem_at(found.source, f"{subject} {message}")


def _unknown(model: type[BaseModel], found: Node, path: Path) -> Problem:
    key = str(path[-1])
    if key in NOT_CARRIED_OUT:
        hint = f"remove it, or keep it for later as `x-{key}`"
        return problem_at(found.place, f"`{key}` is not carried out by this version of Cockpit", hint)
    holder = _model_at(model, path[:-1])
    known = known_keys(holder) if holder is not None else []
    return problem_at(found.place, f"`{key}` is not a key of {_noun(model, path[:-1])}", suggest(key, known))


_WORDS: dict[str, Callable[[Any], str]] = {
    "string_type": lambda detail: f"must be text, not {kind_of(detail['input'])}",
    "bool_type": lambda detail: f"must be true or false, not {kind_of(detail['input'])}",
    "bool_parsing": lambda detail: f"must be true or false, not `{detail['input']}`",
    "int_type": lambda detail: f"must be a whole number, not {kind_of(detail['input'])}",
    "int_parsing": lambda detail: f"must be a whole number, not `{detail['input']}`",
    "int_from_float": lambda detail: f"must be a whole number, not {detail['input']}",
    "float_type": lambda detail: f"must be a number, not {kind_of(detail['input'])}",
    "float_parsing": lambda detail: f"must be a number, not `{detail['input']}`",
    "list_type": lambda detail: f"must be a list, not {kind_of(detail['input'])}",
    "tuple_type": lambda detail: f"must be a list, not {kind_of(detail['input'])}",
    "dict_type": lambda detail: f"must be a mapping of keys to values, not {kind_of(detail['input'])}",
    "model_type": lambda detail: f"must be a mapping of keys to values, not {kind_of(detail['input'])}",
    "literal_error": lambda detail: f"must be {detail['ctx']['expected']}, not `{detail['input']}`",
    "enum": lambda detail: f"must be {detail['ctx']['expected']}, not `{detail['input']}`",
    "value_error": lambda detail: str(detail["ctx"]["error"]),
    "assertion_error": lambda detail: str(detail["ctx"]["error"]),
}
"""What to say for each type of error that the models raise; others say it in the library's own words."""


def _noun(model: type[BaseModel], path: Path) -> str:
    holder = _model_at(model, path)
    if holder is None:
        return "this mapping"
    return _NOUNS.get(holder.__name__, "this check")


_NOUNS = {
    "Checklist": "a checklist",
    "Variable": "a variable",
    "Contact": "a contact",
    "Command": "a command",
    "Run": "`run`",
    "DockerLogs": "`docker_logs`",
    "Part": "a part",
    "Section": "a section",
    "Group": "a group",
    "Item": "an item",
    "Check": "a check",
    "Retry": "`retry`",
    "Confirm": "`confirm`",
}
"""What people call what a model checks; a model that is not here is a kind's own."""


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that checks the mapping at `path`; None when that is no model's."""
    here: Any = model
    for step in path:
        if isinstance(step, int):
            continue
        if not (isinstance(here, type) and issubclass(here, BaseModel)):
            continue
        field = next((f for name, f in here.model_fields.items() if (f.alias or name) == step), None)
        if field is None:
            return None
        here = _model_in(field.annotation)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None


def _take_out(model: type[BaseModel], node: Node, path: Path, kind: str) -> bool:
    """Remove what is wrong, or put something in its place; False when that leaves nothing."""
    if not path:
        return False
    parent = node.at(path[:-1])
    key = str(path[-1])
    if kind == "missing" or _required(model, path):
        parent.lost.add(key)
        return _put(parent, key) or _take_out(model, node, path[:-1], "")
    _remove(node, path)
    return True


def _put(parent: Node, key: str) -> bool:
    at = parent.at((key,)).source
    text = f"unnamed-{at.line}-{at.column}" if key == "id" else _PLACEHOLDERS.get(key)
    if text is None or not isinstance(parent.value, dict):
        return False
    parent.value[key] = Node(text, at)
    return True


def _required(model: type[BaseModel], path: Path) -> bool:
    holder = _model_at(model, path[:-1])
    fields = holder.model_fields.items() if holder is not None else ()
    return any((field.alias or name) == path[-1] and field.is_required() for name, field in fields)


def _remove(node: Node, path: Path) -> None:
    """Take out the node that `path` leads to, as far as it exists: the last steps may be the library's own."""
    parent, child, key = node, node, str(path[0])
    for step in path:
        below = child.at((step,))
        if below is child:
            break
        parent, child, key = child, below, str(step)
    parent.lost.add(key)
    if isinstance(parent.value, dict):
        parent.value.pop(key, None)
    elif isinstance(parent.value, list):
        parent.value[:] = [element for element in parent.value if element is not child]
