"""Each item, and how it was established; what was waived; how many stand how."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from cockpit.checklist.model import Branch, Item
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.report.story.model import (
    Backing,
    Counts,
    Found,
    ItemStory,
    Measured,
    Part,
    Person,
    Remark,
    Said,
    Section,
    Waiver,
)
from cockpit.run.difference import Change, Passed, since_baseline
from cockpit.run.procedure import Phase
from cockpit.run.standing import Standing, standing, tally
from cockpit.run.state import Measurement, Note, State, Word
from cockpit.run.way import steps_with_state
from cockpit.text import safe, safe_line
from cockpit.views.words import title

_ESTABLISHED = {
    Standing.WAIVED: "waived",
    Standing.RULED_OUT: "not applicable",
    Standing.EXCLUDED: "excluded",
}


def parts(state: State, now: dt.datetime) -> tuple[Part, ...]:
    """The checklist, part by part, as it stands at `now`. A part without items, such as a reference, is left out."""
    return tuple(_part(branch, state, now) for branch in state.document.parts if any(branch.items()))


def counts(items: Iterable[Item], state: State, now: dt.datetime) -> Counts:
    """How many of `items` stand how."""
    counted = tally(items, state, now)
    return Counts(counted.total, counted.settled, {str(which): number for which, number in counted.counts.items()})


def item_story(item: Item, state: State, now: dt.datetime) -> ItemStory:
    """One item as it stands at `now`."""
    known = state.item(item.id)
    stands = standing(item, known, now)
    return ItemStory(
        id=item.id,
        title=safe_line(title(item.title)),
        standing=str(stands),
        established=_established(item, stands),
        advisory=item.check is not None and item.check.advisory,
        required=item.required,
        measured=_measured(item, known.measurement) if known.measurement is not None else None,
        said=said(known.word) if known.word is not None else None,
        earlier=tuple(map(said, known.earlier)),
        notes=tuple(remark(note, item.id) for note in known.notes),
        excluded=safe_line(item.excluded),
        differs=differences(item, state),
    )


def differences(item: Item, state: State) -> tuple[Change, ...]:
    """What differs from the baseline; nothing without one, or when it does not know the item."""
    measured = state.item(item.id).measurement
    base = state.baseline
    remembered = base.items.get(item.id) if base is not None else None
    if base is None or remembered is None or measured is None:
        return ()
    return tuple(since_baseline(remembered, measured.result, Passed(base.at, measured.at)))


def waivers(state: State, now: dt.datetime) -> tuple[Waiver, ...]:
    """Everything that was accepted undone or failing: items waived, then steps left out."""
    return (*_items_waived(state, now), *_steps_skipped(state))


def person(actor: Actor) -> Person:
    """Who did something."""
    where = " ".join(
        words for words in (actor.tty and f"on {actor.tty}", actor.origin and f"from {actor.origin}") if words
    )
    return Person(
        safe_line(actor.user), safe_line(where), safe_line(actor.host), safe_line(actor.position), actor.engine
    )


def remark(note: Note, item: str = "") -> Remark:
    """A note."""
    return Remark(safe(note.text), person(note.by), note.at, note.seq, _backing(note.evidence), item)


def said(word: Word) -> Said:
    """A person's word."""
    by, at, seq = person(word.by), word.at, word.seq
    match word.said:
        case ev.ItemConfirmed() as told:
            return Said(
                "confirmed", by, at, seq, safe(told.value), told.holds, safe(told.note), _backing(told.evidence)
            )
        case ev.ItemWaived() as told:
            return Said("waived", by, at, seq, safe(told.reason), expires=told.expires)
        case told:
            return Said("not applicable", by, at, seq, safe(told.reason))


def _part(part: Branch, state: State, now: dt.datetime) -> Part:
    return Part(
        part.id,
        safe_line(title(part.title)),
        counts(part.items(), state, now),
        tuple(_section(heading, items, state, now) for heading, items in _sections(part)),
    )


def _sections(part: Branch) -> Iterator[tuple[Branch, list[Item]]]:
    """What stands directly under the part first, then each section with all its groups."""
    own = [child for child in part.children if isinstance(child, Item)]
    if own:
        yield part, own
    for child in part.children:
        if isinstance(child, Branch) and any(child.items()):
            yield child, list(child.items())


def _section(heading: Branch, items: list[Item], state: State, now: dt.datetime) -> Section:
    name = "" if heading.level == "part" else safe_line(title(heading.title))
    stories = tuple(item_story(item, state, now) for item in items)
    return Section(heading.id, name, counts(items, state, now), stories)


def _established(item: Item, stands: Standing) -> str:
    if stands in _ESTABLISHED:
        return _ESTABLISHED[stands]
    if stands is Standing.OPEN:
        return ""
    return {"manual": "confirmed", "live": "measured", "both": "measured and confirmed"}[item.mode]


def _measured(item: Item, measurement: Measurement) -> Measured:
    result = measurement.result
    return Measured(
        result=result.result,
        summary=safe_line(result.summary),
        at=measurement.at,
        since=measurement.since,
        kind=item.check.kind if item.check is not None else "",
        value=result.value,
        request=safe(result.request),
        evidence=safe(result.evidence),
        findings=tuple(_found(finding) for finding in result.findings),
        flaky=result.flaky,
        tries=result.tries,
        took=result.took,
    )


def _found(finding: ev.Finding) -> Found:
    found = {safe_line(name): safe_line(value) for name, value in finding.found.items()}
    return Found(safe_line(finding.condition), finding.holds, found, safe_line(finding.problem))


def _backing(evidence: Iterable[ev.Evidence]) -> tuple[Backing, ...]:
    return tuple(
        Backing(safe(each.text), safe_line(each.link), safe_line(each.path), each.size, each.sha256)
        for each in evidence
    )


def _items_waived(state: State, now: dt.datetime) -> Iterator[Waiver]:
    for item in state.document.checkable():
        word = state.item(item.id).word
        if item.excluded or word is None or not isinstance(word.said, ev.ItemWaived):
            continue
        reason, expires = safe(word.said.reason), word.said.expires
        expired = expires is not None and now >= expires
        name = safe_line(title(item.title))
        yield Waiver("item", item.id, name, reason, person(word.by), word.at, expires, expired)


def _steps_skipped(state: State) -> Iterator[Waiver]:
    for step, known in steps_with_state(state):
        for doing, undo in ((known.go, ""), (known.undo, "undo of ")):
            if doing is not None and doing.phase is Phase.SKIPPED:
                name = undo + safe_line(title(step.title))
                yield Waiver("step", step.id, name, safe(doing.summary), person(doing.by), doing.since)
