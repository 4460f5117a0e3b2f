"""What happened, a sentence for each event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.checklist.model import Document
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.views.ages import clock, duration
from cockpit.views.event_filter import wants
from cockpit.views.line import Line, Look, line
from cockpit.views.moment import Moment
from cockpit.views.notice_sentences import NOTICE_SENTENCES
from cockpit.views.plan_sentences import SENTENCES
from cockpit.views.words import one_line, person, plural, title


@dataclass(frozen=True)
class Told:
    """An event in words."""

    event: Event
    who: str
    sentence: str
    look: Look = ""


def titles(now: Moment) -> Mapping[str, str]:
    """The title of every item, watch and step, by id."""
    return titles_in(now.state.document)


def titles_in(document: Document) -> dict[str, str]:
    """The title of every item, watch and step of a checklist, by id."""
    steps = document.plan.every() if document.plan is not None else ()
    return {each.id: title(each.title) for each in (*document.checkable(), *steps)}


def tell(event: Event, names: Mapping[str, str], zone: dt.tzinfo | None) -> Told:
    """Say what happened, in plain English."""
    of_what = getattr(event.data, "item", "") or getattr(event.data, "step", "")
    name = names.get(of_what, of_what)
    simple = SENTENCES.get(type(event.data)) or NOTICE_SENTENCES.get(type(event.data))
    if simple is not None:
        return Told(event, person(event.by), *simple(event.data, f'"{name}"' if name else ""))
    say = _SENTENCES.get(type(event.data), _something)
    return Told(event, person(event.by), *say(event.data, _About(event, f'"{name}"' if name else "", zone)))


def told_line(told: Told, now: Moment, *, number: bool = True) -> Line:
    """One row of the timeline: number, time, who, what."""
    at = clock(told.event.at, now.zone, seconds=True)
    who = "" if told.event.by.engine else f"{told.who} "
    return line(
        (f" {told.event.seq:>5} " if number else " ", "dim"),
        (f"{at} ", "dim"),
        (who, "strong"),
        (told.sentence, told.look),
    )


def latest_lines(now: Moment, rows: int) -> list[Line]:
    """The newest events, the newest last."""
    names = titles(now)
    newest = now.events[-rows:] if rows > 0 else ()
    return [told_line(tell(event, names, now.zone), now, number=False) for event in newest]


def wanted_events(events: Sequence[Event], words: str, names: Mapping[str, str], zone: dt.tzinfo | None) -> list[Event]:
    """The events that a filter finds, as `cockpit.views.event_filter` reads it."""
    asked = words.casefold().split()
    if not asked:
        return list(events)
    return [event for event in events if wants(event, tell(event, names, zone).sentence, asked)]


@dataclass(frozen=True)
class _About:
    """What a sentence needs besides the data of its event."""

    event: Event
    name: str
    """The title of the item that it is about, in quotes; empty when it is about none."""
    zone: dt.tzinfo | None


_Sentence = tuple[str, Look]
_RESULTS: dict[str, Look] = {"PASS": "good", "FAIL": "bad", "ERROR": "bad"}
_ENGINES = {"stopped": " after the one before it stopped", "died": " after the one before it died"}


def _confirmed(data: ev.ItemConfirmed, told: _About) -> _Sentence:
    wrong = "" if data.holds else ", which is not what is expected"
    note = f" ({one_line(data.note)})" if data.note else ""
    backed = f" [{plural(len(data.evidence), 'piece')} of evidence]" if data.evidence else ""
    return f"confirmed {told.name}: {one_line(data.value)}{wrong}{note}{backed}", "good" if data.holds else "bad"


def _waived(data: ev.ItemWaived, told: _About) -> _Sentence:
    until = f" until {clock(data.expires, told.zone, told.event.at)}" if data.expires else ""
    return f"waived {told.name}{until}: {one_line(data.reason)}", "warn"


def _ruled_out(data: ev.ItemRuledOut, told: _About) -> _Sentence:
    return f"said that {told.name} is not applicable" + _because(data.reason), ""


def _taken_back(data: ev.WordTakenBack, told: _About) -> _Sentence:
    return f"took back what event {data.event} says on {told.name}" + _because(data.reason), "warn"


def _noted(data: ev.NoteAdded, told: _About) -> _Sentence:
    return f"noted{f' on {told.name}' if told.name else ''}: {one_line(data.text)}", ""


def _measured(data: ev.CheckMeasured, told: _About) -> _Sentence:
    flaky = " after a retry" if data.flaky else ""
    return f"{data.result}{flaky} {told.name}: {one_line(data.summary)}", _RESULTS.get(data.result, "warn")


def _opened(data: ev.RunOpened, _: _About) -> _Sentence:
    return f"opened a {data.run_kind} run" + (f" of {data.release}" if data.release else "") + (
        f" in {data.environment}" if data.environment else ""
    ), "strong"


def _closed(data: ev.RunClosed, _: _About) -> _Sentence:
    return f"closed the run: {data.verdict}" + _because(data.reason), "strong"


def _engine_started(data: ev.EngineStarted, _: _About) -> _Sentence:
    return f"engine {data.pid} took the run up{_ENGINES.get(data.after, '')}", "warn" if data.after == "died" else "dim"


def _engine_stopped(data: ev.EngineStopped, _: _About) -> _Sentence:
    return f"the engine stopped: {one_line(data.reason)}", "dim"


def _recovered(data: ev.JournalRecovered, _: _About) -> _Sentence:
    return f"a torn last line of {data.size} bytes was set aside as {data.kept_as}", "warn"


def _clock_jumped(data: ev.ClockJumped, _: _About) -> _Sentence:
    return f"the machine's clock was set {duration(abs(data.seconds))} {'on' if data.seconds > 0 else 'back'}", "warn"


def _command_taken(data: ev.CommandTaken, _: _About) -> _Sentence:
    return "took command" + (f" from {data.before}" if data.before else "") + _because(data.reason), "warn"


def _hold_started(data: ev.HoldStarted, _: _About) -> _Sentence:
    return f"put the run in hold: {one_line(data.reason)}", "warn"


def _hold_released(data: ev.HoldReleased, _: _About) -> _Sentence:
    return "released the hold" + _because(data.reason), ""


def _asked(data: ev.CheckAsked, told: _About) -> _Sentence:
    where = f" on {data.host}" if data.host else ""
    shown = "was shown (a rehearsal) what measuring" if data.rehearsed else "asked to measure"
    does = " does" if data.rehearsed else ""
    return f"{shown} {told.name}{does}{where}: {one_line(data.action)}", "warn"


def _affirmed(data: ev.ChecksAffirmed, _: _About) -> _Sentence:
    return f"{plural(len(data.at), 'check')} came out as before", "dim"


def _baseline_taken(data: ev.BaselineTaken, told: _About) -> _Sentence:
    taken = f"{clock(data.at, told.zone, told.event.at)} on {one_line(data.host)}"
    more = "more of " if data.more else ""
    return f"compares with {more}the baseline {one_line(data.name)} of {taken}: {plural(len(data.items), 'item')}", ""


def _checkpoint_signed(data: ev.CheckpointSigned, _: _About) -> _Sentence:
    return f"signed the record up to event {data.seq}, hash {data.head[:12]}, with key {data.key}", ""


def _command_begun(data: ev.CommandBegun, _: _About) -> _Sentence:
    where = f" on {data.host}" if data.host else ""
    shown = "was shown (a rehearsal) " if data.rehearsed else "ran "
    return f"{shown}the quick command {data.command}{where}: {one_line(data.action)}", "warn"


def _command_ended(data: ev.CommandEnded, _: _About) -> _Sentence:
    word = "is in doubt" if data.unknown else "ended well" if data.done else "failed"
    return f"the quick command {data.command} {word}: {one_line(data.summary)}", (
        "warn" if data.unknown else "good" if data.done else "bad"
    )


def _call_made(data: ev.CallMade, _: _About) -> _Sentence:
    position = f" ({data.position})" if data.position else ""
    return f"called {one_line(data.contact)}{position}" + _because(data.said), ""


def _unknown(data: ev.Unknown, _: _About) -> _Sentence:
    return f"something that this version does not know: {data.name}", "dim"


def _something(_: ev.Data, told: _About) -> _Sentence:
    return told.event.kind, "dim"


def _because(reason: str) -> str:
    return f": {one_line(reason)}" if reason else ""


_SENTENCES: dict[type[ev.Data], Callable[[Any, _About], _Sentence]] = {
    ev.ItemConfirmed: _confirmed,
    ev.ItemWaived: _waived,
    ev.ItemRuledOut: _ruled_out,
    ev.WordTakenBack: _taken_back,
    ev.NoteAdded: _noted,
    ev.CheckMeasured: _measured,
    ev.RunOpened: _opened,
    ev.RunClosed: _closed,
    ev.EngineStarted: _engine_started,
    ev.EngineStopped: _engine_stopped,
    ev.JournalRecovered: _recovered,
    ev.ClockJumped: _clock_jumped,
    ev.CommandTaken: _command_taken,
    ev.HoldStarted: _hold_started,
    ev.HoldReleased: _hold_released,
    ev.CheckAsked: _asked,
    ev.ChecksAffirmed: _affirmed,
    ev.CheckpointSigned: _checkpoint_signed,
    ev.BaselineTaken: _baseline_taken,
    ev.CommandBegun: _command_begun,
    ev.CommandEnded: _command_ended,
    ev.CallMade: _call_made,
    ev.Unknown: _unknown,
}
