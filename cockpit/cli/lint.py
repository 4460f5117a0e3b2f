"""`cockpit lint`: every error of a checklist at once."""

from __future__ import annotations

import argparse

from cockpit.checklist.problem import ChecklistError, Problem
from cockpit.cli import output
from cockpit.cli.document import load_named
from cockpit.cli.exits import Exit

FORMAT = 1
"""Version of the JSON output: `{format, file, problems: [{file, line, column, message, hint}]}`."""


def lint(args: argparse.Namespace) -> int:
    """Print all problems, in the order of the files, or how many items a good checklist has."""
    problems: list[Problem] = []
    items = 0
    try:
        items = sum(1 for _ in load_named(args.file, dict(args.var)).document.items())
    except ChecklistError as error:
        problems = sorted(error.problems)
    if args.json:
        output.print_json({"format": FORMAT, "file": args.file, "problems": [_plain(each) for each in problems]})
    else:
        for problem in problems:
            print(problem)
    if problems:
        output.say(f"{args.file}: {output.counted(len(problems), 'problem')}")
        return Exit.WRONG
    output.say(f"{args.file}: {output.counted(items, 'item')}, no problem")
    return Exit.GOOD


def _plain(problem: Problem) -> dict[str, str | int]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }
