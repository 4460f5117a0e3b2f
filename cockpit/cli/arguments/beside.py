"""The commands beside the checklist and the plan: quick commands, and calls."""

from __future__ import annotations

from cockpit.cli import completers
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    command = cockpit.command(
        "command",
        "quick:command",
        "Run a quick command of a run's checklist, and print what it prints.",
        "cockpit command 20261201-2130-2.4.0 check-health",
        "cockpit command 20261201-2130-2.4.0 restart-services --yes",
        more="Without an id it lists them. What changes something is asked for with --yes, and recorded with its end.",
    )
    command.argument("run", metavar="RUN", complete=completers.runs, help="a run, or how its id begins")
    command.argument("id", metavar="ID", nargs="?", default="", complete=completers.commands, help="its id")
    command.add_argument("--yes", action="store_true", help="run it although it changes something")

    call = cockpit.command(
        "call",
        "quick:call",
        "Put on record that a contact was called.",
        "cockpit call 20261201-2130-2.4.0 'Cloud Provider Support' --said 'ticket 4711, they look at it'",
    )
    call.argument("run", metavar="RUN", complete=completers.runs, help="a run, or how its id begins")
    call.argument("contact", metavar="CONTACT", complete=completers.contacts, help="the name of a contact")
    call.add_argument("--said", metavar="TEXT", default="", help="what came of it")
