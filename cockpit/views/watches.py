"""The watches: the figures agreed on, the last one measured, and how it went."""

from __future__ import annotations

from cockpit.checklist.model import Item
from cockpit.views.ages import age
from cockpit.views.line import Line, Piece, apart, cut_line, line, line_width, pad, pad_left
from cockpit.views.moment import Moment
from cockpit.views.signs import WORD, sign, sparkline
from cockpit.views.words import one_line, title

_SPARK = 12
_NAME = 19
_TARGET = 8
_SHORT = 20
_ROOMY = 60
"""Cells from which on the word of a standing is written beside its sign."""


def watch_rows(now: Moment, cells: int) -> list[Line]:
    """A row for each watch; one that says so when there is none."""
    if not now.state.document.watch:
        return [line((" this checklist watches nothing: it has no `watch:`", "dim"))]
    return [line(" ", *watch_row(watch, now, cells - 1)) for watch in now.state.document.watch]


def watch_row(watch: Item, now: Moment, cells: int) -> Line:
    """How one watch stands, its target, what was found, a sparkline and the age of it."""
    shown = sign(now.stands[watch.id], now.glyphs, measuring=now.measuring(watch))
    known = now.known(watch)
    word = f"{pad(shown.word, WORD)} " if cells >= _ROOMY else ""
    first = line((f"{shown.sign} {word}", shown.look))
    name = line(pad(title(watch.title), _NAME, now.glyphs.mark), " ")
    target = line((pad(watch.target, _TARGET, now.glyphs.mark), "dim"), " ")
    figures = [value for _, _, value in known.history if value is not None]
    spark = sparkline(figures, now.glyphs, _SPARK) if cells >= 76 else ""
    then = age(known.measurement.at, now.now) if known.measurement else ""
    last = line((f" {spark}" if spark else "", "accent"), (f" {pad_left(then, 4)} ", "dim"))
    room = cells - sum(map(line_width, (first, name, target, last)))
    return (*first, *name, *target, *apart(cut_line(_found(watch, now, room), room, now.glyphs.mark), (), room), *last)


def _found(watch: Item, now: Moment, room: int) -> Line:
    known = now.known(watch)
    if watch.check is None:
        wanted = ", ".join(watch.unwired)
        if known.word is not None:
            return line(one_line(getattr(known.word.said, "value", "") or getattr(known.word.said, "reason", "")))
        return line((f"not live: set {wanted}" if wanted and room > _SHORT else "not live", "dim"))
    if known.measurement is None:
        return line(("not measured yet", "dim"))
    good = known.measurement.result.result in ("PASS", "WARN")
    return (Piece(one_line(known.measurement.result.summary), "" if good else "bad"),)
