"""What the run comes to, in a line, and in full."""

from __future__ import annotations

from cockpit.run.standing import Standing, Verdict, verdict
from cockpit.views.line import Line, Look, Piece, joined, line, line_width
from cockpit.views.moment import Moment
from cockpit.views.words import plural


def verdict_line(now: Moment, cells: int) -> Line:
    """The verdict as it would be recorded at this moment; on a closed run, as it was. What does not fit is left out."""
    dot = Piece(f" {now.glyphs.dot} ", "dim")
    if now.state.closed:
        untold = (dot, *not_told(now)) if not_told(now) else ()
        return (*line((" verdict ", "dim"), (now.state.verdict, "strong")), *untold)
    found = verdict(now.state, now.now)
    parts = [line((" GOOD", "good") if found.good else (" NOT GOOD YET", "strong"))]
    parts += [not_told(now)] if not_told(now) else []
    parts += [line((words, _look(words))) for words in found.blockers]
    parts += [line((words, "warn")) for words in found.asterisks]
    whole = joined(parts, dot)
    while parts and line_width(whole) > cells:
        parts.pop()
        whole = joined([*parts, line((now.glyphs.mark, "dim"))], dot)
    return whole


def not_told(now: Moment) -> Line:
    """How many notifications are not known to be delivered and are not tried again; the contacts say which."""
    count = len(now.state.notices.given_up)
    return line((f"{plural(count, 'notice')} not delivered (c)", "bad")) if count else ()


def closing_lines(now: Moment) -> list[Line]:
    """What is told before a run is closed: the verdict, and each thing that keeps it from being plain."""
    found: Verdict = verdict(now.state, now.now)
    counted = now.tally
    lines = [line("The verdict will be ", ("GOOD" if found.good else "NOT GOOD", "good" if found.good else "bad"), ".")]
    if found.blockers:
        lines.append(line("Not good because of: ", (", ".join(found.blockers), "bad"), "."))
    if found.asterisks:
        lines.append(line("It will be recorded with: ", (", ".join(found.asterisks), "warn"), "."))
    settled = f"{plural(counted.total, 'item')} counted, {counted.settled} settled"
    left_out = counted[Standing.EXCLUDED]
    lines.append(line((settled + (f"; {left_out} not counted in this run" if left_out else "") + ".", "dim")))
    lines.append(line(("After this the run can only be read. It cannot be opened again.", "")))
    return lines


def _look(words: str) -> Look:
    return "bad" if words.endswith((Standing.FAIL.value, Standing.ERROR.value)) else ""
