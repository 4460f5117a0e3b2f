"""The command that follows logs."""

from __future__ import annotations

from cockpit.cli import completers, words
from cockpit.cli.command import Command

_LEVELS = ("trace", "debug", "info", "notice", "warning", "error", "critical")


def add(cockpit: Command) -> None:
    """Add it to the command line."""
    logs = cockpit.command(
        "logs",
        "logs:logs",
        "Follow the logs that a run or a checklist names, or a log file.",
        "cockpit logs 20261201-2130-2.4.0",
        "cockpit logs launch.yaml backend --level warning",
        "cockpit logs /var/log/nginx/access.log --grep ' 50[0-9] ' --no-follow",
        more="Lines of several sources are merged by time. Patterns are regular expressions (RE2); one without capital"
        " letters\nfinds capital letters, too. With --no-follow, the exit status is 1 when no line was chosen.",
    )
    logs.argument("log", metavar="RUN|FILE", complete=completers.records, help="a run, a checklist, or a log file")
    logs.argument("sources", metavar="SOURCE", nargs="*", help="only these of the logs that it names, by their ids")
    logs.argument("--grep", metavar="RE", default="", help="only lines that match")
    logs.argument("--not", dest="without", metavar="RE", default="", help="only lines that do not match")
    logs.argument("--level", choices=_LEVELS, help="only lines that are this bad or worse")
    logs.argument("--since", metavar="WHEN", type=words.past, help="only lines since a time, or of the last 10m, 2h")
    logs.argument("--no-follow", action="store_true", help="end with the lines that are there")
    logs.argument(
        "--var", metavar="NAME=VALUE", type=words.assignment, action="append", default=[], help="set a variable"
    )
    logs.argument("--json", action="store_true", help="print JSON")
