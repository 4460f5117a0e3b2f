"""A journal's events told as the story of a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.report.story.failures import Failures
from cockpit.report.story.golive import go_live
from cockpit.report.story.holds import causes, holds
from cockpit.report.story.items import counts, differences, item_story, parts, person, remark, waivers
from cockpit.report.story.model import Acts, BaselineStory, Command, GoLive, Happening, Outcome, Proof, Remark, Story
from cockpit.report.story.quick import quick_commands
from cockpit.report.story.watches import watches
from cockpit.run.standing import verdict
from cockpit.run.state import State, fold
from cockpit.run.way import plan_of
from cockpit.text import safe_line
from cockpit.views.ages import duration
from cockpit.views.timeline import tell, titles_in
from cockpit.views.words import plural


def story_of(events: Sequence[Event], proof: Proof) -> Story:
    """The story of the run whose first events these are, up to the last of them.

    A run that is under way, or whose journal is damaged, is told as it stood then: nothing depends on when the story
    is told. Raises ValueError when the first event opens no run.
    """
    state = fold(events)
    events = _by_the_last_clock(events)
    until = state.closed or state.at
    names = {name: safe_line(text) for name, text in titles_in(state.document).items()}
    failures = Failures(names, state.document)
    for event in events:
        failures.take(event)
    held = holds(events, plan_of(state), until)
    plan = go_live(events, state, names)
    trouble = tuple(_trouble(events))
    return Story(
        run=safe_line(state.run),
        run_kind=state.run_kind,
        release=safe_line(state.release),
        environment=safe_line(state.environment),
        checklist=safe_line(state.document.name),
        digest=state.digest,
        tool=safe_line(state.tool),
        opened=events[0].at,
        until=until,
        closed=state.closed is not None,
        captain=person(state.captain.who),
        outcome=_outcome(state, plan, proof, trouble),
        counts=counts(state.document.items(), state, until),
        proof=proof,
        parts=parts(state, until),
        plan_checks=tuple(item_story(item, state, until) for item in state.document.plan_checks),
        waivers=waivers(state, until),
        failures=tuple(failures.found),
        golive=plan,
        holds=held,
        hold_causes=causes(held),
        watches=watches(events, state, until),
        flaky=failures.flaky(),
        baseline=_baseline(state),
        commands=tuple(_commands(events)),
        quick=quick_commands(events),
        people=_people(events),
        notes=tuple(_notes(state)),
        trouble=trouble,
        faults=tuple(map(_fault, state.faults)),
        zone=_zone(state),
        happenings=tuple(_happenings(events, names)),
    )


def _by_the_last_clock(events: Sequence[Event]) -> Sequence[Event]:
    """The events with times that the clock would have told had it always been as it was set last.

    So lengths of time are true across a setting of the clock; the state keeps its moments in the same way.
    """
    if not any(isinstance(event.data, ev.ClockJumped) for event in events):
        return events
    moved: list[Event] = []
    by = dt.timedelta()
    for event in reversed(events):
        moved.append(msgspec.structs.replace(event, at=event.at + by))
        if isinstance(event.data, ev.ClockJumped):
            by += dt.timedelta(seconds=event.data.seconds)
    return moved[::-1]


def _outcome(state: State, plan: GoLive | None, proof: Proof, trouble: Sequence[str]) -> Outcome:
    found = verdict(state, state.closed or state.at)
    asterisks = [*found.asterisks, *_of_the_past(found.asterisks, plan)]
    if trouble:
        asterisks.append("trouble with the record")
    blockers = [*found.blockers, *(["the record is damaged"] if proof.damage else [])]
    return Outcome(
        not blockers,
        state.closed is not None and not proof.damage,
        "NOT GOOD" if blockers else "GOOD",
        tuple(map(safe_line, asterisks)),
        tuple(map(safe_line, blockers)),
    )


def _of_the_past(known: Sequence[str], plan: GoLive | None) -> Iterator[str]:
    """What was so on the way, and is no part of how the run stands: a report does not forget it."""
    if plan is None:
        return
    tries = [each for step in (*plan.steps, *plan.way_back) for each in (*step.attempts, *step.undo)]
    relayed = sum(bool(voice.relayed_by) for poll in plan.polls for voice in poll.voices)
    again = sum(each.number > 1 for each in tries)
    doubted = sum(each.doubted for each in tries)
    fired = sum(not each.would for each in plan.fired)
    for count, noun, word in (
        (again, "step", "tried again"),
        (doubted, "step", "in doubt for a time"),
        (relayed, "voice", "relayed"),
        (fired, "abort", "fired"),
        (sum(bool(back.cleared) for back in plan.rollbacks), "rollback", "cleared"),
    ):
        if count and not any(word in told for told in known):
            yield f"{plural(count, noun)} {word}"


def _zone(state: State) -> str:
    window = plan_of(state).window
    return window.zone if window is not None else "UTC"


def _baseline(state: State) -> BaselineStory | None:
    base = state.baseline
    if base is None:
        return None
    known = [item for item in state.document.checkable() if item.id in base.items]
    differ = sum(bool(differences(item, state)) for item in known)
    return BaselineStory(safe_line(base.name), base.at, safe_line(base.host), len(known), differ)


def _commands(events: Sequence[Event]) -> Iterator[Command]:
    for event in events:
        if isinstance(event.data, ev.RunOpened):
            yield Command(person(event.by), event.at, "opened the run")
        elif isinstance(event.data, ev.CommandTaken):
            before = f" from {safe_line(event.data.before)}" if event.data.before else ""
            why = f": {safe_line(event.data.reason)}" if event.data.reason else ""
            yield Command(person(event.by), event.at, f"took command{before}{why}")


def _people(events: Sequence[Event]) -> tuple[Acts, ...]:
    """Who did what, in the order in which they first did something; whose voice was relayed did it through another."""
    found: dict[str, Acts] = {}
    for event in events:
        if event.by.engine:
            continue
        who = person(event.by)
        known = found.get(who.user, Acts(who.user, (), event.at, event.at, {}))
        where = known.where if not who.where or who.where in known.where else (*known.where, who.where)
        did = act(type(event.data))
        acts = {**known.acts, did: known.acts.get(did, 0) + 1}
        found[who.user] = Acts(who.user, where, known.first, event.at, acts)
    return tuple(found.values())


def act(kind: type[ev.Data]) -> str:
    """What a person did who caused an event of this kind; `other` for what the engine alone causes."""
    return _ACTS.get(kind, "other")


_ACTS: dict[type[ev.Data], str] = {
    ev.RunOpened: "opened the run",
    ev.RunClosed: "closed the run",
    ev.CommandTaken: "took command",
    ev.ItemConfirmed: "confirmations",
    ev.ItemWaived: "waivers",
    ev.ItemRuledOut: "ruled out",
    ev.WordTakenBack: "taken back",
    ev.NoteAdded: "notes",
    ev.HoldStarted: "holds",
    ev.HoldReleased: "releases",
    ev.StepBegun: "steps begun",
    ev.StepSkipped: "steps left out",
    ev.ActionEnded: "steps done by hand",
    ev.DoubtSettled: "doubts settled",
    ev.SecondGiven: "agreed as second",
    ev.PollOpened: "roll calls",
    ev.PollAnswered: "answers",
    ev.GateOpened: "gates opened",
    ev.AbortVetoed: "vetoes",
    ev.RollbackBegun: "rollbacks",
    ev.RunCleared: "cleared the run",
    ev.CheckpointSigned: "signatures",
    ev.BaselineTaken: "baselines",
    ev.PlanRecycled: "recycled the plan",
    ev.RehearsalWaived: "waived the rehearsal",
    ev.CheckAsked: "checks asked for",
    ev.CommandBegun: "quick commands",
    ev.CallMade: "calls",
}


def _notes(state: State) -> Iterator[Remark]:
    of_items = ((note, name) for name, known in state.items.items() for note in known.notes)
    every = [*((note, "") for note in state.notes), *of_items]
    for note, item in sorted(every, key=lambda pair: pair[0].seq):
        yield remark(note, item)


def _trouble(events: Sequence[Event]) -> Iterator[str]:
    unknown = 0
    for event in events:
        match event.data:
            case ev.EngineStarted(after="died"):
                yield f"the engine died; another took the run up as event {event.seq}"
            case ev.JournalRecovered() as data:
                yield f"a torn last line of {data.size} bytes was set aside before event {event.seq}"
            case ev.ClockJumped() as data:
                how = f"{duration(abs(data.seconds))} {'on' if data.seconds > 0 else 'back'}"
                yield f"the machine's clock was set {how} at event {event.seq}: times are told by it"
            case ev.Unknown():
                unknown += 1
            case _:
                pass
    if unknown:
        yield f"events that this version of Cockpit does not know: {unknown}"


def _fault(fault: ev.Fault) -> str:
    summary = f": {safe_line(fault.summary)}" if fault.summary else ""
    if fault.check:
        after = f", {duration(fault.after)} after {fault.since or 'the opening'}" if fault.after else ""
        return f"check {fault.check} comes out as {fault.turns}{after}{summary}"
    if fault.host:
        return f"host {fault.host} cannot be reached{summary}"
    what = f"undo of {fault.step}" if fault.undo else fault.step
    return f"{what} ends {fault.ends}{f', {fault.times} times' if fault.times > 1 else ''}{summary}"


def _happenings(events: Sequence[Event], names: Mapping[str, str]) -> Iterator[Happening]:
    results: dict[str, str] = {}
    for event in events:
        data = event.data
        if isinstance(data, ev.ChecksAffirmed):
            continue
        if isinstance(data, ev.CheckMeasured):
            if results.get(data.item) == data.result:
                continue
            results[data.item] = data.result
        told = tell(event, names, dt.UTC)
        yield Happening(event.seq, event.at, told.who, safe_line(told.sentence), told.look)
