"""Looking at a run: on the screen, or line by line where there is no screen to speak of."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Literal

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.engine.live import LiveRun
from cockpit.journal.folder import RunFolder
from cockpit.run.command import TakeCommand


def look(run: RunFolder, role: Literal["captain", "observer"], *, plain: bool, take_command: bool = False) -> int:
    """Show `run` until its viewer leaves. The run goes on."""
    if plain or not has_screen():
        return _line_by_line(run, role, take_command=take_command)
    return _on_the_screen(run, role, take_command=take_command)


def has_screen() -> bool:
    """Whether this terminal can show a screen. One that says it is dumb cannot."""
    return os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "") and sys.stdin.isatty() and sys.stdout.isatty()
