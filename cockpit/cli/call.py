"""One call of the command line, from its words to its exit status. Nothing that goes wrong here shows a traceback."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

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
        from cockpit.cli.failing import explain

        return explain(problem)
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
        args, unknown = parser.parse_known_args(argv)
        if unknown and hasattr(args, "items") and not any(word.startswith("-") for word in unknown):
            # The parser takes a list in one piece: what follows an option is the rest of it.
            args.items, unknown = [*args.items, *unknown], []
        if unknown:
            args.command.error(f"unknown: {' '.join(unknown)}")
    except SystemExit as exited:  # after the help, or after the parser said what is wrong with the call
        return Exit.WRONG if exited.code else Exit.GOOD
    module, _, function = args.target.partition(":")
    status: int = getattr(importlib.import_module(f"cockpit.cli.{module}"), function)(args)
    return status


def _refuse_unknown_command(argv: list[str], parser: Command) -> None:
    if not argv or argv[0].startswith("-") or argv[0] in parser.commands:
        return
    import difflib

    near = difflib.get_close_matches(argv[0], parser.commands, n=1)
    meant = f"did you mean `cockpit {near[0]}`?" if near else "`cockpit --help` lists them"
    raise Ended(Exit.WRONG, f"there is no command {argv[0]!r}; {meant}")


def _drop_unwritable_output() -> None:
    """Let go of output that has nowhere to go; the interpreter would complain about it at its end."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
