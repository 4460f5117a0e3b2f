"""What the journal says of logs: moments that were marked, and lines that were attached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from cockpit.journal.event import Event, ItemConfirmed, NoteAdded
from cockpit.logs.line import LogLine, mark
from cockpit.text import safe_line
from cockpit.views.ages import clock
from cockpit.views.line import Line, line
from cockpit.views.moment import Moment
from cockpit.views.words import one_line, person, plural

MARK = "mark"
"""The word with which the note of a marked moment begins."""


def marks(events: Iterable[Event]) -> list[LogLine]:
    """Every note on the run, as a line at its moment among those of the logs."""
    return [
        mark(safe_line(f"{person(each.by)}: {one_line(each.data.text)}"), each.at.timestamp())
        for each in events
        if isinstance(each.data, NoteAdded) and not each.data.item
    ]


def recorded_rows(now: Moment, names: Mapping[str, str]) -> list[Line]:
    """For a replay: what was marked and attached up to the moment shown."""
    rows = [
        line(("  Logs are not part of the record: a replay has none of their lines.", "strong")),
        line(("  What people noted on the run, and the evidence that they attached, is:", "dim")),
        (),
    ]
    told = [row for event in now.events for row in _told(event, names, now.zone)]
    return [*rows, *(told or [line(("  nothing, up to this moment", "dim"))])]


def _told(event: Event, names: Mapping[str, str], zone: dt.tzinfo | None) -> Iterator[Line]:
    data = event.data
    if not isinstance(data, NoteAdded | ItemConfirmed):
        return
    texts = [each.text for each in data.evidence if each.text]
    on = f' on "{names.get(data.item, data.item)}"' if data.item else ""
    said = one_line(data.text if isinstance(data, NoteAdded) else data.value)
    if data.item and not texts:
        return
    count = sum(text.count("\n") + 1 for text in texts)
    backed = f" [{plural(count, 'line')} attached]" if count else ""
    yield line(
        (f" {event.seq:>5} {clock(event.at, zone, seconds=True)} ", "dim"),
        (f"{person(event.by)} ", "strong"),
        f"{'noted' if isinstance(data, NoteAdded) else 'confirmed'}{on}: {said}",
        (backed, "accent"),
    )
    for text in texts:
        yield from (line((f"         {each}", "dim")) for each in text.split("\n"))
