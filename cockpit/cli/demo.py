"""`cockpit demo`: a run on the sandbox stack, on the screen or carried out without one."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import secrets
import sys

from cockpit.cli import demo_carried, output
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.looking import look
from cockpit.demo.stack import VERSIONS, NotStarted, Stack, start
from cockpit.engine.live import LiveRun
from cockpit.journal.folder import RunFolder
from cockpit.run.command import Close, RollBack

IDLE_HOURS = 0.1
"""How long the demo goes on with nobody looking; its stack ends with it."""

MEASURED_WITHIN = 60.0
"""Seconds that the checks of the demo get to be measured for the first time."""

CARRIED_OUT_WITHIN = 60.0
"""Seconds that going live, and going back, get each; they need about ten."""


def demo(args: argparse.Namespace) -> int:
    """Start the sandbox and open a run on it; without a terminal, carry the run out and tell its verdict."""
    if args.docker or args.remove:
        from cockpit.cli.demo_docker import demo_docker

        return demo_docker(args)
    if args.keep:
        raise Ended(Exit.WRONG, "only the sample system of `--docker` can be kept")
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
        await demo_carried.all_measured(view, MEASURED_WITHIN)
        for command in words(await answers(stack), view.now()):
            outcome = await view.send(command)
            if not outcome.accepted:
                output.say(f"refused: {outcome.reason}")
        await demo_carried.until(view, lambda: demo_carried.all_good(view), within=15.0)
        demo_carried.tell(view)
        meant = {"the checklist is good": demo_carried.all_good(view)}
        print("\nGoing live:")
        await demo_carried.captain(view, is_live, CARRIED_OUT_WITHIN)
        live = await _version(stack)
        meant[f"users are served by {live}, which is green's"] = is_live(view.state) and live == VERSIONS["green"]
        print(f"  users are served by {live}\n\nGoing back, on purpose:")
        outcome = await view.send(RollBack(view.state.release, "the demo shows the way back"))
        if not outcome.accepted:
            print(f"  refused: {outcome.reason}")
        await demo_carried.captain(view, is_back, CARRIED_OUT_WITHIN)
        back = await _version(stack)
        meant[f"users are served by {back} again, which is blue's"] = is_back(view.state) and back == VERSIONS["blue"]
        print(f"  users are served by {back}\n")
        await view.send(Close("the headless demo is over: it went live and, on purpose, back"))
        return demo_carried.judge(view.state, meant)
    finally:
        await view.stop()


async def _version(stack: Stack) -> str:
    """The version that users reach."""
    from cockpit.demo.calling import NotAnswered, call

    try:
        _, _, told = await asyncio.to_thread(call, "GET", stack.variables["base_url"] + "/version")
        return str(told["version"])
    except (NotAnswered, LookupError, TypeError):
        return "nothing"
