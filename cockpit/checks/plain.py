"""Values from outside as plain data that conditions can be decided on and people can read."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ROWS_LIMIT = 100
"""Rows of a query that are kept; all are counted."""

CELL_LIMIT = 16 * 1024
"""Characters of one value of a row that are kept."""

DEPTH_LIMIT = 50
"""Levels of nested data. What decides conditions is native code, which very deep data would crash."""

_WHOLE_NUMBERS = range(-(2**63), 2**63)


def plain(value: Any, depth: int = 0) -> Any:
    """`value` in the types that JSON has too. Raises ValueError when it is nested too deeply.

    Decimal numbers and whole numbers of more than 64 bits become floating-point numbers, spans of time become seconds,
    dates and times text as `timestamp()` reads it, bytes hexadecimal text, and whatever else there is its own text.
    """
    if depth > DEPTH_LIMIT:
        raise ValueError(f"data nested more than {DEPTH_LIMIT} levels deep")
    match value:
        case int() if not isinstance(value, bool):
            value = int(value) if value in _WHOLE_NUMBERS else _float(value)
        case decimal.Decimal():
            value = _float(value)
        case bytes() | bytearray() | memoryview():
            value = bytes(value).hex()
        case Mapping():
            value = {str(key): plain(each, depth + 1) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            value = [plain(each, depth + 1) for each in value]
        case dt.date() | dt.time():
            value = value.isoformat()
        case dt.timedelta():
            value = value.total_seconds()
        case None | bool() | float() | str():
            pass
        case _:
            value = str(value)
    return value


def parsed(text: str, *, sure: bool = False) -> Any:
    """The data that a text from outside holds when it is JSON, whatever a sloppy server calls it; else the text itself.

    What is neither a mapping nor a list is taken for JSON only by who is `sure`.
    """
    if sure or text.lstrip()[:1] in ("{", "["):
        try:
            return plain(json.loads(text))
        except (ValueError, RecursionError):
            return text
    return text


@dataclass
class Rows:
    """The rows of a query: all counted, the first ROWS_LIMIT kept."""

    columns: Sequence[str]
    kept: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    def add(self, row: Iterable[Any]) -> None:
        """Count one more row."""
        self.count += 1
        if len(self.kept) < ROWS_LIMIT:
            self.kept.append({column: _cell(value) for column, value in zip(self.columns, row, strict=True)})

    def values(self) -> dict[str, Any]:
        """The fields `rows`, `row_count`, and, when there is a row, `row` and `value`."""
        values: dict[str, Any] = {"rows": self.kept, "row_count": self.count}
        if self.kept:
            values["row"] = self.kept[0]
            values["value"] = next(iter(self.kept[0].values()), None)
        return values

    @property
    def figure(self) -> float | None:
        """The first value, when it is a number."""
        value = self.values().get("value")
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def summary(self) -> str:
        """`42`, `3 rows`, `no row`."""
        if self.count == 1 and len(self.columns) == 1:
            return _shown(self.kept[0][self.columns[0]])
        return f"{self.count} rows" if self.count > 1 else ("1 row" if self.count else "no row")

    @property
    def evidence(self) -> str:
        """The rows as text, columns divided by ` | `."""
        lines = [" | ".join(self.columns)]
        lines += [" | ".join(map(_shown, row.values())) for row in self.kept]
        if self.count > len(self.kept):
            lines.append(f"[{self.count - len(self.kept)} more rows]")
        return "\n".join(lines)


def _cell(value: Any) -> Any:
    try:
        value = plain(value)
    except ValueError:
        value = str(value)
    return value[:CELL_LIMIT] if isinstance(value, str) else value


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except ValueError:  # a signalling "not a number"
        return math.nan


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)
