"""What a condition names: its tokens, and the fields and paths among them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[bB]?[rR]?(?:'''.*?'''|\"\"\".*?\"\"\")
        |[bB]?[rR](?:'[^'\n]*'|"[^"\n]*")
        |[bB]?(?:'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_USE = re.compile(r"\$\{(\w+)\}")
_ESCAPES = str.maketrans({"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r"})


class Token(NamedTuple):
    """A word of a condition. `kind` is `string`, `number`, `name` or `sign`; `start` counts from 0."""

    kind: str
    text: str
    start: int
    line: int
    column: int


class Name(NamedTuple):
    """A name or path in a condition, as written: `status`, `body.colour`, `headers['x-frame-options']`."""

    text: str
    root: str
    """The field that it begins with."""
    steps: tuple[str | int, ...]
    """From that field's value on."""


def tokens(text: str) -> Iterator[Token]:
    """The words of a condition, without spaces and comments."""
    line, line_start = 1, 0
    for match in _TOKEN.finditer(text):
        kind, start = match.lastgroup or "", match.start()
        if kind != "space":
            yield Token(kind, match[0], start, line, start - line_start + 1)
        if "\n" in match[0]:
            line += match[0].count("\n")
            line_start = match.start() + match[0].rindex("\n") + 1


def names(read: list[Token], known: Iterable[str]) -> tuple[Name, ...]:
    """The fields among `known` that the words of a condition use, each path once."""
    known = set(known)
    roots = {name.partition(".")[0] for name in known}
    found = (
        _name(read, index, known)
        for index, token in enumerate(read)
        if token.kind == "name" and token.text in roots and _is_value(read, index)
    )
    return tuple(dict.fromkeys(name for name in found if name is not None))


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """`text` with each `${name}` replaced by its value: as a CEL literal, or as text inside a string."""
    strings = [range(token.start, token.start + len(token.text)) for token in tokens(text) if token.kind == "string"]

    def replace(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        inside = any(match.start() in string for string in strings)
        return str(value).translate(_ESCAPES) if inside else _literal(value)

    return _USE.sub(replace, text)


def _is_value(read: list[Token], index: int) -> bool:
    """Whether a name stands for a value of its own: it is no field of another, and no function."""
    before = read[index - 1].text if index else ""
    after = read[index + 1].text if index + 1 < len(read) else ""
    return before != "." and after != "("


def _name(read: list[Token], index: int, known: set[str]) -> Name | None:
    text, steps = _path(read, index)
    for length in range(len(steps), 0, -1):
        root = ".".join(str(step) for step in steps[:length])
        if root in known:
            return Name(text, root, tuple(steps[length:]))
    return None


def _path(read: list[Token], index: int) -> tuple[str, list[str | int]]:
    """What is written from a name on, as long as it only leads deeper."""
    text = read[index].text
    steps: list[str | int] = [text]
    while True:
        following = read[index + 1 : index + 4]
        match [token.text for token in following]:
            case [".", name, *after] if following[1].kind == "name" and after != ["("]:
                text, index = f"{text}.{name}", index + 2
                steps.append(name)
            case ["[", key, "]"] if following[1].kind in ("string", "number"):
                text, index = f"{text}[{key}]", index + 3
                steps.append(int(key) if key.isdigit() else key.strip("'\""))
            case _:
                return text, steps


def _literal(value: Any) -> str:
    match value:
        case bool() | None:
            return json.dumps(value)
        case int() | float():
            return repr(value)
        case list() | tuple():
            return "[" + ", ".join(_literal(item) for item in value) + "]"
        case _:
            return f"'{str(value).translate(_ESCAPES)}'"
