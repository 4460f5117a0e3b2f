"""A table of processes, from what `top -b` prints: the last whole page of it, in an order of one's own.

The columns are those of procps-ng's top(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cockpit.views.line import Line, cut_line, line

Order = Literal["cpu", "memory", "time", "pid"]
"""What a table of processes is ordered by."""

ORDERS: tuple[Order, ...] = ("cpu", "memory", "time", "pid")

_COLUMN: dict[Order, str] = {"cpu": "%CPU", "memory": "%MEM", "time": "TIME+", "pid": "PID"}
_SHOWN = ("PID", "USER", "%CPU", "%MEM", "RES", "TIME+", "COMMAND")
_WIDTHS = (7, -10, 6, 6, 9, 10, 0)
"""Cells; negative ones are filled up at the right."""


def process_lines(texts: Sequence[str], cells: int, order: Order, mark: str) -> list[Line]:
    """The heading and a row for each process; what `top` says instead, when it shows no table."""
    page = _last_page(texts)
    place = next((number for number, text in enumerate(page) if text.split()[:2] == ["PID", "USER"]), -1)
    if place < 0:
        return [cut_line(line(f" {text}"), cells, mark) for text in (page or texts)[-200:] if text.strip()]
    names = page[place].split()
    rows = [dict(zip(names, text.split(None, len(names) - 1), strict=False)) for text in page[place + 1 :]]
    rows = [row for row in rows if row.get("PID", "").isdigit()]
    rows.sort(key=lambda row: _value(row.get(_COLUMN[order], "")), reverse=order != "pid")
    load = next((text.strip() for text in page[:place] if "load average" in text), "")
    heading = line(
        *(
            (f"{_cell(name, cell)} ", "strong" if name == _COLUMN[order] else "dim")
            for name, cell in zip(_SHOWN, _WIDTHS, strict=True)
        )
    )
    made = [line((f" {load}", "dim"))] if load else []
    made.append(cut_line(line(" ", *heading), cells, mark))
    for row in rows:
        text = " ".join(_cell(row.get(name, ""), cell) for name, cell in zip(_SHOWN, _WIDTHS, strict=True))
        made.append(cut_line(line(f" {text}"), cells, mark))
    if not rows:
        made.append(line(("  no process", "dim")))
    return made


def _last_page(texts: Sequence[str]) -> Sequence[str]:
    """From the last heading that a table follows whose end is known: the next page has begun, or nothing comes."""
    starts = [number for number, text in enumerate(texts) if text.startswith("top - ")]
    if not starts:
        return ()
    if len(starts) > 1:
        newest = texts[starts[-1] :]
        whole = [text.split()[:2] == ["PID", "USER"] for text in newest]
        if not any(whole) or whole[-1]:
            return texts[starts[-2] : starts[-1]]
    return texts[starts[-1] :]


def _cell(text: str, cells: int) -> str:
    if not cells:
        return text
    return f"{text[:cells]:>{cells}}" if cells > 0 else f"{text[:-cells]:<{-cells}}"


_SECONDS = 60.0


def _value(text: str) -> float:
    """A cell as a number: `12.5`, `1:02.30` (minutes and seconds)."""
    minutes, _, seconds = text.rpartition(":")
    try:
        return (float(minutes) if minutes else 0.0) * _SECONDS + float(seconds)
    except ValueError:
        return -1.0
