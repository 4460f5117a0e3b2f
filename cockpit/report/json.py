"""JSON: everything that was measured, for programs; docs/checking.md documents it, too.

`format` says which version this is; keys are only ever added to one.

- `file`, `checklist`, `at` (when it began), `took` (seconds), `counts` (result to how many);
- `interrupted`: how many items were not measured because of an interruption;
- `baseline`: null, or `name`, `at`, `host`, and `same_checklist`: whether it is of this very checklist;
- `results`: a mapping for each item: `item`, `title`, `headings` (titles, the part first), `result`, `advisory`, and
  what a journal records of a measurement (`summary`, `took`, `request`, `findings`, `evidence`, `value`, ...; what
  is empty is left out). With a baseline also `in_baseline` and `differences`: `name`, `before`, `now`, `percent`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.journal.event import plain
from cockpit.report.measured import Report, Row

FORMAT = 1
"""Version of the format."""


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    base = report.baseline
    return {
        "format": FORMAT,
        "file": report.file,
        "checklist": report.document.name,
        "at": report.at.isoformat(),
        "took": round(report.took, 3),
        "interrupted": report.unmeasured,
        "baseline": None
        if base is None
        else {"name": base.name, "at": base.at.isoformat(), "host": base.host, "same_checklist": base.same_checklist},
        "counts": dict(report.counts),
        "results": [row_as_json(row, compared=base is not None) for row in report.shown],
    }


def row_as_json(row: Row, *, compared: bool = False) -> dict[str, Any]:
    """One item as plain values."""
    difference = {"in_baseline": row.in_baseline, "differences": msgspec.to_builtins(row.changes)} if compared else {}
    return {
        "item": row.item.id,
        "title": row.item.title,
        "headings": [branch.title for branch in row.headings],
        "result": row.result.result,
        "advisory": row.advisory,
        **plain(row.result),
        **difference,
    }
