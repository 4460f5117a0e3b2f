"""`cockpit demo --docker`: a run of the production checklist on the sample system in Docker."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli import demo_carried, output
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.looking import look
from cockpit.demo.sample import labels, needs, start
from cockpit.demo.sample.client import Failed
from cockpit.demo.sample.keeper import keep
from cockpit.engine.live import LiveRun
from cockpit.journal import folder as folders
from cockpit.journal.folder import RunFolder

if TYPE_CHECKING:
    from cockpit.demo.sample.system import System

BEFORE, RELEASE = start.RELEASES
"""What runs, and what goes live."""

MEASURED = 110
"""Items that are measured and good at least, of 258."""

IDLE_HOURS = 0.5
"""How long the demo goes on with nobody looking; its system ends with it."""

MEASURED_WITHIN = 120.0
"""Seconds that the checks get to be measured for the first time."""

CARRIED_OUT_WITHIN = 240.0
"""Seconds that going live, and going back, get each; they need about thirty."""

ENDS_WITHIN = 15.0
"""Seconds that the engine of a run which has just been closed gets to end."""


def demo_docker(args: argparse.Namespace) -> int:
    """Start the sample system and open a run on it; without a terminal, carry the run out and tell its verdict."""
    home = folders.state_home()
    try:
        if args.remove:
            return _remove(home)
        return _demo(home, args)
    except needs.Lacking as problem:
        raise Ended(Exit.UNDONE, f"the sample system cannot be started here: {problem}") from None
    except (Failed, RuntimeError, OSError) as problem:
        raise Ended(Exit.UNDONE, f"the sample system could not be started: {problem}") from None


def _demo(home: Path, args: argparse.Namespace) -> int:
    here = needs.look(home)
    _remove_left_over(here.host, home)
    name = folders.new_run_id("demo-docker", dt.datetime.now(dt.UTC), secrets.token_hex(2))
    folder = home / "demo" / name
    keeper = keep(folder, here.host, home / "runs" / name / "lock")
    over = True
    try:
        marks = labels.marks(home, folder)
        system = start.prepare(folder, here.host, prefix=labels.PREFIX, labels=marks, program=here.program)
        output.say(f"the sample system is started at {here.host} as {system.project}:")
        start.build(system, say=output.say)
        start.bring_up(system, output.say)
        start.refuse_a_login(system, "backend-green")
        run = _opened(system, name, "rehearsal" if args.rehearsal else "live")
        if args.keep:
            (folder / labels.KEPT).touch()
        if args.headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return asyncio.run(demo_carried.carry_out(run, _demonstration(system)))
        over = args.keep
        status = look(run, "captain", plain=args.plain, theme=args.theme)
    finally:
        if over:
            _end(keeper, folder)
    if not args.keep:
        output.say(
            f"the sample system ends with the run, or {IDLE_HOURS * 60:g} minutes after nobody looks at it any more"
        )
    return status


def _opened(system: System, name: str, kind: str) -> RunFolder:
    """The run, with an engine of its own that finds the system's secrets in its environment."""
    from cockpit.cli.document import load_named
    from cockpit.demo.sample.wiring import of_a_launch
    from cockpit.engine.client import start_engine
    from cockpit.engine.opening import open_run

    os.environ.setdefault("COCKPIT_IDLE_HOURS", str(IDLE_HOURS))
    os.environ.update(system.environment())
    document = load_named("demo-docker", of_a_launch(system, RELEASE)).document
    run = open_run(document, release=RELEASE, environment="sample system", run_kind=kind, run_id=name)
    start_engine(run)
    return run


def _demonstration(system: System) -> demo_carried.Demonstration:
    """What is carried out on the sample system when nobody looks on."""

    async def count(view: LiveRun) -> demo_carried.Meant:
        measured = demo_carried.tell_measured(view)
        return {f"{measured} items of the checklist are measured, and good": measured >= MEASURED}

    return demo_carried.Demonstration(
        where=f"the sample system at {system.base_url}",
        served=lambda: _version(system),
        before=f"{BEFORE} in blue",
        after=f"{RELEASE} in green",
        look=count,
        measured_within=MEASURED_WITHIN,
        carried_out_within=CARRIED_OUT_WITHIN,
    )


def _version(system: System) -> str:
    """The version that users reach, and in which colour."""
    try:
        told = system.ask("/version")[1]
        return f"{told['version']} in {told['colour']}"
    except (OSError, LookupError, TypeError):
        return "nothing"


def _end(keeper: subprocess.Popen[bytes], folder: Path) -> None:
    """Let the keeper end the system, unless that is kept, and say what stays."""
    kept = (folder / labels.KEPT).exists()
    if kept:
        output.say(f"the sample system goes on; its folder is {folder}")
    else:
        output.say("removing the containers, volumes and networks of the sample system ...")
    keeper.terminate()
    keeper.wait()
    if not kept and keeper.returncode != 0:
        output.say(f"not all of it could be removed: see {folder / 'keeper.log'}; {_REMOVE} tries again")
    elif kept:
        output.say(f"{_REMOVE} removes it, and the images")
    else:
        output.say(f"removed; the images stay for the next time, {_REMOVE} removes them")


_REMOVE = "`cockpit demo --docker --remove`"


def _remove_left_over(host: str, home: Path) -> None:
    """Remove what earlier demos left that were killed."""
    for folder in labels.left_over(host, home):
        output.say(f"removing what an earlier demo left: {folder.name}")
        labels.remove(host, folder)


def _remove(home: Path) -> int:
    """Remove all that demos left or kept, and their images; but for what somebody is at."""
    host = needs.daemon()
    ends = time.monotonic() + ENDS_WITHIN
    while (busy := labels.in_use(host, home)) and time.monotonic() < ends:
        time.sleep(0.2)
    for folder in labels.kept(home):
        if folder not in busy:
            (folder / labels.KEPT).unlink()
    _remove_left_over(host, home)
    if busy:
        names = ", ".join(folder.name for folder in busy)
        raise Ended(Exit.REFUSED, f"in use, and left alone: {names}; end it in `cockpit attach {busy[0].name}` first")
    gone = labels.remove_images(host, home)
    output.say(f"all is removed that carries the label {labels.OWNER}={labels.owner(home)}: {gone} images as well")
    return Exit.GOOD
