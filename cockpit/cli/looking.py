"""Looking at a run: on the screen, or line by line where there is no screen to speak of."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Literal

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.engine.live import LiveRun
from cockpit.journal.folder import RunFolder
from cockpit.run.command import TakeCommand


def look(run: RunFolder, role: Literal["captain", "observer"], *, plain: bool, take_command: bool = False) -> int:
    """Show `run` until its viewer leaves. The run goes on."""
    from cockpit.cli.passphrases import for_engine

    given = for_engine(run)
    if plain or not has_screen():
        return _line_by_line(run, role, given, take_command=take_command)
    return _on_the_screen(LiveRun(run, role, given), run, take_command=take_command)


def has_screen() -> bool:
    """Whether this terminal can show a screen: it does not say it is dumb, and no stream goes elsewhere."""
    return os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "") and all(
        stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)
    )


def _on_the_screen(view: LiveRun, run: RunFolder, *, take_command: bool) -> int:
    from cockpit.screens.app import show_run

    status = show_run(view, before=lambda: _prepare(view, take_command=take_command), after=view.stop)
    if view.state.closed is None:
        output.say(f"run {run.id} goes on: `cockpit attach {run.id}` comes back to it")
    else:
        output.say(f"run {run.id} is closed: {view.state.verdict}")
    return status


def _line_by_line(
    run: RunFolder, role: Literal["captain", "observer"], passphrases: Mapping[str, str], *, take_command: bool
) -> int:
    from cockpit.cli.plain import converse, loop_in_thread

    loop = loop_in_thread()
    view = asyncio.run_coroutine_threadsafe(_made(run, role, passphrases), loop).result()
    asyncio.run_coroutine_threadsafe(_prepare(view, take_command=take_command), loop).result()
    try:
        converse(view, loop)
    finally:
        asyncio.run_coroutine_threadsafe(view.stop(), loop).result()
    return Exit.GOOD


async def _made(run: RunFolder, role: Literal["captain", "observer"], passphrases: Mapping[str, str]) -> LiveRun:
    return LiveRun(run, role, passphrases)


async def _prepare(view: LiveRun, *, take_command: bool) -> None:
    await view.start()
    if take_command and not view.link.captain:
        outcome = await view.send(TakeCommand("asked for on the command line"))
        if not outcome.accepted:
            raise Ended(Exit.REFUSED, outcome.reason)
