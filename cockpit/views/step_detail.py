"""All there is to say of one step: what will be done exactly and where, what it waits for, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checklist.plan import Action
from cockpit.run.procedure import Doing, Phase
from cockpit.run.way import Current, gone_for_good
from cockpit.views.ages import clock, countdown, duration
from cockpit.views.detail import Entry, entry_lines
from cockpit.views.doubt import doubt_entries
from cockpit.views.guided_failure import failure_lines
from cockpit.views.heading import rule
from cockpit.views.line import Line
from cockpit.views.moment import Moment
from cockpit.views.phases import soak_left, step_sign
from cockpit.views.printed import printed_entries
from cockpit.views.rehearsed import rehearsed_entry
from cockpit.views.roll_call import gate_entries, roll_call_lines
from cockpit.views.shown_by import shown_by
from cockpit.views.steps import Row, lateness_words, planned_start
from cockpit.views.strip import strip
from cockpit.views.words import person, title

_PRINTED = 3
"""Lines of the end of the output in the detail; the pane of the output has more."""


def step_detail(row: Row, now: Moment, cells: int) -> list[Line]:
    """A rule with the title, then everything about the step in lines of `cells` cells."""
    shown = step_sign(row.step, now, undo=row.undo)
    name = ("Undo: " if row.undo else "") + title(row.step.title)
    lines = [rule(name, now.glyphs, cells, f"{shown.sign} {shown.word}")]
    if row.step.gate is not None and not row.undo:
        lines += roll_call_lines(row.step, now, cells)
    doing = row.doing(now.state)
    if doing is not None and doing.phase is Phase.FAILED:
        lines += failure_lines(Current(row.step, row.undo, doing), now, cells)
    for entry in step_entries(row, now):
        lines += entry_lines(entry, cells)
    return lines


def step_strip(row: Row, now: Moment, cells: int, rows: int) -> list[Line]:
    """The beginning of it, for a pane of `rows` lines."""
    return strip(step_detail(row, now, cells), now, cells, rows)


def step_entries(row: Row, now: Moment) -> Iterator[Entry]:
    """A doubt first, else what it does and how it stands; then the rest. A failure has its own lines."""
    doing = row.doing(now.state)
    if doing is not None and doing.phase is Phase.DOUBT:
        yield from doubt_entries(Current(row.step, row.undo, doing), now)
    elif doing is None or doing.phase is not Phase.FAILED:
        yield from _what(row, doing, now)
    yield from _rest(row, doing, now)


def action_entries(action: Action | None, now: Moment, label: str = "does") -> Iterator[Entry]:
    """Exactly what an action does, and where."""
    if action is None:
        return
    yield Entry(label, now.exact(action) or f"{action.kind}: {action.spec}", "strong")
    if action.kind == "manual":
        yield Entry("", "a person does it, then says what they saw (space)", "dim")
        return
    where = f"on {', '.join(action.hosts)}" if action.hosts else "on this machine"
    batch = f", {action.batch} at a time" if len(action.hosts) > 1 else ""
    yield Entry(
        "where", f"{where}{batch}, at most {duration(action.timeout)}" + (" each" if action.hosts else ""), "dim"
    )


def rehearsal_entries(row: Row, now: Moment) -> Iterator[Entry]:
    """What a rehearsal does in place of the action."""
    step, kind = row.step, now.state.run_kind.upper()
    if now.state.run_kind == "live" or step.action is None or step.action.kind == "manual":
        return
    if row.undo or step.rehearse is None:
        yield Entry("", f"{kind}: it is shown, and NOT done", "accent")
        return
    yield Entry("", f"{kind}: its stand-in is done in its place:", "accent")
    yield Entry("", now.exact(step.rehearse), "strong")


def _what(row: Row, doing: Doing | None, now: Moment) -> Iterator[Entry]:
    step = row.step
    undo = step.undo if row.undo else None
    action = undo.action if undo is not None else step.action
    if not row.undo:
        yield from _no_return(row, now)
    if step.gate is not None and not row.undo:
        yield from gate_entries(step, now)
        yield from shown_by("items", _bad_first(step.gate.items, now), now)
    elif step.hold:
        yield Entry("hold", f"a planned hold: {step.hold}", "strong")
    else:
        yield from action_entries(action, now)
        yield from rehearsal_entries(row, now)
    yield from _under_way(row, doing, now)
    if doing is None and not row.undo:
        if step.changes and step.action is not None and not row.back and (told := rehearsed_entry(now)) is not None:
            yield told
        yield from shown_by("before", step.before, now)
        yield from _second(row, now)
    since = doing.since if doing is not None and doing.phase is Phase.VERIFYING else None
    yield from shown_by(
        "verify", undo.verify if undo is not None else () if row.undo else step.verify, now, since=since
    )
    by_hand = action is not None and action.kind == "manual"
    if doing is not None and step.gate is None and not step.hold and not by_hand and doing.attempt:
        yield from printed_entries(step.id, doing, now, _PRINTED, undo=row.undo)


def _no_return(row: Row, now: Moment) -> Iterator[Entry]:
    gone = gone_for_good(row.step, now.state)
    if gone:
        others = [name for name in gone if name != row.step.id]
        words = f"after it {', '.join(gone)} cannot be undone" if others else "it cannot be undone"
        yield Entry("", f"POINT OF NO RETURN: {words}", "bad")


def _under_way(row: Row, doing: Doing | None, now: Moment) -> Iterator[Entry]:
    if doing is None:
        return
    match doing.phase:
        case Phase.SOAKING:
            left = soak_left(row.step, doing, now.now)
            if left is not None and row.step.soak is not None:
                words = f"{countdown(left)} left of {countdown(row.step.soak.seconds)}"
                yield Entry("soak", f"{words}: it must stay good", "busy")
                yield from shown_by("", row.step.soak.watch or row.step.verify, now)
        case Phase.VERIFYING:
            yield Entry("now", f"the action ended: {doing.summary or 'well'}; it is being verified", "busy")
        case Phase.RUNNING if row.step.action is not None and row.step.action.kind == "manual" and not row.undo:
            yield Entry("now", "do it, then say what you saw: space", "busy")
        case Phase.RUNNING:
            yield Entry("now", f"running for {countdown((now.now - doing.since).total_seconds())}", "busy")
        case Phase.SKIPPED:
            yield Entry("skipped", doing.summary, "warn")
        case _:
            if doing.summary:
                yield Entry("ended", doing.summary)


def _second(row: Row, now: Moment) -> Iterator[Entry]:
    if not row.step.second:
        return
    second = now.state.procedure.step(row.step.id).second
    if second is not None:
        yield Entry("second", f"{second} agreed for {row.step.second}", "good")
    else:
        yield Entry("second", f"somebody of {row.step.second}, not the captain, has to agree (Y)", "warn")


def _rest(row: Row, doing: Doing | None, now: Moment) -> Iterator[Entry]:
    """Time, the way back, what the plan says of it."""
    step = row.step
    words = []
    if not row.back and (start := planned_start(step, now.state)) is not None:
        words.append(f"planned {clock(start, now.zone, now.now)}")
    takes = step.undo.takes if row.undo and step.undo is not None else step.takes
    took = now.state.took.get(f"undo {step.id}" if row.undo else step.id)
    words += [f"planned to take {duration(takes)}"] if takes else []
    words += [f"took {duration(took)} last time"] if took else []
    if doing is not None and doing.attempt:
        words.append(f"begun {clock(doing.begun, now.zone, seconds=True)} by {person(doing.by, now.link.you)}")
        words += [f"attempt {doing.attempt}"] if doing.attempt > 1 else []
    late = lateness_words(step, doing, now) if not row.back else ""
    if words or late:
        yield Entry("time", ", ".join([*words, *([late] if late else [])]), "warn" if late else "dim")
    if step.note:
        yield Entry("about", step.note)
    if not row.undo and step.gate is None and not step.hold:
        yield from _undo(row, now)
        if step.soak is not None and (doing is None or doing.phase is not Phase.SOAKING):
            watched = ", ".join(step.soak.watch or step.verify)
            yield Entry("soak", f"{duration(step.soak.seconds)}: {watched} must stay good", "dim")
        if step.probe and (doing is None or doing.phase is not Phase.DOUBT):
            yield Entry("probe", f"{step.probe} tells whether it happened, when that is in doubt", "dim")
    facts = [] if step.required else ["optional: it may be skipped"]
    facts += ["begins by itself when the step before it is done"] if step.auto else []
    yield Entry("written", "; ".join([*facts, f"{step.source.file}:{step.source.line}", f"id {step.id}"]), "dim")


def _undo(row: Row, now: Moment) -> Iterator[Entry]:
    step = row.step
    known = now.state.procedure.step(step.id)
    if known.undo is not None:
        shown = step_sign(step, now, undo=True)
        yield Entry("undo", f"{shown.sign} {shown.word}: {known.undo.summary}", shown.look)
    elif step.undo is not None:
        until = f" (not after {step.reversible_until})" if step.reversible_until else ""
        yield Entry("undo", f"{now.exact(step.undo.action)}{until}", "dim")
    elif step.irreversible:
        yield Entry("undo", "it cannot be undone", "bad")
    elif step.changes:
        yield Entry("undo", "the plan says nothing of how it is undone", "warn")


def _bad_first(names: tuple[str, ...], now: Moment) -> list[str]:
    """Items of a gate that are not settled, at most a few: the others are in the checklist."""
    return [name for name in names if name in now.stands and not now.stands[name].settled][:5]
