"""Arguments that several commands take. Each is added to a command, which is returned."""

from __future__ import annotations

from cockpit.cli import completers, words
from cockpit.cli.command import Command


def checklist(command: Command) -> Command:
    """A checklist, and its variables."""
    command.argument(
        "file",
        metavar="FILE",
        complete=completers.checklists,
        help="a checklist: YAML, Markdown, a folder, or the name of a shipped one",
    )
    return variables(command)


def variables(command: Command) -> Command:
    """Variables of a checklist."""
    return command.argument(
        "--var",
        metavar="NAME=VALUE",
        action="append",
        type=words.assignment,
        default=[],
        help="set a variable of the checklist; may be repeated",
    )


def run(command: Command) -> Command:
    """A run."""
    return command.argument("run", metavar="RUN", complete=completers.runs, help="a run, or how its id begins")


def record(command: Command) -> Command:
    """A run or a journal."""
    return command.argument(
        "record", metavar="RUN|FILE", complete=completers.records, help="a run, a run's folder, or a journal file"
    )


def item(command: Command) -> Command:
    """An item of a run."""
    return command.argument("item", metavar="ITEM", complete=completers.items, help="the id of an item")


def because(command: Command, *, required: bool) -> Command:
    """A reason."""
    return command.argument("--because", metavar="TEXT", default="", required=required, help="the reason")


def type_name(command: Command, meaning: str) -> Command:
    """The release's name, typed."""
    return command.argument("--type-name", metavar="NAME", default="", help=meaning)


def evidence(command: Command) -> Command:
    """What backs a word."""
    command.argument("--evidence", metavar="TEXT", action="append", default=[], help="text that backs it")
    command.argument("--link", metavar="URL", action="append", default=[], help="a link that backs it")
    return command.argument(
        "--file",
        metavar="PATH",
        action="append",
        default=[],
        help="a file that backs it: size and SHA-256 are recorded",
    )


def notify(command: Command) -> Command:
    """How the terminal tells of news."""
    how = "how the terminal tells of news: bell, osc9 (a desktop notification), both, none; else COCKPIT_NOTIFY says"
    return command.argument("--notify", metavar="WAYS", help=how)


def plain(command: Command) -> Command:
    """How a run is shown."""
    command.argument("--theme", choices=words.THEMES, default="", help="how the screen is drawn; %% turns and keeps it")
    return command.argument("--plain", action="store_true", help="line by line, without a screen")


def json(command: Command) -> Command:
    """Output for programs."""
    return command.argument("--json", action="store_true", help="print JSON")
