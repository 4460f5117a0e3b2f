"""The watches: the figures agreed on, the last one measured, and how it went."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checklist.model import Item
from cockpit.checklist.plan import Criterion
from cockpit.run.criteria import Near, near
from cockpit.run.difference import FIGURE, value_text
from cockpit.run.state import Extreme
from cockpit.views.ages import age, clock, duration
from cockpit.views.line import Line, Look, Piece, apart, cut_line, joined, line, line_width, pad, pad_left
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


def watch_facts(watch: Item, now: Moment) -> list[Piece]:
    """The worst value, the baseline's, and how near a watch is to what it must not do."""
    return [*_worst(watch, now), *_then(watch, now), *_criterion(watch, now)]


def facts_line(watch: Item, now: Moment) -> Line:
    """The same on one line."""
    return joined((line(fact) for fact in watch_facts(watch, now)), Piece(f" {now.glyphs.dot} ", "dim"))


def worst(watch: Item, now: Moment) -> Extreme | None:
    """The figure of the whole run that is furthest on the bad side; which side that is, its target says."""
    known = now.known(watch)
    return known.lowest if watch.target.lstrip().startswith((">", "≥", "at least")) else known.highest


def figure(watch: Item, now: Moment) -> str:
    """The figure itself, as short as it can be told; empty when there is none."""
    known = now.known(watch)
    if known.measurement is not None and known.measurement.result.value is not None:
        return value_text(known.measurement.result.value)
    said = getattr(known.word.said, "value", "") if known.word is not None else ""
    return one_line(said) if watch.check is None else ""


def _worst(watch: Item, now: Moment) -> Iterator[Piece]:
    found = worst(watch, now)
    if found is not None:
        yield Piece(f"worst {value_text(found.value)} at {clock(found.at, now.zone, now.now)}", "dim")


def _then(watch: Item, now: Moment) -> Iterator[Piece]:
    before = now.remembered(watch)
    if before is None:
        return
    if before.figure is None:
        yield Piece(f"baseline {before.result}", "dim")
        return
    change = next((change for change in now.changes(watch) if change.name == FIGURE), None)
    if change is None:
        yield Piece(f"baseline {value_text(before.figure)}, no different", "dim")
        return
    grew = f" ({change.percent:+.0f} %)" if change.percent is not None else ""
    yield Piece(f"{now.glyphs.differs} baseline {value_text(before.figure)}{grew}", "warn")


def _criterion(watch: Item, now: Moment) -> Iterator[Piece]:
    fired = now.state.procedure.fired.get(watch.id)
    known, zero = now.known(watch), now.state.procedure.zero
    found = near(watch, known, fired.at if fired is not None else zero, now.now)
    if found is None or watch.abort is None:
        return
    action = {"advise": "advises", "hold": "holds", "rollback": "rolls back"}[watch.abort.action]
    if fired is not None and not fired.vetoed:
        yield Piece(f"fired at {clock(fired.at, now.zone, now.now)}: {watch.abort.action}", "bad")
    elif zero is None:
        yield Piece(f"{action} {_when_bad(watch.abort.when)}, from T-0 on", "dim")
    else:
        yield Piece(
            f"{_so_far(found)} bad, {action} {_when_bad(watch.abort.when)}",
            _CLOSE[round(found.part * (len(_CLOSE) - 1))],
        )


_CLOSE: tuple[Look, ...] = ("dim", "warn", "bad")
"""From far from the criterion to there."""


def _when_bad(criterion: Criterion) -> str:
    return f"at {criterion} bad" if criterion.of else f"when bad {criterion}"


def _so_far(found: Near) -> str:
    return f"{found.bad} of {found.of}" if found.of else f"{duration(found.seconds)} of {duration(found.limit)}"


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
