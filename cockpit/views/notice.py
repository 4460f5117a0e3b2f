"""What people are told of an event, in one calm sentence: the run, what happened, what is asked of whom.

Notifications, the bell of a terminal and the timeline of a rehearsal say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cockpit.checklist.model import Addressee, Subject
from cockpit.checklist.plan import Step
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.run.state import State
from cockpit.run.way import plan_of
from cockpit.text import safe_line
from cockpit.views.words import one_line, person, title

LONGEST = 400
"""Characters of a sentence: a pager or a message line shows no more."""


@dataclass(frozen=True)
class Notice:
    """Something that people are told of."""

    subject: Subject
    """What it is about, as a checklist's `notify` names it."""
    heading: str
    """The first words, for the subject of a mail: `Shop 2.4.0 production: HOLD`."""
    sentence: str
    """All of it; it stands alone."""
    asks: tuple[str, ...] = ()
    """Positions of whom something is asked; none: of the captain, or of nobody."""


def notice_of(event: Event, state: State) -> Notice | None:
    """What people are told of `event`; None when it is nothing to tell anybody of. `state` is the one after it."""
    tell = _TELLS.get(type(event.data))
    told = tell(event.data, _About(event, state)) if tell is not None else None
    if told is None:
        return None
    where = which(state)
    asked = f" {told.asked}" if told.asked else ""
    return Notice(
        told.subject,
        safe_line(f"{where}: {told.word}", width=LONGEST // 4),
        safe_line(f"{where}: {told.what}.{asked}", width=LONGEST),
        told.asks,
    )


def wants(addressee: Addressee, notice: Notice) -> bool:
    """Whether `addressee` is told of it: what is asked of other positions only is not for them."""
    theirs = not addressee.positions or not notice.asks or bool(set(addressee.positions) & set(notice.asks))
    return notice.subject in addressee.on and theirs


def which(state: State) -> str:
    """Which run it is: `Shop 2.4.0 production`, and its kind when that is not live."""
    kind = "" if state.run_kind == "live" else f"({state.run_kind})"
    return " ".join(word for word in (one_line(state.document.name), state.release, state.environment, kind) if word)


@dataclass(frozen=True)
class _About:
    event: Event
    state: State

    @property
    def who(self) -> str:
        return person(self.event.by)

    @property
    def captain(self) -> str:
        return f"captain {self.state.captain.who.user}"

    def step(self, step_id: str) -> Step | None:
        return plan_of(self.state).find(step_id)

    def name(self, step_id: str, *, undo: bool = False) -> str:
        """A step, in words: `step 5 of 9 "Send traffic to green"`."""
        plan, step = plan_of(self.state), self.step(step_id)
        number = plan.index(step_id) + 1
        place = f"step {number} of {len(plan.steps)} " if number else "step "
        return f"{'the undo of ' if undo else ''}{place}{_quoted(title(step.title) if step else step_id)}"


@dataclass(frozen=True)
class _Told:
    subject: Subject
    word: str
    """The heading."""
    what: str
    asked: str = ""
    asks: tuple[str, ...] = ()


def _quoted(text: str) -> str:
    return f'"{one_line(text)}"'


def _because(reason: str) -> str:
    return f": {one_line(reason).rstrip('.')}" if reason else ""


def _opened(data: ev.RunOpened, about: _About) -> _Told:
    return _Told("milestone", "run opened", f"{about.who} opened the {data.run_kind} run {data.run}")


def _closed(data: ev.RunClosed, about: _About) -> _Told:
    return _Told("closed", "run closed", f"{about.who} closed the run, {data.verdict}{_because(data.reason)}")


def _hold(data: ev.HoldStarted, about: _About) -> _Told:
    asked = f"Nothing advances until {about.captain} releases it."
    return _Told("hold", "HOLD", f"in hold by {about.who}{_because(data.reason)}", asked)


def _released(data: ev.HoldReleased, about: _About) -> _Told:
    return _Told("hold", "hold released", f"{about.who} released the hold{_because(data.reason)}")


def _command(data: ev.CommandTaken, about: _About) -> _Told:
    before = f" from {data.before}" if data.before else ""
    return _Told("command", "command taken", f"{about.who} took command{before}{_because(data.reason)}")


def _engine(data: ev.EngineStarted, _: _About) -> _Told | None:
    if data.after != "died":
        return None
    what = "the engine died, and another one took the run up"
    return _Told("engine", "engine died", what, "What was under way may be in doubt: the captain is asked to look.")


def _gate(data: ev.GateOpened, about: _About) -> _Told:
    voices = ", ".join(f"{position} ({who})" for position, who in data.go.items())
    on = f" on the GO of {voices}" if voices else ""
    return _Told("milestone", "gate open", f"{about.name(data.step)} is open{on}")


def _done(data: ev.StepDone, about: _About) -> _Told | None:
    step = about.step(data.step)
    if step is not None and step.gate is not None:
        return None  # its opening is told
    return _Told(
        "milestone", "step undone" if data.undo else "step done", f"{about.name(data.step, undo=data.undo)} is done"
    )


def _ended(data: ev.ActionEnded, about: _About) -> _Told | None:
    if data.done:
        return None
    where = f" on {data.host}" if data.host else ""
    return _failure(f"{about.name(data.step, undo=data.undo)} failed{where}{_because(data.summary)}", about)


def _verified(data: ev.StepVerified, about: _About) -> _Told | None:
    if data.good:
        return None
    return _failure(f"{about.name(data.step, undo=data.undo)} is not verified{_because(data.summary)}", about)


def _soaked(data: ev.SoakEnded, about: _About) -> _Told | None:
    return None if data.good else _failure(f"the soak of {about.name(data.step)} broke{_because(data.summary)}", about)


def _failure(what: str, about: _About) -> _Told:
    choice = f"{about.captain.capitalize()} decides: retry, skip, hold or roll back."
    return _Told("failure", "FAILED", what, choice)


def _doubted(data: ev.StepDoubted, about: _About) -> _Told:
    asked = f"Nothing goes on until a probe or {about.captain} says what happened."
    what = f"{about.name(data.step, undo=data.undo)} is in doubt{_because(data.reason)}"
    return _Told("doubt", "IN DOUBT", what, asked)


def _poll(data: ev.PollOpened, about: _About) -> _Told:
    step = about.step(data.step)
    poll = step.gate.poll if step is not None and step.gate is not None else None
    positions = poll.positions if poll is not None else ()
    until = f" by {data.ends:%H:%M:%S} UTC" if data.ends else ""
    asked = f"{', '.join(positions)}: answer GO or NO-GO{until}." if positions else ""
    return _Told("poll", "GO / NO-GO?", f"the roll call of {about.name(data.step)} is open", asked, positions)


def _poll_ended(data: ev.PollEnded, about: _About) -> _Told:
    return _Told("poll", "roll call ended", f"the roll call of {about.name(data.step)} ended{_because(data.reason)}")


def _fired(data: ev.WatchFired, about: _About) -> _Told:
    item = about.state.document.find(data.item)
    name = _quoted(title(item.title) if item is not None else data.item)
    asks = {"advise": "advises to abort", "hold": "puts the run in hold", "rollback": "rolls back"}
    would = "in a live run " if data.would else ""
    what = f"the watch {name} met its abort criteria ({data.criterion}) and {would}{asks.get(data.action, data.action)}"
    by = f" until {data.due:%H:%M:%S} UTC" if data.due else ""
    asked = f"{about.captain.capitalize()} may veto it{by}." if data.action != "advise" and not data.would else ""
    return _Told("abort", "ABORT CRITERIA MET", what, asked)


def _rollback(data: ev.RollbackBegun, about: _About) -> _Told:
    cannot = f", {len(data.cannot)} of them cannot be undone" if data.cannot else ""
    count = len(data.steps) + len(data.cannot)
    return _Told(
        "rollback", "ROLLBACK", f"{about.who} began the rollback of {count} steps{cannot}{_because(data.reason)}"
    )


def _rolled_back(data: ev.RollbackEnded, _: _About) -> _Told:
    left = f"; not undone: {', '.join(data.not_undone)}" if data.not_undone else ""
    return _Told(
        "rollback", "rolled back", f"the rollback ended{left}", "The run stands until a named person clears it."
    )


def _cleared(data: ev.RunCleared, about: _About) -> _Told:
    return _Told("rollback", "cleared", f"{about.who} cleared the run after its rollback{_because(data.reason)}")


_TELLS: dict[type[ev.Data], Callable[[Any, _About], _Told | None]] = {
    ev.RunOpened: _opened,
    ev.RunClosed: _closed,
    ev.HoldStarted: _hold,
    ev.HoldReleased: _released,
    ev.CommandTaken: _command,
    ev.EngineStarted: _engine,
    ev.GateOpened: _gate,
    ev.StepDone: _done,
    ev.ActionEnded: _ended,
    ev.StepVerified: _verified,
    ev.SoakEnded: _soaked,
    ev.StepDoubted: _doubted,
    ev.PollOpened: _poll,
    ev.PollEnded: _poll_ended,
    ev.WatchFired: _fired,
    ev.RollbackBegun: _rollback,
    ev.RollbackEnded: _rolled_back,
    ev.RunCleared: _cleared,
}
