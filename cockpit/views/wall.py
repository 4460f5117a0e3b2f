"""The watches for a wall screen: a tile each, its figure as large as fits."""

from __future__ import annotations

from cockpit.checklist.model import Item
from cockpit.views.ages import age
from cockpit.views.digits import large
from cockpit.views.line import Line, Piece, apart, cut_line, line, line_width
from cockpit.views.moment import Moment
from cockpit.views.signs import UNICODE, sign, sparkline
from cockpit.views.watches import facts_line, figure, watch_facts
from cockpit.views.words import one_line, title

_NARROWEST = 36
"""Cells of a tile: with fewer, there is one column less."""
_LOWEST = 4
"""Rows of a tile at least."""
_HIGHEST = 15
_ROOMY = 9
"""Rows from which on each fact has a row of its own."""


def wall_lines(now: Moment, cells: int, rows: int) -> list[Line]:
    """All watches, as many beside each other as there is room for; never more rows than there are."""
    watches = now.state.document.watch
    if not watches:
        return [line(("  this checklist watches nothing: it has no `watch:`", "dim"))]
    columns = max(1, min(len(watches), cells // _NARROWEST, 3))
    while columns < min(len(watches), cells // _NARROWEST) and rows // -(-len(watches) // columns) < _LOWEST:
        columns += 1
    bands = -(-len(watches) // columns)
    high = max(1, min(_HIGHEST, rows // bands))
    wide = cells // columns
    lines: list[Line] = []
    for band in range(bands):
        tiles = [_tile(each, now, wide - 2, high) for each in watches[band * columns : (band + 1) * columns]]
        lines += [tuple(piece for tile in tiles for piece in _filled(tile[row], wide)) for row in range(high)]
    return lines[:rows]


def _tile(watch: Item, now: Moment, cells: int, rows: int) -> list[Line]:
    """Name and standing, the figure, what it should be, how it has gone."""
    mark = now.glyphs.mark
    shown = sign(now.stands[watch.id], now.glyphs, measuring=now.measuring(watch))
    look = shown.look or "strong"
    head = apart(
        line((title(watch.title), "strong"), (f"  {watch.target}", "dim")),
        line((f"{shown.sign} {shown.word}", look)),
        cells,
        mark,
    )
    known = now.known(watch)
    then = f"{age(known.measurement.at, now.now)}" if known.measurement is not None else ""
    spark = sparkline([value for _, _, value in known.history if value is not None], now.glyphs, max(4, cells - 6))
    foot: list[Line] = []
    if rows >= _LOWEST + 2:
        foot.append(apart(line((spark, "accent")), line((then, "dim")), cells, mark))
    facts = [line(fact) for fact in watch_facts(watch, now)]
    foot += facts if rows >= _ROOMY else [facts_line(watch, now)]
    room = rows - len(foot) - 1
    text = figure(watch, now)
    big = large(text, cells, room, blocks=now.glyphs is UNICODE)
    told = [line((row, look)) for row in big] if big else [line((text or _why(watch, now), look if text else "dim"))]
    body = [head, *told, *([()] * max(0, room - len(told))), *foot]
    return [cut_line(each, cells, mark) for each in [*body, *([()] * rows)][:rows]]


def _why(watch: Item, now: Moment) -> str:
    """What stands in place of a figure."""
    known = now.known(watch)
    if known.measurement is not None:
        return one_line(known.measurement.result.summary)
    if watch.check is not None:
        return "not measured yet"
    return f"not live: set {', '.join(watch.unwired)}" if watch.unwired else "a person says it: no word yet"


def _filled(tile: Line, cells: int) -> Line:
    return (Piece(" "), *tile, Piece(" " * max(0, cells - 1 - line_width(tile))))
