"""The commands that read the record."""

from __future__ import annotations

from cockpit.cli import completers, words
from cockpit.cli.arguments import reports
from cockpit.cli.arguments.shared import json, plain, record
from cockpit.cli.command import Command

_LEVELS = ("trace", "debug", "info", "notice", "warning", "error", "critical")


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    replay = cockpit.command(
        "replay",
        "replay:replay",
        "Play a run back, from its journal alone.",
        "cockpit replay 20261201-2130-2.4.0 --speed 60",
        "cockpit replay /tmp/journal.jsonl --at 22:15",
    )
    record(replay)
    replay.argument("--at", metavar="WHEN", default="", help="begin at a time, or at the number of an event")
    replay.argument("--speed", metavar="X", type=words.speed, default=1, help="1 to 1000 times; 1 if not given")
    plain(replay)

    reports.add(cockpit)
    journal = cockpit.command(
        "journal", "", "The record itself: show, verify or follow it.", "cockpit journal verify 20261201-2130-2.4.0"
    )
    show = journal.command(
        "show",
        "journal:show",
        "Print every event.",
        "cockpit journal show 20261201-2130-2.4.0",
        "cockpit journal show 20261201-2130-2.4.0 --json | jq .kind",
        more="With --json: each line exactly as the journal has it.",
    )
    json(record(show))
    verify = journal.command(
        "verify",
        "journal:verify",
        "Prove that the chain is whole, or name the first bad line.",
        "cockpit journal verify /tmp/journal.jsonl",
        "cockpit journal verify 20261201-2130-2.4.0 --checkpoint signed.txt",
    )
    json(record(verify))
    verify.argument(
        "--checkpoint", metavar="FILE", default="", help="what `cockpit sign` printed and you kept: is it still so?"
    )
    follow = journal.command(
        "follow",
        "journal:follow",
        "Print events as they happen, until the run is closed.",
        "cockpit journal follow 20261201-2130-2.4.0",
    )
    json(record(follow))

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
    json(logs)
