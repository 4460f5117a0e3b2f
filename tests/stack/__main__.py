"""`python -m tests.stack up|down|deploy|restore|show`: the sample system from the command line."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.stack import system

PLACE = Path("/tmp/cockpit-stack")  # noqa: S108 - a folder of this name, mode 0711, that `up` must make itself


def main() -> None:
    """Carry one command out."""
    parser = argparse.ArgumentParser(prog="python -m tests.stack", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "deploy", "restore", "show"))
    parser.add_argument("version", nargs="?", default="", help="for `up` (1.0.0 if not given) and `deploy`")
    parser.add_argument("--name", default="default", help="several can run beside each other")
    args = parser.parse_args()
    folder, began = PLACE / args.name, time.monotonic()
    if args.command == "up":
        system.up(folder, args.version or "1.0.0")
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
    print(f"Version {running.version} ({running.active}) at {running.base_url}, Docker at {running.host}")
    print(f"Variables:   {folder / 'variables'}")
    print(f"Environment: {folder / 'environment'}   (source it before `cockpit check`)")
    print(f"xargs -d '\\n' -a <(sed 's/^/--var\\n/' {folder / 'variables'}) cockpit check production")


if __name__ == "__main__":
    main()
