"""The beginning of something longer, in a pane that is too low for all of it."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.views.line import Line, apart, cut_line, line, line_width
from cockpit.views.moment import Moment
from cockpit.views.words import plural


def strip(lines: Sequence[Line], now: Moment, cells: int, rows: int) -> list[Line]:
    """The first `rows` lines; when there are more, the last one says how many and how to see them."""
    kept = list(lines[:rows])
    if len(lines) > rows > 0:
        more = line((f"  {now.glyphs.mark} {plural(len(lines) - rows, 'more line')}: d", "dim"))
        kept[-1] = apart(cut_line(kept[-1], cells - line_width(more), now.glyphs.mark), more, cells)
    return kept
