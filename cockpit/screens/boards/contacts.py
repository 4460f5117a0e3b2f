"""Contacts and quick commands: exact, and copied with one key. They are shown, not run."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.screens.boards.listing import ListingBoard
from cockpit.views.contacts import contact_rows
from cockpit.views.key import Key
from cockpit.views.keys import contacts_keys
from cockpit.views.line import Line


class ContactsBoard(ListingBoard):
    """Whom to call, and what to type."""

    TITLE_OF_LIST = "Contacts and quick commands"

    def keys(self) -> Sequence[Key]:
        """The keys of this page."""
        return contacts_keys(self.now)

    def hint(self) -> str:
        """What one can do with a row."""
        return "y copies the row"

    def rows(self, cells: int) -> Sequence[Line]:  # noqa: ARG002 - a row is cut by the list
        """All rows of the page."""
        return [row.shown for row in contact_rows(self.now)]

    def do_copy(self) -> None:
        """Hand the row to the terminal's clipboard; whether it took it, only the terminal knows."""
        row = contact_rows(self.now)[self.at]
        if not row.copy:
            self.say(("there is nothing to copy on this row", "warn"))
            return
        self.app.copy_to_clipboard(row.copy)
        self.say((f"{row.what} was sent to the terminal's clipboard", "good"))
