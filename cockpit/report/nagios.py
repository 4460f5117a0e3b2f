"""One plugin's output for Nagios, Icinga and their kin: `CRITICAL - 1 of 12 FAIL: api-health | 'api-health'=0.4s`.

The line is followed by details. FAIL is CRITICAL (2), ERROR and BLOCKED are UNKNOWN (3), WARN is WARNING (1); of
several, CRITICAL comes first, then UNKNOWN. What is advisory decides nothing. The figures are performance data: label,
value, `s` for lengths of time (monitoring-plugins.org, development guidelines).
"""

from __future__ import annotations

import decimal
import enum
import math
from collections.abc import Iterator, Sequence

from cockpit.report.measured import Report, Row, change_text, details
from cockpit.text import safe_line

EVIDENCE_LINES = 4
"""Lines of evidence for each item: transports cut what is longer than a few kilobytes."""

NAMED = 5
"""Items that the first line names of each result."""


class PluginState(enum.IntEnum):
    """What a plugin comes to, and its exit status."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def plugin_state(report: Report) -> PluginState:
    """What the report comes to."""
    found = report.deciding
    if "FAIL" in found:
        return PluginState.CRITICAL
    if found & {"ERROR", "BLOCKED"} or report.unmeasured:
        return PluginState.UNKNOWN
    return PluginState.WARNING if "WARN" in found else PluginState.OK


def nagios(report: Report) -> Iterator[str]:
    """The report in lines."""
    figures = " ".join(_figure(row) for row in report.rows if _plottable(row.result.value))
    yield f"{plugin_state(report).name} - {_safe(_first(report))}" + (f" | {figures}" if figures else "")
    for row in report.shown:
        if row.result.result == "PASS" and not row.changes:
            continue
        yield _safe(f"{row.result.result} {row.item.id}: {row.result.summary}{row.marks}")
        yield from (_safe(f"  {label:9} {text}".rstrip()) for label, text in details(row.result, EVIDENCE_LINES))
        yield from (_safe(f"  differs   {change_text(change)}") for change in row.changes)


def unknown(reason: str) -> str:
    """The line of a plugin that could not do its work."""
    return f"{PluginState.UNKNOWN.name} - {_safe(safe_line(reason))}"


def _first(report: Report) -> str:
    told = []
    for name in ("FAIL", "ERROR", "BLOCKED", "WARN"):
        rows = [row for row in report.rows if row.result.result == name]
        if rows:
            told.append(f"{len(rows)} of {len(report.rows)} {name}: {_named(rows)}")
    if report.unmeasured:
        told.append(f"interrupted: {report.unmeasured} not measured")
    return "; ".join(told) or f"{len(report.rows)} of {len(report.rows)} PASS in {report.took:.1f} s"


def _named(rows: Sequence[Row]) -> str:
    names = [row.item.id + (" (advisory)" if row.advisory else "") for row in rows[:NAMED]]
    return ", ".join([*names, f"{len(rows) - NAMED} more"] if len(rows) > NAMED else names)


def _figure(row: Row) -> str:
    label = row.item.id.replace("'", "''").replace("=", "_").replace("|", "_")
    return f"'{label}'={_number(row.result.value or 0.0)}{row.unit}"


def _plottable(figure: float | None) -> bool:
    return figure is not None and math.isfinite(figure)


def _number(figure: float) -> str:
    """Six digits, without an exponent: the guidelines know digits, a dot and a minus only."""
    return f"{decimal.Decimal(f'{figure:.6g}'):f}"


def _safe(text: str) -> str:
    """A line without what divides text from performance data."""
    return " ".join(text.split("\n")).replace("|", "\u00a6")
