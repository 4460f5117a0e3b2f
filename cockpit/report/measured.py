"""What was measured of a checklist, in its order: what every format here is made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cockpit.checklist.model import Branch, Document, Item
from cockpit.journal.event import CheckMeasured
from cockpit.run.difference import Change, value_text

RESULTS = ("PASS", "WARN", "FAIL", "ERROR", "BLOCKED")
"""Every result, the best first."""

GOOD = ("PASS", "WARN")

_LONGEST = 60
"""Characters of a value that differs."""


@dataclass(frozen=True)
class Row:
    """One item, and how it came out."""

    item: Item
    result: CheckMeasured
    headings: tuple[Branch, ...] = ()
    """What it stands under, the part first; nothing for a watch."""
    changes: tuple[Change, ...] = ()
    """What differs from the baseline."""
    in_baseline: bool = True
    """False: there is a baseline, and the item is not in it."""
    unit: str = ""
    """`s` when the figure is a length of time."""

    @property
    def good(self) -> bool:
        """Whether it came out well."""
        return self.result.result in GOOD

    @property
    def advisory(self) -> bool:
        """Whether it decides nothing."""
        return self.item.check is not None and self.item.check.advisory

    @property
    def differs(self) -> bool:
        """Whether it is not as in the baseline."""
        return bool(self.changes) or not self.in_baseline

    @property
    def marks(self) -> str:
        """What is to be known beside the result: ` (flaky) (advisory)`."""
        return (" (flaky)" if self.result.flaky else "") + (" (advisory)" if self.advisory else "")


@dataclass(frozen=True)
class Compared:
    """The baseline that a report compares with."""

    name: str
    at: dt.datetime
    host: str
    same_checklist: bool = True


@dataclass(frozen=True)
class Report:
    """What was measured."""

    document: Document
    file: str
    at: dt.datetime
    """When it began."""
    took: float
    """Seconds."""
    rows: Sequence[Row]
    """What counts."""
    only_failed: bool = False
    baseline: Compared | None = None
    unmeasured: int = 0
    """Items that were not measured because of an interruption."""

    @property
    def shown(self) -> list[Row]:
        """The rows that are asked for."""
        return [row for row in self.rows if not (self.only_failed and row.good)]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many came out how."""
        return {name: sum(row.result.result == name for row in self.rows) for name in RESULTS}

    @property
    def deciding(self) -> set[str]:
        """The results of what decides: all but what is advisory."""
        return {row.result.result for row in self.rows if not row.advisory}


def headings(document: Document) -> Mapping[str, tuple[Branch, ...]]:
    """What each item stands under, by its id."""
    return dict(_below(document.parts, ()))


def details(result: CheckMeasured, evidence: int | None = None) -> Iterator[tuple[str, str]]:
    """Label and text: what was asked, each condition that does not hold with what was found, and what came back.

    At most `evidence` lines of that, if given: from its beginning, and more from its end, where a body or an error is.
    """
    if result.request:
        yield "asked", result.request
    for finding in result.findings:
        if not finding.holds:
            yield "expected", finding.condition
            yield from (("found", f"{name} = {value}") for name, value in finding.found.items())
            if finding.problem:
                yield "problem", finding.problem
    lines = result.evidence.splitlines()
    if evidence is not None and len(lines) > evidence:
        first, last = evidence // 4, evidence - evidence // 4 - 1
        lines[first:-last] = [f"[{len(lines) - first - last} lines: --format json has them]"]
    yield from (("evidence", line) for line in lines)


def failure_text(result: CheckMeasured) -> str:
    """All that is known of what went wrong, in lines."""
    return "\n".join([result.summary, *(f"{label:9} {text}".rstrip() for label, text in details(result))])


def change_text(change: Change) -> str:
    """`latency: 0.12 -> 0.4 (+233 %)`."""
    grown = f" ({change.percent:+.0f} %)" if change.percent is not None else ""
    before, now = (_short(value_text(value)) for value in (change.before, change.now))
    return f"{change.name}: {before} -> {now}{grown}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _below(children: Sequence[Branch | Item], above: tuple[Branch, ...]) -> Iterator[tuple[str, tuple[Branch, ...]]]:
    for child in children:
        if isinstance(child, Item):
            yield child.id, above
        else:
            yield from _below(child.children, (*above, child))
