"""Whom to call, and the commands that one wants a key away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.checklist.model import Command, Contact
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


def _position(name: str, users: Sequence[str]) -> ContactRow:
    return ContactRow(line((f"     {pad(name, 14)}", "dim"), ", ".join(users) or "anyone"))
