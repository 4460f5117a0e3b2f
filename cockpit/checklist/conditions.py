"""Conditions in CEL, the Common Expression Language: compiled with types, decided on values, explained by both.

A name that a kind does not document, or a comparison that can never come out true, is an error when the checklist is
loaded. A decided condition carries the value found for each name in it. Fields with a dotted name (`tls.expires_in`)
are names of their own with their own types; in the values they may stand in a mapping (`{"tls": {"expires_in": ...}}`)
or under the dotted name.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from cockpit.checklist.kinds import Field
from cockpit.checklist.problem import suggest
from cockpit.text import safe_line

LONGEST = 2000
"""Characters in one condition."""

SHOWN = 120
"""Characters kept of a value that was found."""

_TYPES = {
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "bool": cel.Type.BOOL,
    "duration": cel.Type.DURATION,
    "timestamp": cel.Type.TIMESTAMP,
    "list": cel.Type.LIST,
    "map": cel.Type.MAP,
    "dyn": cel.Type.DYN,
}
_DEEPEST = 64
_INT64 = 1 << 63
_NO_VALUE = object()


class ConditionError(Exception):
    """A condition that cannot be used. `line` and `column` count from 1, inside the condition."""

    def __init__(self, message: str, column: int = 1, hint: str = "", line: int = 1) -> None:
        """Say what is wrong, and what to do."""
        self.message, self.column, self.hint, self.line = message, column, hint, line
        super().__init__(f"{message} (column {column})" + (f"; {hint}" if hint else ""))


@dataclass(frozen=True)
class Decision:
    """How a condition came out. When it could not be decided it does not hold, and `problem` says why."""

    condition: str
    holds: bool
    found: dict[str, str]
    problem: str = ""


@dataclass(frozen=True)
class Condition:
    """A condition that compiled. Use `compile_condition` to make one."""

    text: str
    names: tuple[str, ...]
    """The names and paths used, as written: `status`, `body.colour`, `headers['x-frame-options']`."""
    _expression: Any
    _fields: Mapping[str, Field]
    _paths: tuple[_Path, ...]

    @property
    def roots(self) -> tuple[str, ...]:
        """The fields used."""
        return tuple(dict.fromkeys(path.root for path in self._paths))

    def decide(self, values: Mapping[str, Any]) -> Decision:
        """Decide on `values`: a value for each field that was found. Never raises."""
        data = {}
        for name in self.roots:
            value = _look_up(values, name)
            if value is not _NO_VALUE:
                data[name] = _for_cel(value, self._fields[name].type)
        found = {path.text: shown(_walk(values, path)) for path in self._paths}
        try:
            outcome = self._expression.eval(data=data)
            result = outcome.value()
        except Exception as error:  # noqa: BLE001 - the library raises whatever its C++ side threw
            return Decision(self.text, holds=False, found=found, problem=_undecided(str(error)))
        if outcome.type() == cel.Type.ERROR:
            return Decision(self.text, holds=False, found=found, problem=_undecided(str(result)))
        if not isinstance(result, bool):
            problem = f"it came out as {shown(result)}, which is neither true nor false"
            return Decision(self.text, holds=False, found=found, problem=problem)
        return Decision(self.text, result, found)


def compile_condition(text: str, fields: Iterable[Field]) -> Condition:
    """Compile a condition over `fields`. Raises ConditionError with the first thing that is wrong."""
    return _compiled(text, tuple(fields))


ANSWER = (Field("value", "string", "What the person answered."),)
"""What a condition on a person's answer may use."""


def answer_condition(text: str) -> Condition:
    """Compile a condition over the `value` that a person answers. Raises ConditionError."""
    return compile_condition(text, ANSWER)


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """`text` with each `${name}` replaced by its value: as a CEL literal, or as text inside a string."""
    pieces, at = [], 0
    strings = [
        (token.column - 1, token.column - 1 + len(token.text)) for token in _tokens(text) if token.kind == "string"
    ]
    for match in re.finditer(r"\$\{(\w+)\}", text):
        if match[1] not in values:
            continue
        value = values[match[1]]
        inside = any(start < match.start() < end for start, end in strings)
        pieces += [text[at : match.start()], _escaped(value) if inside else _literal(value)]
        at = match.end()
    return "".join([*pieces, text[at:]])


def shown(value: Any) -> str:
    """A value as short safe text for people: `503`, `1.5s`, `[aws, azure]`; `no value` when there is none."""
    if value is _NO_VALUE:
        return "no value"
    return safe_line(_plain_text(value), width=SHOWN)


@functools.lru_cache(maxsize=4096)
def _compiled(text: str, fields: tuple[Field, ...]) -> Condition:
    if len(text) > LONGEST:
        raise ConditionError(f"the condition has {len(text)} characters; at most {LONGEST} are read", LONGEST)
    if not text.strip():
        raise ConditionError("the condition is empty")
    known = {field.name: field for field in fields}
    tokens = list(_tokens(text))
    try:
        expression = _environment(fields).compile(text)
    except Exception as error:  # noqa: BLE001 - as above
        raise _refusal(str(error), text, known) from None
    result = expression.return_type()
    if result not in (cel.Type.BOOL, cel.Type.DYN):
        raise ConditionError(
            f"the condition comes out as {_type_words(result.name())}, not as true or false",
            hint="compare it with something",
        )
    _check_literals(tokens, fields)
    paths = tuple(dict.fromkeys(_paths(tokens, known)))
    if not paths:
        raise ConditionError("the condition names nothing that was found, so it always comes out the same")
    return Condition(text, tuple(path.text for path in paths), expression, known, paths)


@functools.lru_cache(maxsize=64)
def _environment(fields: tuple[Field, ...]) -> Any:
    variables = {field.name: _TYPES[field.type] for field in fields}
    return cel.NewEnv(variables=variables, extensions=[ext_strings.ExtStrings()])


# --- what a condition names


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


@dataclass(frozen=True)
class _Path:
    text: str
    root: str
    """The field that it begins with."""
    steps: tuple[str | int, ...]
    """From the field's value on."""


_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[bB]?[rR]?(?:'''.*?'''|\"\"\".*?\"\"\")|[bB]?[rR](?:'[^'\n]*'|"[^"\n]*")|[bB]?(?:'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup and match.lastgroup != "space":
            yield _Token(match.lastgroup, match[0], match.start() + 1)


def _paths(tokens: list[_Token], known: Mapping[str, Field]) -> Iterator[_Path]:
    roots = {name.split(".")[0] for name in known}
    for index, token in enumerate(tokens):
        if token.kind != "name" or token.text not in roots or (index and tokens[index - 1].text == "."):
            continue
        text, steps = _path_from(tokens, index)
        dotted = [step for step in steps if isinstance(step, str)]
        for length in range(len(dotted), 0, -1):
            name = ".".join(dotted[:length])
            if name in known and list(steps[:length]) == dotted[:length]:
                yield _Path(text, name, tuple(steps[length:]))
                break


def _path_from(tokens: list[_Token], index: int) -> tuple[str, list[str | int]]:
    text, steps = tokens[index].text, [tokens[index].text]
    path: list[str | int] = list(steps)
    while True:
        rest = tokens[index + 1 : index + 4]
        match [token.text for token in rest]:
            case [".", name, *after] if rest[1].kind == "name" and after != ["("]:
                text, index = f"{text}.{name}", index + 2
                path.append(name)
            case ["[", key, "]"] if rest[1].kind in ("string", "number"):
                text, index = f"{text}[{key}]", index + 3
                path.append(_key(rest[1]))
            case _:
                return text, path


def _key(token: _Token) -> str | int:
    if token.kind == "number":
        return int(token.text) if token.text.isdigit() else token.text
    return token.text[1:-1]


def _look_up(values: Mapping[str, Any], name: str) -> Any:
    if name in values:
        return values[name]
    here: Any = values
    for step in name.split("."):
        if not isinstance(here, Mapping) or step not in here:
            return _NO_VALUE
        here = here[step]
    return here


def _walk(values: Mapping[str, Any], path: _Path) -> Any:
    here = _look_up(values, path.root)
    for step in path.steps:
        if (isinstance(here, Mapping) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        ):
            here = here[step]
        else:
            return _NO_VALUE
    return here


# --- values


def _literal(value: Any) -> str:
    match value:
        case bool() | None:
            return json.dumps(value)
        case int() | float():
            return repr(value)
        case list() | tuple():
            return "[" + ", ".join(_literal(item) for item in value) + "]"
        case _:
            return f"'{_escaped(value)}'"


def _escaped(value: Any) -> str:
    signs = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    return str(value).translate(str.maketrans(signs))


def _for_cel(value: Any, kind: str) -> Any:
    """The value in the types that the library takes for a field of this kind."""
    if kind == "duration" and isinstance(value, int | float):
        return dt.timedelta(seconds=value)
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    return _cel_value(value)


def _cel_value(value: Any, depth: int = 0) -> Any:
    match value:
        case None | bool() | float() | bytes() | dt.timedelta() | dt.datetime():
            return value
        case int():
            return value if -_INT64 <= value < _INT64 else float(value)
        case str():
            return value if value.isascii() else value.encode("utf-8", "replace").decode()
        case Mapping() if depth < _DEEPEST:
            return {_cel_value(key): _cel_value(item, depth + 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            return [_cel_value(item, depth + 1) for item in value]
    return str(value)


def _plain_text(value: Any) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return value if value.strip() == value and value else json.dumps(value)
        case float():
            return f"{value:.6g}"
        case dt.timedelta():
            return _duration_text(value)
        case dt.datetime():
            return value.isoformat(timespec="seconds")
        case list() | tuple():
            return "[" + ", ".join(_plain_text(item) for item in value[:SHOWN]) + "]"
        case Mapping():
            return "{" + ", ".join(f"{key}: {_plain_text(item)}" for key, item in list(value.items())[:SHOWN]) + "}"
        case _:
            return str(value)


def _duration_text(value: dt.timedelta) -> str:
    if value.days:
        hours = value.seconds // 3600
        return f"{value.days}d{hours}h" if hours else f"{value.days}d"
    seconds = value.total_seconds()
    return f"{seconds * 1000:.6g}ms" if 0 < seconds < 1 else f"{seconds:.6g}s"


# --- what is wrong, in words

_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): ([^\n]*)")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '([^']*)'")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_FUNCTIONS = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "has",
    "all",
    "exists",
    "exists_one",
    "filter",
    "map",
    "int",
    "double",
    "string",
    "bool",
    "duration",
    "timestamp",
    "type",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "join",
    "lowerAscii",
    "upperAscii",
    "replace",
    "split",
    "substring",
    "trim",
    "format",
    "getSeconds",
    "getMinutes",
    "getHours",
    "getMilliseconds",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfWeek",
]
_TYPE_WORDS = {
    "int": "a whole number",
    "double": "a number with a point",
    "string": "text",
    "bool": "true or false",
    "google.protobuf.Duration": "a duration",
    "google.protobuf.Timestamp": "a time",
    "list": "a list",
    "map": "a mapping",
    "null": "null",
}


def _refusal(said: str, text: str, known: Mapping[str, Field]) -> ConditionError:
    match = _ERROR.search(said)
    if match is None:
        reason = "it is nested too deeply" if "recursion" in said else said.split("[", maxsplit=1)[0].strip()
        return ConditionError(f"the condition cannot be read: {safe_line(reason, width=200)}")
    line, column, message = int(match[1]), int(match[2]), match[3].removesuffix("[INVALID_ARGUMENT]").strip()
    undeclared, overload = _UNDECLARED.search(message), _OVERLOAD.search(message)
    if undeclared:
        return _undeclared(undeclared[1], text, line, column, known)
    if overload:
        said_of_types, hint = _mismatch(overload[1], overload[2])
        return ConditionError(said_of_types, column, hint, line)
    if "<EOF>" in message:
        return ConditionError("the condition ends too early", column, "something is missing at its end", line)
    message = re.sub(r"^Syntax error: |,? expecting .*$", "", message)
    return ConditionError(
        f"the condition cannot be read from here on: {safe_line(message, width=200)}", column, "", line
    )


def _undeclared(name: str, text: str, line: int, column: int, known: Mapping[str, Field]) -> ConditionError:
    rest = text.split("\n")[line - 1][column - 1 :]
    if re.match(r"\.?\w*\s*\(", rest) and not rest.startswith("."):
        return ConditionError(f"there is no function `{name}`", column, suggest(name, _FUNCTIONS), line)
    full = re.match(r"[\w.]+", rest)
    if full and not rest.startswith("(") and "." not in name and full[0].startswith(name):
        name = full[0].rstrip(".")
    if rest.startswith("("):
        return ConditionError(f"there is no function `{name}`", column, suggest(name, _FUNCTIONS), line)
    return ConditionError(f"`{name}` is not known here", column, suggest(name, list(known)), line)


def _mismatch(function: str, types: str) -> tuple[str, str]:
    sign = function.strip("_").replace("@in", "in")
    words = [_type_words(kind.strip()) for kind in _split_types(types)]
    if not re.fullmatch(r"[^\w]+|in", sign) or len(words) != 2:
        return f"`{sign}` cannot be used on {' with '.join(words)}", ""
    kinds = set(_split_types(types))
    hint = ""
    if kinds == {"double", "int"}:
        hint = "write the number with a point, as in `2.0`"
    elif "google.protobuf.Duration" in kinds:
        hint = "write a time as `duration('2s')`"
    elif "google.protobuf.Timestamp" in kinds:
        hint = "write a time as `timestamp('2030-01-31T12:00:00Z')`"
    elif "string" in kinds and kinds & {"int", "double"}:
        hint = "put text in quotes, and leave numbers without"
    return f"`{sign}` cannot put {words[0]} beside {words[1]}", hint


def _split_types(types: str) -> list[str]:
    receiver, _, rest = types.partition(".(")
    if rest:
        return [receiver, *filter(None, rest.rstrip(")").split(", "))]
    return types.strip("()").split(", ")


def _type_words(name: str) -> str:
    base = name.split("(", maxsplit=1)[0].split("<", maxsplit=1)[0]
    return _TYPE_WORDS.get(base, _TYPE_WORDS.get(base.lower(), base))


def _check_literals(tokens: list[_Token], fields: tuple[Field, ...]) -> None:
    """Refuse a duration, time or pattern that is written out and that can never be read."""
    for index in range(len(tokens) - 3):
        name, opening, literal, closing = tokens[index : index + 4]
        trial = _TRIALS.get(name.text)
        if trial is None or opening.text != "(" or literal.kind != "string" or closing.text != ")":
            continue
        try:
            failed = _environment(fields).compile(trial.format(literal.text)).eval(data={}).type() == cel.Type.ERROR
        except Exception:  # noqa: BLE001 - as above
            failed = True
        if failed:
            raise ConditionError(_LITERALS[name.text][0], literal.column, _LITERALS[name.text][1])


_TRIALS = {"duration": "duration({})", "timestamp": "timestamp({})", "matches": "''.matches({})"}
_LITERALS = {
    "duration": ("this is no duration", "CEL knows h, m, s and ms: a day is `24h`"),
    "timestamp": ("this is no time", "write it as `2030-01-31T12:00:00Z`"),
    "matches": ("this is no regular expression", "RE2 syntax: no look-around, no back-references"),
}


def _undecided(said: str) -> str:
    missing = re.search(r'No value with name "([^"]*)"', said)
    if missing:
        return f"{missing[1]} was not found"
    key = re.search(r'Key not found in map : "?([^"]*)"?', said) or re.search(r"no_such_field\S*\s*:?\s*(.*)", said)
    if key:
        return safe_line(f"there is no `{key[1]}`", width=200)
    if "Iteration budget" in said:
        return "it takes too long to decide"
    return safe_line(re.sub(r"^[A-Z_]+: ", "", said), width=200)
