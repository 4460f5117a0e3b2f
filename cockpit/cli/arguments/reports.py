"""The commands that tell runs to others: their words, their help and examples."""

from __future__ import annotations

from cockpit.cli import completers
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    report = cockpit.command(
        "report",
        "report:report",
        "Tell a run to others: verdict, who said what, planned and actual, proof.",
        "cockpit report 20261201-2130-2.4.0 --output launch.html",
        "cockpit report 20261201-2130-2.4.0 --format markdown",
        "cockpit report 20261201-2130-2.4.0 --format json | jq .outcome",
        more="html is one page, complete in itself; markdown is for a pull request or a wiki; json has everything;\n"
        "junit is for build servers. Of a run that is under way it tells how it stands so far.",
    )
    report.argument(
        "record", metavar="RUN|FILE", complete=completers.records, help="a run, a run's folder, or a journal file"
    )
    report.add_argument(
        "--format", choices=["html", "markdown", "json", "junit"], default="html", help="html if not given"
    )
    _output(report)
    compare = cockpit.command(
        "compare",
        "compare:compare",
        "Compare two runs: a rehearsal with the launch, or the last release with this one.",
        "cockpit compare 20261130-1000-2.4.0 20261201-2130-2.4.0",
        "cockpit compare last.jsonl this.jsonl --format html --output difference.html",
        more="The exit status is 0 when they are alike, 1 when they differ.",
    )
    for name, about in (("before", "the run that it is compared with"), ("after", "the run that is looked at")):
        compare.argument(name, metavar=name.upper(), complete=completers.records, help=f"{about}; or a journal file")
    compare.add_argument(
        "--format", choices=["table", "markdown", "json", "html"], default="table", help="table if not given"
    )
    _output(compare)


def _output(command: Command) -> Command:
    return command.argument(
        "--output", "-o", metavar="FILE", default="", help="write it here; a file that exists is left alone"
    )
