"""What an action printed: the end of it, the newest line last."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.procedure import Doing, Phase
from cockpit.views.cells import wrap
from cockpit.views.detail import Entry
from cockpit.views.line import Line, line
from cockpit.views.moment import Moment


def printed_lines(step: str, doing: Doing, now: Moment, cells: int, rows: int, *, undo: bool) -> list[Line]:
    """At most `rows` lines of the end; one that says so when nothing was printed."""
    found = now.printed(step, doing, undo=undo)
    lines: list[Line] = []
    for text in found.lines[-rows:] if rows > 0 else ():
        lines += [line(f" {part}") for part in wrap(text, max(8, cells - 2))]
    if not lines:
        yet = " yet" if doing.phase is Phase.RUNNING else ""
        return [line((f"  nothing was printed{yet}", "dim"))][:rows]
    left_out = found.left_out > 0 or len(found.lines) > rows or len(lines) > rows
    return lines[-rows:] if not left_out or rows < 3 else [line((" ...", "dim")), *lines[-(rows - 1) :]]


def printed_entries(step: str, doing: Doing, now: Moment, rows: int, *, undo: bool) -> Iterator[Entry]:
    """The same under a label."""
    found = now.printed(step, doing, undo=undo)
    label = "printed"
    if not found.lines:
        yield Entry(label, "nothing yet" if doing.phase is Phase.RUNNING else "nothing", "dim")
    for text in found.lines[-rows:]:
        yield Entry(label, text, "dim")
        label = ""
