"""The contacts: who is called for what. One key puts on record that a call was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cockpit.checklist.model import Addressee, Contact
from cockpit.run import command as cmd
from cockpit.screens.boards.filtering import FilteringBoard
from cockpit.screens.boards.listing import ListingBoard
from cockpit.screens.widgets.line_list import Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.views.addressees import addressee_lines, addressee_row, found_addressees
from cockpit.views.contacts import call_form, contact_lines, contact_row, found_contacts, ways
from cockpit.views.heading import rule
from cockpit.views.key import Key
from cockpit.views.keys import contacts_keys
from cockpit.views.line import Line, line

_LIST = 6
"""Rows of the list at most."""


class ContactsBoard(FilteringBoard, ListingBoard):
    """The list, and below it everything about the one under the cursor."""

    DEFAULT_CSS = """
    ContactsBoard #rule, ContactsBoard #about { height: 1; }
    """
    TITLE_OF_LIST = "Contacts"
    HINT = "a name, a position, a step, an item ..."

    def body(self) -> Iterable[Widget]:
        """The list, and the detail."""
        document = self.now.state.document
        heading, listing = super().body()
        listing.styles.height = max(1, min(_LIST, len(document.contacts) + len(document.notify)))
        yield heading
        yield listing
        yield self.lines(lambda cells, _: Rows([rule("on the hook for", self.now.glyphs, cells)]), "about")
        yield Pane(self.lines(self._detail, "detail"), id="side")

    def keys(self) -> Sequence[Key]:
        """The keys of this page."""
        return contacts_keys(self.now, self.contact)

    @property
    def found_here(self) -> list[Contact]:
        """Those that the filter finds."""
        return found_contacts(self.now, self.wanted)

    @property
    def contact(self) -> Contact | None:
        """The one under the cursor."""
        found = self.found_here
        return found[self.at] if self.at < len(found) else None

    @property
    def addressees(self) -> list[Addressee]:
        """Those who are told of what happens and whom the filter finds; they stand after the contacts."""
        return found_addressees(self.now, self.wanted)

    def hint(self) -> str:
        """What one can do with a row."""
        return "m: called them"

    def rows(self, cells: int) -> Sequence[Line]:
        """A row for each contact that is found."""
        found, told = self.found_here, self.addressees
        if not found and not told:
            empty = "nobody is like that; esc drops the filter" if self.wanted else "this checklist names nobody"
            return [line((f"  {empty}", "dim"))]
        people = [contact_row(contact, self.now, cells) for contact in found]
        return [*people, *(addressee_row(each, self.now, cells) for each in told)]

    def moved(self) -> None:
        """Show where the cursor is, and the detail."""
        super().moved()
        self.redraw_panes("#detail, #keys")

    def filter_changed(self) -> None:
        """Stand on the first that is found."""
        self.at = 0
        self.moved()

    def found(self) -> str:
        """How many the filter finds."""
        document = self.now.state.document
        return f"{len(self.found_here) + len(self.addressees)} of {len(document.contacts) + len(document.notify)}"

    def do_called(self) -> None:
        """Put on record that the one under the cursor was called."""
        if self.contact is not None:
            self.send(cmd.NoteCall(self.contact.name), f"the call to {self.contact.name} is recorded")

    def do_said(self) -> None:
        """The same, with what came of it."""
        if self.contact is not None:
            self.ask(call_form(self.contact, self.now))

    def do_copy(self) -> None:
        """Hand the first way to reach them to the terminal's clipboard; whether it took it, only the terminal knows."""
        reach = ways(self.contact) if self.contact is not None else []
        if not reach:
            self.say(("no phone, chat or address is given for them", "warn"))
            return
        self.app.copy_to_clipboard(reach[0][1])
        self.say((f"the {reach[0][0]} was sent to the terminal's clipboard", "good"))

    def do_contacts(self) -> None:
        """Stay here."""

    def _detail(self, cells: int, rows: int) -> Rows:
        told, place = self.addressees, self.at - len(self.found_here)
        lines = contact_lines(self.contact, self.now, cells) if self.contact is not None else []
        if 0 <= place < len(told):
            lines = addressee_lines(told[place], self.now)
        if len(lines) > rows > 1:
            left = f"   and {len(lines) - rows + 1} more rows: a larger terminal shows them"
            lines = [*lines[: rows - 1], line((left, "dim"))]
        return Rows(lines)
