"""How the items stand that a step waits for and is verified by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from cockpit.run.standing import Standing
from cockpit.views.ages import ago
from cockpit.views.detail import Entry, finding_entry, measured_summary
from cockpit.views.moment import Moment
from cockpit.views.signs import sign
from cockpit.views.words import on_demand, one_line, title


def shown_by(
    label: str, names: Iterable[str], now: Moment, *, since: dt.datetime | None = None, findings: bool = False
) -> Iterator[Entry]:
    """A row for each item, with what was found; what is older than `since` says that it is.

    With `findings` only what is not good is told, and each condition of it follows, expected and found.
    """
    for name in names:
        item = now.state.document.find(name)
        if item is None:
            yield Entry(label, f"there is no item {name}", "bad")
            label = ""
            continue
        stands = now.stands[name]
        shown = sign(stands, now.glyphs, measuring=now.measuring(item), on_demand=on_demand(item))
        known = now.known(item)
        if findings and stands is Standing.PASS:
            continue
        said = measured_summary(known.measurement) or one_line(
            getattr(known.word.said if known.word else None, "value", "")
        )
        if findings and known.measurement is not None and known.measurement.result.findings:
            said = f"; {said}".partition("; not: ")[0].removeprefix("; ")  # the conditions say it, below
        at = known.measurement.at if known.measurement is not None else known.word.at if known.word else None
        old = ago(at, now.now) if at is not None else ""
        if since is not None and at is not None and at <= since:
            old = f"from before, {old}"
        told = ", ".join(each for each in (said, old) if each)
        yield Entry(
            label, f"{shown.sign} {shown.word}  {title(item.title)}" + (f": {told}" if told else ""), shown.look
        )
        label = ""
        measured = known.measurement
        if findings and measured is not None:
            for finding in sorted(measured.result.findings, key=lambda each: each.holds):
                entry = finding_entry(finding, now)
                yield Entry("", f"  {entry.text}", entry.look)
