"""Drills on the demo's plan, played by the rules themselves: what goes wrong comes from a file of faults."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
from fake_run import FakeRun

from cockpit.actions.registry import kinds as actions
from cockpit.checklist.drill import read_drill
from cockpit.checklist.load import load
from cockpit.checklist.model import Document, Host
from cockpit.checks.registry import kinds
from cockpit.demo.captain import on_the_way
from cockpit.engine.exact import exact_in
from cockpit.engine.opening import _recorded
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.run import command as cmd
from cockpit.run.drill import ending, reading
from cockpit.run.following import Begin, Work
from cockpit.run.plan_rules import attempt
from cockpit.run.state import open_state
from cockpit.run.way import current, next_step, plan_of
from tests.screens.golive import plan_document
from tests.support.plans import Play
from tests.support.runs import ADA, ENGINE

CHECKLISTS = Path(__file__).parents[2] / "checklists"
PLACES = {
    "sandbox": "/srv/demo",
    "base_url": "http://127.0.0.1:20080",
    "router_url": "http://127.0.0.1:20080",
    "blue_url": "http://127.0.0.1:20081",
    "green_url": "http://127.0.0.1:20082",
    "database_path": "/srv/demo/bot.db",
    **{f"{part}_log": f"/srv/demo/{part}.log" for part in ("router", "blue", "green")},
}


def demo() -> Document:
    """The demo's checklist, as it is on a sandbox in /srv/demo."""
    with contextlib.chdir(CHECKLISTS):
        return load(Path("demo.yaml"), kinds=kinds(), actions=actions(), given=PLACES, environ={}).document


def on_hosts() -> Document:
    """A plan whose traffic is switched on two hosts."""
    return msgspec.structs.replace(plan_document(), hosts=(Host("app1", "app1"), Host("app2", "app2", "app1")))


class Drill(Play):
    """A drill whose faults come from a file."""

    def __init__(self, of: Document, faults: Path) -> None:
        super().__init__(of, run_kind="drill")
        put_in = tuple(_recorded(fault) for fault in read_drill(faults, of))
        opened = msgspec.structs.replace(self.events[0].data, faults=put_in)
        self.events[0] = msgspec.structs.replace(self.events[0], data=opened)
        self.state = open_state(self.events[0])
        self.happen(ev.EngineStarted(4711, "0.1.0"), by=ENGINE)
        for item in of.items():
            if item.confirm is not None and not item.excluded:
                self.happen(ev.ItemConfirmed(item.id, "seen"))

    @property
    def view(self) -> FakeRun:
        """What the captain looks at."""
        view = FakeRun(self.events)
        view.time = self.now
        return view

    def ask(self, wanted: cmd.Command, by: Actor = ADA, *, in_command: bool | None = None) -> str:
        """Give a command, with what will be done exactly, as an engine fills it in."""
        if isinstance(wanted, cmd.Go | cmd.Retry):
            step = plan_of(self.state).find(wanted.step)
            action = (step.rehearse or step.action) if step is not None else None
            wanted = msgspec.structs.replace(wanted, action=exact_in(self.state.document.variables, action))
        return super().ask(wanted, by, in_command=in_command)

    def measure(self, *items: str) -> None:
        """Measure items, as far as no fault does."""
        for name in items:
            item = self.state.document.find(name)
            assert item is not None
            self.happen(reading(self.state, item, self.now) or ev.CheckMeasured(name, "PASS"), by=ENGINE)

    def measure_all(self) -> None:
        """Measure everything, but for what the plan brings about."""
        of = self.state.document
        every = [*of.items(), *of.watch]
        self.measure(*(item.id for item in every if item.check is not None and not item.excluded), *self._before())

    def go_on(self, until: str = "") -> None:
        """Do what a captain does when all goes well, until the turn of the step `until`, or until something is wrong."""
        for _ in range(60):
            turn = next_step(self.state)
            if current(self.state) is None and turn is not None and turn.id == until:
                return
            wanted = on_the_way(self.state, self.now)
            refused = self.ask(wanted) if wanted is not None else ""
            self.let_pass(1)
            self.measure_all()
            if refused:
                return

    def roll_back(self) -> None:
        """Go the way back, as far as it goes."""
        assert not self.ask(cmd.RollBack(self.state.release, "orders fail"))
        self.go_on()

    def _before(self) -> list[str]:
        """Checks of the plan that were good before it began."""
        return [item.id for item in self.state.document.plan_checks if item.id == "blue-serving"]

    def _carry_out(self, work: Work) -> None:
        if not isinstance(work, Begin):
            super()._carry_out(work)
            return
        step = plan_of(self.state).find(work.step)
        assert step is not None
        action = step.undo.action if work.undo and step.undo is not None else step.action
        begun = attempt(self.state, step, undo=work.undo, action=exact_in(self.state.document.variables, action))
        self.happen(begun, by=ENGINE)

    def _act(self, name: str, *, undo: bool, number: int) -> None:
        here = current(self.state)
        assert here is not None
        fault = ending(self.state, here, self.now)
        how = "shown, and not done: a rehearsal" if here.doing.rehearsed == "shown" else "exit status 0 after 0.3 s"
        self.happen(fault or ev.ActionEnded(name, number, undo, summary=how), by=ENGINE)
