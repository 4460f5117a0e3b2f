"""A captain who is careful, whatever breaks: through a plan and back, settling what is in doubt by what has happened.

Every action of the plan writes its word into a log once, so that what was lost or done twice can be seen there.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from cockpit.checklist.model import Check, Host, Item
from cockpit.checklist.plan import Action, Plan, Soak, Step, Undo
from cockpit.engine.client import Client
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import Accepted
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.reader import read, verify
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import State, apply, fold, open_state
from cockpit.run.way import current, next_step, plan_of
from tests.support.engines import PATIENCE, state_of
from tests.support.runs import HERE, document, manual

PROGRAM = Path(__file__).parents[1] / "engine" / "dying_engine.py"
RELEASE = "1.5.0"
SLOW = 0.05
"""Seconds that an action takes."""


def launch(log: Path, *hosts: Host, slow: float = SLOW, verified: bool = False) -> RunFolder:
    """Open a run of a step by hand and two actions, which write into `log`: on the last of `hosts`, if there are any.

    With `verified` an action is looked at afterwards, and soaks for a moment.
    """

    def does(words: str) -> Action:
        run = {"run": f"echo {words} >> {log}; sleep {slow}"}
        return Action("command", run, hosts=tuple(host.name for host in hosts[-1:]))

    def step(name: str) -> Step:
        made = Step(name, name.title(), HERE, action=does(name), undo=Undo(does(f"undo-{name}")))
        return msgspec.structs.replace(made, verify=("there",), within=60.0, soak=Soak(1.0)) if verified else made

    by_hand = Step("freeze", "Freeze", HERE, action=Action("manual", {"do": "Say it."}), changes=False)
    there = Item("there", "It is there", HERE, check=Check("command", {"run": f"sleep 0.2; test -e {log}"}))
    of = msgspec.structs.replace(
        document(manual("owner")),
        plan=Plan((by_hand, step("one"), step("two"))),
        plan_checks=(there,) if verified else (),
        hosts=hosts,
    )
    return open_run(of, release=RELEASE, environment="production", run_kind="live")


def dying(run: RunFolder, point: str) -> subprocess.Popen[bytes]:
    """An engine that is killed at a point: see `dying_engine.py`."""
    with run.engine_log.open("ab") as log:
        return subprocess.Popen([sys.executable, PROGRAM, run.path, point], stdin=subprocess.DEVNULL, stderr=log)


async def captain(
    run: RunFolder,
    engine: subprocess.Popen[bytes] | None,
    log: Path,
    meanwhile: Callable[[State], None] = lambda _: None,
) -> bool:
    """Go through the plan and back; False when the engine died. `meanwhile` is called with every state that is seen."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if engine is not None and engine.poll() is not None:
            return False
        state = state_of(run)
        if state.procedure.way_back is not None and state.phase == "rolled back":
            return True
        meanwhile(state)
        wanted = _what_next(state, log)
        if wanted is not None:
            with contextlib.suppress(OSError, ConnectionError):
                client = await Client.connect(run, "script")
                try:
                    answer = await client.command(wanted)
                    if not isinstance(answer, Accepted):
                        # What was asked for was decided on what stood in the journal a moment ago.
                        await asyncio.sleep(0.1)
                finally:
                    await client.close()
        await asyncio.sleep(0.02)
    state = state_of(run)
    raise AssertionError(f"it never came to its end: {state.phase}, {state.hold}, {state.procedure}")


def everything_happened_once(run: RunFolder, log: Path) -> None:
    """Nothing was lost, done twice, or begun anew without somebody who had settled what became of it."""
    assert verify(run.journal).ok
    happened = Counter(log.read_text().split())
    assert happened == Counter(["one", "two", "undo-two", "undo-one"]), happened
    events = list(read(run.journal))
    state = open_state(events[0])
    for event in events[1:]:
        state = apply(state, event)
    assert state == fold(events)
    for known in state.procedure.steps.values():
        assert known.go is not None
        assert known.go.phase is Phase.DONE
    begun = Counter((event.data.step, event.data.undo) for event in events if isinstance(event.data, ev.StepBegun))
    tried_again = sum(
        isinstance(event.data, ev.DoubtSettled) or (isinstance(event.data, ev.ActionEnded) and event.data.nothing)
        for event in events
    )
    assert sum(begun.values()) - len(begun) <= tried_again
    assert [step.id for step in plan_of(state).steps] == ["freeze", "one", "two"]


def _what_next(state: State, log: Path) -> cmd.Command | None:
    if state.hold is not None:
        return cmd.Release("whatever it was is over")
    here = current(state)
    if here is not None:
        name = here.step.id
        if here.doing.phase is Phase.RUNNING and name == "freeze":
            return cmd.Tell(name, "said at 21:58")
        if here.doing.phase is Phase.DOUBT:
            done = (f"undo-{name}" if here.undo else name) in log.read_text().split() if log.exists() else False
            return cmd.Settle(name, done, "the log says so")
        return cmd.Retry(name) if here.doing.phase is Phase.FAILED else None
    turn = next_step(state)
    if turn is not None:
        return cmd.Go(turn.id)
    return cmd.RollBack(RELEASE, "a test") if state.procedure.way_back is None else None
