"""A run of a demo that is carried out without a screen: waiting, acting as its captain would, and telling of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cockpit.cli import output
from cockpit.cli.exits import Exit
from cockpit.engine.live import LiveRun
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.journal.folder import RunFolder
from cockpit.run.command import Close, RollBack
from cockpit.run.state import State

_OUTCOMES = (
    *(ev.StepDone, ev.StepSkipped, ev.StepDoubted, ev.PollAnswered, ev.GateOpened, ev.WatchFired),
    *(ev.RollbackBegun, ev.RollbackEnded),
)
"""What is told of the plan, besides whatever is not good."""

Meant = dict[str, bool]
"""What was meant to be, in words, and whether it is so."""


@dataclass(frozen=True)
class Demonstration:
    """What a demo takes live, and back."""

    where: str
    """What it runs on, in words."""
    served: Callable[[], str]
    """The version that users reach. Blocks."""
    before: str
    after: str
    look: Callable[[LiveRun], Awaitable[Meant]]
    """Say what a captain would say of the checklist, tell how it stands, and what of it was meant."""
    measured_within: float
    """Seconds that the checks get to be measured for the first time."""
    carried_out_within: float
    """Seconds that going live, and going back, get each."""


async def carry_out(run: RunFolder, demonstration: Demonstration) -> int:
    """Do what a captain would: look things up, say what was seen, go live, go back, close the run.

    It ends rolled back on purpose, and is good when everything went as it was meant to.
    """
    from cockpit.demo.captain import has_turned_back, is_back, is_live

    view = LiveRun(run)
    await view.start()
    try:
        output.say(f"run {run.id} on {demonstration.where}")
        await _all_measured(view, demonstration.measured_within)
        meant = await demonstration.look(view)
        print("\nGoing live:")
        await _captain(view, is_live, demonstration.carried_out_within)
        served = await asyncio.to_thread(demonstration.served)
        meant[f"users are served by {served}"] = is_live(view.state) and served == demonstration.after
        print(f"  users are served by {served}\n\nGoing back, on purpose:")
        outcome = await view.send(RollBack(view.state.release, "the demo shows the way back"))
        if not outcome.accepted:
            print(f"  refused: {outcome.reason}")
        await _captain(view, has_turned_back, demonstration.carried_out_within)
        served = await asyncio.to_thread(demonstration.served)
        meant[f"users are served by {served} again"] = is_back(view.state) and served == demonstration.before
        print(f"  users are served by {served}\n")
        await view.send(Close("the headless demo is over: it went live and, on purpose, back"))
        return _judge(view.state, meant)
    finally:
        await view.stop()


async def _all_measured(view: LiveRun, within: float) -> None:
    """Wait until every check has a result that is not only measured when it is asked for."""

    def done() -> bool:
        live = (
            item
            for item in view.state.document.checkable()
            if item.check is not None and not item.excluded and not item.check.on_demand
        )
        return all(view.state.item(item.id).measurement is not None for item in live)

    await until(view, done, within)


def all_good(view: LiveRun) -> bool:
    """Whether nothing in the checklist keeps it from being good; the plan is another matter."""
    from cockpit.run.standing import tally

    return not tally(view.state.document.items(), view.state, view.now()).blocking


async def _captain(view: LiveRun, there: Callable[[State], bool], within: float) -> None:
    """Carry the plan on, telling what comes of it, until it is `there`, or stuck, or `within` seconds are over."""
    from cockpit.demo.captain import is_stuck, on_the_way

    told, refused = len(view.events), ""
    ends = asyncio.get_running_loop().time() + within
    while asyncio.get_running_loop().time() < ends:
        told = _tell_outcomes(view, told)
        if there(view.state) or is_stuck(view.state):
            break
        wanted = on_the_way(view.state, view.now())
        if wanted is not None:
            outcome = await view.send(wanted)
            if outcome.accepted:
                continue
            if outcome.reason != refused:
                print(f"  not yet: {outcome.reason}")
            refused = outcome.reason
        view.changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await view.changed.wait()
    _tell_outcomes(view, told)


def _tell_outcomes(view: LiveRun, told: int) -> int:
    """Print what came of the plan since the event `told`; return how many have been told by now."""
    from cockpit.views.plan_sentences import SENTENCES
    from cockpit.views.timeline import tell, titles_in

    names = titles_in(view.state.document)
    events = view.events[told:]
    for event in events:
        if type(event.data) in SENTENCES:
            said = tell(event, names, None)
            if isinstance(event.data, _OUTCOMES) or said.look == "bad":
                print(f"  {said.sentence}{_seconds(view.state, event)}", flush=True)
    return told + len(events)


def _seconds(state: State, event: Event) -> str:
    """How long a step that is done took, with all that belongs to it."""
    if not isinstance(event.data, ev.StepDone):
        return ""
    known = state.procedure.step(event.data.step)
    doing = known.undo if event.data.undo else known.go
    return f" ({(event.at - doing.begun).total_seconds():.1f} s)" if doing is not None else ""


def _judge(state: State, meant: Meant) -> int:
    """Say whether everything went as it was meant to. The run itself is not good: it was rolled back."""
    for words, held in meant.items():
        print(f"{'yes' if held else 'NO '}  {words}")
    print(f"the run's own verdict: {state.verdict}")
    if all(meant.values()):
        print("GOOD: it went live and came back, as this demo is meant to")
        return Exit.GOOD
    print("NOT GOOD: it did not go as this demo is meant to")
    return Exit.NO


async def until(view: LiveRun, holds: Callable[[], bool], within: float) -> None:
    """Wait until it `holds`, or `within` seconds are over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while not holds():
                view.changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await view.changed.wait()


def tell(view: LiveRun) -> None:
    """What came of each section, and of everything that is not good."""
    from cockpit.run.standing import Standing, standing
    from cockpit.views.line import text_of
    from cockpit.views.moment import moment
    from cockpit.views.outline import Outline
    from cockpit.views.signs import ASCII, glyphs_for
    from cockpit.views.tree_rows import tree_row

    glyphs = glyphs_for(sys.stdout.encoding, os.environ) if sys.stdout.isatty() else ASCII
    now = moment(view, glyphs=glyphs)
    for node in Outline(view.state.document).nodes:
        item = node.item
        if node.level in ("part", "section") or (
            item and standing(item, view.state.item(item.id), now.now) is not Standing.PASS
        ):
            print(text_of(tree_row(node, now, 100)).rstrip())


def tell_measured(view: LiveRun) -> int:
    """Tell what is measured and not good, and how items stand; return how many are measured and good."""
    from cockpit.run.standing import Standing, standing
    from cockpit.views.line import text_of
    from cockpit.views.moment import moment
    from cockpit.views.outline import Outline
    from cockpit.views.signs import ASCII
    from cockpit.views.tree_rows import tree_row

    now = moment(view, glyphs=ASCII)
    found: Counter[Standing] = Counter()
    good = 0
    for node in Outline(view.state.document).nodes:
        if node.item is None:
            continue
        here = standing(node.item, view.state.item(node.item.id), now.now)
        measured = view.state.item(node.item.id).measurement
        found[here] += 1
        if measured is not None and measured.result.result == "PASS":
            good += 1
        elif measured is not None and here is not Standing.EXCLUDED:
            print(text_of(tree_row(node, now, 100)).rstrip())
    print(f"{good} items are measured, and good; " + ", ".join(f"{many} {each.value}" for each, many in found.items()))
    return good
