"""How long commands take to start, beside a Python that does nothing."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from figures import Figure, print_table

TIMES = 15
ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("cockpit")
"""The command as it is installed beside this Python."""

NOTHING = [sys.executable, "-c", "pass"]
VERSION = [str(PROGRAM), "--version"]
LINT = [str(PROGRAM), "lint", "checklists/production"]
LINT_TARGET = 33
"""0.25 s where a Python that does nothing takes 7.6 ms."""


def milliseconds(commands: Sequence[Sequence[str]]) -> list[float]:
    """The median time of each command; they take turns, so that a busy moment hits all of them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken: list[list[float]] = [[] for _ in commands]
    for turn in range(TIMES + 1):
        for command, times in zip(commands, taken, strict=True):
            begin = time.perf_counter()
            subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
            if turn:  # the first one fills caches
                times.append((time.perf_counter() - begin) * 1000)
    return [statistics.median(times) for times in taken]


def main() -> None:
    """Print the figures."""
    nothing, version, lint = milliseconds([NOTHING, VERSION, LINT])
    print_table(
        [
            Figure("cockpit --version", version, "python -c pass", nothing, 3, "ms"),
            Figure("cockpit lint checklists/production", lint, "python -c pass", nothing, LINT_TARGET, "ms"),
        ]
    )


if __name__ == "__main__":
    main()
