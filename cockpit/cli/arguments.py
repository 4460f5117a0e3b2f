"""Arguments that many commands have. Each adds one to a command, and returns the command."""

from __future__ import annotations

from cockpit.cli import completers
from cockpit.cli.command import Command


def run(command: Command) -> Command:
    """The run that a command is about."""
    return command.argument("run", metavar="RUN", complete=completers.runs, help="a run, or how its id begins")


def because(command: Command, *, required: bool) -> Command:
    """Why."""
    return command.argument("--because", metavar="TEXT", default="", required=required, help="the reason")


def type_name(command: Command, meaning: str) -> Command:
    """The release's name, typed to show that it is meant."""
    return command.argument("--type-name", metavar="NAME", default="", help=meaning)
