"""What a person is told when a command cannot go on, and the exit status that goes with it."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import traceback

from cockpit import __version__
from cockpit.checklist.problem import ChecklistError
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.text import safe_line, without_secrets


def explain(problem: Exception) -> Exit:
    """Say in one line what happened (a checklist: a line for each problem) and return the exit status."""
    match problem:
        case ChecklistError():
            for each in problem.problems:
                output.say(str(each))
            output.say(f"cockpit: {output.counted(len(problem.problems), 'problem')} in the checklist")
            return Exit.WRONG
        case Ended():
            output.say(f"cockpit: {_words(problem)}")
            return problem.status
        case OSError() if problem.strerror:
            where = f"{_words(problem.filename)}: " if problem.filename is not None else ""
            output.say(f"cockpit: {where}{problem.strerror}")
            return Exit.UNDONE
        case _ if (status := _known(problem)) is not None:
            output.say(f"cockpit: {_words(problem)}")
            return status
        case _:
            output.say(f"cockpit: something unexpected happened ({type(problem).__name__}); {_keep_details(problem)}")
            return Exit.UNDONE


def _words(said: object) -> str:
    return safe_line(without_secrets(str(said)))


def _known(problem: Exception) -> Exit | None:
    """The exit status for what a room refuses or cannot do; its message is a sentence for people."""
    from cockpit.engine.client import NoEngine, NotWelcome
    from cockpit.journal.baseline import NoBaseline
    from cockpit.journal.disk import UnsafePath
    from cockpit.journal.folder import NoSuchRun, StateHomeUnusable
    from cockpit.journal.lock import LockHeld
    from cockpit.journal.reader import JournalDamaged, NotAJournal
    from cockpit.journal.writer import NotRecorded

    statuses: dict[type[Exception], Exit] = {
        JournalDamaged: Exit.NO,
        NotAJournal: Exit.WRONG,
        NoSuchRun: Exit.WRONG,
        NoBaseline: Exit.WRONG,
        UnsafePath: Exit.UNDONE,
        StateHomeUnusable: Exit.UNDONE,
        NotRecorded: Exit.UNDONE,
        NoEngine: Exit.UNDONE,
        NotWelcome: Exit.REFUSED,
        LockHeld: Exit.REFUSED,
    }
    return next((status for kind, status in statuses.items() if isinstance(problem, kind)), None)


def _keep_details(problem: Exception) -> str:
    """Write the traceback, without local values and secrets, where only this user can read it; say where."""
    details = without_secrets("".join(traceback.format_exception(problem)))
    entry = f"--- {dt.datetime.now(dt.UTC).isoformat(timespec='seconds')} Cockpit {__version__}\n{details}\n"
    for open_log in (_open_log_at_home, _open_log_elsewhere):
        try:
            log, path = open_log()
            with os.fdopen(log, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(entry)
        except OSError:
            continue
        return f"the details are in {path}"
    return "the details could not be written anywhere"


def _open_log_at_home() -> tuple[int, str]:
    from cockpit.journal.folder import state_home

    state_home().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = str(state_home() / "errors.log")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), path


def _open_log_elsewhere() -> tuple[int, str]:
    return tempfile.mkstemp(prefix="cockpit-", suffix=".log")
