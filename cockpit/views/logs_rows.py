"""How the pane of logs is drawn: a line, the two rows over them, the sources, and why it is empty."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from cockpit.checklist.model import LogSource
from cockpit.logs.line import Level, LogLine
from cockpit.views.ages import clock
from cockpit.views.cells import width, wrap
from cockpit.views.line import Line, Look, Piece, apart, joined, line, pad, pad_left
from cockpit.views.logs_pane import LogPane
from cockpit.views.moment import Moment
from cockpit.views.words import plural, title

_LONGEST_NAME = 14
_NUMBERED = 9
"""Sources that a digit shows or leaves out."""

_LEVELS: dict[Level, tuple[str, Look]] = {
    Level.WARNING: ("W", "warn"),
    Level.ERROR: ("E", "bad"),
    Level.CRITICAL: ("C", "bad"),
}
"""The letter in front of a line that is bad, and how the line looks."""


def log_rows(of: LogLine, pane: LogPane, now: Moment, cells: int, *, selected: bool = False) -> list[Line]:
    """The rows of a line: one, unless lines are wrapped."""
    before = _prefix(of, pane, now, selected=selected)
    if of.kind == "mark":
        return [_mark_row(of, before, now, cells)]
    look = _LEVELS[of.level][1] if of.level in _LEVELS else ""
    text_look: Look = "warn" if of.kind == "notice" else "dim" if of.level in (Level.TRACE, Level.DEBUG) else look
    text = of.text if of.kind == "line" else f"{now.glyphs.rule * 2} {of.text}"
    room = cells - sum(width(each.text) for each in before)
    if not pane.showing.wrap:
        # What cannot be in sight is not looked at: a line may be thousands of characters long.
        return [(*before, *_highlighted(text[: room * 4 + 4], pane, text_look))]
    first, *more = wrap(text, max(1, room)) or [""]
    indent = Piece(" " * (cells - room))
    return [(*before, *_highlighted(first, pane, text_look)), *((indent, Piece(each, text_look)) for each in more)]


def tall(of: LogLine, pane: LogPane, now: Moment, cells: int) -> int:
    """How many rows a line takes."""
    if not pane.showing.wrap or of.kind == "mark":
        return 1
    return len(log_rows(of, pane, now, cells))


def _prefix(of: LogLine, pane: LogPane, now: Moment, *, selected: bool) -> Line:
    letter, look = _LEVELS.get(of.level, (" ", "")) if of.level is not None else (" ", "")
    time = clock(dt.datetime.fromtimestamp(of.moment, dt.UTC), now.zone, seconds=True)
    return line(
        (now.glyphs.cursor if selected else " ", "accent"),
        (" " if of.continues else letter, look),
        (f" {time}" if pane.showing.times else "", "dim"),
        (f" {pad(of.source, _name_cells(pane), now.glyphs.mark)}" if len(pane.sources) > 1 else "", "accent"),
        " ",
    )


def _name_cells(pane: LogPane) -> int:
    shown = [len(each) for each in pane.sources if pane.shows(each)]
    return min(_LONGEST_NAME, max(shown, default=1))


def _mark_row(of: LogLine, before: Line, now: Moment, cells: int) -> Line:
    rule = now.glyphs.rule
    left = (*before[:3], Piece(f" {rule * 3} ", "accent"), Piece(of.text, "strong"), Piece(" "))
    return apart(left, (), cells, now.glyphs.mark, Piece(rule, "accent"))


def _highlighted(text: str, pane: LogPane, look: Look) -> Iterator[Piece]:
    """The text of a line with what matches reversed: it stands out without colours, too."""
    done = 0
    for start, end in pane.selection.highlights(text) if pane.narrowed else ():
        yield from (each for each in (Piece(text[done:start], look), Piece(text[start:end], "bar")) if each.text)
        done = end
    if text[done:]:
        yield Piece(text[done:], look)


# --- over the lines


def head_rows(pane: LogPane, now: Moment, cells: int, *, at: float, problem: str = "") -> list[Line]:
    """The two rows that always say what is followed, what is shown, and what is not."""
    return [_state_row(pane, now, cells, at), _chosen_row(pane, now, cells, problem)]


def _state_row(pane: LogPane, now: Moment, cells: int, at: float) -> Line:
    counts = pane.buffer.counts
    rate = sum(each.rate(at) for name, each in counts.items() if pane.shows(name))
    errors = sum(each.errors for name, each in counts.items() if pane.shows(name))
    mode = _mode(pane)
    said = (
        line(("logs", "strong")),
        mode,
        line(_sources(pane)),
        line(f"{rate:,.0f}/s"),
        line((plural(errors, "error"), "bad" if errors else "")),
    )
    return apart(joined(said, Piece("  ")), _kept(pane), cells, now.glyphs.mark)


def _mode(pane: LogPane) -> Line:
    if pane.follows:
        return line((" FOLLOW ", "bar"))
    return line((" PAUSED ", "hold"), (f" {pane.new:,} new since", "warn" if pane.new else "dim"))


def _sources(pane: LogPane) -> str:
    shown = [each for each in pane.sources if pane.shows(each)]
    if len(shown) == len(pane.sources) and len(shown) > 1:
        return f"all {len(shown)} sources"
    names = ", ".join(shown[:2]) + (f" and {len(shown) - 2} more" if len(shown) > 2 else "")
    return f"{names} of {len(pane.sources)}" if shown and len(pane.sources) > 1 else names or "no source"


def _kept(pane: LogPane) -> Line:
    """What is kept, and what is not any more, or never was."""
    dropped, skipped = pane.buffer.dropped.total(), sum(each.skipped for each in pane.buffer.counts.values())
    said = [
        line((f"{pane.buffer.end - pane.buffer.first:,} kept", "dim")),
        line((f"{_short(dropped)} dropped", "dim")) if dropped else (),
        line((f"{_short(skipped)} skipped", "warn")) if skipped else (),
    ]
    return (*joined(said, Piece(", ", "dim")), Piece(" "))


def _short(count: int) -> str:
    """A count in few letters: `940`, `12k`, `3.4M`."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count // 1000}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def _chosen_row(pane: LogPane, now: Moment, cells: int, problem: str) -> Line:
    wanted = pane.showing.wanted
    if problem:
        return apart(line((f" {problem}", "bad")), (), cells, now.glyphs.mark)
    said = [
        line(("only ", "dim"), (wanted.grep, "strong")) if wanted.grep else (),
        line(("not ", "dim"), (wanted.without, "strong")) if wanted.without else (),
        line((wanted.level.word, "strong"), (" or worse", "dim")) if wanted.level is not None else (),
        line(("find ", "dim"), (wanted.find, "strong"), f" {pane.selection.matches:,}") if wanted.find else (),
    ]
    if pane.anchor is not None:
        chosen = len(pane.selected)
        said.append(line((f"{plural(chosen, 'line')} selected", "warn")))
    left = joined(said, Piece("  ")) or line(("all lines", "dim"))
    how = [] if pane.showing.times else ["no times"]
    how += ["wrapped"] if pane.showing.wrap else []
    how += ["z: keys back"] if pane.showing.zoomed else []
    count = f"{len(pane.selection):,} of {pane.buffer.end - pane.buffer.first:,} lines" if pane.narrowed else ""
    right = "  ".join(each for each in (count, *how) if each)
    return apart((Piece(" "), *left), line((f"{right} ", "dim")), cells, now.glyphs.mark)


# --- beside the lines


def source_rows(pane: LogPane, now: Moment, cells: int, *, at: float) -> list[Line]:
    """A row for each source: its key, whether it is shown, lines a second and errors."""
    name = max(6, cells - 20)
    rows = [line((f" {pad('sources', name + 6)}{'/s':>6} {'err':>5} ", "dim"))]
    for number, source in enumerate(pane.sources, 1):
        counts = pane.buffer.counts.get(source)
        rate = f"{counts.rate(at):,.0f}" if counts is not None else "-"
        errors = counts.errors if counts is not None else 0
        shown = pane.shows(source)
        rows.append(
            line(
                (f" {number if number <= _NUMBERED else ' '} ", "accent"),
                (f"[{'x' if shown else ' '}] ", "" if shown else "dim"),
                (pad(source, name - 1, now.glyphs.mark), "" if shown else "dim"),
                (pad_left(rate, 6), "dim"),
                (f" {pad_left(_short(errors), 5)} ", "bad" if errors else "dim"),
            )
        )
    return rows


# --- why there is nothing


def empty_rows(pane: LogPane, now: Moment, cells: int) -> list[Line]:
    """Why there is no line to be seen, and what to do."""
    return [line(("  " + text, look)) for words, look in _why_empty(pane, now) for text in wrap(words, cells - 4)]


def _why_empty(pane: LogPane, now: Moment) -> Iterator[tuple[str, Look]]:
    sources = [each for each in now.state.document.logs if not each.excluded]
    unwired = [each for each in sources if each.unwired]
    if not now.state.document.logs:
        yield "This checklist names no logs to follow.", "strong"
        yield "Write them in it under `logs`: a container, a file, a unit of journald, here or on a host.", "dim"
        return
    if pane.buffer.end > pane.buffer.first:
        yield f"None of {plural(pane.buffer.end - pane.buffer.first, 'line')} is like that.", "strong"
        yield "esc shows all lines again, 0 all sources.", "dim"
    elif not sources or len(unwired) == len(sources):
        yield "No log is wired in this run.", "strong"
    elif now.state.closed or not now.link.connected:
        yield "Nothing was kept, and nothing is followed any more.", "strong"
        yield f"{now.not_allowed[:1].upper()}{now.not_allowed[1:]}.", "dim"
    else:
        yield "No line has come yet.", "strong"
        yield f"Followed: {', '.join(each.id for each in sources if not each.unwired)}.", "dim"
    if len(pane.selection):
        return  # then the lines say it
    yield from _unwired(unwired)
    for each in now.state.document.logs:
        if each.excluded:
            yield f"{each.id}: not followed in this run: {each.excluded}", "dim"


def _unwired(sources: Sequence[LogSource]) -> Iterator[tuple[str, Look]]:
    for each in sources:
        variables = " and ".join(each.unwired)
        yield f"{each.id} ({title(each.title)}): set {variables} to wire it.", "warn"
