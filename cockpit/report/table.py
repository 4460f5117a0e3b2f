"""The table that people read."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from cockpit.report.measured import Report, Row, change_text, details

Paint = Callable[[str, str], str]
"""Called with a text and the result that it tells of; returns it as it is to be shown."""

EVIDENCE_LINES = 8
"""Lines of evidence that are shown, from its beginning and its end; JSON has all that was kept."""

CHANGES = 10
"""Values that differ from the baseline that are shown of one item; JSON has all."""


def table(report: Report, paint: Paint = lambda text, _: text, columns: int | None = None) -> Iterator[str]:
    """A line for each item, with what is known of it below when it did not pass.

    With `columns`, what is longer goes on below itself.
    """
    shown = report.shown
    width = max((len(row.item.id) for row in shown), default=0)
    for row in shown:
        result = row.result
        line = f"{result.result:7}  {row.item.id:{width}}  {result.took:6.2f} s  {result.summary}{row.marks}".rstrip()
        first, *more = _wrapped(line, width + 21, columns)
        yield paint(first[:7], result.result) + first[7:]
        yield from more
        for label, text in _below(row):
            yield from _wrapped(f"         {label:9} {text}".rstrip(), 19, columns)


def summary(report: Report) -> str:
    """`12 PASS, 1 FAIL in 0.4 s`, and what else there is to know of the whole."""
    counted = ", ".join(f"{number} {name}" for name, number in report.counts.items() if number)
    words = f"{counted or 'nothing'} in {report.took:.1f} s"
    if report.baseline is not None:
        differ = sum(row.differs for row in report.rows)
        words += f"; {differ} differ from {report.baseline.name} of {report.baseline.at:%Y-%m-%d %H:%M}Z"
    if report.unmeasured:
        words += f"; INTERRUPTED: {report.unmeasured} not measured"
    return words


def _below(row: Row) -> Iterator[tuple[str, str]]:
    if row.result.result != "PASS":
        yield "item", row.item.title
        yield from details(row.result, EVIDENCE_LINES)
    if not row.in_baseline:
        yield "differs", "it is not in the baseline"
    yield from (("differs", change_text(change)) for change in row.changes[:CHANGES])
    if len(row.changes) > CHANGES:
        yield "", f"({len(row.changes) - CHANGES} more with --format json)"


def _wrapped(line: str, indent: int, columns: int | None) -> list[str]:
    if columns is None or len(line) <= columns:
        return [line]
    indent = min(indent, columns // 3)
    return textwrap.wrap(line, columns, subsequent_indent=" " * indent, break_on_hyphens=False) or [""]
