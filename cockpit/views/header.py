"""The head of every screen, two rows that never go away: what is released where, how far, and who commands."""

from __future__ import annotations

from cockpit.run.countdown import clock as t_clock
from cockpit.run.standing import Standing
from cockpit.run.way import current, plan_of
from cockpit.views.ages import age, clock, countdown
from cockpit.views.fired import advice, alarm
from cockpit.views.line import Line, Look, Piece, apart, cut_line, joined, line, line_width
from cockpit.views.moment import Moment
from cockpit.views.phases import seconds_on, step_sign
from cockpit.views.turning_back import turning_warning
from cockpit.views.words import person, title

_NAMES = 12
"""Cells that environment and release get at least, before the clock has to go."""


def header(now: Moment, cells: int) -> tuple[Line, Line]:
    """The two rows."""
    return _first(now, cells), _second(now, cells)


def head_look(now: Moment) -> Look:
    """How the first row looks as a whole: a run that is not live cannot be taken for one."""
    if now.replay is not None:
        return ""
    return "bar" if now.state.run_kind == "live" else "rehearsal"


def _badge(now: Moment) -> Line:
    hatch, kind = now.glyphs.hatch, now.state.run_kind
    if now.replay is not None:
        return line((" REPLAY ", "replay"), f" {kind} run ")
    if kind == "live":
        return line((" LIVE ", "live"))
    return line((f"{hatch} {kind.upper()} {hatch}", "rehearsal"))


def _first(now: Moment, cells: int) -> Line:
    """Where there is no room for all, names give way first, then the clock; the rest never does."""
    state, look = now.state, head_look(now)
    time, record = line((f"  {clock(now.now, now.zone, seconds=True)}  ", look)), _record(now, look)
    count = _t_clock(now, look)
    badge = _badge(now)
    where = line((f" {state.environment} ", look), (f"{state.release} ", look))
    facts = (Piece(" ", look), *joined((line((_progress(now), look)), _bad(now), _busy(now, look)), Piece("  ", look)))
    room = cells - sum(map(line_width, (badge, facts, count, record)))
    if room - line_width(time) < _NAMES:
        time = line((" ", look))
    kept = cut_line(where, room - line_width(time), now.glyphs.mark)
    return apart((*badge, *kept, *facts), (*count, *time, *record), cells, now.glyphs.mark, Piece(" ", look))


def _progress(now: Moment) -> str:
    counted = now.tally
    phase = "CLOSED" if now.state.closed else now.state.phase.upper()
    if now.state.phase in ("go-live", "rollback", "rolled back"):
        return f"{phase} {_steps_past(now)}"
    return f"{phase} {counted.settled}/{counted.total}"


def _steps_past(now: Moment) -> str:
    """How many steps are past: of the way back while that is gone, else of going live."""
    procedure, back = now.state.procedure, now.state.procedure.way_back
    if back is not None and back.cleared is None:
        doings = [procedure.step(name).go for name in back.first] + [procedure.step(name).undo for name in back.steps]
        return f"{sum(doing is not None and doing.over for doing in doings)}/{len(doings)}"
    steps = plan_of(now.state).steps
    return f"{sum(procedure.step(step.id).passed for step in steps)}/{len(steps)}"


def _t_clock(now: Moment, look: Look) -> Line:
    """The T-clock, where there is a plan and something to count to; in a hold it says that it stands."""
    if now.state.document.plan is None or now.state.closed:
        return ()
    told = t_clock(now.state, now.now)
    if not told.planned:
        return ()
    return line((f" {told}", look), (" stands" if told.stands else "", look))


def _bad(now: Moment) -> Line:
    failures = now.tally[Standing.FAIL] + now.tally[Standing.ERROR]
    return line((f" {now.glyphs.signs[Standing.FAIL].sign} {failures} failed ", "live")) if failures else ()


def _busy(now: Moment, look: Look) -> Line:
    busy = len(now.link.measuring)
    return line((f"{now.glyphs.measuring.sign} {busy}", look)) if busy else ()


def _record(now: Moment, look: Look) -> Line:
    if now.replay is not None:
        return ()
    if now.state.closed:
        return line(("READ ONLY ", look))
    if not now.link.recording:
        return line((" NOT RECORDED ", "alarm"))
    if not now.link.connected:
        return line((" NO ENGINE ", "hold"))
    return line(("REC ", look))


def _second(now: Moment, cells: int) -> Line:
    if not now.link.recording and now.replay is None:
        problem = now.link.problem or "the record cannot be written"
        return apart(line((f" NOT RECORDED: {problem}. What you do is refused. ", "alarm")), (), cells, now.glyphs.mark)
    state = now.state
    captain = state.captain
    if now.link.captain:
        who = line(" captain ", (person(captain.who, captain.who), "strong"))
    else:
        where = str(captain.who).removeprefix(captain.who.user)
        since = clock(captain.since, now.zone, now.now)
        who = line(" captain ", (captain.who.user, "strong"), (f"{where} since {since}", "dim"))
        if now.replay is None and now.link.connected and not state.closed:
            who = (*who, Piece(f" {now.glyphs.dot} you look on", "warn"))
    hold = (alarm(now) if now.replay is None else ()) or _hold(now) or turning_warning(now) or advice(now)
    if not hold:
        return apart(who, cut_line(_run(now), max(cells - line_width(who) - 2, 0), now.glyphs.mark), cells)
    short = line(" captain ", (person(captain.who, captain.who if now.link.captain else None), "strong"), "  ")
    room = cells - min(line_width(who), cells // 2)
    if line_width(hold) > room:
        hold = cut_line(hold, cells - line_width(short), now.glyphs.mark)
    return apart(who if line_width(who) + line_width(hold) <= cells else short, hold, cells, now.glyphs.mark)


def _hold(now: Moment) -> Line:
    hold = now.state.hold
    if hold is None:
        return ()
    return line((f" HOLD {age(hold.since, now.now)} by {hold.by.user}: {hold.reason} ", "hold"))


def _run(now: Moment) -> Line:
    """What is under way; else which run this is; of a closed one, since when it is."""
    here = current(now.state)
    if here is not None and not now.state.closed:
        shown = step_sign(here.step, now, undo=here.undo)
        name = ("undo " if here.undo else "") + title(here.step.title)
        return line(
            f"  {name} ", (f"{shown.sign} {shown.word} {countdown(seconds_on(here.doing, now.now))} ", shown.look)
        )
    closed = f"closed {clock(now.state.closed, now.zone, now.now)}  " if now.state.closed else ""
    return line((f"  {closed}{title(now.state.document.name)} {now.glyphs.dot} {now.state.run} ", "dim"))
