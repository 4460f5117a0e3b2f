"""A plan played without an engine: commands through the rules, what follows carried out by a world that is told how."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from cockpit.checklist import model
from cockpit.checklist.model import Document, Item
from cockpit.checklist.plan import Action, Gate, Plan, Poll, Soak, Step, Undo
from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Data, Event
from cockpit.run import command as cmd
from cockpit.run.decide import decide
from cockpit.run.following import Attend, Begin, Measure, Record, RollBackNow, Work, following
from cockpit.run.plan_rules import attempt, begin_rollback
from cockpit.run.refusal import Refusal
from cockpit.run.state import State, apply, open_state
from cockpit.run.way import current, next_step, plan_of
from tests.support.runs import ADA, ENGINE, HERE, T0, document, live, manual

RELEASE = "1.5.0"


def command(text: str) -> Action:
    """A shell command."""
    return Action("command", {"run": text})


def step(step_id: str, **changes: object) -> Step:
    """A step that does something and can be undone."""
    made = Step(
        step_id, step_id.title(), HERE, action=command(f"./{step_id}"), undo=Undo(command(f"./{step_id} --undo"))
    )
    return msgspec.structs.replace(made, **changes)


def by_hand(step_id: str, **changes: object) -> Step:
    """A step that a person does."""
    return step(
        step_id, **{"action": Action("manual", {"do": f"Do {step_id}."}), "undo": None, "changes": False} | changes
    )


def blue_green() -> Document:
    """A small go-live: announce, go or no-go, migrate, switch with a soak, drop the old schema."""
    plan = Plan(
        steps=(
            by_hand("freeze"),
            Step("go-no-go", "Go or no-go", HERE, gate=Gate(("health", "owner"), Poll(("operations", "security"), 2, ("security",), 300.0), 600.0)),
            step("migrate", verify=("schema",), within=10.0, takes=60.0),
            step("switch", before=("health",), verify=("serving",), soak=Soak(60.0, ("errors",)), reversible_until="drop", takes=30.0),
            step("notes", required=False, changes=False, undo=None),
            step("drop", irreversible=True, undo=None),
        ),
        rollback=(step("status-page", undo=None),),
    )  # fmt: skip
    errors = msgspec.structs.replace(live("errors", every=1.0), abort=None)
    of = document(live("health", max_age=1e6), manual("owner"), watch=(errors,))
    return msgspec.structs.replace(
        of,
        positions={"operations": ("ada",), "security": ("grace",)},
        plan=plan,
        plan_checks=(live("schema"), live("serving")),
    )


@dataclass
class World:
    """How things outside come out: actions and checks, by name; whatever is not told is well."""

    actions: dict[str, list[str]] = field(default_factory=dict)
    """How the attempts of a step end, in turn (`ID`, `undo ID`): `done`, `failed`, `nothing`, `doubt`, `hangs`."""
    checks: dict[str, str] = field(default_factory=dict)
    carried_out: list[str] = field(default_factory=list)
    """What was carried out, in order."""


class Play:
    """A run of a plan: its events so far, and the state that they make."""

    def __init__(self, of: Document, world: World | None = None, *, run_kind: str = "live") -> None:
        self.world = world or World()
        self.now = T0
        self.events: list[Event] = []
        raw = model.encode(of)
        digest = hashlib.sha256(raw).hexdigest()
        first = ev.RunOpened("run-1", run_kind, RELEASE, "production", msgspec.Raw(raw), digest, "0.1.0")
        self.events.append(Event(0, T0, first.kind, ADA, first))
        self.state: State = open_state(self.events[0])
        self._started: set[tuple[str, bool, int]] = set()

    def happen(self, *data: Data, by: Actor = ADA) -> None:
        """Record events."""
        for each in data:
            event = Event(len(self.events), self.now, each.kind, by, each)
            self.events.append(event)
            self.state = apply(self.state, event)

    def ask(self, wanted: cmd.Command, by: Actor = ADA, *, in_command: bool | None = None) -> str:
        """Give a command; why it was refused, or nothing. What follows is carried out."""
        commands = in_command if in_command is not None else by == ADA
        decision = decide(self.state, wanted, now=self.now, who=by, in_command=commands)
        if isinstance(decision, Refusal):
            return decision.reason
        self.happen(*decision, by=by)
        self.follow()
        return ""

    def measure(self, *items: str) -> None:
        """Measure items."""
        for name in items:
            self.happen(ev.CheckMeasured(name, self.world.checks.get(name, "PASS")), by=ENGINE)

    def let_pass(self, seconds: float, every: float = 1.0) -> None:
        """Let time pass, with what follows."""
        for _ in range(max(1, round(seconds / every))):
            self.now += dt.timedelta(seconds=every)
            self.follow()

    def set_the_clock(self, seconds: float) -> None:
        """Somebody sets the machine's clock: the journal says so before anything else happens."""
        self.now += dt.timedelta(seconds=seconds)
        self.happen(ev.ClockJumped(seconds), by=ENGINE)
        self.follow()

    def follow(self) -> None:
        """Carry out what follows, until nothing does."""
        for _ in range(200):
            work = [each for each in following(self.state, self.now) if self._due(each)]
            if not work:
                return
            self._carry_out(work[0])
        raise AssertionError(f"it never comes to rest: {work}")

    def _due(self, work: Work) -> bool:
        if isinstance(work, Attend):
            return (work.step, work.undo, work.attempt) not in self._started
        if isinstance(work, RollBackNow):
            return not isinstance(begin_rollback(self.state, work.reason), Refusal)
        return not isinstance(work, Measure) or any(
            (known := self.state.item(name).measurement) is None or known.at < self.now for name in work.items
        )

    def _carry_out(self, work: Work) -> None:
        match work:
            case Record(events):
                self.happen(*events, by=ENGINE)
            case Begin(name, undo):
                found = plan_of(self.state).find(name)
                assert found is not None
                self.happen(attempt(self.state, found, undo=undo, action=f"./{name}"), by=ENGINE)
            case Attend(name, undo, number):
                self._started.add((name, undo, number))
                self._act(name, undo=undo, number=number)
            case Measure(items):
                self.measure(*items)
            case RollBackNow(reason):
                decision = begin_rollback(self.state, reason)
                assert not isinstance(decision, Refusal)
                self.happen(*decision, by=ENGINE)

    def _act(self, name: str, *, undo: bool, number: int) -> None:
        key = f"undo {name}" if undo else name
        self.world.carried_out.append(key)
        told = self.world.actions.get(key, [])
        ending = told.pop(0) if told else "done"
        if ending == "doubt":
            self.happen(ev.StepDoubted(name, number, undo, "cut off"), by=ENGINE)
        elif ending != "hangs":
            nothing = ending == "nothing"
            said = f"it is {ending}"
            self.happen(ev.ActionEnded(name, number, undo, ending == "done", said, nothing=nothing), by=ENGINE)

    def run_through(self, *, until: str = "", answers: Iterable[Actor] = ()) -> None:
        """Press go on every step, as a captain does when all goes well, until the step `until`, which is not begun."""
        for _ in range(50):
            for _ in range(200):
                if current(self.state) is None:
                    break
                self.let_pass(1)
            turn = next_step(self.state)
            if turn is None or turn.id == until:
                return
            if turn.gate is not None and turn.gate.poll is not None:
                self.measure(*turn.gate.items)
                self.happen(*(ev.ItemConfirmed(name, "seen") for name in turn.gate.items if name == "owner"))
                self.now += dt.timedelta(seconds=1)
                self.ask(cmd.OpenPoll(turn.id))
                for position, users in self.state.document.positions.items():
                    if not users:
                        continue
                    by = next((each for each in answers if each.user in users), Actor(users[0], 2000))
                    assert not self.ask(cmd.Answer(position, True, "all is well"), by, in_command=by == ADA)
            assert (refused := self.ask(cmd.Go(turn.id, typed=RELEASE))) == "", refused
            if turn.action is not None and turn.action.kind == "manual":
                assert not self.ask(cmd.Tell(turn.id, "done at 22:00"))
            self.let_pass(1)


Rule = Callable[[Play], None]
"""What must hold of every history."""


def unplanned(item: Item) -> Document:
    """A document without a plan."""
    return document(item)
