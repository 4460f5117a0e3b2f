"""The commands that measure without a run."""

from __future__ import annotations

from cockpit.cli import completers, words
from cockpit.cli.arguments.check_help import CHECK
from cockpit.cli.arguments.shared import checklist
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    check = cockpit.command(
        "check",
        "check:check",
        "Measure what can be measured, without a run.",
        "cockpit check production --var base_url=https://shop.example",
        "cockpit check launch.yaml api-health --format json",
        "cockpit check launch.yaml --section database --watch --every 5s",
        "cockpit check launch.yaml --changed-since launch",
        more=CHECK,
    )
    checklist(check)
    check.argument("items", metavar="ITEM", nargs="*", complete=completers.items, help="only these, and what they need")
    check.argument("--section", metavar="ID", default="", help="only what stands under this part, section or group")
    check.argument("--only", choices=["failed"], help="show only what is not good; everything still decides")
    check.argument(
        "--format", choices=["table", "json", "junit", "tap", "nagios"], default="table", help="table if not given"
    )
    check.argument("--within", metavar="TIME", type=words.interval, help="what takes longer is an ERROR: 50s, 2m")
    check.argument("--watch", action="store_true", help="measure again and again, until Ctrl-C or SIGTERM")
    check.argument(
        "--every",
        metavar="TIME",
        type=words.interval,
        help="with --watch: how often; else as the checklist says, or 10s",
    )
    compared = check.add_mutually_exclusive_group()
    for name, about in (
        ("--baseline", "show what differs from a baseline, a file or one that is kept"),
        ("--changed-since", "the same, and only what differs is shown and decides"),
    ):
        action = compared.add_argument(name, metavar="BASELINE", default="", help=about)
        action.completer = completers.baselines  # type: ignore[attr-defined] # where argcomplete looks for it
    captured = cockpit.command(
        "capture",
        "capture:capture",
        "Measure once, and keep all values as a baseline.",
        "cockpit capture launch.yaml",
        "cockpit capture launch.yaml --section database --output before-migration.json",
        more="`check --baseline`, `check --changed-since` and `open --baseline` compare with it.",
    )
    checklist(captured)
    captured.argument(
        "items", metavar="ITEM", nargs="*", complete=completers.items, help="only these, and what they need"
    )
    captured.argument("--section", metavar="ID", default="", help="only what stands under this part, section or group")
    where = captured.add_mutually_exclusive_group()
    where.add_argument(
        "--name", metavar="NAME", default="", help="keep it under this name; that of the checklist if not given"
    )
    where.add_argument("--output", "-o", metavar="PATH", default="", help="write it here instead")
