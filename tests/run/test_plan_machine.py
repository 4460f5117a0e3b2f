"""Any history of commands, failures, crashes and passing time: what must hold of every one of them."""

from __future__ import annotations

import datetime as dt

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cockpit.checklist.plan import Abort, Criterion, Gate, Plan, Poll, Soak, Step
from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Event
from cockpit.run import command as cmd
from cockpit.run.gate import gate_standing
from cockpit.run.procedure import Phase
from cockpit.run.state import apply, fold, open_state
from cockpit.run.way import current, next_step, plan_of
from tests.support.plans import RELEASE, Play, World, by_hand, step
from tests.support.runs import ADA, BOB, ENGINE, HERE, document, live, manual

GRACE = Actor("grace", 1002)
PEOPLE = (ADA, BOB, GRACE)
STEPS = ("freeze", "gate", "one", "two", "three", "drop", "banner")
ACTIONS = ("one", "two", "three", "drop", "banner", "undo one", "undo two", "undo three")
ENDINGS = ("done", "failed", "doubt", "hangs")


def plan_document():
    plan = Plan(
        steps=(
            by_hand("freeze"),
            Step("gate", "Gate", HERE, gate=Gate(("health",), Poll(("operations", "security"), 2, ("security",), 60.0)), changes=False),
            step("one", verify=("schema",), within=3.0, reversible_until="drop"),
            step("two", auto=True, before=("health",), soak=Soak(5.0, ("errors",))),
            step("three", required=False),
            step("drop", irreversible=True, undo=None, second="security"),
        ),
        rollback=(step("banner", undo=None),),
    )  # fmt: skip
    watch = msgspec.structs.replace(
        live("errors", every=1.0), abort=Abort(Criterion(of=3, bad=2), action="rollback", grace=3.0)
    )
    return msgspec.structs.replace(
        document(live("health"), manual("owner"), watch=(watch,)),
        positions={"operations": ("ada",), "security": ("grace",)},
        plan=plan,
        plan_checks=(live("schema"),),
    )


class Plans(RuleBasedStateMachine):
    """A captain who does anything at any time, in a world where anything fails."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(plan_document(), World())
        self.words: list[tuple[str, bool]] = []
        """For each step begun: which, and whether it was by a person."""

    @initialize(
        until=st.sampled_from(["freeze", "gate", "one", "three", "drop"]),
        fates=st.dictionaries(st.sampled_from(ACTIONS), st.lists(st.sampled_from(ENDINGS), min_size=1, max_size=3)),
    )
    def got_as_far_as(self, until: str, fates: dict[str, list[str]]) -> None:
        """All went well until here; from now on things end as they will."""
        self.play.run_through(until=until)
        self.play.world.actions = fates

    # --- what a person does

    @rule(name=st.sampled_from(STEPS), typed=st.sampled_from(["", RELEASE]))
    def go(self, name: str, typed: str) -> None:
        self.play.ask(cmd.Go(name, typed))

    @rule(name=st.sampled_from(STEPS), verify_only=st.booleans())
    def retry(self, name: str, verify_only: bool) -> None:
        self.play.ask(cmd.Retry(name, verify_only))

    @rule(name=st.sampled_from(STEPS))
    def skip(self, name: str) -> None:
        self.play.ask(cmd.Skip(name, "because"))

    @rule(name=st.sampled_from(STEPS), happened=st.booleans())
    def settle(self, name: str, happened: bool) -> None:
        self.play.ask(cmd.Settle(name, happened, "looked"))

    @rule()
    def tell(self) -> None:
        self.play.ask(cmd.Tell("freeze", "posted"))

    @rule()
    def next_one(self) -> None:
        """Whatever comes next, with all that it takes, so that histories get somewhere."""
        turn = next_step(self.play.state)
        if turn is None:
            return
        self.play.measure("health")
        if turn.id == "gate":
            self.play.now += dt.timedelta(seconds=1)
            self.poll()
        self.play.ask(cmd.Agree("drop"), GRACE)
        self.play.ask(cmd.Go(turn.id, RELEASE))
        self.play.ask(cmd.Tell("freeze", "posted"))
        self.play.let_pass(1)

    @rule(who=st.sampled_from(PEOPLE), position=st.sampled_from(["operations", "security", ""]), go=st.booleans())
    def answer(self, who: Actor, position: str, go: bool) -> None:
        self.play.ask(cmd.Answer(position, go, "because"), who)

    @rule()
    def poll(self) -> None:
        self.play.ask(cmd.OpenPoll("gate"))
        for who, position in ((ADA, "operations"), (GRACE, "security")):
            self.play.ask(cmd.Answer(position, True, "fine"), who)

    @rule(who=st.sampled_from(PEOPLE))
    def agree(self, who: Actor) -> None:
        self.play.ask(cmd.Agree("drop"), who)

    @rule()
    def hold(self) -> None:
        self.play.ask(cmd.Hold("wait"))

    @rule()
    def release(self) -> None:
        self.play.ask(cmd.Release())

    @rule()
    def roll_back(self) -> None:
        self.play.ask(cmd.RollBack(RELEASE, "errors"))

    @rule()
    def clear(self) -> None:
        self.play.ask(cmd.Clear("mended"))

    @rule()
    def veto(self) -> None:
        self.play.ask(cmd.Veto("errors", "known"))

    # --- what the world does

    @rule(item=st.sampled_from(["health", "schema", "errors"]), result=st.sampled_from(["PASS", "FAIL", "ERROR"]))
    def measured(self, item: str, result: str) -> None:
        self.play.world.checks[item] = result
        self.play.measure(item)
        self.play.follow()

    @precondition(lambda self: (here := current(self.play.state)) is not None and here.doing.phase is Phase.RUNNING)
    @rule(done=st.booleans())
    def what_hung_ends(self, done: bool) -> None:
        here = current(self.play.state)
        assert here is not None
        self.play.happen(ev.ActionEnded(here.step.id, here.doing.attempt, here.undo, done), by=ENGINE)
        self.play.follow()

    @rule(seconds=st.sampled_from([1, 4, 70]))
    def time_passes(self, seconds: int) -> None:
        self.play.let_pass(seconds, every=1 if seconds < 10 else 10)

    @rule()
    def engine_is_killed(self) -> None:
        """What was under way is in doubt when its runner is gone; all else is as the journal says."""
        here = current(self.play.state)
        if here is not None and here.doing.phase is Phase.RUNNING and here.step.id != "freeze":
            self.play.happen(ev.StepDoubted(here.step.id, here.doing.attempt, here.undo, "gone"), by=ENGINE)
        self.play.follow()

    # --- what must hold of every history

    @invariant()
    def the_journal_alone_gives_the_same_state_event_by_event(self) -> None:
        state = open_state(self.play.events[0])
        for event in self.play.events[1:]:
            state = apply(state, event)
        assert state == self.play.state == fold(self.play.events)

    @invariant()
    def no_step_begins_without_a_word_or_what_the_plan_says_goes_by_itself(self) -> None:
        for event in self._begun():
            by_itself = event.by.engine
            if by_itself:
                allowed = event.data.undo or event.data.step in ("two", "banner")
                assert allowed, event
                assert event.data.attempt == 1 or not event.data.undo, "a compensation is tried again on a word only"

    @invariant()
    def nothing_advances_in_a_hold(self) -> None:
        held = False
        for event in self.play.events:
            match event.data:
                case ev.HoldStarted():
                    held = True
                case ev.HoldReleased():
                    held = False
                case ev.StepBegun() | ev.StepDone() | ev.GateOpened():
                    assert not held, event

    @invariant()
    def one_thing_at_a_time_is_under_way(self) -> None:
        phases = [
            doing.phase
            for known in self.play.state.procedure.steps.values()
            for doing in (known.go if not known.undone else None, known.undo)
            if doing is not None
        ]
        assert phases.count(Phase.RUNNING) <= 1

    @invariant()
    def the_gate_opened_only_on_counting_voices(self) -> None:
        for number, event in enumerate(self.play.events):
            if isinstance(event.data, ev.GateOpened):
                before = fold(self.play.events[:number])
                gate = plan_of(before).steps[1]
                assert gate_standing(before, gate, event.at).open
                assert set(event.data.go) == {"operations", "security"}

    @invariant()
    def a_required_step_is_never_left_out(self) -> None:
        for event in self.play.events:
            if isinstance(event.data, ev.StepSkipped) and not event.data.undo:
                assert event.data.step in ("three", "banner")

    @invariant()
    def a_rollback_undoes_in_reverse_what_happened_and_was_not_undone(self) -> None:
        for number, event in enumerate(self.play.events):
            if not isinstance(event.data, ev.RollbackBegun):
                continue
            before = fold(self.play.events[:number])
            happened = [
                each.id
                for each in plan_of(before).steps
                if (known := before.procedure.step(each.id)).go is not None and known.go.happened and not known.undone
            ]
            wanted = [name for name in reversed(happened) if name in ("one", "two", "three")]
            past = "drop" in happened
            assert list(event.data.steps) == [name for name in wanted if not (past and name == "one")]

    @invariant()
    def waiting_never_ends_in_go_on(self) -> None:
        """A doubt, a failure and a run that was rolled back stay so until a person has said something."""
        for number, event in enumerate(self.play.events[1:], 1):
            if isinstance(event.data, ev.StepBegun) and event.by.engine:
                here = current(fold(self.play.events[:number]))
                assert here is None, (here, event)

    def _begun(self) -> list[Event]:
        return [event for event in self.play.events if isinstance(event.data, ev.StepBegun)]


TestPlans = Plans.TestCase
TestPlans.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=dt.timedelta(seconds=20),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
