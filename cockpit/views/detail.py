"""All there is to say of one item, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cockpit.checklist.model import Check, Confirm, Item, Variable
from cockpit.journal import event as ev
from cockpit.journal.event import Event, Evidence
from cockpit.run.difference import FIGURE, Change, value_text
from cockpit.run.standing import Standing, measured_standing
from cockpit.run.state import Asked, Measurement, Note, Word
from cockpit.views.ages import age, clock, duration
from cockpit.views.cells import cut, wrap
from cockpit.views.heading import rule
from cockpit.views.line import Line, Look, Piece, apart, line, line_width, pad
from cockpit.views.moment import Moment
from cockpit.views.signs import sign, sparkline
from cockpit.views.strip import strip
from cockpit.views.words import mode, on_demand, one_line, person, plural, title, where

LABEL = 9
"""Cells before the text of a row: a blank, the label, a blank."""

_EVIDENCE = 40
"""Lines of evidence that the full page shows."""

_CHANGED = 60
"""Cells of a value that differs from the baseline."""


@dataclass(frozen=True)
class Entry:
    """A label and what is said under it; text of several lines is wrapped below itself."""

    label: str
    text: str
    look: Look = ""


def detail_title(item: Item, now: Moment, cells: int) -> Line:
    """A rule with the item's title, how it stands and how it becomes true; the title is cut when it must be."""
    glyphs = now.glyphs
    left = line((f"{glyphs.rule} ", "dim"), (title(item.title), "strong"), " ")
    right = (*_facts(item, now), Piece(f" {glyphs.rule}", "dim"))
    return apart(left, right, cells, glyphs.mark, Piece(glyphs.rule, "dim"))


def detail_head(item: Item, now: Moment, cells: int) -> list[Line]:
    """The same on two rows where one is too narrow for both."""
    name = line(title(item.title))
    if line_width(name) + line_width(_facts(item, now)) + 5 <= cells:
        return [detail_title(item, now, cells)]
    return [rule(title(item.title), now.glyphs, cells), _facts(item, now)]


def _facts(item: Item, now: Moment) -> Line:
    """How it stands, how it becomes true, and what else sets it apart."""
    glyphs = now.glyphs
    shown = sign(now.stands[item.id], glyphs, measuring=now.measuring(item), on_demand=on_demand(item))
    facts = [f"{item.check.kind} on demand" if item.check is not None and item.check.on_demand else mode(item)]
    if item.confirm is not None and item.confirm.position:
        facts.append(f"@{item.confirm.position}")
    if not item.required:
        facts.append("optional")
    if item.check is not None and item.check.advisory:
        facts.append("advisory")
    told = (Piece(f" {glyphs.dot} {fact}", "dim") for fact in facts)
    return (Piece(f" {shown.sign} {shown.word}", shown.look or "strong"), *told)


def detail_lines(item: Item, now: Moment, cells: int) -> list[Line]:
    """Everything about `item`, in lines of `cells` cells."""
    lines: list[Line] = []
    for entry in _entries(item, now):
        lines.extend(entry_lines(entry, cells))
    return lines


def detail_strip(item: Item, now: Moment, cells: int, rows: int) -> list[Line]:
    """The beginning of it, for a pane of `rows` lines."""
    return strip(detail_lines(item, now, cells), now, cells, rows)


def entry_lines(entry: Entry, cells: int) -> Iterator[Line]:
    """The rows of an entry: its label once, its text wrapped beside it."""
    room = max(cells - LABEL - 1, 8)
    label = entry.label
    for text in wrap(entry.text, room):
        yield line((f" {pad(label, LABEL - 2)} ", "dim"), (text, entry.look))
        label = ""


def _entries(item: Item, now: Moment) -> Iterator[Entry]:
    known = now.known(item)
    stands = now.stands[item.id]
    if item.excluded:
        yield Entry("", f"Not counted in this run: {item.excluded}.", "dim")
    yield from _standing(item, now)
    measured_first = item.check is not None and (item.confirm is None or stands.bad or known.word is not None)
    if measured_first:
        yield from _measured(item, now)
    if known.word is not None:
        yield from _said(known.word, now)
    if item.confirm is not None and (item.check is None or item.mode == "both"):
        yield from _asked(item.confirm)
    if item.check is not None and not measured_first:
        yield from _measured(item, now)
    yield from _unwired(item, now.state.document.variables)
    for note in known.notes:
        yield from _noted(note, now)
    if item.note and not (on_demand(item) and known.measurement is None):
        yield Entry("about", item.note)
    yield from _taken_back(item, now)
    yield from _earlier(known.earlier, now)
    if item.check is not None:
        yield from _history(item, now)
        yield from _budgets(item.check)
    yield Entry("written", f"{item.source.file}:{item.source.line}  {now.glyphs.dot}  id {item.id}", "dim")


def _standing(item: Item, now: Moment) -> Iterator[Entry]:
    """Why it is in doubt, blocked or stale."""
    check, known = item.check, now.known(item)
    measured = known.measurement
    if check is None:
        return
    if known.asked is not None and not now.measuring(item):
        yield _asked_for(known.asked, now)
    stands = measured_standing(check, known, now.now)
    if stands is Standing.STALE and measured is not None:
        old = age(measured.at, now.now, 1)
        yield Entry("stale", f"measured {old} ago; older than {duration(check.max_age)} is not relied on: r", "warn")
    if stands is Standing.BLOCKED:
        waiting = [need for need in check.needs if now.stands.get(need) is not Standing.PASS]
        names = ", ".join(_name(need, now) for need in waiting) or measured_summary(measured)
        yield Entry("blocked", f"waits for {names}", "warn")


def _asked_for(asked: Asked, now: Moment) -> Entry:
    """Who asked for a check that changes something, as long as its result is not known: it may never be."""
    who = f"{person(asked.by, now.link.you)} at {clock(asked.at, now.zone, now.now)}"
    if asked.lost:
        return Entry("doubt", f"asked for by {who}; the engine ended meanwhile: what it did is not known", "bad")
    return Entry("asked", f"by {who}", "dim")


def measured_summary(measured: Measurement | None) -> str:
    """What a measurement said in one line; empty when there is none."""
    return one_line(measured.result.summary) if measured else ""


def _name(item_id: str, now: Moment) -> str:
    stands = now.stands.get(item_id)
    return f"{item_id} ({now.glyphs.signs[stands].word})" if stands is not None else item_id


def _asked(confirm: Confirm) -> Iterator[Entry]:
    yield Entry("ask", confirm.ask, "strong")
    if confirm.look:
        yield Entry("look", confirm.look)
    if confirm.expect:
        yield Entry("expect", confirm.expect)


def _measured(item: Item, now: Moment) -> Iterator[Entry]:
    measured = now.known(item).measurement
    check = item.check
    if measured is None:
        if check is not None and check.on_demand:
            yield from _demanded(item, check, now)
        if check is not None:
            what = ", ".join(check.expect) or f"what {check.kind} implies"
            yield Entry("expect", what)
            how = "being measured" if now.measuring(item) else "r asks" if on_demand(item) else "r measures it"
            yield Entry("", f"not measured yet: {how}", "dim")
        return
    result = measured.result
    stands = Standing(result.result.lower())
    shown = now.glyphs.signs[stands]
    since = f"since {clock(measured.since, now.zone, now.now, seconds=True)}"
    tries = f", {plural(result.tries, 'try', 'tries')} in {duration(result.took)}" if result.tries > 1 else ""
    flaky = ", flaky: passed only after a retry" if result.flaky else ""
    seen = f", seen {age(measured.at, now.now)}" + (" ago" if age(measured.at, now.now) != "now" else "")
    yield Entry("found", result.summary, shown.look if stands is not Standing.PASS else "")
    for finding in sorted(result.findings, key=lambda finding: finding.holds):
        yield finding_entry(finding, now)
    if result.request:
        yield Entry("asked", result.request)
    yield Entry("result", f"{shown.word} {since}{seen}{tries}{flaky}", "dim")
    if check is not None and check.on_demand:
        yield from _demanded(item, check, now)
    yield from _compared(item, now)
    if result.evidence:
        yield Entry("back", "\n".join(result.evidence.split("\n")[:_EVIDENCE]), "dim")


def _demanded(item: Item, check: Check, now: Moment) -> Iterator[Entry]:
    """That its check changes something; and what it does, which a measurement tells afterwards."""
    yield Entry("demand", "It changes something: measured only when asked, and shown before.", "accent")
    if now.known(item).measurement is None:
        if item.note:
            yield Entry("about", item.note)
        yield Entry("does", now.exact(check), "strong")
        yield Entry("where", where(check.via), "dim")


def _compared(item: Item, now: Moment) -> Iterator[Entry]:
    """What differs from the baseline: each value then, when that was, and now."""
    baseline, before = now.state.baseline, now.remembered(item)
    if baseline is None:
        return
    at = clock(baseline.at, now.zone, now.now)
    if before is None:
        yield Entry("", f"not measured in the baseline of {at}", "dim")
        return
    changes = now.changes(item)
    if not changes:
        yield Entry("", f"baseline {before.result} at {at}; now nothing differs", "dim")
    yield from (Entry("", f"{now.glyphs.differs} baseline {_changed(change, at, now)}", "warn") for change in changes)


def _changed(change: Change, at: str, now: Moment) -> str:
    """`0.12 at 2026-11-24 07:00; now 0.4 (+233 %)`; what is not the figure is named."""
    name = "" if change.name == FIGURE else f"{change.name} "
    grown = f" ({change.percent:+.0f} %)" if change.percent is not None else ""
    before, after = (cut(value_text(value), _CHANGED, now.glyphs.mark) for value in (change.before, change.now))
    return f"{name}{before} at {at}; now {after}{grown}"


def finding_entry(finding: ev.Finding, now: Moment) -> Entry:
    """A condition with what was found for each name in it."""
    mark = now.glyphs.signs[Standing.PASS if finding.holds else Standing.FAIL]
    found = ", ".join(f"{name} = {value}" for name, value in finding.found.items())
    why = finding.problem or (f"found {found}" if found else "")
    return Entry("", f"{mark.sign} {finding.condition}" + (f"   {why}" if why else ""), "" if finding.holds else "bad")


def _said(word: Word, now: Moment) -> Iterator[Entry]:
    said = word.said
    who = f"by {person(word.by, now.link.you)} at {clock(word.at, now.zone, now.now)}"
    match said:
        case ev.ItemConfirmed():
            short = "" if said.holds else ", which is not what is expected"
            yield Entry("said", said.value, "" if said.holds else "bad")
            yield Entry("", f"{who}{short}", "dim")
            if said.note:
                yield Entry("note", said.note)
            yield from _evidence(said.evidence)
        case ev.ItemWaived():
            until = f"until {clock(said.expires, now.zone, now.now)}" if said.expires else "with no end"
            over = said.expires is not None and said.expires <= now.now
            yield Entry("waived", said.reason, "warn")
            yield Entry("", f"{who}, {until}" + (": it has run out" if over else ""), "bad" if over else "dim")
        case ev.ItemRuledOut():
            yield Entry("n/a", said.reason or "not applicable")
            yield Entry("", who, "dim")


def _evidence(evidence: Sequence[Evidence]) -> Iterator[Entry]:
    for piece in evidence:
        if piece.path:
            sized = f" ({piece.size} bytes, SHA-256 {piece.sha256})" if piece.sha256 else ""
            yield Entry("file", f"{piece.path}{sized}")
        if piece.link:
            yield Entry("link", piece.link)
        if piece.text:
            yield Entry("shown", piece.text)


def _noted(note: Note, now: Moment) -> Iterator[Entry]:
    yield Entry("note", f"{clock(note.at, now.zone, now.now)} {person(note.by, now.link.you)}: {note.text}")
    yield from _evidence(note.evidence)


def _unwired(item: Item, variables: Sequence[Variable]) -> Iterator[Entry]:
    """Which variable would make it live."""
    known = {variable.name: variable for variable in variables}
    for name in item.unwired:
        variable = known.get(name)
        about = variable.about.rstrip(".") if variable else ""
        example = f", for example {variable.example}" if variable and variable.example else ""
        yield Entry("live if", f"{name} is set" + (f": {about}{example}" if about or example else ""), "accent")


def _taken_back(item: Item, now: Moment) -> Iterator[Entry]:
    said = {event.seq: event for event in now.events if getattr(event.data, "item", None) == item.id}
    for event in said.values():
        if isinstance(event.data, ev.WordTakenBack):
            what = said.get(event.data.event)
            when = clock(event.at, now.zone, now.now)
            why = f": {event.data.reason}" if event.data.reason else ""
            yield Entry("back", f"{when} {person(event.by, now.link.you)} took back {_word(what)}{why}", "dim")


def _word(event: Event | None) -> str:
    match event.data if event else None:
        case ev.ItemConfirmed(value=value):
            return f'"{one_line(value)}"'
        case ev.ItemWaived():
            return "the waiver"
        case ev.ItemRuledOut():
            return '"not applicable"'
        case _:
            return "what was said"


def _earlier(words: Sequence[Word], now: Moment) -> Iterator[Entry]:
    for word in reversed(words):
        said = getattr(word.said, "value", "") or getattr(word.said, "reason", "") or "not applicable"
        when = f"{clock(word.at, now.zone, now.now)} {person(word.by, now.link.you)}"
        yield Entry("before", f"{when}: {said}", "dim")


def _history(item: Item, now: Moment) -> Iterator[Entry]:
    history = now.known(item).history
    if len(history) < 2:
        return
    signs = " ".join(now.glyphs.signs[Standing(result.lower())].sign for _, result, _ in history)
    yield Entry("history", f"{signs}   from {clock(history[0][0], now.zone, now.now)}", "dim")
    figures = [value for _, _, value in history if value is not None]
    if len(figures) > 1:
        spark = sparkline(figures, now.glyphs, len(figures))
        yield Entry("figures", f"{spark}   {min(figures):g} to {max(figures):g}, last {figures[-1]:g}", "dim")


def _budgets(check: Check) -> Iterator[Entry]:
    words = [f"one try {duration(check.timeout)}"]
    if check.retry_for:
        words.append(f"again every {duration(check.retry_every)} for {duration(check.retry_for)}")
    if check.every:
        words.append(f"measured every {duration(check.every)}")
    if check.max_age:
        words.append(f"stale after {duration(check.max_age)}")
    if check.needs:
        words.append(f"needs {', '.join(check.needs)}")
    yield Entry("limits", "; ".join(words), "dim")
