"""Have the supervisor of the sandbox start a colour anew.

    python -m cockpit.demo.restart green --fees --sandbox DIR

The wish is a file in the sandbox's folder, which the supervisor takes up; that it was fulfilled shows in `stack.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from cockpit.demo.calling import NotAnswered, call
from cockpit.demo.stack import VERSIONS, Stack

RESTART_TIMEOUT = 20.0
"""Seconds that a colour gets to end and to answer again; it needs about one."""


class NotRestarted(Exception):
    """The colour was not started anew within its time. The message says what is known."""


def restart(sandbox: Path, colour: str, *, fees: bool) -> int:
    """Have `colour` end and start again, with or without fees; return its process id once it answers.

    Raises NotRestarted, and OSError or ValueError when there is no sandbox.
    """
    before = Stack.read(sandbox).parts[colour].pid
    wish = wish_for(sandbox, colour)
    written = wish.with_suffix(".part")
    written.write_text(json.dumps({"fees": fees}))
    written.replace(wish)
    until = time.monotonic() + RESTART_TIMEOUT
    problem = "the supervisor has not taken it up"
    while time.monotonic() < until:
        part = Stack.read(sandbox).parts[colour]
        if part.pid != before and not wish.exists():
            try:
                status, _, told = call("GET", f"{part.url}/health")
            except NotAnswered as silent:
                problem = str(silent)
            else:
                if status == 200 and told["fees"] == fees:
                    return part.pid
                problem = f"{colour} is not healthy: {told}"
        time.sleep(0.05)
    wish.unlink(missing_ok=True)
    raise NotRestarted(f"not over after {RESTART_TIMEOUT:g} s: {problem}")


def wish_for(sandbox: Path, colour: str) -> Path:
    """The file that asks for a restart of `colour`."""
    return sandbox / f"restart-{colour}.json"


def main() -> int:
    """Restart, and say so. Exit status 1 when it did not come up, 3 when there is no sandbox."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.restart", description="Start a colour anew.")
    parser.add_argument("colour", choices=VERSIONS)
    parser.add_argument("--fees", action="store_true", help="record what each trade costs")
    parser.add_argument("--sandbox", required=True, type=Path, metavar="DIR", help="folder of the sandbox")
    wanted = parser.parse_args()
    try:
        pid = restart(wanted.sandbox, wanted.colour, fees=wanted.fees)
    except NotRestarted as problem:
        print(f"not restarted: {problem}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as problem:
        print(f"not restarted: {problem}", file=sys.stderr)
        return 3
    how = "with fees" if wanted.fees else "without fees"
    print(f"{wanted.colour} runs {how}, as process {pid}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
