"""`cockpit demo`: a run on the sandbox stack, on the screen or carried out without one."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import secrets
import sys
from collections.abc import Callable

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.looking import look
from cockpit.demo.stack import VERSIONS, NotStarted, Stack, start
from cockpit.engine.live import LiveRun
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.journal.folder import RunFolder
from cockpit.run.command import Close, RollBack
from cockpit.run.state import State

IDLE_HOURS = 0.1
"""How long the demo goes on with nobody looking; its stack ends with it."""

MEASURED_WITHIN = 60.0
"""Seconds that the checks of the demo get to be measured for the first time."""

CARRIED_OUT_WITHIN = 60.0
"""Seconds that going live, and going back, get each; they need about ten."""

_OUTCOMES = (
    *(ev.StepDone, ev.StepSkipped, ev.StepDoubted, ev.PollAnswered, ev.GateOpened, ev.WatchFired),
    *(ev.RollbackBegun, ev.RollbackEnded),
)
"""What is told of the plan, besides whatever is not good."""


def demo(args: argparse.Namespace) -> int:
    """Start the sandbox and open a run on it; without a terminal, carry the run out and tell its verdict."""
    kind = "drill" if args.drill else "rehearsal" if args.rehearsal else "live"
    headless = args.headless or not (sys.stdin.isatty() and sys.stdout.isatty())
    if headless and kind != "live":
        raise Ended(Exit.WRONG, f"a {kind} of the demo is for people: it needs a terminal")
    os.environ.setdefault("COCKPIT_IDLE_HOURS", str(IDLE_HOURS))
    try:
        run, stack = _begin(kind, args.drill)
    except NotStarted as problem:
        raise Ended(Exit.UNDONE, f"the sandbox could not be started: {problem}") from None
    if headless:
        try:
            return asyncio.run(_carry_out(run, stack))
        finally:
            stack.stop()
    status = look(run, "captain", plain=args.plain, theme=args.theme)
    output.say(f"the sandbox ends with the run, or {IDLE_HOURS * 60:g} minutes after nobody looks at it any more")
    return status


def _begin(kind: str, drill: str) -> tuple[RunFolder, Stack]:
    from cockpit.checklist.drill import read_drill
    from cockpit.checklist.shipped import resolve_drill
    from cockpit.cli.document import load_named
    from cockpit.engine.client import start_engine
    from cockpit.engine.opening import open_run
    from cockpit.journal import folder

    name = folder.new_run_id("demo", dt.datetime.now(dt.UTC), secrets.token_hex(2))
    home = folder.state_home()
    stack = start(home / "demo" / name, until_unlocked=home / "runs" / name / "lock")
    try:
        document = load_named("demo", stack.variables).document
        faults = read_drill(resolve_drill(drill), document) if drill else ()
        run = open_run(document, release="1.5.0", environment="sandbox", run_kind=kind, run_id=name, faults=faults)
        start_engine(run)
    except BaseException:
        stack.stop()
        raise
    return run, stack


async def _carry_out(run: RunFolder, stack: Stack) -> int:
    """Do what a captain would: look things up, say what was seen, go live, go back, close the run.

    It ends rolled back on purpose, and is good when everything went as it was meant to.
    """
    from cockpit.demo.captain import is_back, is_live
    from cockpit.demo.headless import answers, words

    view = LiveRun(run)
    await view.start()
    try:
        output.say(f"run {run.id} on the sandbox in {stack.folder}")
        await _all_measured(view)
        for command in words(await answers(stack), view.now()):
            outcome = await view.send(command)
            if not outcome.accepted:
                output.say(f"refused: {outcome.reason}")
        await _until(view, lambda: _all_good(view), within=15.0)
        _tell(view)
        meant = {"the checklist is good": _all_good(view)}
        print("\nGoing live:")
        await _captain(view, is_live)
        live = await _version(stack)
        meant[f"users are served by {live}, which is green's"] = is_live(view.state) and live == VERSIONS["green"]
        print(f"  users are served by {live}\n\nGoing back, on purpose:")
        outcome = await view.send(RollBack(view.state.release, "the demo shows the way back"))
        if not outcome.accepted:
            print(f"  refused: {outcome.reason}")
        await _captain(view, is_back)
        back = await _version(stack)
        meant[f"users are served by {back} again, which is blue's"] = is_back(view.state) and back == VERSIONS["blue"]
        print(f"  users are served by {back}\n")
        await view.send(Close("the headless demo is over: it went live and, on purpose, back"))
        return _judge(view.state, meant)
    finally:
        await view.stop()


async def _all_measured(view: LiveRun) -> None:
    """Wait until every check has a result."""

    def done() -> bool:
        live = (item for item in view.state.document.checkable() if item.check is not None and not item.excluded)
        return all(view.state.item(item.id).measurement is not None for item in live)

    await _until(view, done)


def _all_good(view: LiveRun) -> bool:
    """Whether nothing in the checklist keeps it from being good; the plan is another matter."""
    from cockpit.run.standing import tally

    return not tally(view.state.document.items(), view.state, view.now()).blocking


async def _captain(view: LiveRun, there: Callable[[State], bool]) -> None:
    """Carry the plan on, telling what comes of it, until it is `there`, or stuck, or the time is over."""
    from cockpit.demo.captain import is_stuck, on_the_way

    told, refused = len(view.events), ""
    ends = asyncio.get_running_loop().time() + CARRIED_OUT_WITHIN
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


async def _version(stack: Stack) -> str:
    """The version that users reach."""
    from cockpit.demo.calling import NotAnswered, call

    try:
        _, _, told = await asyncio.to_thread(call, "GET", stack.variables["base_url"] + "/version")
        return str(told["version"])
    except (NotAnswered, LookupError, TypeError):
        return "nothing"


def _judge(state: State, meant: dict[str, bool]) -> int:
    """Say whether everything went as it was meant to. The run itself is not good: it was rolled back."""
    for words, held in meant.items():
        print(f"{'yes' if held else 'NO '}  {words}")
    print(f"the run's own verdict: {state.verdict}")
    if all(meant.values()):
        print("GOOD: it went live and came back, as this demo is meant to")
        return Exit.GOOD
    print("NOT GOOD: it did not go as this demo is meant to")
    return Exit.NO


async def _until(view: LiveRun, holds: Callable[[], bool], within: float = MEASURED_WITHIN) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while not holds():
                view.changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await view.changed.wait()


def _tell(view: LiveRun) -> None:
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
