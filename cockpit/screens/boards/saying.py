"""A board on which something can be said of an item: the keys that change what is recorded of it."""

from __future__ import annotations

from cockpit.checklist.model import Branch, Item
from cockpit.run import command as cmd
from cockpit.screens.boards.board import Board
from cockpit.views.keys import asks_now
from cockpit.views.outline import Node
from cockpit.views.walk import Walk
from cockpit.views.words import title


class SayingBoard(Board):
    """A board with a tree, and an item in it that is spoken of."""

    @property
    def walk(self) -> Walk:
        """The checklist, with its cursor."""
        raise NotImplementedError

    @property
    def node(self) -> Node | None:
        """What the cursor stands on."""
        return self.walk.node

    @property
    def item(self) -> Item | None:
        """The item or watch that the cursor stands on."""
        return self.node.item if self.node else None

    @property
    def about(self) -> str:
        """The item under the cursor."""
        return self.item.id if self.item is not None else ""

    def moved(self) -> None:
        """Show where the cursor is now."""
        raise NotImplementedError

    def do_next_open(self) -> None:
        """To the next item with something left to do."""
        self._seek(1, bad=False)

    def do_last_open(self) -> None:
        """To the one before."""
        self._seek(-1, bad=False)

    def do_next_bad(self) -> None:
        """To the next failure."""
        self._seek(1, bad=True)

    def _seek(self, by: int, *, bad: bool) -> None:
        stands = self.now.stands
        found = self.walk.seek(by, lambda item: stands[item.id].bad if bad else not stands[item.id].settled)
        if found is None:
            self.say(("nothing is bad" if bad else "nothing is left to do", "good"))
        else:
            self.walk.go_to(found)
            self.moved()

    def next_to_confirm(self, by: int) -> Node | None:
        """The next open item that asks a person; None when the one under the cursor is the only one."""
        found = self.walk.seek(by, lambda item: asks_now(item, self.now))
        return None if found is None or found.key == self.walk.at else found

    def do_confirm(self) -> None:
        """Ask what is seen; then go on to the next item that asks."""
        from cockpit.screens.dialogs.confirm import ConfirmDialog

        if self.item is not None and self.item.confirm is not None:
            self.app.push_screen(ConfirmDialog(self), self.answered)

    def do_measure(self) -> None:
        """Measure the item again; ask first when that changes something."""
        from cockpit.views.forms import measure_form

        item = self.item
        if item is not None and item.check is not None and item.check.on_demand:
            self.ask(measure_form(item, item.check, self.now))
        elif item is not None:
            self.send(cmd.Measure(item.id), f"{title(item.title)} is being measured")

    def do_waive(self) -> None:
        """Ask why the item is accepted undone."""
        from cockpit.views.forms import waive_form

        if self.item is not None:
            self.ask(waive_form(self.item, self.now))

    def do_rule_out(self) -> None:
        """Ask why the item, or all under the heading, is not applicable; an optional one needs no reason."""
        from cockpit.views.forms import rule_out_form

        subject = self.node.subject if self.node else None
        if isinstance(subject, (Item, Branch)):
            self.ask(rule_out_form(subject))

    def do_note(self) -> None:
        """Ask for a note on the item; on a heading, on the run."""
        from cockpit.views.forms import note_form

        self.ask(note_form(self.item))

    def do_take_back(self) -> None:
        """Show what was said, and take it back."""
        from cockpit.views.forms import take_back_form

        if self.item is not None:
            self.ask(take_back_form(self.item, self.now))
