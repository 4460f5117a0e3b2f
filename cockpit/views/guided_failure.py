"""A step that failed, on one screen: what ran, where, how it ended, what was expected and found, and the ways on."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.way import Current
from cockpit.views.ages import ago
from cockpit.views.detail import LABEL, Entry, entry_lines
from cockpit.views.line import Line, cut_line, line, pad
from cockpit.views.moment import Moment
from cockpit.views.printed import printed_entries
from cockpit.views.shown_by import shown_by
from cockpit.views.ways_on import ways_on

_PRINTED = 3
"""Lines of the end of the output."""

_IN = {
    "action": "its action failed",
    "verify": "its action is done, and what should show that it worked does not",
    "soak": "it worked, and did not stay good",
    "not done": "nothing was done",
}


def failure_lines(here: Current, now: Moment, cells: int) -> list[Line]:
    """The evidence, then the ways on; a way that is closed takes one row."""
    lines = [each for entry in failure_entries(here, now) for each in entry_lines(entry, cells)]
    label = "ways on"
    for way in () if now.replay is not None else ways_on(here, now):
        if way.why:
            told = line((f" {pad(label, LABEL - 2)} ", "dim"), (f"{way.key}  {way.word}: not now: {way.why}", "dim"))
            lines.append(cut_line(told, cells, now.glyphs.mark))
        else:
            lines += entry_lines(Entry(label, f"{way.key}  {way.word}: {way.does}", "strong"), cells)
        label = ""
    return lines


def failure_entries(here: Current, now: Moment) -> Iterator[Entry]:
    """What ran, where, how it ended, what was expected and found, the last lines printed."""
    step, doing, undo = here.step, here.doing, here.undo
    yield Entry("FAILED", f"{_IN.get(doing.failed_in, 'it failed')}, {ago(doing.since, now.now, 1)}", "bad")
    action = (step.undo.action if step.undo is not None else None) if undo else step.action
    where = f"   (on {', '.join(doing.hosts)})" if doing.hosts else ""
    yield Entry("ran", f"{doing.action or now.exact(action)}{where}")
    status = f"exit status {doing.status}" if doing.status is not None else ""
    ended = doing.summary if not status or status in doing.summary else f"{doing.summary} ({status})"
    yield Entry("ended", ended or "without a word", "bad")
    verify = step.undo.verify if undo and step.undo is not None else step.verify
    if doing.failed_in == "verify":
        yield from shown_by("expect", verify, now, findings=True)
    elif doing.failed_in == "soak":
        watched = step.soak.watch if step.soak is not None and step.soak.watch else verify
        yield from shown_by("expect", watched, now, findings=True)
    rows = 1 if doing.failed_in in ("verify", "soak") else _PRINTED  # its action did what it should
    yield from printed_entries(step.id, doing, now, rows, undo=undo)
