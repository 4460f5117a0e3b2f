"""Roll calls and abort criteria: who said what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from cockpit.checklist.plan import Plan, Step
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.report.story.items import person
from cockpit.report.story.model import FiredStory, PollStory, Voice
from cockpit.text import safe, safe_line

_with = msgspec.structs.replace


def polls(events: Iterable[Event], plan: Plan, names: Mapping[str, str]) -> tuple[PollStory, ...]:
    """Every roll call, in order. One that another followed, or a rollback, ended without opening its gate."""
    found: list[PollStory] = []
    for event in events:
        match event.data:
            case ev.PollOpened() as data:
                _close(found, event, "another roll call was opened")
                found.append(_opened(event, data, plan.find(data.step), names))
            case ev.PollAnswered() as data if found:
                found[-1] = _with(found[-1], voices=_answered(found[-1].voices, event, data))
            case ev.PollEnded() as data:
                _close(found, event, safe_line(data.reason))
            case ev.GateOpened() if found and not found[-1].until:
                _close(found, event, f"the gate was opened by {person(event.by)}", opened=True)
            case ev.RollbackBegun():
                _close(found, event, f"{person(event.by)} went the way back")
            case _:
                pass
    return tuple(found)


def _opened(event: Event, data: ev.PollOpened, step: Step | None, names: Mapping[str, str]) -> PollStory:
    poll = step.gate.poll if step is not None and step.gate is not None else None
    voices = tuple(Voice(position, veto=position in poll.veto) for position in poll.positions) if poll else ()
    name = safe_line(names.get(data.step, data.step))
    return PollStory(data.step, name, event.at, person(event.by), poll.need if poll else 0, voices)


def _answered(voices: tuple[Voice, ...], event: Event, data: ev.PollAnswered) -> tuple[Voice, ...]:
    answer = "GO" if data.go else "NO-GO"
    known = next((voice for voice in voices if voice.position == data.position), Voice(safe_line(data.position)))
    before = known.before
    if known.answer:
        before = (*before, f"{known.answer} of {known.who}: {known.reason}")
    said = _with(
        known,
        answer=answer,
        who=safe_line(data.relayed or event.by.user),
        relayed_by=safe_line(event.by.user) if data.relayed else "",
        reason=safe(data.reason),
        at=event.at,
        before=before,
    )
    if known not in voices:
        return (*voices, said)
    return tuple(said if voice is known else voice for voice in voices)


def _close(found: list[PollStory], event: Event, how: str, *, opened: bool = False) -> None:
    if found and found[-1].until is None:
        found[-1] = _with(found[-1], until=event.at, ended=how, opened=opened)


def fired(events: Iterable[Event], names: Mapping[str, str]) -> tuple[FiredStory, ...]:
    """Abort criteria that were met, and what came of each."""
    found: list[FiredStory] = []
    held = False
    for event in events:
        held = isinstance(event.data, ev.HoldStarted) or (held and not isinstance(event.data, ev.HoldReleased))
        match event.data:
            case ev.WatchFired() as data:
                outcome = _at_once(data, held=held)
                name = safe_line(names.get(data.item, data.item))
                found.append(
                    FiredStory(data.item, name, safe_line(data.criterion), data.action, event.at, data.would, outcome)
                )
            case ev.AbortVetoed() as data:
                _came_of_it(found, f"vetoed by {person(event.by)}: {safe_line(data.reason)}", item=data.item)
            case ev.HoldStarted():
                _came_of_it(found, f"the run was put in hold by {person(event.by)}", action="hold")
            case ev.RollbackBegun():
                _came_of_it(found, f"a rollback was begun by {person(event.by)}")
            case _:
                pass
    return tuple(_with(each, outcome="open") if not each.outcome else each for each in found)


def _at_once(data: ev.WatchFired, *, held: bool) -> str:
    """What came of it without anybody's doing; nothing when that is still open."""
    if data.would:
        return f"not live: nothing was done; live, it asks for {data.action}"
    if data.action == "advise":
        return "it was advice"
    return "the run was in hold already" if data.action == "hold" and held else ""


def _came_of_it(found: list[FiredStory], outcome: str, *, item: str = "", action: str = "") -> None:
    for place, each in enumerate(found):
        if not each.outcome and item in ("", each.item) and action in ("", each.action):
            found[place] = _with(each, outcome=outcome)
