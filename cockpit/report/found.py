"""What a measurement found, flat and fit to be kept: for a baseline, which remembers more than a journal."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cockpit.checklist.condition_values import SHOWN, shown, walk
from cockpit.checklist.conditions import ConditionError, compile_condition
from cockpit.checklist.kinds import DocumentedKind, Field
from cockpit.checklist.model import Check
from cockpit.journal.baseline import ItemBaseline
from cockpit.journal.event import CheckMeasured
from cockpit.text import Redactor, safe_line

VALUES_LIMIT = 200
"""Values that are kept of one item."""

TEXT_LIMIT = 200
"""Characters of a text that are kept; of a longer one also its size and the beginning of its SHA-256, so that any
change of it shows."""

NAME_LIMIT = 120
"""Characters of a name."""

FIGURE = "figure"
"""The name under which a figure is listed among lengths of time."""


def item_baseline(
    result: CheckMeasured, values: Mapping[str, Any], check: Check, kind: DocumentedKind | None, redact: Redactor
) -> ItemBaseline:
    """What a baseline remembers of an item. `values` are what the kind found, as they may be shown."""
    fields = kind.fields if kind else ()
    lengths = {field.name for field in fields if field.unit == "seconds" or field.type == "duration"}
    found = dict(_limited(_flat(values, redact)))
    named = dict(_named(check, kind, values, redact))
    times = [name for name in (*found, *named) if name in lengths]
    # The figure is a length of time when it is one of those: a kind does not say what its figure is.
    if result.value is not None and any(found.get(name) == result.value for name in lengths):
        times.append(FIGURE)
    return ItemBaseline(result.result, result.summary, result.value, found, named, tuple(dict.fromkeys(times)))


def _limited(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for number, pair in enumerate(pairs):
        if number == VALUES_LIMIT:
            return
        yield pair


def _flat(values: Mapping[str, Any], redact: Redactor, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each value under its dotted name."""
    for key, value in values.items():
        name = f"{prefix}{safe_line(redact(str(key)), width=NAME_LIMIT)}"
        if isinstance(value, Mapping) and value and len(name) < NAME_LIMIT:
            yield from _flat(value, redact, f"{name}.")
        else:
            yield name[:NAME_LIMIT], _kept(value, redact)


def _kept(value: Any, redact: Redactor) -> bool | int | float | str | None:
    """A value as a baseline keeps it: what is more than one value becomes JSON."""
    match value:
        case None | bool():
            return value
        case int() | float() | dt.timedelta():
            return _number(value, redact)
        case str():
            text = value
        case dt.datetime():
            text = value.isoformat()
        case _:
            text = json.dumps(value, default=str, sort_keys=True)
    text = redact(text)
    if len(text) <= TEXT_LIMIT:
        return safe_line(text, width=2 * TEXT_LIMIT)
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{safe_line(text[:TEXT_LIMIT], width=2 * TEXT_LIMIT)} [{len(text)} characters, SHA-256 {digest[:12]}]"


def _number(value: float | dt.timedelta, redact: Redactor) -> int | float | str:
    """A number, a length of time in seconds; as text when it is too large, no number at all, or a secret."""
    number = value.total_seconds() if isinstance(value, dt.timedelta) else value
    text = str(number)
    if redact(text) != text or not math.isfinite(number) or abs(number) >= 2**63:
        return redact(text)
    return number


def _named(
    check: Check, kind: DocumentedKind | None, values: Mapping[str, Any], redact: Redactor
) -> Iterator[tuple[str, bool | int | float | str]]:
    """The value of each name in the conditions, as far as they compile.

    A name that stands for a whole mapping is left out: among many values there is always one that varies.
    """
    if kind is None:
        return
    for text in (*(check.expect or (kind.implied,)), *check.warn):
        for name in _names(text, kind.fields):
            value = walk(values, name)
            if _holds_mappings(value):
                continue
            if isinstance(value, bool | int | float | dt.timedelta):
                kept = _number(value, redact) if not isinstance(value, bool) else value
            else:
                kept = safe_line(redact(shown(value)), width=2 * SHOWN)
            yield safe_line(redact(name.text), width=2 * NAME_LIMIT), kept


def _holds_mappings(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list | tuple) and any(map(_holds_mappings, value)))


def _names(text: str, fields: tuple[Field, ...]) -> Iterable[Any]:
    with contextlib.suppress(ConditionError):
        return compile_condition(text, fields).names
    return ()
