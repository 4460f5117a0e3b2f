"""Conditions in CEL, the Common Expression Language: compiled with types, decided on values, explained by both.

A name that a kind does not document, or a comparison that can never come out true, is an error when the checklist is
loaded. A decided condition carries the value found for each name in it. Fields with a dotted name (`tls.expires_in`)
are names of their own with their own types; in the values they may stand in a mapping (`{"tls": {"expires_in": ...}}`)
or under the dotted name.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cockpit.checklist.condition_errors import ConditionError, not_a_number, not_boolean, refusal, undecided
from cockpit.checklist.condition_names import Name, Token, names, tokens
from cockpit.checklist.condition_values import ABSENT, for_cel, look_up, shown, walk
from cockpit.checklist.kinds import Field

__all__ = [
    "ANSWER",
    "Condition",
    "ConditionError",
    "Decision",
    "answer_condition",
    "compile_condition",
    "compile_figure",
]

LONGEST = 2000
"""Characters in one condition."""

ANSWER = (Field("value", "string", "What the person answered."),)
"""What a condition on a person's answer may use."""


class Decision(msgspec.Struct, frozen=True):
    """How a condition came out. When it could not be decided it does not hold, and `problem` says why."""

    condition: str
    holds: bool
    found: dict[str, str]
    """Each name or path in the condition, as written there, with the value found as short safe text."""
    problem: str = ""


class Condition(msgspec.Struct, frozen=True):
    """A condition that compiled. `compile_condition` makes one."""

    text: str
    names: tuple[Name, ...]
    fields: Mapping[str, Field]
    """The fields that it may use, by name."""
    expression: Any
    """The library's compiled form."""

    @property
    def roots(self) -> tuple[str, ...]:
        """The names of the fields used."""
        return tuple(dict.fromkeys(name.root for name in self.names))

    def decide(self, values: Mapping[str, Any]) -> Decision:
        """Decide on `values`: a value for each field that was found. Never raises."""
        found = {name.text: shown(walk(values, name)) for name in self.names}
        result, problem = self._evaluate(values)
        if not problem and not isinstance(result, bool):
            problem = f"it came out as {shown(result)}, which is neither true nor false"
        return Decision(self.text, result is True and not problem, found, problem)

    def compute(self, values: Mapping[str, Any]) -> float | None:
        """The number that this comes to on `values`; None when it comes to none. Never raises."""
        result, problem = self._evaluate(values)
        if problem or isinstance(result, bool) or not isinstance(result, int | float):
            return None
        return float(result) if math.isfinite(result) else None

    def _evaluate(self, values: Mapping[str, Any]) -> tuple[Any, str]:
        """What it came to, or why it could not be evaluated."""
        data = {}
        for root in self.roots:
            value = look_up(values, root)
            if value is not ABSENT:
                data[root] = for_cel(value, self.fields[root].type)
        try:
            outcome = self.expression.eval(data=data)
            result = outcome.value()
        except Exception as error:  # noqa: BLE001 - the library raises whatever its C++ side threw
            return None, undecided(str(error))
        if outcome.type().name() == "ERROR":
            return None, undecided(str(result))
        return result, ""


def compile_condition(text: str, fields: Iterable[Field]) -> Condition:
    """Compile a condition over `fields`. Raises ConditionError with the first thing that is wrong."""
    return _compiled(text, tuple(fields), _TRUTHS)


def compile_figure(text: str, fields: Iterable[Field]) -> Condition:
    """Compile an expression over `fields` that comes to a number (`compute`). Raises ConditionError."""
    return _compiled(text, tuple(fields), _NUMBERS)


def answer_condition(text: str) -> Condition:
    """Compile a condition over the `value` that a person answers. Raises ConditionError."""
    return compile_condition(text, ANSWER)


_TRUTHS = ("BOOL", "DYN")
_NUMBERS = ("INT", "UINT", "DOUBLE", "DYN")


@functools.lru_cache(maxsize=4096)
def _compiled(text: str, fields: tuple[Field, ...], results: tuple[str, ...]) -> Condition:
    if len(text) > LONGEST:
        raise ConditionError(f"the condition has {len(text)} characters; at most {LONGEST} are read", LONGEST)
    if not text.strip():
        raise ConditionError("the condition is empty")
    known = {field.name: field for field in fields}
    try:
        expression = _environment(fields).compile(text)
    except Exception as error:  # noqa: BLE001 - as above
        raise refusal(str(error), text, known) from None
    result = expression.return_type().name()
    if result not in results:
        raise not_boolean(result) if results is _TRUTHS else not_a_number(result)
    read = list(tokens(text))
    _check_literals(read)
    used = names(read, known)
    if not used:
        raise ConditionError("the condition names nothing that was found, so it always comes out the same")
    return Condition(text, used, known, expression)


@functools.lru_cache(maxsize=64)
def _environment(fields: tuple[Field, ...]) -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - not everybody who may decide has something to decide
    from cel_expr_python.ext import ext_strings  # noqa: PLC0415 - as above

    variables = {field.name: getattr(cel.Type, field.type.upper()) for field in fields}
    return cel.NewEnv(variables=variables, extensions=[ext_strings.ExtStrings()])


_LITERALS = {
    "duration": ("duration({})", "this is no duration", "CEL knows h, m, s and ms: a day is `24h`"),
    "timestamp": ("timestamp({})", "this is no time", "write it as `2030-01-31T12:00:00Z`"),
    "matches": ("''.matches({})", "this is no regular expression", "RE2 has no look-around and no back-references"),
}
"""For each function that reads a text: how to try one, and what to say when it can never be read."""


def _check_literals(read: list[Token]) -> None:
    """Refuse a duration, time or pattern that is written out and can never be read."""
    for function, opening, literal, closing in zip(read, read[1:], read[2:], read[3:], strict=False):
        if function.text in _LITERALS and opening.text == "(" and literal.kind == "string" and closing.text == ")":
            trial, message, hint = _LITERALS[function.text]
            if not _can_be_read(trial.format(literal.text)):
                raise ConditionError(message, literal.column, hint, literal.line)


@functools.lru_cache(maxsize=1024)
def _can_be_read(trial: str) -> bool:
    try:
        outcome = _environment(()).compile(trial).eval(data={})
    except Exception:  # noqa: BLE001 - as above
        return False
    return bool(outcome.type().name() != "ERROR")
