"""The timeline: what happened, newest at the end, followed until one looks back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from cockpit.checklist.plan import Step
from cockpit.journal.event import Event, StepBegun
from cockpit.run.way import plan_of
from cockpit.screens.boards.filtering import FilteringBoard
from cockpit.screens.boards.listing import ListingBoard
from cockpit.views.ages import clock
from cockpit.views.event_filter import about, next_family, toggled
from cockpit.views.key import Key
from cockpit.views.keys import timeline_keys
from cockpit.views.lazy import Lazy
from cockpit.views.line import Line, line
from cockpit.views.schedule import late_words, schedule_head, schedule_row
from cockpit.views.steps import Row, planned_start
from cockpit.views.timeline import tell, titles, told_line, wanted_events
from cockpit.views.walk import Walk


class TimelineBoard(FilteringBoard, ListingBoard):
    """Every event in a sentence; or, in their place, the steps of the plan with planned and actual times."""

    HINT = "of:plan by:ada about:ITEM, any text, !not ..."

    def __init__(self, about: str = "") -> None:
        """Stand at the end; of an item or step alone when one is named."""
        super().__init__()
        self.wanted = f"about:{about}" if about else ""
        self._planned = False
        self._following = True
        self._kept: tuple[tuple[int, str], Sequence[Event]] = ((-1, ""), ())

    def keys(self) -> Sequence[Key]:
        """The keys of a timeline."""
        return timeline_keys(self.now, planned=self._planned)

    @property
    def title_of_list(self) -> str:
        """What is listed."""
        return "Planned and actual" if self._planned else "Timeline"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of going live."""
        return plan_of(self.now.state).steps

    @property
    def row(self) -> Row | None:
        """The step under the cursor, or the one that the event under it is about."""
        if self._planned:
            return Row(self.steps[self.at - 1]) if 0 < self.at <= len(self.steps) else None
        event = self._event
        step = plan_of(self.now.state).find(about(event)) if event is not None else None
        return Row(step, undo=bool(getattr(event.data, "undo", False))) if step is not None and event else None

    @property
    def _event(self) -> Event | None:
        return self.events[self.at] if not self._planned and self.at < len(self.events) else None

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

    def rows(self, cells: int) -> Sequence[Line]:
        """A row for each event found, or for each step; one that says so when there is none."""
        if self._planned:
            return [schedule_head(self.now, cells), *(schedule_row(step, self.now, cells) for step in self.steps)]
        events = self.events
        if not events:
            return [line(("  nothing that happened is like that; esc drops the filter", "dim"))]
        if self._following:
            self.at = len(events) - 1
        return Lazy(len(events), lambda row: self._told(events[row]))

    def _told(self, event: Event) -> Line:
        """An event; of a step's beginning also when that was planned."""
        told = told_line(tell(event, self._names, self.now.zone), self.now)
        if not isinstance(event.data, StepBegun) or event.data.undo or event.data.attempt > 1:
            return told
        step = plan_of(self.now.state).find(event.data.step)
        planned = planned_start(step, self.now.state) if step is not None else None
        if planned is None:
            return told
        how = late_words((event.at - planned).total_seconds())
        return line(*told, (f"  planned {clock(planned, self.now.zone)}, ", "dim"), how)

    def hint(self) -> str:
        """Whether new events are followed; what the columns are."""
        if self._planned:
            return "p: what happened"
        return "newest" if self._following else "end: newest"

    def moved(self) -> None:
        """Follow again when the cursor comes to the end."""
        if not self._planned:
            self._following = self.at >= len(self.events) - 1
        super().moved()

    def walk_by(self, rows: int) -> None:
        """Move the cursor, and so no longer follow."""
        self._following = False
        super().walk_by(rows)

    def filter_changed(self) -> None:
        """Stand at the newest that is found."""
        self._following = True
        self.at = len(self.events) - 1
        self.moved()

    def found(self) -> str:
        """How many events the filter finds."""
        return f"{len(self.events)} of {len(self.now.events)} events"

    def do_family(self) -> None:
        """Show only the next family of kinds; after the last, all."""
        self._narrow(next_family(self.wanted))

    def do_person(self) -> None:
        """Show only what was done by whoever did this, or all again."""
        if self._event is not None:
            by = self._event.by
            self._narrow(toggled(self.wanted, f"by:{'engine' if by.engine else by.user.casefold()}"))

    def do_about(self) -> None:
        """Show only what is about the same item or step, or all again."""
        if self._event is not None and about(self._event):
            self._narrow(toggled(self.wanted, f"about:{about(self._event).casefold()}"))
        else:
            self.say(("this event is about no item and no step", "warn"))

    def do_planned(self) -> None:
        """Show the steps with planned and actual times, or the events again."""
        self._planned = not self._planned
        self.at, self._following = 1, not self._planned
        self.redraw()

    def do_timeline(self) -> None:
        """Show everything again."""
        if self._planned:
            self.do_planned()
        elif self.wanted:
            self._narrow("")

    def _narrow(self, wanted: str) -> None:
        """Filter by `wanted`, and stay on the event that one stands on when it is found."""
        event = self._event
        self.wanted = wanted
        self._following = event is None or event not in self.events
        self.at = len(self.events) - 1 if self._following or event is None else self.events.index(event)
        self.redraw()

    def do_enter(self) -> None:
        """Show the item or step that the event is about."""
        from cockpit.screens.boards.item import ItemBoard
        from cockpit.screens.boards.step import StepBoard

        if self.row is not None:
            self.app.push_screen(StepBoard(_Standing(self.row)))
            return
        walk = Walk(self.now.state.document, self.now.stands)
        node = walk.outline.of_item(about(self._event)) if self._event is not None else None
        if node is None:
            self.say(("this event is about no item and no step", "warn"))
            return
        walk.go_to(node)
        self.app.push_screen(ItemBoard(walk))


class _Standing:
    """Stands on one step, whatever the cursor of the timeline does."""

    def __init__(self, row: Row) -> None:
        self.row: Row | None = row
