"""`python -m tests.stack up|down|deploy|restore|show`: the sample system from the command line."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import time
from pathlib import Path

from tests.stack import system

PLACE = Path("/tmp/cockpit-stack")


def main() -> None:
    """Carry one command out."""
    parser = argparse.ArgumentParser(prog="python -m tests.stack", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "deploy", "restore", "show"))
    parser.add_argument("version", nargs="?", default="", help="for `up` (1.0.0 if not given) and `deploy`")
    parser.add_argument("--name", default="default", help="several can run beside each other")
    parser.add_argument("--at", type=Path, help="its folder, instead of a name")
    parser.add_argument("--after", type=int, help="wait for the end of this process first")
    args = parser.parse_args()
    folder = args.at or PLACE / args.name
    if args.after:
        _await_end(args.after)
    began = time.monotonic()
    if args.command == "up":
        system.up(folder, args.version or system.VERSIONS[0])
        _show(folder)
    elif args.command == "down":
        system.down(folder)
    elif args.command == "deploy":
        system.attach(folder).deploy(args.version)
    elif args.command == "restore":
        print(system.attach(folder).execute("backup", "sh", "/deploy/restore.sh"))
    else:
        _show(folder)
    print(f"{args.command}: {time.monotonic() - began:.1f} s")


def _show(folder: Path) -> None:
    running = system.attach(folder)
    print(f"Version {running.version} ({running.active}) at {running.base_url}, Docker at {running.host}.")
    print(f"Variables for --var: {folder}/variables. Secrets, to be sourced: {folder}/environment. To measure all:")
    variables = f"sed 's/^/--var=/' {folder}/variables | tr '\\n' '\\0'"
    print(f"  . {folder}/environment && {variables} | xargs -0 cockpit check production")


def _await_end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        watched = os.pidfd_open(pid)
        select.select([watched], [], [])
        os.close(watched)


if __name__ == "__main__":
    main()
