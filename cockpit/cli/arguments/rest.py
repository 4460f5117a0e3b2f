"""The commands to try Cockpit, and to use it well."""

from __future__ import annotations

from cockpit.cli import completers
from cockpit.cli.arguments.shared import json, plain, variables
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    demo = cockpit.command(
        "demo",
        "demo:demo",
        "Open a run on a sandbox of Cockpit's own: no Docker, no root; or, with --docker, on a system in containers.",
        "cockpit demo",
        "cockpit demo --headless",
        "cockpit demo --drill",
        "cockpit demo --docker",
        "cockpit demo --docker --headless --keep",
        more="With --docker the production checklist is opened on a trading bot of 22 containers, its items mostly "
        "measured, and a release from 1.0.0 to 1.1.0 and back is real. Ports are on 127.0.0.1 alone, and nothing "
        "of the daemon is touched that does not carry the label `cockpit.demo`. It ends with the run; what is left of "
        "one that was killed, the next one removes. Needs 1.5 GB of memory and 2 GB of disk.",
    )
    demo.add_argument("--docker", action="store_true", help="on the sample system, in containers of your Docker daemon")
    demo.add_argument("--keep", action="store_true", help="with --docker: let the system go on when the run ends")
    demo.add_argument(
        "--remove", action="store_true", help="remove what --docker left or kept, and its images; then end"
    )
    how = demo.add_mutually_exclusive_group()
    how.add_argument("--headless", action="store_true", help="go live and back without a screen, and print the verdict")
    how.add_argument("--rehearsal", action="store_true", help="change nothing: what is done is shown")
    how.add_argument(
        "--drill",
        metavar="FILE",
        nargs="?",
        const="demo-drill",
        default="",
        help="a rehearsal with faults: those of FILE, or the shipped ones",
    )
    plain(demo)
    doctor = cockpit.command(
        "doctor",
        "doctor:doctor",
        "Say what on this machine will hurt, and how to mend it; with FILE, also what that checklist needs.",
        "cockpit doctor",
        "cockpit doctor launch.yaml --connect",
        more="Exit status 1 when something hurts, 3 when nothing does but something could not be told.",
    )
    doctor.argument("file", metavar="FILE", nargs="?", complete=completers.checklists, help="a checklist")
    json(variables(doctor)).argument("--connect", action="store_true", help="log in to each host of FILE as well")
    completion = cockpit.command(
        "completion",
        "completion:completion",
        "Print what makes a shell complete commands, runs and items.",
        "source <(cockpit completion bash)",
        "cockpit completion fish > ~/.config/fish/completions/cockpit.fish",
    )
    completion.argument("shell", choices=["bash", "zsh", "fish"])
