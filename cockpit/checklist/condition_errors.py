"""What is wrong with a condition, in the words of somebody who wrote it: the library's own are for its authors."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.checklist.kinds import Field
from cockpit.checklist.problem import suggest
from cockpit.text import safe_line

_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): ([^\n]*)")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '([^']*)'")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_FUNCTIONS = [
    *("size", "contains", "startsWith", "endsWith", "matches", "has", "all", "exists", "exists_one", "filter", "map"),
    *("int", "double", "string", "bool", "duration", "timestamp", "type", "charAt", "indexOf", "lastIndexOf", "join"),
    *("lowerAscii", "upperAscii", "replace", "split", "substring", "trim", "format", "getSeconds", "getMinutes"),
    *("getHours", "getMilliseconds", "getFullYear", "getMonth", "getDate", "getDayOfWeek"),
]
_DURATION, _TIME = "google.protobuf.Duration", "google.protobuf.Timestamp"
_TYPES = {
    "int": "a whole number",
    "uint": "a whole number",
    "double": "a number with a point",
    "string": "text",
    "bool": "true or false",
    "bytes": "bytes",
    _DURATION: "a duration",
    "duration": "a duration",
    _TIME: "a time",
    "timestamp": "a time",
    "list": "a list",
    "map": "a mapping",
    "null": "null",
}


class ConditionError(Exception):
    """A condition that cannot be used. `line` and `column` count from 1, inside the condition."""

    def __init__(self, message: str, column: int = 1, hint: str = "", line: int = 1) -> None:
        """Say what is wrong, where, and what to do."""
        self.message, self.column, self.hint, self.line = message, column, hint, line
        super().__init__(f"{message} (column {column})" + (f"; {hint}" if hint else ""))


def refusal(said: str, text: str, known: Mapping[str, Field]) -> ConditionError:
    """The first thing that the library `said` on compiling `text`."""
    match = _ERROR.search(said)
    if match is None:
        reason = "it is nested too deeply" if "recursion" in said else said.partition("[")[0].strip()
        return ConditionError(f"the condition cannot be read: {safe_line(reason, width=200)}")
    line, column, message = int(match[1]), int(match[2]), match[3].removesuffix("[INVALID_ARGUMENT]").strip()
    if undeclared := _UNDECLARED.search(message):
        return _undeclared(undeclared[1], text, line, column, known)
    if overload := _OVERLOAD.search(message):
        complaint, hint = _mismatch(overload[1], overload[2])
        return ConditionError(complaint, column, hint, line)
    if "<EOF>" in message:
        return ConditionError("the condition ends too early", column, "something is missing at its end", line)
    message = re.sub(r"^Syntax error: |,? expecting .*$", "", message)
    complaint = f"the condition cannot be read from here on: {safe_line(message, width=200)}"
    return ConditionError(complaint, column, line=line)


def not_boolean(type_name: str) -> ConditionError:
    """The condition comes out as something else than true or false."""
    complaint = f"the condition comes out as {_in_words(type_name)}, not as true or false"
    return ConditionError(complaint, hint="compare it with something")


def not_a_number(type_name: str) -> ConditionError:
    """The expression comes out as something else than a number."""
    complaint = f"the figure comes out as {_in_words(type_name)}, not as a number"
    return ConditionError(complaint, hint="`double(...)` makes a number of a text, `size(...)` of a list")


def undecided(said: str) -> str:
    """Why a condition could not be decided, from what the library `said`."""
    if missing := re.search(r'No value with name "([^"]*)"', said):
        return f"{missing[1]} was not found"
    if key := re.search(r'Key not found in map : "?([^"]*)"?', said):
        return safe_line(f"there is no `{key[1]}`", width=200)
    if "Iteration budget" in said:
        return "it takes too long to decide"
    return safe_line(re.sub(r"^[A-Z_]+: ", "", said), width=200)


def _undeclared(name: str, text: str, line: int, column: int, known: Mapping[str, Field]) -> ConditionError:
    rest = text.split("\n")[line - 1][column - 1 :]
    # A function on a value is reported at its bracket, any other name at its beginning or its first point.
    called = rest.startswith("(") or re.match(rf"{re.escape(name)}\s*\(", rest)
    if called:
        return ConditionError(f"there is no function `{name}`", column, suggest(name, _FUNCTIONS), line)
    written = re.match(r"[A-Za-z_][\w.]*(?![\w.(])", rest)
    full = written[0].rstrip(".") if written and written[0].startswith(name) else name
    return ConditionError(f"`{full}` is not known here", column, suggest(full, list(known)), line)


def _mismatch(function: str, types: str) -> tuple[str, str]:
    sign = function.strip("_").replace("@in", "in")
    kinds = _split(types)
    words = [_in_words(kind) for kind in kinds]
    if len(words) != 2 or not re.fullmatch(r"[^\w]+|in", sign):
        return f"`{sign}` cannot be used on {' with '.join(words)}", ""
    return f"`{sign}` cannot put {words[0]} beside {words[1]}", _remedy(set(kinds))


def _remedy(kinds: set[str]) -> str:
    if kinds == {"double", "int"}:
        return "write the number with a point, as in `2.0`"
    if _DURATION in kinds:
        return "write a duration as `duration('2s')`"
    if _TIME in kinds:
        return "write a time as `timestamp('2030-01-31T12:00:00Z')`"
    if "string" in kinds and kinds & {"int", "double"}:
        return "put text in quotes, and leave numbers without"
    return ""


def _split(types: str) -> list[str]:
    receiver, _, rest = types.partition(".(")
    if rest:
        return [receiver, *filter(None, rest.removesuffix(")").split(", "))]
    return types.removeprefix("(").removesuffix(")").split(", ")


def _in_words(type_name: str) -> str:
    base = re.split(r"[(<]", type_name, maxsplit=1)[0]
    return _TYPES.get(base, _TYPES.get(base.lower(), base))
