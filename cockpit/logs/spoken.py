"""A line of JSON as one would say it: for a row on the screen, never for what is kept."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.text import safe_line

_MESSAGE = ("message", "msg", "event", "text", "log")
_KNOWN_BESIDE = frozenset(
    {"at", "time", "timestamp", "ts", "@timestamp", "date", "datetime", "@t", "t"}
    | {"level", "severity", "lvl", "levelname", "log.level", "loglevel", "@l"}
)
"""What the row says already, in its own columns: when, and how bad."""


def spoken(text: str) -> str:
    """`text` with what it says first, then the rest as `key=value`; a line that is no JSON object as it is."""
    if not (text.startswith("{") and text.endswith("}")):
        return text
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
    message = next((key for key in _MESSAGE if isinstance(said.get(key), str) and said[key]), None)
    rest = [f"{key}={_value(value)}" for key, value in said.items() if key != message and key not in _KNOWN_BESIDE]
    words = " ".join([said[message], *rest] if message is not None else rest)
    # A text within JSON may hold what the line, as it came, had escaped.
    return safe_line(words) if words and words.isprintable() else text


def _value(value: Any) -> str:
    if isinstance(value, str) and value and not any(sign in value for sign in ' ="'):
        return value
    return msgspec.json.encode(value).decode()
