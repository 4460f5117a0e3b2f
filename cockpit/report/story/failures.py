"""What went bad, and how each time came to an end: items, watches and steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from cockpit.checklist.model import Document
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.report.story.items import person
from cockpit.report.story.model import Failure, FlakyStory
from cockpit.text import safe, safe_line

_BAD = ("FAIL", "ERROR")
_resolve = msgspec.structs.replace


@dataclass
class _Seen:
    """What a check did so far."""

    result: str = ""
    after_retry: int = 0
    turns: int = 0


@dataclass
class Failures:
    """Collects what went bad from the events of a run, in their order."""

    names: Mapping[str, str]
    """The title of each item, watch and step, by id."""
    document: Document
    found: list[Failure] = field(default_factory=list)
    _open: dict[tuple[str, str], int] = field(default_factory=dict)
    """What and id to the place in `found` of the failure that lasts."""
    _checks: dict[str, _Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._watches = {item.id for item in self.document.watch}

    def take(self, event: Event) -> None:
        """Take the next event."""
        match event.data:
            case ev.CheckMeasured():
                self._measured(event, event.data)
            case ev.ItemConfirmed() as said if not said.holds:
                self._begins(event, self._sort(said.item), said.item, "value", safe(said.value))
            case ev.ItemConfirmed() as said:
                self._ends(event, said.item, f"{person(event.by)} confirmed: {safe_line(said.value, width=120)}")
            case ev.ItemWaived() as said:
                self._ends(event, said.item, f"waived by {person(event.by)}: {safe_line(said.reason, width=200)}")
            case ev.ItemRuledOut() as said:
                self._ends(event, said.item, f"{person(event.by)} said that it is not applicable")
            case ev.WordTakenBack() as said:
                self._ends(event, said.item, f"{person(event.by)} took the word back", only="value")
            case _:
                self._of_step(event)

    def flaky(self) -> tuple[FlakyStory, ...]:
        """The checks that came and went, the worst first."""
        stories = [
            FlakyStory(name, self.names.get(name, name), seen.after_retry, seen.turns)
            for name, seen in self._checks.items()
            if seen.after_retry or seen.turns > 1
        ]
        return tuple(sorted(stories, key=lambda each: (-each.turns - each.after_retry, each.id)))

    def _measured(self, event: Event, data: ev.CheckMeasured) -> None:
        seen = self._checks.setdefault(data.item, _Seen())
        seen.after_retry += data.flaky
        if data.result in _BAD:
            seen.turns += seen.result in ("PASS", "WARN")
            if seen.result != data.result:
                self._ends(event, data.item, f"it became {data.result}", only=seen.result or "value")
                self._begins(event, self._sort(data.item), data.item, data.result, safe_line(data.summary))
        elif data.result in ("PASS", "WARN"):
            again = " after a retry" if data.flaky else ""
            self._ends(event, data.item, f"measured {data.result}{again}: {safe_line(data.summary, width=160)}")
        seen.result = data.result

    def _of_step(self, event: Event) -> None:
        data = event.data
        match data:
            case ev.ActionEnded() if not data.done:
                where = f"on {data.host}: " if data.host else ""
                self._begins(event, "step", _key(data), "action", where + safe_line(data.summary))
            case ev.StepVerified(good=False):
                self._begins(event, "step", _key(data), "verify", safe_line(data.summary))
            case ev.SoakEnded(good=False):
                self._begins(event, "step", _key(data), "soak", safe_line(data.summary))
            case ev.StepDoubted():
                self._begins(event, "step", _key(data), "in doubt", safe_line(data.reason))
            case ev.RollbackBegun():
                for _, name in [key for key in self._open if key[0] == "step"]:
                    self._ends(event, name, f"{person(event.by)} went the way back")
            case _:
                self._step_mended(event)

    def _step_mended(self, event: Event) -> None:
        data = event.data
        match data:
            case ev.DoubtSettled():
                happened = "it happened" if data.happened else "it did not happen"
                self._ends(event, _key(data), f"{person(event.by)} said that {happened}: {safe_line(data.reason)}")
            case ev.StepBegun() if data.attempt > 1:
                self._ends(event, _key(data), f"tried again by {person(event.by)}, attempt {data.attempt}")
            case ev.ActionEnded():
                found_out = f"it turned out how it ended: {safe_line(data.summary)}"
                self._ends(event, _key(data), found_out, only="in doubt")
                self._ends(event, _key(data), f"{person(event.by)} had it verified again")
            case ev.StepSkipped():
                self._ends(event, _key(data), f"left out by {person(event.by)}: {safe_line(data.reason)}")
            case ev.StepDone():
                self._ends(event, _key(data), "it is done")
            case _:
                pass

    def _begins(self, event: Event, what: str, name: str, how: str, summary: str) -> None:
        self._ends(event, name, "")
        self._open[_what(what), name] = len(self.found)
        self.found.append(Failure(what, name, self._title(name), event.at, event.seq, how, summary))

    def _ends(self, event: Event, name: str, resolved: str, only: str = "") -> None:
        for what in ("step", "item"):
            place = self._open.get((what, name))
            if place is None or (only and self.found[place].how != only):
                continue
            del self._open[what, name]
            lasted = self.found[place]
            self.found[place] = _resolve(lasted, resolved=resolved or "it failed otherwise", until=event.at)

    def _sort(self, item: str) -> str:
        return "watch" if item in self._watches else "item"

    def _title(self, name: str) -> str:
        undone = name.removeprefix(_UNDO)
        found = safe_line(self.names.get(undone, undone))
        return f"undo of {found}" if name.startswith(_UNDO) else found


_UNDO = "undo "


def _what(what: str) -> str:
    return "step" if what == "step" else "item"


def _key(data: ev.Data) -> str:
    """A step; its compensation is something else."""
    step: str = getattr(data, "step", "")
    return f"{_UNDO}{step}" if getattr(data, "undo", False) else step
