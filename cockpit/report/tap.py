"""TAP 14, the Test Anything Protocol: a line for each item, with YAML diagnostics for what did not simply pass.

BLOCKED is skipped with its reason; an advisory item is marked as still to be done, which a harness
does not count as a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from cockpit.report.measured import Report, Row, change_text


def tap(report: Report) -> Iterator[str]:
    """The report in lines. Raises nothing: texts are quoted."""
    shown = report.shown
    yield "TAP version 14"
    yield f"1..{len(shown)}" if shown else "1..0 # SKIP nothing to show"
    for number, row in enumerate(shown, 1):
        yield f"{_ok(row)} {number} - {_escaped(f'{row.item.id}: {row.item.title}')}{_directive(row)}"
        if row.result.result != "PASS" or row.changes or row.result.flaky:
            yield "  ---"
            yield from (f"  {line}".rstrip() for line in _diagnostics(row))
            yield "  ..."
    if report.unmeasured:
        yield f"Bail out! interrupted: {report.unmeasured} not measured"


def _ok(row: Row) -> str:
    return "ok" if row.good or row.result.result == "BLOCKED" else "not ok"


def _directive(row: Row) -> str:
    if row.result.result == "BLOCKED":
        return f" # SKIP {_escaped(row.result.summary)}"
    return f" # todo advisory: {row.result.result}" if row.advisory and not row.good else ""


def _diagnostics(row: Row) -> Iterator[str]:
    result = row.result
    yield f"severity: {result.result.lower()}"
    yield f"message: {_quoted(result.summary)}"
    yield f"duration_ms: {result.took * 1000:.3f}"
    if result.flaky:
        yield "flaky: true"
    if result.request:
        yield f"asked: {_quoted(result.request)}"
    missed = [finding for finding in result.findings if not finding.holds]
    if missed:
        yield "conditions:"
    for finding in missed:
        yield f"  - expected: {_quoted(finding.condition)}"
        if finding.problem:
            yield f"    problem: {_quoted(finding.problem)}"
        if finding.found:
            yield "    found:"
            yield from (f"      {_quoted(name)}: {_quoted(value)}" for name, value in finding.found.items())
    if row.changes:
        yield "differs:"
        yield from (f"  - {_quoted(change_text(change))}" for change in row.changes)
    if result.evidence:
        # A list of lines: old harnesses read a part of YAML that has no texts of several lines.
        yield "evidence:"
        yield from (f"  - {_quoted(line)}" for line in result.evidence.rstrip("\n").split("\n"))


def _quoted(text: str) -> str:
    """A text as a double-quoted YAML scalar: JSON's strings are that."""
    return json.dumps(text, ensure_ascii=False)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("#", "\\#").replace("\n", " ")
