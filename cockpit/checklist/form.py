"""Nodes checked against the file format: every wrong key and value, in plain words, with its place.

What is wrong is taken out, or replaced where it cannot be missed, and the rest checked on: one mistake hides no other.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from cockpit.checklist.node import Node, copy, kind_of, plain
from cockpit.checklist.problem import Problem, problem_at, suggest

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]

MOST_PROBLEMS = 200
"""Wrong keys and values that are named one by one; with more, nothing else is looked at."""

_MOST_PASSES = 20
_PLACEHOLDERS: dict[str, str | int] = {
    "cockpit": 1,
    "name": "?",
    "title": "?",
    "for": "1s",
    "container": "?",
    "run": "?",
}
"""What stands in for a required value that is missing or wrong, so that the rest of its mapping is checked on."""


def read_form(model: type[Model], written: Node, noun: str = "this check") -> tuple[Model | None, Node, list[Problem]]:
    """Check `written` against `model`: what is right of it, the nodes that this was made of, and what is wrong.

    `noun` is what people call a mapping whose model is a kind's own. The result is None only when nothing is left, as
    when a mapping is needed and something else was written.
    """
    node = copy(written)
    leave_alone(model, node)
    problems: list[Problem] = []
    for _ in range(_MOST_PASSES):
        try:
            return model.model_validate(plain(node)), node, problems
        except ValidationError as error:
            mistakes = [_mistake(model, node, detail) for detail in error.errors(include_url=False)]
        said = list(_say((mistake for mistake in mistakes if not mistake.known), noun))
        problems.extend(said[:MOST_PROBLEMS])
        if len(said) > MOST_PROBLEMS:
            problems.append(problem_at(node.source, f"and {len(said) - MOST_PROBLEMS} more wrong keys and values"))
            return None, node, problems
        taken = [_take_out(mistake) for mistake in mistakes]
        if not all(taken):
            break
    return None, node, problems


def leave_alone(model: Any, node: Node) -> None:
    """Take out the keys that begin with `x-`, wherever a mapping has keys of its own: they are no concern of ours."""
    if any(key.startswith("x-") for each in node.walk() for key in each.entries()):
        _leave_alone(model, node)


def known_keys(model: type[BaseModel]) -> list[str]:
    """The keys of a mapping, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


class _Mistake(msgspec.Struct, frozen=True):
    """One error of the models, and the nodes that it is about."""

    error: str
    """The library's name for the error."""
    key: str
    """The key that is wrong or missing; empty for the whole."""
    found: Node
    """What is wrong; for a missing key, the mapping that it is missing from."""
    above: tuple[Node, ...]
    """The nodes that `found` stands in, the nearest one last."""
    holder: type[BaseModel] | None
    """The model of the mapping that the key belongs to."""
    message: str

    @property
    def missing(self) -> bool:
        return self.error == "missing"

    @property
    def unknown(self) -> bool:
        return self.error == "extra_forbidden"

    @property
    def known(self) -> bool:
        """It has been said, as of a key that is missing because it was wrong, or cannot be said yet."""
        if self.missing:
            return self.key in self.found.lost
        return (self.found.open and not self.unknown) or any(self.key in each.lost for each in self.above[-1:])

    @property
    def required(self) -> bool:
        fields = self.holder.model_fields.items() if self.holder is not None else ()
        return any((field.alias or name) == self.key and field.is_required() for name, field in fields)


def _mistake(model: type[BaseModel], node: Node, detail: Any) -> _Mistake:
    """What the library says of one place; the last steps of its path may be its own, and lead nowhere."""
    path: Path = detail["loc"]
    way = [node]
    for step in path:
        below = way[-1].at((step,))
        if below is way[-1]:
            break
        way.append(below)
    existing = path[: len(way) - 1]
    holder = _model_at(model, path[:-1] if detail["type"] == "missing" else existing[:-1])
    key = path[-1] if detail["type"] == "missing" else (existing[-1] if existing else "")
    return _Mistake(detail["type"], str(key), way[-1], tuple(way[:-1]), holder, _message(detail))


def _say(mistakes: Iterable[_Mistake], noun: str) -> Iterable[Problem]:
    """One problem for each mistake; what a value could have been instead is said together."""
    wrong: dict[int, list[_Mistake]] = {}
    for mistake in mistakes:
        if mistake.unknown:
            yield _unknown(mistake, noun)
        elif mistake.missing:
            yield problem_at(
                mistake.found.source, f"`{mistake.key}` is missing: {_noun(mistake.holder, noun)} needs it"
            )
        else:
            wrong.setdefault(id(mistake.found), []).append(mistake)
    for same in wrong.values():
        yield _wrong(same)


def _unknown(mistake: _Mistake, noun: str) -> Problem:
    key, place = mistake.key, mistake.found.place
    known = known_keys(mistake.holder) if mistake.holder is not None else []
    return problem_at(place, f"`{key}` is not a key of {_noun(mistake.holder, noun)}", suggest(key, known))


def _wrong(same: list[_Mistake]) -> Problem:
    first = same[0]
    subject = f"`{first.key}`" if first.key and first.found.key is not None else "this"
    if first.found.value is None and first.error != "value_error":
        return problem_at(first.found.source, f"{subject} has no value: write one, or remove the key")
    message, _, instead = first.message.partition(", not ")
    for other in same[1:]:
        alternative = other.message.partition(", not ")[0].removeprefix("must be ")
        message += f" or {alternative}" if alternative not in message else ""
    return problem_at(first.found.source, f"{subject} {message}" + (f", not {instead}" if instead else ""))


def _leave_alone(annotation: Any, node: Node) -> None:
    if isinstance(node.value, dict) and _bare(annotation) is not None:
        node.value = {key: child for key, child in node.value.items() if not key.startswith("x-")}
    for key, child in node.entries().items():
        _leave_alone(_below(annotation, key), child)
    for index, child in enumerate(node.elements()):
        _leave_alone(_below(annotation, index), child)


def _message(detail: Any) -> str:
    say = _WORDS.get(detail["type"])
    return say(detail) if say else re.sub(r"^\w+ should ", "must ", str(detail["msg"]))


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


def _noun(holder: type[BaseModel] | None, kinds_own: str) -> str:
    return "this mapping" if holder is None else _NOUNS.get(holder.__name__, kinds_own)


_NOUNS = {
    "Checklist": "a checklist",
    "Variable": "a variable",
    "Host": "a host",
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
    "Watch": "a watch",
    "Abort": "`abort`",
    "GoLive": "`golive`",
    "Rollback": "`rollback`",
    "Window": "`window`",
    "Step": "a step",
    "Action": "`run`",
    "Shows": "what must be good",
    "Soak": "`soak`",
    "Undo": "`undo`",
    "Gate": "a gate",
    "Poll": "a poll",
    "Drill": "a drill",
    "Fault": "a fault",
}
"""What people call what a model checks; a model that is not here is a kind's own."""


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that checks the mapping at `path`; None when that is no model's."""
    here: Any = model
    for step in path:
        here = _below(here, step)
    return _bare(here)


def _below(annotation: Any, step: str | int) -> Any:
    """The type of what stands under a key or at an index of something of this type; None when that is not known."""
    holder = _bare(annotation)
    if holder is not None:
        fields = holder.model_fields.items()
        return next((field.annotation for name, field in fields if (field.alias or name) == step), None)
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, dict):
        return arguments[1]
    if isinstance(origin, type) and issubclass(origin, list | tuple):
        return arguments[0]
    return next((below for each in arguments if (below := _below(each, step)) is not None), None)


def _bare(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation stands for, alone or as one that may be left out."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (dict, list, tuple):
        return None
    return next((found for each in typing.get_args(annotation) if (found := _bare(each)) is not None), None)


def _take_out(mistake: _Mistake) -> bool:
    """Remove what is wrong, or put something in its place; False when that leaves nothing."""
    holders = (*mistake.above, mistake.found) if mistake.missing else mistake.above
    if not holders:
        return False
    if mistake.missing or mistake.required:
        again = mistake.key in holders[-1].lost
        holders[-1].lost |= {mistake.key}
        if not again and _put(holders[-1], mistake.key):
            return True
        return _remove(holders[-1], holders[:-1])
    return _remove(mistake.found, holders)


def _put(parent: Node, key: str) -> bool:
    at = parent.at((key,)).source
    value = f"unnamed-{at.line}-{at.column}" if key == "id" else _PLACEHOLDERS.get(key)
    if value is None or not isinstance(parent.value, dict):
        return False
    parent.value[key] = Node(value, at)
    return True


def _remove(node: Node, above: tuple[Node, ...]) -> bool:
    """Take a node out of what it stands in; it may be out already. False for the whole."""
    if not above:
        return False
    parent = above[-1]
    if isinstance(parent.value, dict):
        gone = [key for key, child in parent.value.items() if child is node]
        for key in gone:
            del parent.value[key]
        parent.lost |= set(gone)
    elif isinstance(parent.value, list):
        kept = [child for child in parent.value if child is not node]
        if len(kept) < len(parent.value):
            parent.value[:] = kept
            parent.lost |= {""}
    return True
