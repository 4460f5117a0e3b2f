"""One call of the command line, from its words to its exit status. Nothing that goes wrong here shows a traceback."""

from __future__ import annotations

import datetime as dt
import difflib
import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit import __version__
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit

if TYPE_CHECKING:
    from cockpit.cli.parser import Command


def call(argv: list[str]) -> int:
    """Carry out the command that `argv` names and return its exit status."""
    output.prepare()
    try:
        status = _carry_out(argv)
        print(end="", flush=True)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return Exit.PIPE_CLOSED
    except Exception as problem:  # noqa: BLE001 - the last resort: a person gets one line, the details are kept
        return _report(problem)
    else:
        return status
    finally:
        _drop_unwritable_output()


def _carry_out(argv: list[str]) -> int:
    from cockpit.cli.parser import build

    parser = build()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser, always_complete_options="long")
    _refuse_unknown_command(argv, parser)
    try:
        args = parser.parse_args(argv)
    except SystemExit as exited:  # after the help, or after the parser said what is wrong with the call
        return Exit.WRONG if exited.code else Exit.GOOD
    module, _, function = args.target.partition(":")
    status: int = getattr(importlib.import_module(f"cockpit.cli.{module}"), function)(args)
    return status


def _refuse_unknown_command(argv: list[str], parser: Command) -> None:
    if not argv or argv[0].startswith("-") or argv[0] in parser.commands:
        return
    near = difflib.get_close_matches(argv[0], parser.commands, n=1)
    meant = f"did you mean `cockpit {near[0]}`?" if near else "`cockpit --help` lists them."
    raise Ended(Exit.WRONG, f"there is no command {argv[0]!r}: {meant}")


def _report(problem: Exception) -> int:
    from cockpit.checklist.problem import ChecklistError
    from cockpit.text import safe_line

    if isinstance(problem, ChecklistError):
        for each in problem.problems:
            output.say(str(each))
        output.say(f"cockpit: {output.counted(len(problem.problems), 'problem')} in the checklist")
        return Exit.WRONG
    if isinstance(problem, Ended):
        output.say(f"cockpit: {safe_line(str(problem))}")
        return problem.status
    if isinstance(problem, OSError) and problem.strerror:
        where = f"{safe_line(str(problem.filename))}: " if problem.filename is not None else ""
        output.say(f"cockpit: {where}{problem.strerror}")
        return Exit.UNDONE
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
            with open(log, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(entry)
        except OSError:
            continue
        return f"the details are in {path}"
    return "the details could not be written anywhere"


def _open_log(folder: Path) -> tuple[int, str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = str(folder / "errors.log")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), path


def _drop_unwritable_output() -> None:
    """Let go of output that has nowhere to go; the interpreter would complain about it at its end."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
