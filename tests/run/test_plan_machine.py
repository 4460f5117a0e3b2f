"""Any history of commands, failures, crashes, passing time and clocks that jump: what must hold of every one of them.

`History` reads the events one by one, as a replay does, and keeps its own simple account beside the state: what it
demands is not asked of the rules that it judges.
"""

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
from cockpit.run.procedure import Phase
from cockpit.run.state import apply, fold, open_state
from cockpit.run.way import current, next_step, plan_of
from tests.support.plans import RELEASE, Play, World, by_hand, step
from tests.support.runs import ADA, BOB, ENGINE, HERE, document, live, manual

GRACE = Actor("grace", 1002)
PEOPLE = (ADA, BOB, GRACE)
STEPS = ("freeze", "gate", "one", "two", "three", "drop", "banner")
ACTIONS = ("one", "two", "three", "drop", "banner", "undo one", "undo two", "undo three")
ENDINGS = ("done", "failed", "nothing", "doubt", "hangs")


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


class History:
    """What happened so far, and what must hold of each event that comes."""

    def __init__(self, first: Event) -> None:
        self.state = open_state(first)
        self.events = [first]
        self.held = False
        self.made: list[str] = []
        """Steps of going live whose action did something, or may have, and that are not undone: in their order."""
        self.before_attempt = False
        """Whether the step under way had done something before this attempt."""
        self.begun: list[tuple[str, bool, int]] = []
        self.passed: set[str] = set()
        self.rollback: ev.RollbackBegun | None = None
        self.undoing: list[str] = []
        """What this rollback has begun to undo, in its order."""
        self.voices: dict[str, tuple[ev.PollAnswered, Event]] = {}
        self.poll: Event | None = None
        self.results: dict[str, tuple[str, int]] = {}
        """The result of each check, and the event since which it is that."""

    def read(self, event: Event) -> None:
        """Judge an event, then take it in."""
        again = ev.READ[event.kind, 1](msgspec.json.encode(event.data))
        written = msgspec.structs.replace(event, data=again)
        judge = getattr(self, "_" + event.kind.replace(".", "_"), None)
        if judge is not None:
            judge(event, event.data)
        self.state = apply(self.state, written)
        self.events.append(event)

    # --- steps

    def _step_begun(self, event: Event, data: ev.StepBegun) -> None:
        assert not self.held, event
        assert (data.step, data.undo, data.attempt) not in self.begun, "no two attempts have the same number"
        if event.by.engine:
            assert current(self.state) is None, "a doubt, a failure, a run rolled back stay so until somebody speaks"
        if data.undo:
            self._undo_begun(event, data)
        elif data.step == "banner":
            assert self.rollback is not None
            assert data.step in self.rollback.first
        else:
            self._go_begun(event, data)
        self.begun.append((data.step, data.undo, data.attempt))

    def _go_begun(self, event: Event, data: ev.StepBegun) -> None:
        assert self.rollback is None, "nothing goes forward on the way back"
        order = [each.id for each in plan_of(self.state).steps]
        assert self.passed.issuperset(order[: order.index(data.step)]), "what comes before is past"
        if event.by.engine:
            assert data.step == "two", "only what the plan says goes by itself"
            assert data.attempt == 1, "nothing is done twice without a person's word"
        if data.step in ACTIONS:
            self.before_attempt = data.step in self.made
            self.made = [*(each for each in self.made if each != data.step), data.step]

    def _undo_begun(self, event: Event, data: ev.StepBegun) -> None:
        assert self.rollback is not None
        assert data.step in self.rollback.steps
        if data.step in self.undoing:
            assert not event.by.engine, "a compensation is tried again on a word only"
        else:
            self.undoing.append(data.step)
            assert self.undoing == list(self.rollback.steps[: len(self.undoing)]), "in reverse, none left out"

    def _action_ended(self, event: Event, data: ev.ActionEnded) -> None:
        if data.nothing and not data.undo:
            self._did_not_happen(data.step)

    def _doubt_settled(self, event: Event, data: ev.DoubtSettled) -> None:
        assert not event.by.engine, "a person says what happened"
        if not data.happened and not data.undo:
            self._did_not_happen(data.step)

    def _did_not_happen(self, step: str) -> None:
        if step in self.made and not self.before_attempt:
            self.made.remove(step)

    def _step_done(self, event: Event, data: ev.StepDone) -> None:
        assert not self.held, event
        if data.undo:
            self.made.remove(data.step)
            self.passed.discard(data.step)
        elif data.step != "banner":
            self.passed.add(data.step)

    def _step_skipped(self, event: Event, data: ev.StepSkipped) -> None:
        assert not event.by.engine
        if not data.undo:
            assert data.step in ("three", "banner"), "a required step is never left out"
            self.passed |= {data.step} - {"banner"}

    # --- holds, gates

    def _hold_started(self, event: Event, data: ev.HoldStarted) -> None:
        self.held = True

    def _hold_released(self, event: Event, data: ev.HoldReleased) -> None:
        self.held = False
        if event.by.engine:
            assert self._begins_now(event), (
                "the way back, asked for by a watch, ends a hold; nothing else does by itself"
            )

    def _begins_now(self, event: Event) -> bool:
        fired = [each for each in self.state.procedure.fired.values() if each.action == "rollback" and not each.vetoed]
        return bool(fired)

    def _check_measured(self, event: Event, data: ev.CheckMeasured) -> None:
        before = self.results.get(data.item)
        if before is None or before[0] != data.result:
            self.results[data.item] = (data.result, event.seq)

    def _poll_opened(self, event: Event, data: ev.PollOpened) -> None:
        self.poll, self.voices = event, {}

    def _poll_answered(self, event: Event, data: ev.PollAnswered) -> None:
        self.voices[data.position] = (data, event)

    def _poll_ended(self, event: Event, data: ev.PollEnded) -> None:
        self.poll = None

    def _gate_opened(self, event: Event, data: ev.GateOpened) -> None:
        assert not event.by.engine
        assert not self.held, event
        assert self.poll is not None, "on no roll call of before a rollback, or a recycle, and on none that ended"
        assert isinstance(self.poll.data, ev.PollOpened)
        assert self.poll.data.ends is None or event.at < self.poll.data.ends
        said = [(answer, at) for answer, at in self.voices.values()]
        assert all(answer.go for answer, _ in said)
        assert {answer.relayed or at.by.user for answer, at in said} == {"ada", "grace"}
        result, since = self.results["health"]
        assert result == "PASS"
        assert all(at.seq > since for _, at in said), "each GO was given on what stands"
        self.poll = None
        self.passed.add("gate")

    # --- the way back

    def _rollback_begun(self, event: Event, data: ev.RollbackBegun) -> None:
        assert self.rollback is None or self.undoing == list(self.rollback.steps), "one way back at a time"
        order = [each.id for each in plan_of(self.state).steps]
        from_here = order[order.index(data.to) :] if data.to else order
        gone = {"drop", "one"} if "drop" in self.made else set[str]()
        wanted = [name for name in reversed(from_here) if name in self.made and name not in gone]
        assert list(data.steps) == wanted
        assert set(data.cannot) == {name for name in from_here if name in self.made and name in gone}
        self.rollback, self.undoing, self.poll = data, [], None

    def _rollback_ended(self, event: Event, data: ev.RollbackEnded) -> None:
        assert self.rollback is not None
        assert self.undoing == list(self.rollback.steps)
        left = [name for name in self.rollback.steps if name in self.made]
        assert set(data.not_undone) == {*left, *self.rollback.cannot}

    def _run_cleared(self, event: Event, data: ev.RunCleared) -> None:
        assert not event.by.engine, "a person clears it"
        self._past_no_more(data.again)
        self.rollback = None

    def _plan_recycled(self, event: Event, data: ev.PlanRecycled) -> None:
        assert not event.by.engine
        order = [each.id for each in plan_of(self.state).steps]
        assert not set(order[order.index(data.step) :]) & set(self.made), "nothing stands from there on"
        self._past_no_more(data.again)
        assert not self.passed & set(order[order.index(data.step) :]), "all of it is gone through again"
        self.poll = None

    def _past_no_more(self, again: tuple[str, ...]) -> None:
        assert not set(again) & set(self.made)
        self.passed.difference_update(again)


class Plans(RuleBasedStateMachine):
    """A captain who does anything at any time, in a world where anything fails."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(plan_document(), World())
        self.history = History(self.play.events[0])

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

    @rule(name=st.sampled_from(STEPS))
    def roll_back_to(self, name: str) -> None:
        self.play.ask(cmd.RollBack(RELEASE, "errors", name))

    @rule(name=st.sampled_from(STEPS))
    def recycle(self, name: str) -> None:
        self.play.ask(cmd.Recycle(name, "once more"))

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

    @rule(hours=st.sampled_from([-30, -1, 1, 30]))
    def clock_jumps(self, hours: int) -> None:
        self.play.now += dt.timedelta(hours=hours)
        self.play.follow()

    @rule()
    def engine_is_killed(self) -> None:
        """What was under way is in doubt when its runner is gone; all else is as the journal says."""
        here = current(self.play.state)
        if here is not None and here.doing.phase is Phase.RUNNING and here.step.id != "freeze":
            self.play.happen(ev.StepDoubted(here.step.id, here.doing.attempt, here.undo, "gone"), by=ENGINE)
        self.play.follow()

    # --- what must hold of every history

    @invariant()
    def every_event_is_as_it_must_be_and_the_journal_alone_gives_the_same_state(self) -> None:
        for event in self.play.events[len(self.history.events) :]:
            self.history.read(event)
        assert self.history.state == self.play.state

    @invariant()
    def what_is_past_is_what_the_account_says(self) -> None:
        order = [each.id for each in plan_of(self.play.state).steps]
        assert {name for name in order if self.play.state.procedure.step(name).passed} == self.history.passed

    @invariant()
    def one_thing_at_a_time_is_under_way(self) -> None:
        phases = [
            doing.phase
            for known in self.play.state.procedure.steps.values()
            for doing in (known.go if not known.undone else None, known.undo)
            if doing is not None
        ]
        assert phases.count(Phase.RUNNING) <= 1

    def teardown(self) -> None:
        """Folding all at once gives the same as one by one."""
        assert fold(self.play.events) == self.play.state


TestPlans = Plans.TestCase
TestPlans.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
