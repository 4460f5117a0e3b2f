"""The commands that read the record."""

from __future__ import annotations

from cockpit.cli import words
from cockpit.cli.arguments import logs, reports
from cockpit.cli.arguments.shared import json, plain, record
from cockpit.cli.command import Command


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
    logs.add(cockpit)
