"""The way back: what a rollback would do; how far it is; and what it left standing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from cockpit.checklist.plan import Step
from cockpit.run.countdown import planned_window
from cockpit.run.procedure import Phase, WayBack
from cockpit.run.turning_back import turning_back
from cockpit.run.way import Return, action_of, current, plan_of, way_back
from cockpit.views.ages import clock, countdown, duration
from cockpit.views.detail import Entry, entry_lines
from cockpit.views.heading import rule
from cockpit.views.line import Line, Look, line
from cockpit.views.moment import Moment
from cockpit.views.steps import Row, step_line
from cockpit.views.words import person, plural, title


def way_back_lines(now: Moment, cells: int) -> list[Line]:
    """The preview; once it was begun how far it is; once it ended what is left."""
    back = now.state.procedure.way_back
    if back is None or back.cleared is not None:
        return _preview(now, cells)
    return _under_way(back, now, cells)


def way_back_title(now: Moment) -> str:
    """What the page of it is called."""
    back = now.state.procedure.way_back
    if back is None or back.cleared is not None:
        return "Way back: what a rollback would do now"
    to = f" to {back.to}" if back.to else ""
    return f"ROLLBACK{to} under way" if back.under_way else f"ROLLED BACK{to}"


def preview_entries(now: Moment, to: str = "") -> Iterator[Entry]:
    """What a rollback, of all or back to a step, would do now, in its order, and what it cannot."""
    back = way_back(now.state, to)
    if not back.compensations and not back.cannot:
        yield Entry("", "Nothing was done that could be rolled back.", "dim")
        return
    number = 0
    for step in back.first:
        number += 1
        yield from _part(number, step, False, back, now)
    for step in back.compensations:
        number += 1
        yield from _part(number, step, True, back, now)
    yield from _cannot(back.cannot, now, "cannot")
    yield from _time(back, now)
    kind = now.state.run_kind
    if kind != "live":
        yield Entry("", f"{kind.upper()}: what would change things is shown, and NOT done", "accent")
    yield Entry("after", "the run is in hold until a named person clears it", "dim")


def ended_entries(back: WayBack, now: Moment) -> Iterator[Entry]:
    """What a rollback left, and what has to happen now."""
    begun = clock(back.begun, now.zone, now.now, seconds=True)
    yield Entry("begun", f"{begun} by {person(back.by, now.link.you)}: {back.reason}")
    if back.under_way:
        yield from _cannot(back.cannot, now, "cannot")
        yield from _stops(now)
        return
    if back.ended is not None:
        took = countdown((back.ended - back.begun).total_seconds())
        yield Entry("ended", f"{clock(back.ended, now.zone, now.now, seconds=True)}, after {took}")
    if back.not_undone:
        yield from _cannot(back.not_undone, now, "LEFT")
    else:
        yield Entry("result", "everything that was done is undone", "good")
    if back.cleared is None:
        who = now.state.captain.who.user
        yield Entry("now", f"the run is in hold until {who}, who is captain, clears it with a reason: C", "strong")


def _stops(now: Moment) -> Iterator[Entry]:
    """Where it waits for a person."""
    here = current(now.state)
    if here is None:
        return
    action = action_of(here)
    by_hand = here.doing.phase is Phase.RUNNING and action is not None and action.kind == "manual"
    if by_hand or here.doing.phase in (Phase.FAILED, Phase.DOUBT):
        words = (
            "waits for you" if by_hand else f"is {here.doing.phase}" if here.doing.phase is Phase.DOUBT else "failed"
        )
        name = ("undo " if here.undo else "") + title(here.step.title)
        yield Entry("now", f"{name} {words}: s shows it, and the ways on", "strong")


def _preview(now: Moment, cells: int) -> list[Line]:
    lines: list[Line] = []
    for entry in preview_entries(now):
        lines += entry_lines(entry, cells)
    return lines


def _under_way(back: WayBack, now: Moment, cells: int) -> list[Line]:
    lines: list[Line] = []
    for entry in ended_entries(back, now):
        lines += entry_lines(entry, cells)
    lines.append(rule("what it does, in this order", now.glyphs, cells, _progress(back, now)))
    plan = plan_of(now.state)
    parts = [(name, False) for name in back.first] + [(name, True) for name in back.steps]
    for number, (name, undo) in enumerate(parts, 1):
        step = plan.find(name)
        if step is not None:
            lines.append(step_line(Row(step, undo, back=True, number=number), now, cells))
    if not parts:
        lines.append(line(("  nothing: no step that was done can be undone", "dim")))
    return lines


def _progress(back: WayBack, now: Moment) -> str:
    doings = [now.state.procedure.step(name).go for name in back.first]
    doings += [now.state.procedure.step(name).undo for name in back.steps]
    return f"{sum(doing is not None and doing.over for doing in doings)} of {len(doings)}"


def _part(number: int, step: Step, undo: bool, back: Return, now: Moment) -> Iterator[Entry]:
    action = step.undo.action if undo and step.undo is not None else step.action
    takes = back.takes.get(step.id, 0.0)
    time = f"   {countdown(takes)}" if takes else ""
    yield Entry(str(number), ("undo " if undo else "") + f"{title(step.title)}{time}", "strong")
    if action is not None:
        where = f"on {', '.join(action.hosts)}: " if action.hosts else ""
        yield Entry("", f"{where}{now.exact(action)}")


def _cannot(cannot: dict[str, str], now: Moment, label: str) -> Iterator[Entry]:
    plan = plan_of(now.state)
    for name, reason in cannot.items():
        step = plan.find(name)
        yield Entry(label, f"{title(step.title) if step is not None else name}: {reason}", "bad")
        label = ""


def _time(back: Return, now: Moment) -> Iterator[Entry]:
    unknown = [name for name, seconds in back.takes.items() if not seconds]
    about = f"at least {countdown(back.seconds)}" if unknown else f"about {countdown(back.seconds)}"
    takes = about if back.seconds else "not known: the plan says no times"
    parts = plural(len(back.first) + len(back.compensations), "part")
    window = planned_window(now.state)
    if window is None or window[1] is None:
        yield Entry("takes", f"{takes}, {parts}")
        return
    left = (window[1] - now.now).total_seconds()
    end = clock(window[1], now.zone, now.now)
    if left >= back.seconds:
        latest = clock(window[1] - dt.timedelta(seconds=back.seconds), now.zone, now.now, seconds=True)
        told = turning_back(now.state, now.now)
        look: Look = "warn" if told is not None and told.near else ""
        yield Entry("takes", f"{takes}, {parts}; the window ends at {end}, in {duration(left)}")
        yield Entry("", f"turn back by {latest} to be done by {end}", look)
    else:
        over = "is over" if left < 0 else f"ends in {duration(left)}"
        yield Entry("takes", f"{takes}, {parts}: LONGER THAN THE WINDOW, which {over} ({end})", "bad")
