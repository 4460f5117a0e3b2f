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
            return asyncio.run(demo_carried.carry_out(run, _demonstration(stack)))
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


def _demonstration(stack: Stack) -> demo_carried.Demonstration:
    """What is carried out on the sandbox when nobody looks on."""

    async def look_things_up(view: LiveRun) -> demo_carried.Meant:
        from cockpit.demo.headless import answers, words

        for command in words(await answers(stack), view.now()):
            outcome = await view.send(command)
            if not outcome.accepted:
                output.say(f"refused: {outcome.reason}")
        await demo_carried.until(view, lambda: demo_carried.all_good(view), within=15.0)
        demo_carried.tell(view)
        return {"the checklist is good": demo_carried.all_good(view)}

    return demo_carried.Demonstration(
        where=f"the sandbox in {stack.folder}",
        served=lambda: _version(stack),
        before=VERSIONS["blue"],
        after=VERSIONS["green"],
        look=look_things_up,
        measured_within=MEASURED_WITHIN,
        carried_out_within=CARRIED_OUT_WITHIN,
    )


def _version(stack: Stack) -> str:
    """The version that users reach."""
    from cockpit.demo.calling import NotAnswered, call

    try:
        return str(call("GET", stack.variables["base_url"] + "/version")[2]["version"])
    except (NotAnswered, LookupError, TypeError):
        return "nothing"
