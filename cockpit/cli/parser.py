"""The command line: every family of commands, and the help that lists them.

A command's `target` is `module:function` in this folder; the module is imported when the command runs.
"""

from __future__ import annotations

import argparse

from cockpit.cli.arguments import beside, measuring, plan, record, rest, runs, words, writing
from cockpit.cli.command import Command
from cockpit.cli.exits import EXPLAINED


def build() -> Command:
    """The parser of the whole command line."""
    parser = Command(prog="cockpit", usage="cockpit [COMMAND ...]", add_help=False, lists_commands=False)
    parser.set_defaults(target="picker:pick", command=parser)
    parser.add_argument("--version", action="version", version=_version(), help=argparse.SUPPRESS)
    parser.add_argument("--help", "-h", action="help", help=argparse.SUPPRESS)
    families = [
        ("carry out a checklist", runs.add),
        ("say something on a run", words.add),
        ("read the record", record.add),
        ("go live, and back", plan.add),
        ("call and look", beside.add),
        ("measure", measuring.add),
        ("write a checklist", writing.add),
        ("try it, use it", rest.add),
    ]
    lines = ["A release captain's launch room in one terminal.", "", "`cockpit` alone lists what is under way here."]
    for title, add in families:
        known = len(parser.commands)
        add(parser)
        lines += ["", f"{title}:"]
        lines += [f"  {name:11} {_first_line(each)}" for name, each in list(parser.commands.items())[known:]]
    lines += ["", "`cockpit COMMAND --help` shows its arguments and an example.", "", EXPLAINED]
    parser.description = "\n".join(lines)
    return parser


def _first_line(command: Command) -> str:
    return (command.description or "").partition("\n")[0]


def _version() -> str:
    from cockpit import __version__

    return f"cockpit {__version__}"
