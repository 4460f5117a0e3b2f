"""Prints two logs as fast as 100,000 lines/s each, in bursts, between which they are rotated, cut short and taken away.

    python log_printing.py FOLDER LINES BURSTS

A line on standard input begins the next burst; one on standard output, with the lines of this burst, ends it. Nothing
is done to a file but at the beginning of a burst: by then whoever follows it has read it to its end.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

NAMES = ("api", "worker")
RATE = 100_000
"""Lines a second, of each."""

AT_ONCE = 5_000
LINE = (
    "2026-11-24 12:00:00,123 {level} {name}: order {number} filled at 1.2345, \x1b[31mof which\x1b[0m nothing is left"
)
LEVELS = ("INFO", "DEBUG", "WARNING", "ERROR", "INFO")
AWAY = 0.5
"""Seconds for which a file is gone: more than a look at it takes."""


def main(folder: Path, lines: int, bursts: int) -> None:
    """Print burst after burst."""
    block = {name: _block(name) for name in NAMES}
    for burst in range(bursts):
        if not sys.stdin.readline():
            return
        for number, name in enumerate(NAMES):
            _disturb(folder / f"{name}.log", burst + number)
        began = time.monotonic()
        share = lines // bursts // len(NAMES) // AT_ONCE
        for turn in range(share):
            for name in NAMES:
                with (folder / f"{name}.log").open("ab") as file:
                    file.write(block[name])
            time.sleep(max(0.0, began + (turn + 1) * AT_ONCE / RATE - time.monotonic()))
        print(share * AT_ONCE * len(NAMES), flush=True)


def _block(name: str) -> bytes:
    some = (LINE.format(level=LEVELS[number % 5], name=name, number=number) for number in range(AT_ONCE))
    return "".join(f"{line}\n" for line in some).encode()


def _disturb(file: Path, way: int) -> None:
    """Rotate the file, cut it to nothing, take it away for a while, or only go on."""
    match way % 4:
        case 0:
            file.replace(file.with_suffix(".old"))
            file.touch()
        case 1:
            os.truncate(file, 0)
        case 2:
            file.unlink()
            time.sleep(AWAY)
            file.touch()
        case _:
            return
    time.sleep(AWAY)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
