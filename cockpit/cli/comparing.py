"""Results as the rows of a report, compared with a baseline where there is one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cockpit.checklist.model import Document, Item
from cockpit.journal.event import CheckMeasured
from cockpit.report.measured import Compared, Row, headings
from cockpit.run.difference import FIGURE, Change, Passed, changes, figure_changes, result_changes

if TYPE_CHECKING:
    from cockpit.cli.measuring import Measured
    from cockpit.journal.baseline import Baseline, ItemBaseline


def named_baseline(name: str) -> Baseline:
    """The baseline that `name` means: a path, or the name of one that is kept. Raises NoBaseline."""
    from cockpit.journal import baseline

    return baseline.read(baseline.find(name))


def compared(name: str, baseline: Baseline, document: Document) -> Compared:
    """What a report says of the baseline that it compares with."""
    from cockpit.checklist import model
    from cockpit.journal.line import digest

    same = digest(model.encode(document)) == baseline.digest
    return Compared(name, baseline.at, baseline.host, same)


def made_rows(
    document: Document, items: Sequence[Item], measured: Measured, baseline: Baseline | None, at: dt.datetime
) -> Iterator[Row]:
    """A row for each item that was measured, at `at`, with what differs from `baseline`."""
    above = headings(document)
    for item in items:
        result, found = measured.results.get(item.id), measured.found.get(item.id)
        if result is None:
            continue
        before = baseline.items.get(item.id) if baseline else None
        passed = Passed(baseline.at, at) if baseline else None
        yield Row(
            item,
            result,
            above.get(item.id, ()),
            tuple(_changes(before, result, found, passed)) if before is not None and passed is not None else (),
            in_baseline=baseline is None or before is not None,
            unit="s" if found is not None and FIGURE in found.times else "",
        )


def _changes(before: ItemBaseline, result: CheckMeasured, found: ItemBaseline | None, passed: Passed) -> list[Change]:
    """What differs: the result, each value, and the figure when it is none of them.

    Where nothing could be measured there are no values, and the result alone tells.
    """
    differing = result_changes(before.result, result.result, passed)
    if found is None or not found.found or not before.found:
        return differing
    values = changes(before.found, found.found, (*before.times, *found.times), passed)
    return [*differing, *figure_changes(before.figure, result.value, before.times, passed, values), *values]
