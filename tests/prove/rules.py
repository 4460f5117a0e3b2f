"""Random commands over random plans, with failures, deaths and jumps of the clock: the rules of a run hold for all.

Every event is judged by what stood before it, by rules of their own that know nothing of how the product decides.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from cockpit.checklist.plan import Plan
from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Data, Event
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import State, fold
from cockpit.run.way import current, next_step
from tests.prove.finding import Effort, Finding, until_it_bites
from tests.prove.random_plans import random_plan
from tests.support import plans
from tests.support.plans import RELEASE, Play, World
from tests.support.runs import ADA, BOB, ENGINE

GRACE = Actor("grace", 1002)
PEOPLE = (ADA, BOB, GRACE)
HISTORY = 120
"""Commands in one history."""


class Broken(Exception):
    """A rule does not hold; the message says which, and by what."""


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Play histories until enough commands were given."""
    del work
    wanted = effort.times(full=1_000_000, short=6_000)
    given, broken, seed = 0, [], 0
    while given < wanted:
        given += HISTORY
        seed += 1
        if words := played(seed):
            broken.append(f"history {seed}: {words}")
    bites = []
    for guard in GUARDS.values():
        with guard():
            bites.append(until_it_bites(effort.times(full=300, short=40), lambda number: bool(played(number))))
    without = f"commands decided {', '.join(GUARDS)} (the least of them)"
    yield Finding("random commands over random plans", given, len(broken), without, min(bites), tuple(broken[:3]))


def played(seed: int) -> str:
    """Play one history; which rule it broke, or nothing."""
    dice = random.Random(seed)
    try:
        history = History(dice)
        for _ in range(HISTORY):
            history.go_on()
        history.told_again()
    except Broken as broken:
        return str(broken)
    return ""


class History(Play):
    """A captain, and others, who do anything at any time, in a world where anything fails."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        kind = dice.choice(["live", "live", "live", "rehearsal"])
        super().__init__(random_plan(dice), World(), run_kind=kind)
        self.plan = self.state.document.plan or Plan(())
        self.names = [step.id for step in self.plan.every()]
        self.gates = [step.id for step in self.plan.steps if step.gate is not None] or ["none"]

    def happen(self, *data: Data, by: Actor = ADA) -> None:
        """Record events, each of them judged by what stood before it."""
        for each in data:
            before = self.state
            super().happen(each, by=by)
            judge(before, self.events[-1])

    def go_on(self) -> None:
        """Something happens."""
        dice = self.dice
        if dice.random() < 0.25:
            self._along()
        elif dice.random() < 0.6:
            by = dice.choice(PEOPLE) if dice.random() < 0.3 else ADA
            self.ask(self._command(), by)
        else:
            self._world()

    def told_again(self) -> None:
        """The journal alone gives the same state, also after it was written and read."""
        if fold(self.events) != self.state:
            raise Broken("the fold of the journal is not the state that was shown")

    def _along(self) -> None:
        """What brings the plan on, so that histories get somewhere."""
        turn = next_step(self.state)
        here = current(self.state)
        self.measure("health", "schema")
        self.ask(cmd.Release())
        if here is not None:
            name = here.step.id
            self.ask(cmd.Tell(name, "posted"))
            self.ask(cmd.Settle(name, self.dice.random() < 0.5, "looked"))
            self.ask(cmd.Retry(name))
        elif turn is not None:
            self.ask(cmd.Confirm("owner", "ada"))
            self.now += dt.timedelta(seconds=1)
            if turn.gate is not None and turn.gate.poll is not None:
                self.ask(cmd.OpenPoll(turn.id))
                for who, position in ((ADA, "operations"), (GRACE, "security"), (BOB, "development")):
                    self.ask(cmd.Answer(position, True, "fine"), who)
            if turn.second:
                self.ask(cmd.Agree(turn.id), GRACE if turn.second == "security" else BOB)
            self.ask(cmd.Go(turn.id, RELEASE))
        self.let_pass(1)

    def _command(self) -> cmd.Command:
        dice, here, turn = self.dice, current(self.state), next_step(self.state)
        name = dice.choice(self.names)
        if dice.random() < 0.5:
            name = here.step.id if here is not None else turn.id if turn is not None else name
        makers: list[Callable[[], cmd.Command]] = [
            lambda: cmd.Go(name, dice.choice(["", RELEASE])),
            lambda: cmd.Retry(name, dice.random() < 0.3),
            lambda: cmd.Skip(name, dice.choice(["", "because"])),
            lambda: cmd.Settle(name, dice.random() < 0.5, "looked"),
            lambda: cmd.Tell(name, "posted"),
            lambda: cmd.Stop(name, "too slow"),
            lambda: cmd.Agree(name),
            lambda: cmd.OpenPoll(dice.choice(self.gates)),
            lambda: cmd.Answer(
                dice.choice([*sorted(self.state.document.positions), ""]), dice.random() < 0.7, "because"
            ),
            lambda: cmd.Hold("wait"),
            cmd.Release,
            lambda: cmd.Veto("errors", "known"),
            lambda: cmd.RollBack(dice.choice(["", "", "", RELEASE]), "errors"),
            lambda: cmd.Clear("mended"),
            lambda: cmd.Confirm("owner", dice.choice(["", "ada"])),
            lambda: cmd.Waive("health", "known", None),
            lambda: cmd.TakeBack("owner", "wrong"),
        ]
        return dice.choice(makers)()

    def _world(self) -> None:
        dice = self.dice
        happens = dice.random()
        here = current(self.state)
        if happens < 0.4:
            item = dice.choice(["health", "schema", "errors"])
            self.world.checks[item] = dice.choice(["PASS", "PASS", "FAIL", "ERROR"])
            self.measure(item)
            self.follow()
        elif happens < 0.6:
            name = dice.choice(self.names)
            key = dice.choice([name, f"undo {name}"])
            self.world.actions[key] = [dice.choice(["done", "failed", "doubt", "hangs"])]
        elif happens < 0.75:
            self.let_pass(dice.choice([1, 4, 70]), every=dice.choice([1, 10]))
        elif happens < 0.8:
            self.set_the_clock(dice.choice([-3600, -60, -1, 1, 60, 3600]))
        elif here is not None and here.doing.phase is Phase.RUNNING and here.step.action is not None:
            if here.step.action.kind == "manual":
                return
            number = here.doing.attempt
            if dice.random() < 0.5:  # the engine died, and the runner of the action with it
                self.happen(ev.StepDoubted(here.step.id, number, here.undo, "gone"), by=ENGINE)
            else:
                done = dice.random() < 0.7
                self.happen(ev.ActionEnded(here.step.id, number, here.undo, done), by=ENGINE)
            self.follow()


def judge(before: State, event: Event) -> None:
    """Raise Broken when `event` must not have happened where `before` stood."""
    data = event.data
    plan = before.document.plan or Plan(())
    here = current(before)
    if before.hold is not None and isinstance(data, ev.StepBegun | ev.GateOpened):
        raise Broken(f"{event.kind} of {data.step} in a hold")
    match data:
        case ev.StepBegun():
            _begins(before, event, data, plan)
        case ev.GateOpened():
            _opens(before, event, data, plan)
        case ev.StepSkipped(step, _, undo):
            found = plan.find(step)
            if found is not None and found.required and not undo and plan.index(step) >= 0:
                raise Broken(f"{step}, which is required, was left out")
        case ev.RollbackBegun():
            _rolls_back(before, data, plan)
        case ev.DoubtSettled() if event.by.engine:
            raise Broken(f"{data.step}: its end was guessed")
        case ev.StepDone(step, undo) if here is None or here.step.id != step or here.undo != undo:
            raise Broken(f"{step} is done, and was not under way")
        case ev.HoldReleased() | ev.RunCleared() if event.by.engine:
            raise Broken(f"{event.kind} by itself")


def _begins(before: State, event: Event, data: ev.StepBegun, plan: Plan) -> None:
    known = before.procedure.step(data.step)
    doing = known.undo if data.undo else known.go
    here = current(before)
    step = plan.find(data.step)
    if step is None:
        raise Broken(f"there is no step {data.step}")
    if here is not None and (here.step.id != data.step or here.doing.phase is not Phase.FAILED):
        raise Broken(f"{data.step} begins while {here.step.id} is {here.doing.phase}")
    if doing is not None and doing.phase is Phase.DONE and not known.undone:
        raise Broken(f"{data.step} is done twice")
    if event.by.engine:
        way_back = before.procedure.way_back
        returning = way_back is not None and way_back.under_way and (data.undo or data.step in way_back.first)
        if not (returning or (step.auto and not data.undo)):
            raise Broken(f"{data.step} begins by itself")
        if doing is not None and not known.undone:
            raise Broken(f"{data.step} is tried again by itself")


def _opens(before: State, event: Event, data: ev.GateOpened, plan: Plan) -> None:
    step = plan.find(data.step)
    poll = step.gate.poll if step is not None and step.gate is not None else None
    if event.by.engine:
        raise Broken(f"the gate {data.step} opens by itself")
    if poll is None:
        return
    called = before.procedure.poll
    if called is None or called.step != data.step:
        raise Broken(f"the gate {data.step} opens without its roll call")
    go = {position for position, answer in called.answers.items() if answer.go and position in poll.positions}
    if len(go) < poll.need:
        raise Broken(f"the gate {data.step} opens on {len(go)} GO of {poll.need}")
    if any(position in called.answers and not called.answers[position].go for position in poll.veto):
        raise Broken(f"the gate {data.step} opens against a veto")
    if len({called.answers[position].who for position in data.go}) < len(data.go) and not _relayed(
        called.answers, data
    ):
        raise Broken(f"one person spoke for several positions at {data.step}")


def _relayed(answers: Any, data: ev.GateOpened) -> bool:
    return any(getattr(answers[position], "relayed", "") for position in data.go)


def _rolls_back(before: State, data: ev.RollbackBegun, plan: Plan) -> None:
    happened = [
        step
        for step in plan.steps
        if (known := before.procedure.step(step.id)).go is not None and known.go.happened and not known.undone
    ]
    past = {step.id for step in happened}
    wanted = [
        step.id
        for step in reversed(happened)
        if step.undo is not None and not step.irreversible and step.reversible_until not in past
    ]
    if list(data.steps) != wanted:
        raise Broken(f"a rollback would undo {list(data.steps)}, and {wanted} was done")


def _without(**guards: Any) -> Callable[[], Any]:
    """A way to take a guard out: names of `tests.support.plans` put in its place for a while."""

    @contextlib.contextmanager
    def out() -> Iterator[None]:
        kept = {name: getattr(plans, name) for name in guards}
        for name, made in guards.items():
            setattr(plans, name, made(kept[name]))
        try:
            yield
        finally:
            for name, was in kept.items():
                setattr(plans, name, was)

    return out


def _seeing(change: Callable[[State], State]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A rule that sees another state than there is."""

    def changed(rule: Callable[..., Any]) -> Callable[..., Any]:
        return lambda state, *others, **named: rule(change(state), *others, **named)

    return changed


def _nothing_required(state: State) -> State:
    plan = state.document.plan or Plan(())
    steps = tuple(msgspec.structs.replace(step, required=False) for step in plan.steps)
    of = msgspec.structs.replace(state.document, plan=msgspec.structs.replace(plan, steps=steps))
    return msgspec.structs.replace(state, document=of)


def _no_hold(state: State) -> State:
    return msgspec.structs.replace(state, hold=None)


def _no_polls(state: State) -> State:
    plan = state.document.plan or Plan(())
    steps = tuple(
        msgspec.structs.replace(step, gate=msgspec.structs.replace(step.gate, poll=None)) if step.gate else step
        for step in plan.steps
    )
    of = msgspec.structs.replace(state.document, plan=msgspec.structs.replace(plan, steps=steps))
    return msgspec.structs.replace(state, document=of)


GUARDS: dict[str, Callable[[], Any]] = {
    "without the hold": _without(decide=_seeing(_no_hold)),
    "without roll calls": _without(decide=_seeing(_no_polls)),
    "as if nothing were required": _without(decide=_seeing(_nothing_required)),
}
