"""Whom to call, and the commands that one wants a key away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.checklist.model import Addressee, Command, Contact
from cockpit.views.ages import clock
from cockpit.views.line import Line, line, pad
from cockpit.views.moment import Moment
from cockpit.views.words import one_line, title

_LABEL = 8


@dataclass(frozen=True)
class ContactRow:
    """A row of the page; `copy` is what `y` copies from it."""

    shown: Line
    copy: str = ""
    what: str = ""
    """What `copy` is, in words."""


def contact_rows(now: Moment) -> list[ContactRow]:
    """The whole page: contacts, then quick commands, then which users answer for which position."""
    document = now.state.document
    rows = [_head("Contacts")]
    for contact in document.contacts:
        rows += _contact(contact)
    if not document.contacts:
        rows.append(_note("this checklist names nobody: `contacts:` is where they are written"))
    rows += [_note(""), _head("Quick commands")]
    for command in document.commands:
        rows += _command(command)
    if not document.commands:
        rows.append(_note("this checklist has none: `commands:` is where they are written"))
    if document.notify:
        rows += [_note(""), _head("Told of what happens")]
        for addressee in document.notify:
            rows += _addressee(addressee, now)
    if document.positions:
        rows += [_note(""), _head("Positions")]
        rows += [_position(name, users) for name, users in document.positions.items()]
    return rows


def _head(text: str) -> ContactRow:
    return ContactRow(line((f" {text}", "strong")))


def _note(text: str) -> ContactRow:
    return ContactRow(line((f"   {text}", "dim")) if text else ())


def _contact(contact: Contact) -> list[ContactRow]:
    position = f"  @{contact.position}" if contact.position else ""
    rows = [ContactRow(line(f"   {contact.name}", (position, "dim")), contact.name, "the name")]
    for label, value in (("phone", contact.phone), ("chat", contact.chat), ("email", contact.email)):
        if value:
            rows.append(ContactRow(line((f"     {pad(label, _LABEL)}", "dim"), value), value, f"the {label}"))
    if not (contact.phone or contact.chat or contact.email):
        rows.append(_note("  no number, chat or address is given"))
    if contact.note:
        rows.append(ContactRow(line((f"     {one_line(contact.note)}", "dim"))))
    return rows


def _command(command: Command) -> list[ContactRow]:
    changes = "  changes things" if command.changes else ""
    return [
        ContactRow(line(f"   {title(command.title)}", (changes, "warn")), command.run, "the command"),
        *(
            ContactRow(
                line(("     $ " if not number else "       ", "dim"), (text, "accent")), command.run, "the command"
            )
            for number, text in enumerate(command.run.splitlines())
        ),
    ]


def _addressee(told: Addressee, now: Moment) -> list[ContactRow]:
    notices = now.state.notices
    count, latest = notices.delivered.get(told.id, 0), notices.latest.get(told.id)
    how = f"{count} delivered, the last at {clock(latest, now.zone, now.now)}" if latest else "nothing delivered yet"
    if now.state.run_kind != "live":
        how = f"not told: a {now.state.run_kind}"
    about = ", ".join(told.on)
    rows = [
        ContactRow(line(f"   {told.id}", (f"  {told.service}  ", "dim"), how)),
        ContactRow(line((f"     {pad('of', _LABEL)}{about}", "dim"))),
    ]
    for one in sorted(notices.untold.values(), key=lambda one: one.about):
        if one.to == told.id:
            word = "tried again" if one.again else ("may have arrived" if one.doubt else "not delivered")
            said = f"     event {one.about} at {clock(one.at, now.zone, now.now)}: {word}, {one.reason}"
            rows.append(ContactRow(line((said, "warn" if one.again else "bad"))))
    return rows


def _position(name: str, users: Sequence[str]) -> ContactRow:
    return ContactRow(line((f"     {pad(name, 14)}", "dim"), ", ".join(users) or "anyone"))
