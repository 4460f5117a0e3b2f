"""What a person is told when a command cannot go on, and the exit status that goes with it."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import traceback
from pathlib import Path

from cockpit import __version__
from cockpit.checklist.problem import ChecklistError
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.text import safe_line


def explain(problem: Exception) -> Exit:
    """Say in one line what happened (a checklist: a line for each problem) and return the exit status."""
    match problem:
        case ChecklistError():
            for each in problem.problems:
                output.say(str(each))
            output.say(f"cockpit: {output.counted(len(problem.problems), 'problem')} in the checklist")
            return Exit.WRONG
        case Ended():
            output.say(f"cockpit: {safe_line(str(problem))}")
            return problem.status
        case OSError() if problem.strerror:
            where = f"{safe_line(str(problem.filename))}: " if problem.filename is not None else ""
            output.say(f"cockpit: {where}{problem.strerror}")
            return Exit.UNDONE
        case _:
            output.say(f"cockpit: something unexpected happened ({type(problem).__name__}); {_keep_details(problem)}")
            return Exit.UNDONE


def _keep_details(problem: Exception) -> str:
    """Write the traceback, without any local values, where only this user can read it; say where."""
    from cockpit.journal.folder import state_home

    details = "".join(traceback.format_exception(problem))
    entry = f"--- {dt.datetime.now(dt.UTC).isoformat(timespec='seconds')} Cockpit {__version__}\n{details}\n"
    for open_log in (lambda: _open_log(state_home()), lambda: tempfile.mkstemp(prefix="cockpit-", suffix=".log")):
        try:
            log, path = open_log()
            with os.fdopen(log, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(entry)
        except OSError:
            continue
        return f"the details are in {path}"
    return "the details could not be written anywhere"


def _open_log(folder: Path) -> tuple[int, str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = str(folder / "errors.log")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), path
