"""Values that conditions are decided on: found, handed to the library in its types, and shown to people."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final

from cockpit.checklist.condition_names import Name
from cockpit.text import safe_line

ABSENT: Final = object()
"""Stands for a value that is not there."""

SHOWN = 120
"""Characters kept of a value that was found."""

_DEEPEST = 64
_DEEPEST_SHOWN = 4
_INT64 = 1 << 63


def look_up(values: Mapping[str, Any], field: str) -> Any:
    """The value of a field: under its name, or for a dotted one in mappings; ABSENT when there is none."""
    if field in values:
        return values[field]
    return _follow(values, field.split("."))


def walk(values: Mapping[str, Any], name: Name) -> Any:
    """The value that a name or path of a condition stands for; ABSENT when it leads nowhere."""
    return _follow(look_up(values, name.root), name.steps)


def shown(value: Any) -> str:
    """A value as short safe text for people: `503`, `1.5s`, `[aws, azure]`; `no value` when there is none."""
    return "no value" if value is ABSENT else safe_line(_words(value), width=SHOWN)


def for_cel(value: Any, kind: str) -> Any:
    """The value in the types that the library takes for a field of this kind."""
    if kind == "duration" and isinstance(value, int | float):
        return dt.timedelta(seconds=value)
    if kind == "int" and isinstance(value, float) and value.is_integer():
        value = int(value)
    return _plain(value)


def _follow(value: Any, steps: Any) -> Any:
    for step in steps:
        inside = isinstance(value, Mapping) and step in value
        if not inside and not (isinstance(value, list) and isinstance(step, int) and step < len(value)):
            return ABSENT
        value = value[step]
    return value


def _plain(value: Any, depth: int = 0) -> Any:
    """The library takes no tuples, no whole numbers beyond 64 bits, no broken text, and nothing endless."""
    match value:
        case None | bool() | float() | bytes() | dt.timedelta() | dt.datetime():
            return value
        case int():
            return value if -_INT64 <= value < _INT64 else float(value)
        case str():
            return value if value.isascii() else value.encode("utf-8", "replace").decode()
        case Mapping() if depth < _DEEPEST:
            return {_plain(key): _plain(item, depth + 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            return [_plain(item, depth + 1) for item in value]
    return safe_line(str(value))


def _words(value: Any, depth: int = 0) -> str:
    match value:
        case None | bool():
            text = json.dumps(value)
        case str():
            plain = value and value.strip() == value
            text = value[: SHOWN * 2] if plain else json.dumps(value[: SHOWN * 2])
        case float():
            text = f"{value:.6g}"
        case dt.timedelta():
            text = _duration(value)
        case dt.datetime():
            text = value.isoformat(timespec="seconds")
        case list() | tuple() | Mapping() if depth >= _DEEPEST_SHOWN:
            text = "..."
        case list() | tuple():
            text = "[" + ", ".join(_words(item, depth + 1) for item in value[:SHOWN]) + "]"
        case Mapping():
            pairs = [f"{key}: {_words(item, depth + 1)}" for key, item in [*value.items()][:SHOWN]]
            text = "{" + ", ".join(pairs) + "}"
        case _:
            text = str(value)
    return text


def _duration(value: dt.timedelta) -> str:
    if value.days > 0:
        hours = value.seconds // 3600
        return f"{value.days}d{hours}h" if hours else f"{value.days}d"
    seconds = value.total_seconds()
    return f"{seconds * 1000:.6g}ms" if 0 < seconds < 1 else f"{seconds:.6g}s"
