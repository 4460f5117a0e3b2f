"""Whom to call for what: each contact, what their position is on the hook for, and the last call to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cockpit.checklist.model import Contact, Item
from cockpit.run import command as cmd
from cockpit.views.ages import ago
from cockpit.views.cells import wrap
from cockpit.views.forms import Blank, Form
from cockpit.views.line import Line, Look, apart, line, pad
from cockpit.views.moment import Moment
from cockpit.views.words import one_line, person, plural, title

_LABEL = 9
_NAME, _POSITION, _WAY = 24, 13, 17


@dataclass(frozen=True)
class Duty:
    """One thing that a position is on the hook for."""

    label: str
    text: str
    look: Look = ""
    left: bool = True
    """It is not done yet."""


def found_contacts(now: Moment, words: str) -> list[Contact]:
    """The contacts that a filter finds: every word in what is known of them, or in what they are on the hook for."""
    asked = words.casefold().split()
    return [contact for contact in now.state.document.contacts if all(word in _text(contact, now) for word in asked)]


def ways(contact: Contact) -> list[tuple[str, str]]:
    """How to reach them: labels and values."""
    every = (("phone", contact.phone), ("chat", contact.chat), ("email", contact.email))
    return [(label, value) for label, value in every if value]


def contact_row(contact: Contact, now: Moment, cells: int) -> Line:
    """Name, position, the first way to reach them, what is left for them to do, and the last call."""
    call = now.state.calls.get(contact.name)
    reach = ways(contact)
    left = sum(duty.left for duty in duties(contact.position, now))
    right = line((f"called {ago(call.at, now.now)} " if call is not None else "", "good"))
    return apart(
        line(
            f" {pad(contact.name, _NAME, now.glyphs.mark)} ",
            (pad(contact.position, _POSITION, now.glyphs.mark), "dim"),
            (pad(reach[0][1] if reach else "no way given", _WAY, now.glyphs.mark), "" if reach else "dim"),
            (f" {left} left" if left else "", "warn"),
        ),
        right,
        cells,
        now.glyphs.mark,
    )


def contact_lines(contact: Contact, now: Moment, cells: int) -> list[Line]:
    """Everything about one contact."""
    lines = [line((f" {contact.name}", "strong"), (f"  {contact.position}" if contact.position else "", "dim"))]
    entries: list[tuple[str, str, Look]] = [(label, value, "accent") for label, value in ways(contact)]
    if not entries:
        entries.append(("reach", "no phone, chat or address is given: `contacts:` is where they are written", "warn"))
    if contact.note:
        entries.append(("note", one_line(contact.note), ""))
    call = now.state.calls.get(contact.name)
    if call is not None:
        said = f": {one_line(call.made.said)}" if call.made.said else ""
        words = f"{ago(call.at, now.now)} by {person(call.by, now.link.you)} (event {call.seq}){said}"
        entries.append(("called", words, "good"))
    if contact.position:
        holders = now.state.document.positions.get(contact.position, ())
        entries.append(("answers", ", ".join(holders) or "anyone", ""))
    hooks = duties(contact.position, now)
    entries += [(duty.label, duty.text, duty.look) for duty in hooks]
    if not hooks:
        entries.append(("on hook", "for nothing that the checklist names", "dim"))
    before = ""
    for label, text, look in entries:
        shown = "" if label == before else label
        before = label
        for number, part in enumerate(wrap(text, max(8, cells - _LABEL - 3))):
            lines.append(line((f"   {pad(shown if not number else '', _LABEL)}", "dim"), (part, look)))
    return lines


def duties(position: str, now: Moment) -> list[Duty]:
    """What a position is on the hook for: roll calls, steps that it agrees to, items that it confirms."""
    return [*_polls(position, now), *_seconds(position, now), *_items(position, now)] if position else []


def call_form(contact: Contact, now: Moment) -> Form:
    """Ask what came of a call."""
    about = [line((pad(label, _LABEL), "dim"), value) for label, value in ways(contact)]
    call = now.state.calls.get(contact.name)
    if call is not None:
        about.append(line((pad("called", _LABEL), "dim"), ago(call.at, now.now)))

    def make(answers: Sequence[str]) -> cmd.Command:
        return cmd.NoteCall(contact.name, answers[0].strip())

    return Form(
        title=f"A call to {contact.name}",
        about=tuple(about),
        blanks=(Blank("said", "what came of it; empty: only that the call was made"),),
        make=make,
        enter="record",
        done=f"the call to {contact.name} is recorded",
    )


def _polls(position: str, now: Moment) -> Iterator[Duty]:
    plan = now.state.document.plan
    for step in plan.every() if plan is not None else ():
        poll = step.gate.poll if step.gate is not None else None
        if poll is None or position not in poll.positions:
            continue
        asked = now.state.procedure.poll
        if asked is not None and asked.step != step.id:
            asked = None
        answer = asked.answers.get(position) if asked is not None else None
        veto = ", a NO-GO of theirs is final" if position in poll.veto else ""
        going = now.state.procedure.step(step.id).go
        if going is not None and going.over:
            yield Duty("poll", f"{title(step.title)}: the gate is open", "good", left=False)
        elif answer is not None:
            said = "GO" if answer.go else "NO-GO"
            yield Duty("poll", f"{title(step.title)}: {said}{veto}", "good" if answer.go else "bad", left=False)
        elif asked is not None and not asked.ended:
            yield Duty("poll", f"{title(step.title)}: asked now, no answer yet{veto}", "warn")
        else:
            yield Duty("poll", f"{title(step.title)}: is asked GO or NO-GO{veto}")


def _seconds(position: str, now: Moment) -> Iterator[Duty]:
    plan = now.state.document.plan
    for step in plan.every() if plan is not None else ():
        if step.second == position:
            agreed = now.state.procedure.step(step.id).second
            text = f"{title(step.title)}: " + (f"{person(agreed)} agreed" if agreed else "a second person has to agree")
            yield Duty("step", text, "good" if agreed else "", left=agreed is None)


def _items(position: str, now: Moment) -> Iterator[Duty]:
    theirs = [item for item in now.state.document.checkable() if _asks(item, position)]
    if not theirs:
        return
    left = [item for item in theirs if not now.stands[item.id].settled]
    yield Duty(
        "items",
        f"{plural(len(theirs), 'item')} to confirm, {len(left) or 'none'} left",
        "warn" if left else "good",
        left=False,
    )
    for item in left:
        yield Duty("", title(item.title))


def _asks(item: Item, position: str) -> bool:
    asks = item.confirm is not None and (item.check is None or item.mode == "both")
    return asks and not item.excluded and item.confirm is not None and item.confirm.position == position


def _text(contact: Contact, now: Moment) -> str:
    known = (contact.name, contact.position, contact.phone, contact.chat, contact.email, contact.note)
    hooks = (duty.text for duty in duties(contact.position, now))
    return " ".join((*known, *now.state.document.positions.get(contact.position, ()), *hooks)).casefold()
