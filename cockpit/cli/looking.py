"""Looking at a run: on the screen, or line by line where there is no screen to speak of."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Literal

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.engine.live import LiveRun
from cockpit.journal.folder import RunFolder
from cockpit.run.command import TakeCommand


def look(
    run: RunFolder,
    role: Literal["captain", "observer"],
    *,
    plain: bool,
    take_command: bool = False,
    position: str = "",
    ways: str | None = None,
    theme: str = "",
) -> int:
    """Show `run` until its viewer leaves, who answers for `position` if one is named. The run goes on.

    `ways` is how the terminal tells of news; None: as the environment says. `theme` is how the screen is drawn.
    """
    from cockpit.cli.passphrases import for_engine

    given = for_engine(run)
    make = partial(LiveRun, run, role, given, position=position)  # called in the loop that it lives in
    wanted = _ways(ways)
    if plain or not has_screen():
        return _line_by_line(make, take_command=take_command, ways=wanted)
    return _on_the_screen(make(), run, take_command=take_command, ways=wanted, theme=theme)


def _ways(given: str | None) -> frozenset[str]:
    """How the terminal tells of news. Raises Ended."""
    from cockpit.views.alert import SETTING, ways_in

    try:
        return ways_in(os.environ.get(SETTING, "") if given is None else given)
    except ValueError as problem:
        raise Ended(Exit.WRONG, f"{SETTING if given is None else '--notify'}: {problem}") from None


def has_screen() -> bool:
    """Whether this terminal can show a screen: it does not say it is dumb, and no stream goes elsewhere."""
    return os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "") and all(
        stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)
    )


def _on_the_screen(view: LiveRun, run: RunFolder, *, take_command: bool, ways: frozenset[str], theme: str) -> int:
    from cockpit.screens.app import show_run

    status = show_run(
        view, before=lambda: _prepare(view, take_command=take_command), after=view.stop, ways=ways, theme=theme
    )
    if view.state.closed is None:
        output.say(f"run {run.id} goes on: `cockpit attach {run.id}` comes back to it")
    else:
        output.say(f"run {run.id} is closed: {view.state.verdict}")
    return status


def _line_by_line(make: Callable[[], LiveRun], *, take_command: bool, ways: frozenset[str]) -> int:
    from cockpit.cli.plain import converse, loop_in_thread

    loop = loop_in_thread()
    view = asyncio.run_coroutine_threadsafe(_made(make), loop).result()
    asyncio.run_coroutine_threadsafe(_prepare(view, take_command=take_command), loop).result()
    if ways and sys.stdout.isatty():
        asyncio.run_coroutine_threadsafe(_ring(view, ways), loop)
    try:
        converse(view, loop)
    finally:
        asyncio.run_coroutine_threadsafe(view.stop(), loop).result()
    return Exit.GOOD


async def _made(make: Callable[[], LiveRun]) -> LiveRun:
    return make()


async def _ring(view: LiveRun, ways: frozenset[str]) -> None:
    """Have the terminal tell of news while the person types, or does not: the words come with the next command."""
    from cockpit.screens.alerts import Alerts
    from cockpit.views.moment import moment

    alerts = Alerts(ways, _to_terminal, moment(view))
    while True:
        await view.changed.wait()
        view.changed.clear()
        alerts.look(moment(view))


def _to_terminal(sequence: str) -> None:
    sys.stdout.write(sequence)
    sys.stdout.flush()


async def _prepare(view: LiveRun, *, take_command: bool) -> None:
    await view.start()
    if take_command and not view.link.captain:
        outcome = await view.send(TakeCommand("asked for on the command line"))
        if not outcome.accepted:
            raise Ended(Exit.REFUSED, outcome.reason)
