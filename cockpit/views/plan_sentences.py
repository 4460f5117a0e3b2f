"""What happened on the plan, a sentence for each kind of event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.journal import event as ev
from cockpit.views.ages import duration
from cockpit.views.line import Look
from cockpit.views.words import one_line, plural

Sentence = tuple[str, Look]

Tell = Callable[[Any, str], Sentence]
"""From the data of an event and the title of its step, in quotes, to what happened."""


def _begun(data: ev.StepBegun, name: str) -> Sentence:
    again = f" again (attempt {data.attempt})" if data.attempt > 1 else ""
    where = f" on {', '.join(data.hosts)}" if data.hosts else ""
    action = f": {one_line(data.action)}" if data.action else ""
    rehearsed = {"shown": " (rehearsal: shown, not done)", "stand-in": " (rehearsal: its stand-in)"}
    verb = "began to undo" if data.undo else "began"
    return f"{verb} {name}{again}{where}{action}{rehearsed.get(data.rehearsed, '')}", "strong"


def _ended(data: ev.ActionEnded, name: str) -> Sentence:
    what = f"the undo of {name}" if data.undo else name
    outcome = "ended" if data.done else "failed"
    where = f" on {data.host}" if data.host else ""
    took = f" after {duration(data.took)}" if data.took >= 1 else ""
    told = f": {one_line(data.summary)}" if data.summary else ""
    return f"{what} {outcome}{where}{took}{told}", "" if data.done else "bad"


def _doubted(data: ev.StepDoubted, name: str) -> Sentence:
    what = f"the undo of {name}" if data.undo else name
    return f"{what} is in doubt: {one_line(data.reason)}", "bad"


def _settled(data: ev.DoubtSettled, name: str) -> Sentence:
    what = f"the undo of {name}" if data.undo else name
    return f"said that {what} {'happened' if data.happened else 'did not happen'}: {one_line(data.reason)}", "warn"


def _verified(data: ev.StepVerified, name: str) -> Sentence:
    what = f"the undo of {name}" if data.undo else name
    if data.good:
        return (f"{what} is {one_line(data.summary)}", "") if data.summary else (f"{what} is verified", "good")
    return f"{what} is not verified: {one_line(data.summary)}", "bad"


def _soaked(data: ev.SoakEnded, name: str) -> Sentence:
    if data.good:
        return (f"{name}: {one_line(data.summary)}", "") if data.summary else (f"the soak of {name} ended well", "good")
    return f"the soak of {name} broke: {one_line(data.summary)}", "bad"


def _done(data: ev.StepDone, name: str) -> Sentence:
    return (f"{name} is undone" if data.undo else f"{name} is done"), "good"


def _skipped(data: ev.StepSkipped, name: str) -> Sentence:
    return f"left out {'the undo of ' if data.undo else ''}{name}: {one_line(data.reason)}", "warn"


def _second(data: ev.SecondGiven, name: str) -> Sentence:
    return f"agreed to {name} for {data.position}", ""


def _poll_opened(_: ev.PollOpened, name: str) -> Sentence:
    return f"opened the roll call of {name}", "strong"


def _answered(data: ev.PollAnswered, name: str) -> Sentence:
    voice = f" (the voice of {data.relayed}, relayed)" if data.relayed else ""
    answer = "GO" if data.go else "NO-GO"
    return f"said {answer} for {data.position}{voice} at {name}: {one_line(data.reason)}", "good" if data.go else "bad"


def _poll_ended(data: ev.PollEnded, name: str) -> Sentence:
    return f"the roll call of {name} ended: {one_line(data.reason)}", "warn"


def _gate_opened(data: ev.GateOpened, name: str) -> Sentence:
    voices = ", ".join(f"{position} ({who})" for position, who in data.go.items())
    return f"opened the gate {name}" + (f" on the GO of {voices}" if voices else ""), "good"


def _fired(data: ev.WatchFired, name: str) -> Sentence:
    would = "would have asked for" if data.would else "asks for"
    return f"{name} met its abort criteria ({data.criterion}) and {would} {data.action}", "bad"


def _vetoed(data: ev.AbortVetoed, name: str) -> Sentence:
    return f"vetoed what {name} asks for: {one_line(data.reason)}", "warn"


def _rollback_begun(data: ev.RollbackBegun, _: str) -> Sentence:
    why = f": {one_line(data.reason)}" if data.reason else ""
    cannot = f"; {plural(len(data.cannot), 'step')} cannot be undone" if data.cannot else ""
    to = f", back to {data.to}" if data.to else ""
    return f"began the rollback of {plural(len(data.steps), 'step')}{to}{cannot}{why}", "bad"


def _rollback_ended(data: ev.RollbackEnded, _: str) -> Sentence:
    left = f"; not undone: {', '.join(data.not_undone)}" if data.not_undone else ""
    return f"the rollback ended{left}", "warn"


def _cleared(data: ev.RunCleared, _: str) -> Sentence:
    return f"cleared the run after its rollback: {one_line(data.reason)}", "warn"


def _recycled(data: ev.PlanRecycled, name: str) -> Sentence:
    return f"recycled to {name}: {one_line(data.reason)}; {plural(len(data.again), 'step')} to be gone through again", (
        "warn"
    )


def _rehearsal_waived(data: ev.RehearsalWaived, _: str) -> Sentence:
    return f"waived that the plan is rehearsed: {one_line(data.reason)}", "warn"


SENTENCES: dict[type[ev.Data], Tell] = {
    ev.StepBegun: _begun,
    ev.ActionEnded: _ended,
    ev.StepDoubted: _doubted,
    ev.DoubtSettled: _settled,
    ev.StepVerified: _verified,
    ev.SoakEnded: _soaked,
    ev.StepDone: _done,
    ev.StepSkipped: _skipped,
    ev.SecondGiven: _second,
    ev.PollOpened: _poll_opened,
    ev.PollAnswered: _answered,
    ev.PollEnded: _poll_ended,
    ev.GateOpened: _gate_opened,
    ev.WatchFired: _fired,
    ev.AbortVetoed: _vetoed,
    ev.RollbackBegun: _rollback_begun,
    ev.RollbackEnded: _rollback_ended,
    ev.RunCleared: _cleared,
    ev.PlanRecycled: _recycled,
    ev.RehearsalWaived: _rehearsal_waived,
}
