"""The timeline: what happened, newest at the end, followed until one looks back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from cockpit.journal.event import Event
from cockpit.screens.boards.filtering import FilteringBoard
from cockpit.screens.boards.listing import ListingBoard
from cockpit.views.key import Key
from cockpit.views.keys import timeline_keys
from cockpit.views.lazy import Lazy
from cockpit.views.line import Line, line
from cockpit.views.timeline import tell, titles, told_line, wanted_events
from cockpit.views.walk import Walk


class TimelineBoard(FilteringBoard, ListingBoard):
    """Every event in a sentence."""

    TITLE_OF_LIST = "Timeline"
    HINT = "confirmed, ada, an item, FAIL, !affirmed ..."

    def __init__(self) -> None:
        """Stand at the end."""
        super().__init__()
        self._following = True
        self._kept: tuple[tuple[int, str], Sequence[Event]] = ((-1, ""), ())

    def keys(self) -> Sequence[Key]:
        """The keys of a timeline."""
        return timeline_keys(self.now)

    @cached_property
    def _names(self) -> dict[str, str]:
        return dict(titles(self.now))

    @property
    def events(self) -> Sequence[Event]:
        """What the filter finds; looked for again only when there is more, or another filter."""
        asked = (len(self.now.events), self.wanted)
        if self._kept[0] != asked:
            found = (
                wanted_events(self.now.events, self.wanted, self._names, self.now.zone)
                if self.wanted
                else self.now.events
            )
            self._kept = (asked, found)
        return self._kept[1]

    def rows(self, cells: int) -> Sequence[Line]:  # noqa: ARG002 - a sentence is cut by the list
        """A row for each event found; one that says so when there is none."""
        events = self.events
        if not events:
            return [line(("  nothing that happened is like that; esc drops the filter", "dim"))]
        if self._following:
            self.at = len(events) - 1
        return Lazy(len(events), lambda row: told_line(tell(events[row], self._names, self.now.zone), self.now))

    def hint(self) -> str:
        """Whether new events are followed."""
        return "newest" if self._following else "end: newest"

    def moved(self) -> None:
        """Follow again when the cursor comes to the end."""
        self._following = self.at >= len(self.events) - 1
        super().moved()

    def _move(self, by: int) -> None:
        self._following = False
        super()._move(by)

    def filter_changed(self) -> None:
        """Stand at the newest that is found."""
        self._following = True
        self.at = len(self.events) - 1
        self.moved()

    def found(self) -> str:
        """How many events the filter finds."""
        return f"{len(self.events)} of {len(self.now.events)} events"

    def do_enter(self) -> None:
        """Show the item that the event is about."""
        from cockpit.screens.boards.item import ItemBoard

        about = getattr(self.events[self.at].data, "item", "") if self.events else ""
        walk = Walk(self.now.state.document, self.now.stands)
        node = walk.outline.of_item(about)
        if node is None:
            self.say(("this event is about no item", "warn"))
            return
        walk.go_to(node)
        self.app.push_screen(ItemBoard(walk))
