"""Histories of a go-live at each point where a captain has to see something, made by the rules themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import msgspec
from fake_run import FakeRun

from cockpit.checklist.abort import criteria
from cockpit.checklist.model import Document
from cockpit.checklist.plan import Action, Gate, Plan, Poll, Soak, Step, Undo, Window
from cockpit.engine.replayed import ReplayedRun
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.views.run_view import Link, Printed
from tests.support.plans import Play, World
from tests.support.runs import ADA, ENGINE, HERE, document, live, manual

GRACE = Actor("grace", 1002, "bastion", "pts/5", "10.0.0.9")

OUTPUT = (
    "app1: pulling trading-bot:1.5.0",
    "app1: drained, 14 requests finished",
    "app1: upstream green is live",
    "app2: draining",
    "app2: upstream green is live",
)


def plan_document() -> Document:
    """Blue to green with everything that a plan can have."""
    steps = (
        Step(
            "freeze",
            "Announce the freeze",
            HERE,
            action=Action("manual", {"do": "Post in #operations that the freeze is on."}),
            changes=False,
            takes=60.0,
        ),
        Step(
            "go-no-go",
            "Go or no-go",
            HERE,
            gate=Gate(
                ("health", "owner"), Poll(("operations", "security", "management"), 2, ("security",), 300.0), 600.0
            ),
        ),
        Step(
            "migrate",
            "Migrate the database",
            HERE,
            action=Action("command", {"run": "./migrate --to 142"}, timeout=600.0),
            verify=("schema",),
            within=10.0,
            undo=Undo(Action("command", {"run": "./migrate --to 141"}), takes=90.0),
            takes=120.0,
            note="It only adds columns: the old release runs with it.",
        ),
        Step(
            "switch",
            "Send traffic to green",
            HERE,
            action=Action("command", {"run": "./switch green"}, hosts=("app1", "app2"), timeout=120.0),
            before=("health",),
            probe="serving",
            verify=("serving",),
            soak=Soak(180.0, ("errors",)),
            undo=Undo(Action("command", {"run": "./switch blue"}, hosts=("app1", "app2")), ("serving",), takes=40.0),
            reversible_until="drop",
            takes=30.0,
        ),
        Step(
            "notes",
            "Publish the release notes",
            HERE,
            action=Action("command", {"run": "./publish-notes"}),
            required=False,
            changes=False,
        ),
        Step(
            "drop",
            "Drop the old schema",
            HERE,
            action=Action("command", {"run": "psql -f drop-orders-legacy.sql"}),
            irreversible=True,
            second="security",
            takes=45.0,
        ),
    )
    first = Step(
        "status-page",
        "Say so on the status page",
        HERE,
        action=Action("command", {"run": "./status degraded"}),
        takes=5.0,
    )
    errors = msgspec.structs.replace(
        live("errors", every=1.0), title="Error rate", target="< 0.1 %", abort=criteria("3 of 5", "", "rollback", 30.0)
    )
    health = msgspec.structs.replace(live("health", max_age=1e6), title="Green answers")
    return msgspec.structs.replace(
        document(health, manual("owner"), watch=(errors,)),
        name="Trading Bot",
        positions={"operations": ("ada",), "security": ("grace",), "management": ()},
        plan=Plan(steps, (first,), Window("22:30", "23:30")),
        plan_checks=(
            msgspec.structs.replace(live("schema"), title="Schema is at 142"),
            msgspec.structs.replace(live("serving"), title="Green serves"),
        ),
    )


def _play(kind: str = "live", **actions: list[str]) -> Play:
    play = Play(plan_document(), World({name.replace("_", " "): how for name, how in actions.items()}), run_kind=kind)
    play.happen(ev.EngineStarted(4711, "0.1.0"), by=ENGINE)
    play.let_pass(20 * 60, every=60)
    play.measure("errors")
    return play


def _till(until: str, kind: str = "live", **actions: list[str]) -> Play:
    play = _play(kind, **actions)
    for step in ("freeze", "go-no-go", "migrate", "switch", "notes", "drop"):
        if step == until:
            break
        play.run_through(until=_after(step), answers=(GRACE,))
    return play


def _after(step: str) -> str:
    order = ("freeze", "go-no-go", "migrate", "switch", "notes", "drop", "")
    return order[order.index(step) + 1]


def waiting() -> Play:
    """Nothing has been begun."""
    return _play()


def by_hand() -> Play:
    """A person has something to do."""
    play = _play()
    assert not play.ask(cmd.Go("freeze"))
    play.let_pass(40, every=10)
    return play


def poll(*, stale: bool = False, no: bool = False, security: bool = True) -> Play:
    """The roll call is open."""
    play = _till("go-no-go")
    play.measure("health")
    play.happen(ev.ItemConfirmed("owner", "ada, +1 555 0100"))
    play.let_pass(5)
    play.ask(cmd.OpenPoll("go-no-go"))
    play.let_pass(30, every=10)
    assert not play.ask(cmd.Answer("operations", True, "all hands are here"))
    play.let_pass(20, every=10)
    if security:
        assert not play.ask(cmd.Answer("security", not no, "two findings are open" if no else "scan is clean"), GRACE)
    play.let_pass(20, every=10)
    if stale:
        play.world.checks["health"] = "FAIL"
        play.measure("health")
        play.let_pass(5)
    return play


def gate_shut() -> Play:
    """The turn of a gate whose items are open, and whose roll call was not opened."""
    return _till("go-no-go")


def running() -> Play:
    """An action is under way, longer than planned."""
    play = _till("switch", switch=["hangs"])
    assert not play.ask(cmd.Go("switch"))
    play.let_pass(50, every=10)
    return play


def failed() -> Play:
    """An action failed."""
    play = _till("migrate")
    play.world.actions["migrate"] = ["hangs"]
    assert not play.ask(cmd.Go("migrate"))
    play.let_pass(12)
    play.happen(
        ev.ActionEnded(
            "migrate",
            done=False,
            summary="exit status 3 after 12.0 s",
            status=3,
            took=12.0,
            output="applying 0142_orders.sql\nERROR:  lock timeout on relation orders\nrolled back",
        ),
        by=ENGINE,
    )
    play.let_pass(25, every=5)
    return play


def not_verified() -> Play:
    """An action was done, and what should show that it worked does not."""
    play = _till("migrate")
    play.world.actions["migrate"] = ["hangs"]
    assert not play.ask(cmd.Go("migrate"))
    play.let_pass(20, every=5)
    play.happen(ev.ActionEnded("migrate", summary="exit status 0 after 20.0 s", status=0, took=20.0), by=ENGINE)
    found = ev.Finding("rows[0].version == 142", False, {"rows[0].version": "141"})
    play.now += dt.timedelta(seconds=1)
    play.happen(ev.CheckMeasured("schema", "FAIL", "version 141", findings=(found,)), by=ENGINE)
    play.happen(ev.StepVerified("migrate", good=False, summary="schema is fail"), by=ENGINE)
    play.let_pass(5)
    return play


def doubt() -> Play:
    """An action was cut off."""
    play = _till("switch", switch=["hangs"])
    assert not play.ask(cmd.Go("switch"))
    play.let_pass(15, every=5)
    play.happen(
        ev.StepDoubted(
            "switch", 1, reason="its runner is gone, and left no word of how it ended", output="\n".join(OUTPUT)
        ),
        by=ENGINE,
    )
    play.let_pass(5)
    return play


def soaking() -> Play:
    """A step soaks."""
    play = _till("switch")
    assert not play.ask(cmd.Go("switch"))
    for _ in range(8):
        play.let_pass(10, every=10)
        play.happen(ev.CheckMeasured("errors", "PASS", "0.02 %", value=0.0002), by=ENGINE)
    return play


def no_return(*, agreed: bool = True) -> Play:
    """The turn of a point of no return."""
    play = _till("drop")
    if agreed:
        assert not play.ask(cmd.Agree("drop"), GRACE)
    return play


def held() -> Play:
    """A hold, with the clock standing."""
    play = _till("switch")
    assert not play.ask(cmd.Hold("the database team is not on the call"))
    play.let_pass(90, every=30)
    return play


def fired() -> Play:
    """A watch asks for a rollback."""
    play = _till("notes")
    for _ in range(3):
        play.let_pass(1)
        play.happen(ev.CheckMeasured("errors", "FAIL", "4.1 %", value=0.041), by=ENGINE)
    play.let_pass(5)
    return play


def rolling_back() -> Play:
    """The way back is under way."""
    play = _till("notes", undo_switch=["hangs"])
    assert not play.ask(cmd.RollBack("1.5.0", "error rate is 4 % on app1"))
    play.let_pass(12)
    return play


def undo_failed() -> Play:
    """A compensation failed."""
    play = _till("notes", undo_switch=["failed"])
    assert not play.ask(cmd.RollBack("1.5.0", "error rate is 4 % on app1"))
    play.let_pass(12)
    return play


def rolled_back() -> Play:
    """The way back was gone to its end; something cannot be undone."""
    play = no_return()
    assert not play.ask(cmd.Go("drop", typed="1.5.0"))
    play.let_pass(30, every=10)
    assert not play.ask(cmd.RollBack("1.5.0", "orders are lost"))
    play.let_pass(30, every=5)
    return play


def rehearsal() -> Play:
    """A rehearsal, before its first step that would change something."""
    return _till("migrate", "rehearsal")


def view_of(play: Play, *, you: Actor = ADA, position: str = "") -> FakeRun:
    """The history as a captain sees it, or whoever answers for a position."""
    view = FakeRun(play.events, captain=you == ADA, you=you)
    view.link = Link(connected=True, captain=you == ADA, you=you, position=position)
    view.time = play.now
    view.output[("switch", False, 1)] = Printed(OUTPUT, alive=False)
    return view


def replayed(make: Callable[[], Play]) -> ReplayedRun:
    """The history played back, at its end."""
    run = ReplayedRun(make().events)
    run.go_to(run.tape.last)
    return run
