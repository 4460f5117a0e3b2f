"""What a Monitoring plugin prints: a line for people, more lines for people, and performance data for machines.

    DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968
    / 15272 MB (77%);
    /boot 68 MB (69%); | /boot=68MB;88;93;0;98
    /home=69357MB;253404;253409;0;253414

What stands after a bar on the first line, after the first bar on a later one, and on every line from there, is
performance data: `'label'=value[UOM];[warn];[crit];[min];[max]`, apart by blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

FIGURES_LIMIT = 500
"""Figures of one plugin that are kept."""


@dataclass(frozen=True)
class Figure:
    """One figure of performance data."""

    label: str
    value: float | None
    """None: the plugin could not tell (`U`)."""
    unit: str = ""
    warn: str = ""
    """A range, as the plugin writes it: `10`, `10:`, `~:10`, `@10:20`."""
    crit: str = ""
    min: float | None = None
    max: float | None = None

    def values(self) -> dict[str, Any]:
        """What there is of it, for conditions."""
        there = {"value": self.value, "unit": self.unit, "warn": self.warn, "crit": self.crit}
        return {
            **{name: value for name, value in there.items() if value not in (None, "") or name == "unit"},
            **{name: value for name, value in (("min", self.min), ("max", self.max)) if value is not None},
        }

    def __str__(self) -> str:
        value = "unknown" if self.value is None else f"{self.value:.15g}{self.unit}"
        limits = [f"{word} {limit}" for word, limit in (("warn", self.warn), ("crit", self.crit)) if limit]
        return f"{self.label}: {value}" + (f" ({', '.join(limits)})" if limits else "")


@dataclass(frozen=True)
class Printed:
    """What a plugin printed."""

    text: str
    """The first line."""
    long: str
    """The lines after it."""
    figures: tuple[Figure, ...]


def read(output: str) -> Printed:
    """Take apart what a plugin printed. What is no performance data where some should be is left out."""
    first, _, rest = output.lstrip("\r\n").partition("\n")
    text, _, data = first.partition("|")
    long, _, more = rest.partition("|")
    figures = [_figure(match) for match in _FIGURE.finditer(f"{data} {more}")]
    return Printed(text.strip(), long.strip(), tuple(figures[:FIGURES_LIMIT]))


_NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
_FIGURE = re.compile(
    rf"""
    (?:^|(?<=\s)) (?: '(?P<quoted>(?:[^'=]|'')+)' | (?P<bare>[^\s'=]+) ) =
    (?P<value>U|{_NUMBER}) (?P<unit>[^\s;'"0-9]*)
    (?: ; (?P<warn>[^\s;]*) )? (?: ; (?P<crit>[^\s;]*) )?
    (?: ; (?P<min>{_NUMBER})? )? (?: ; (?P<max>{_NUMBER})? )? ;* (?=\s|$)
    """,
    re.VERBOSE,
)


def _figure(match: re.Match[str]) -> Figure:
    label = match["bare"] or match["quoted"].replace("''", "'").strip()
    value = None if match["value"] == "U" else _float(match["value"])
    return Figure(
        label,
        value,
        match["unit"],
        match["warn"] or "",
        match["crit"] or "",
        _limit(match["min"]),
        _limit(match["max"]),
    )


def _limit(written: str | None) -> float | None:
    return _float(written) if written else None


def _float(written: str) -> float:
    """A plugin that does not heed its locale may write a decimal comma."""
    return float(written.replace(",", "."))
