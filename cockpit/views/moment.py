"""Everything that a view draws from: a run at one moment, and how it is to be drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from cockpit.checklist.model import Check, Item
from cockpit.checklist.plan import Action
from cockpit.journal.event import Event, Remembered
from cockpit.run.difference import Change, Passed, since_baseline
from cockpit.run.procedure import Doing
from cockpit.run.standing import Standing, Tally, standing, tally
from cockpit.run.state import ItemState, State
from cockpit.views.ages import clock
from cockpit.views.run_view import Link, Printed, ReplayControls, RunView
from cockpit.views.signs import UNICODE, Glyphs


@dataclass(frozen=True)
class Moment:
    """A run as it stands at `now`."""

    state: State
    events: Sequence[Event]
    link: Link
    now: dt.datetime
    glyphs: Glyphs = UNICODE
    zone: dt.tzinfo | None = None
    """Where times of day are shown; None is the machine's zone."""
    replay: ReplayControls | None = None
    view: RunView | None = None
    """What is asked for what is too light, or too long, for the record."""

    def exact(self, what: Action | Check | None) -> str:
        """Exactly what an action of the plan, or a check, does; empty when there is none."""
        return self.view.exact(what) if self.view is not None else ""

    def printed(self, step: str, doing: Doing, *, undo: bool) -> Printed:
        """The end of what the last attempt at a step printed; what the journal kept where nothing else is at hand."""
        found = self.view.printed(step, undo=undo, attempt=doing.attempt) if self.view is not None else None
        if found is not None and found.lines:
            return found
        kept = tuple(doing.output.rstrip("\n").split("\n")) if doing.output.strip() else ()
        return Printed(kept, alive=found.alive if found is not None else None)

    @cached_property
    def stands(self) -> Mapping[str, Standing]:
        """How every item and watch stands, by id."""
        return {item.id: standing(item, self.known(item), self.now) for item in self.state.document.checkable()}

    @cached_property
    def tally(self) -> Tally:
        """How all items stand, counted."""
        return tally(self.state.document.items(), self.state, self.now)

    def later(self, now: dt.datetime) -> Moment:
        """The same moment seconds later, with nothing counted anew: for a clock that ticks."""
        moment = replace(self, now=now)
        moment.__dict__.update({name: self.__dict__[name] for name in ("stands", "tally") if name in self.__dict__})
        return moment

    def known(self, item: Item) -> ItemState:
        """What is known of an item."""
        return self.state.item(item.id)

    def remembered(self, item: Item) -> Remembered | None:
        """How an item came out in the run's baseline."""
        baseline = self.state.baseline
        return baseline.items.get(item.id) if baseline is not None else None

    def changes(self, item: Item) -> list[Change]:
        """What differs from the run's baseline in the newest measurement of an item."""
        baseline, before, measured = self.state.baseline, self.remembered(item), self.known(item).measurement
        if baseline is None or before is None or measured is None:
            return []
        return since_baseline(before, measured.result, Passed(baseline.at, measured.at))

    def measuring(self, item: Item) -> bool:
        """Whether it is being measured at this moment."""
        return item.id in self.link.measuring

    def counts(self, items: Iterable[Item]) -> Mapping[Standing, int]:
        """How many of `items` stand how."""
        counted: dict[Standing, int] = {}
        for item in items:
            stands = self.stands[item.id]
            counted[stands] = counted.get(stands, 0) + 1
        return counted

    @property
    def not_allowed(self) -> str:
        """Why this view cannot change anything, in a sentence; empty when it can."""
        if self.replay is not None:
            return "this is a replay: nothing in it can be changed"
        if self.state.closed:
            return f"the run was closed at {clock(self.state.closed, self.zone, self.now)}: it can only be read"
        if not self.link.connected:
            problem = f" ({self.link.problem})" if self.link.problem else ""
            return f"no engine answers{problem}: the record can only be read"
        if not self.link.captain:
            if self.link.position:
                return f"you answer for {self.link.position}: {self.state.captain.who.user} is captain"
            captain = self.state.captain
            return f"not captain: {captain.who} since {clock(captain.since, self.zone, self.now)}"
        return ""

    @property
    def not_connected(self) -> str:
        """Why even what changes nothing cannot be asked of the engine; empty when it can."""
        return self.not_allowed if self.replay is not None or self.state.closed or not self.link.connected else ""

    @property
    def may_not_note_a_call(self) -> str:
        """Why this view cannot put a call on record: who answers for a position may, without being captain."""
        you = self.link.you
        speaks = you is not None and any(you.user in users for users in self.state.document.positions.values())
        return self.not_connected if speaks else self.not_allowed

    def may_not_confirm(self, item: Item) -> str:
        """Why this view cannot confirm `item`: who answers for its position may, without being captain."""
        why, you = self.not_allowed, self.link.you
        if not why or self.replay is not None or self.state.closed or not self.link.connected:
            return why
        position = item.confirm.position if item.confirm else ""
        speaks = you is not None and you.user in self.state.document.positions.get(position, ())
        return "" if speaks else why


def told_by_others(before: Moment, now: Moment) -> str:
    """What this view must be told of: that its command was taken, that a notice did not arrive. Empty: nothing."""
    if before.link.captain and not now.link.captain and now.state.captain != before.state.captain:
        return f"{now.state.captain.who} took command: you look on"
    if now.state.notices is before.state.notices:
        return ""
    lost = [one for one in now.state.notices.given_up if one not in before.state.notices.given_up]
    return f"{lost[-1].to} may not know of event {lost[-1].about}: {lost[-1].reason}" if lost else ""


def moment(
    view: RunView, *, glyphs: Glyphs = UNICODE, zone: dt.tzinfo | None = None, replay: ReplayControls | None = None
) -> Moment:
    """The run that `view` shows, as it stands at its own now."""
    return Moment(view.state, view.events, view.link, view.now(), glyphs, zone, replay, view)
