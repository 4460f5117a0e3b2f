"""`cockpit lint`: every error of a checklist at once; of one without errors, what is better done otherwise."""

from __future__ import annotations

import argparse

import msgspec

from cockpit.checklist.problem import ChecklistError, Problem
from cockpit.cli import output
from cockpit.cli.document import load_named
from cockpit.cli.exits import Exit

FORMAT = 1
"""Version of the JSON output: `{format, file, problems: [{file, line, column, message, hint}], warnings: [...]}`.

Warnings are as problems; a checklist that has no others is good.
"""


def lint(args: argparse.Namespace) -> int:
    """Print all problems, in the order of the files, or how many items a good checklist has."""
    from cockpit.checklist.exposed import warnings

    problems: list[Problem] = []
    warned: list[Problem] = []
    items = 0
    try:
        loaded = load_named(args.file, dict(args.var))
        items, warned = sum(1 for _ in loaded.document.items()), warnings(loaded)
    except ChecklistError as error:
        problems = sorted(error.problems)
    if args.json:
        said = {"problems": [_plain(each) for each in problems], "warnings": [_plain(each) for each in warned]}
        output.print_json({"format": FORMAT, "file": args.file, **said})
    else:
        for problem in problems:
            print(problem)
        for warning in warned:
            print(msgspec.structs.replace(warning, message=f"warning: {warning.message}"))
    if problems:
        output.say(f"{args.file}: {output.counted(len(problems), 'problem')}")
        return Exit.WRONG
    also = f", {output.counted(len(warned), 'warning')}" if warned else ""
    output.say(f"{args.file}: {output.counted(items, 'item')}, no problem{also}")
    return Exit.GOOD


def _plain(problem: Problem) -> dict[str, str | int]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }
