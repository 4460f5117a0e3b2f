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
from cockpit.demo.stack import NotStarted, Stack, start
from cockpit.engine.live import LiveRun
from cockpit.journal.folder import RunFolder
from cockpit.run.command import Close

IDLE_HOURS = 0.1
"""How long the demo goes on with nobody looking; its stack ends with it."""

MEASURED_WITHIN = 60.0
"""Seconds that the checks of the demo get to be measured for the first time."""


def demo(args: argparse.Namespace) -> int:
    """Start the sandbox and open a run on it; without a terminal, carry the run out and tell its verdict."""
    os.environ.setdefault("COCKPIT_IDLE_HOURS", str(IDLE_HOURS))
    try:
        run, stack = _begin()
    except NotStarted as problem:
        raise Ended(Exit.UNDONE, f"the sandbox could not be started: {problem}") from None
    if args.headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        try:
            return asyncio.run(_carry_out(run, stack))
        finally:
            stack.stop()
    status = look(run, "captain", plain=args.plain)
    output.say(f"the sandbox ends with the run, or {IDLE_HOURS * 60:g} minutes after nobody looks at it any more")
    return status


def _begin() -> tuple[RunFolder, Stack]:
    from cockpit.cli.document import load_named
    from cockpit.engine.client import start_engine
    from cockpit.engine.opening import open_run
    from cockpit.journal import folder

    name = folder.new_run_id("demo", dt.datetime.now(dt.UTC), secrets.token_hex(2))
    home = folder.state_home()
    stack = start(home / "demo" / name, until_unlocked=home / "runs" / name / "lock")
    try:
        document = load_named("demo", stack.variables).document
        run = open_run(document, release="1.5.0", environment="sandbox", run_kind="live", run_id=name)
        start_engine(run)
    except BaseException:
        stack.stop()
        raise
    return run, stack


async def _carry_out(run: RunFolder, stack: Stack) -> int:
    """Do what a captain would: wait for the checks, look things up, say what was seen, close the run."""
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
        await _settled(view)
        _tell(view)
        await view.send(Close("the headless demo is over"))
        print(view.state.verdict)
        return Exit.GOOD if view.state.verdict.startswith("GOOD") else Exit.NO
    finally:
        await view.stop()


async def _all_measured(view: LiveRun) -> None:
    """Wait until every check has a result."""

    def done() -> bool:
        live = (item for item in view.state.document.checkable() if item.check is not None and not item.excluded)
        return all(view.state.item(item.id).measurement is not None for item in live)

    await _until(view, done)


async def _settled(view: LiveRun) -> None:
    """Give checks that were blocked or not good yet the time of one more measurement."""
    from cockpit.run.standing import verdict

    await _until(view, lambda: verdict(view.state, view.now()).good, within=15.0)


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
