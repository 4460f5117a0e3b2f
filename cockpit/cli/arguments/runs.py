"""The commands that carry a checklist out."""

from __future__ import annotations

from cockpit.cli import completers
from cockpit.cli.arguments.shared import checklist, json, notify, plain, run
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    opened = cockpit.command(
        "open",
        "runs:open_run",
        "Start a run of a checklist, or go on with one.",
        "cockpit open production --release 2.4.0 --environment production",
        "cockpit open launch.yaml --rehearsal --var base_url=http://127.0.0.1:8080",
        "cockpit open launch.yaml --drill faults.yaml",
    )
    checklist(opened)
    opened.argument("--release", metavar="V", default="", help="what is being released; also the variable `release`")
    opened.argument("--environment", metavar="E", default="", help="where to: production, staging, ...")
    practice = opened.add_mutually_exclusive_group()
    practice.add_argument(
        "--rehearsal",
        action="store_true",
        help="change nothing: what is done is shown, or its stand-in carried out; every screen says so",
    )
    practice.add_argument("--drill", metavar="FILE", default="", help="a rehearsal with the faults that FILE puts in")
    opened.argument("--run", metavar="ID", default="", complete=completers.runs, help="name the run, or go on with it")
    opened.argument("--group", metavar="NAME", default="", help="let the members of this Unix group look on")
    opened.argument(
        "--baseline",
        metavar="BASELINE",
        default="",
        complete=completers.baselines,
        help="show what differs from a baseline, a file or one that `cockpit capture` kept",
    )
    opened.argument("--new", action="store_true", help="open another run although one of these is under way")
    plain(notify(opened))

    attached = cockpit.command(
        "attach",
        "runs:attach",
        "Look on at a run, or take command of it.",
        "cockpit attach 20261201-2130-2.4.0",
        "cockpit attach 20261201-2130-2.4.0 --take-command",
        "cockpit attach 20261201-2130-2.4.0 --as security",
    )
    run(attached)
    how = attached.add_mutually_exclusive_group()
    how.add_argument("--observe", action="store_true", help="only look on, even when nobody is captain")
    how.add_argument(
        "--as", dest="as_position", metavar="POSITION", default="", help="look on, and answer for this position"
    )
    how.add_argument("--take-command", action="store_true", help="become captain in place of whoever is")
    plain(notify(attached))

    json(cockpit.command("runs", "runs:list_runs", "List the runs that are here, newest first.", "cockpit runs"))
    status = cockpit.command(
        "status",
        "runs:status",
        "Tell where a run stands.",
        "cockpit status 20261201-2130-2.4.0",
        "cockpit status 2.4.0 --json",
        "cockpit status 2.4.0 --line",
    )
    form = run(status).add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--line", action="store_true", help="one line, to be pasted into the bridge call")
