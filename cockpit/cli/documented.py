"""What kinds of check and of action document alike: the keys that they take."""

from __future__ import annotations

import builtins
import collections.abc
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pydantic

from cockpit.checklist.actions import DocumentedAction
from cockpit.checklist.kinds import DocumentedKind
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit

K = TypeVar("K")


def chosen(known: Mapping[str, K], name: str | None, of: str) -> list[K]:
    """All kinds of check or of action, or the one that is named."""
    if name is None:
        return [known[each] for each in sorted(known)]
    if name not in known:
        from cockpit.checklist.problem import suggest

        raise Ended(Exit.WRONG, f"there is no kind of {of} {name!r}; {suggest(name, sorted(known))}")
    return [known[name]]


def print_list(shown: Sequence[DocumentedKind | DocumentedAction], more: str) -> None:
    """A row for each kind, and beside the output what tells `more`."""
    width = max(len(kind.name) for kind in shown)
    for kind in shown:
        print(f"{kind.name:{width}}  {kind.about}")
    output.say(f"\n{more}")


class Key(typing.NamedTuple):
    """A key that a kind takes."""

    name: str
    type: str
    required: bool
    default: str | int | float | None
    about: str

    @property
    def unless_given(self) -> str:
        """What holds when the key is left out, to stand after `about`."""
        if self.required:
            return " (required)"
        if isinstance(self.default, bool):
            return f" (default: {'yes' if self.default else 'no'})"
        return f" (default: {self.default})" if self.default not in (None, "") else ""


def keys(spec: type[pydantic.BaseModel], prefix: str = "") -> Iterator[Key]:
    """The keys that `spec` takes; those of a mapping with keys of its own are dotted."""
    for name, field in spec.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        key = prefix + (field.alias or name)
        yield Key(
            name=key,
            type=_type_in_words(field.annotation),
            required=field.is_required(),
            default=default if isinstance(default, str | int | float) else None,
            about=field.description or "",
        )
        for inner in _models_in(field.annotation):
            yield from keys(inner, f"{key}.")


def _models_in(annotation: Any) -> Iterator[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "yes or no",
    type(None): "",
    Any: "anything",
}


def _type_in_words(annotation: Any) -> str:
    """How people say a type: `text`, `list of text`, `GET, POST or PUT`."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    arguments = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case typing.Annotated:
            words = _type_in_words(arguments[0])
        case typing.Literal:
            words = _either([f"`{value}`" for value in arguments])
        case typing.Union | types.UnionType:
            words = _either([each for each in map(_type_in_words, arguments) if each])
        case builtins.list | builtins.tuple | builtins.set | builtins.frozenset:
            words = f"list of {_type_in_words(arguments[0])}"
        case builtins.dict | collections.abc.Mapping:
            words = f"map of {_type_in_words(arguments[1])}"
        case _ if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
            words = "mapping"
        case _:
            words = getattr(annotation, "__name__", str(annotation)).lower()
    return words


def _either(words: Sequence[str]) -> str:
    several = list(dict.fromkeys(words))
    return " or ".join(filter(None, [", ".join(several[:-1]), *several[-1:]]))


def described(spec: type[pydantic.BaseModel]) -> list[dict[str, Any]]:
    """The keys as plain values."""
    return [
        {"name": row.name, "type": row.type, "required": row.required, "default": row.default, "about": row.about}
        for row in keys(spec)
    ]


def columns(rows: Sequence[tuple[str, str, str]]) -> str:
    """Three columns for a terminal."""
    first = max((len(row[0]) for row in rows), default=0)
    second = max((len(row[1]) for row in rows), default=0)
    return "\n".join(f"  {row[0]:{first}}  {row[1]:{second}}  {row[2]}".rstrip() for row in rows)


def indented(block: str) -> str:
    """A block of text, a little to the right."""
    return "\n".join(f"  {line}" for line in block.strip("\n").splitlines())


def cell(words: str) -> str:
    """Words in a table of Markdown."""
    return words.replace("|", "\\|").replace("\n", " ")
