"""The pane of logs under a flood of hostile lines: what it sends, what it costs, how soon a key shows.

python tests/bench/bench_log_pane.py [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.figures import Figure, print_table
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
VIEWER = ROOT / "tests" / "screens" / "on_a_terminal.py"
FLOOD = ROOT / "tests" / "support" / "flood.py"
RATE = 100_000
"""Lines a second."""


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 1 if parser.parse_args().quick else 3
    print_table([*flooded(80, 24, rounds), *flooded(120, 36, rounds)])


def calm(columns: int, rows: int, rounds: int) -> list[Pressed]:
    """The same keys where nothing is printed: what this machine can do now."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, FLOOD, f"{folder}/logs", "1000", "0.2"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with Terminal([sys.executable, VIEWER, "logs", f"{folder}/logs"], columns=columns, rows=rows) as terminal:
            terminal.until("captain")
            terminal.press("l")
            terminal.until("FOLLOW")
            terminal.press("space")
            terminal.until("PAUSED")
            time.sleep(1)
            return keys(terminal, WALKING, 60 * rounds)


def flooded(columns: int, rows: int, rounds: int) -> Iterator[Figure]:
    """A viewer that follows while two sources print as fast as that."""
    seconds = 20.0 * rounds
    with tempfile.TemporaryDirectory() as folder:
        flood = subprocess.Popen(
            [sys.executable, FLOOD, f"{folder}/logs", str(RATE), str(seconds + 120)], stdout=subprocess.PIPE, text=True
        )
        with Terminal([sys.executable, VIEWER, "logs", f"{folder}/logs"], columns=columns, rows=rows) as terminal:
            terminal.until("captain")
            terminal.press("l")
            terminal.until("skipped", timeout=30)
            time.sleep(5)
            mark, cpu, began = terminal.mark, terminal.cpu, terminal.now
            time.sleep(seconds / 2)
            spent = terminal.now - began
            size = f"{columns}x{rows}"
            yield Figure(
                f"following {RATE:,} lines/s, {size}", (terminal.mark - mark) / spent, "budget", 12_288, 1.0, "B/s"
            )
            yield Figure("  processor", (terminal.cpu - cpu) / spent * 100, "budget", 50, 1.0, "%")
            yield Figure("  memory", terminal.memory / 1e6, "budget", 120, 1.0, "MB")
            yield from pressed(terminal, rounds, calm(columns, rows, rounds))
        flood.terminate()
        flood.wait()


class Pressed(NamedTuple):
    """What came of a key; all in seconds."""

    took: float
    """Until something was painted."""
    ran: float
    """For which the viewer ran meanwhile."""
    waited: float
    """For which it could have run, and had no processor: others had them all."""


def pressed(terminal: Terminal, rounds: int, without: list[Pressed]) -> Iterator[Figure]:
    """Keys that walk and keys that type an expression, beside those where nothing is printed."""
    terminal.press("space")
    terminal.until("PAUSED")
    walked, typed = keys(terminal, WALKING, 60 * rounds), keys(terminal, TYPING, 60 * rounds)
    took, calm_took = ([each.took for each in some] for some in (walked, without))
    yield Figure("  key to paint, p50", statistics.median(took), "limit", 0.05, 1.0, "s")
    yield Figure("  key to paint, p99", high(took), "limit", 0.05, 1.0, "s")
    yield Figure("  p50 beside", statistics.median(took), "no flood", statistics.median(calm_took), 3.0, "s")
    yield Figure("  p99 beside", high(took), "no flood", high(calm_took), 3.0, "s")
    for name, some in (("walking", walked), ("typing an expression", typed)):
        held = [max(each.ran, each.took - each.waited) for each in some]
        yield Figure(f"  {name}, waits for a processor left out, p99", high(held), "limit", 0.05, 1.0, "s")
        yield Figure(f"  {name}, processor for a key, p50", middle(some), "no flood", middle(without), 3.0, "s")


def middle(some: list[Pressed]) -> float:
    """What half of the keys cost the processor at most."""
    return statistics.median(each.ran for each in some)


def high(took: list[float]) -> float:
    """The 99th percentile."""
    return sorted(took)[int(len(took) * 0.99)]


WALKING = (*["up"] * 10, *["down"] * 10)
TYPING = ("/", *"time.ut|ref", *["backspace"] * 11, "enter")


def keys(terminal: Terminal, script: Sequence[str], count: int) -> list[Pressed]:
    """Keys, over and over, each until the first thing that is painted after it."""
    found = []
    for number in range(count):
        time.sleep(0.05)
        mark, (ran, waited) = terminal.mark, terminal.scheduled
        at = terminal.press(script[number % len(script)])
        while terminal.mark == mark:
            time.sleep(0.0005)
        took = terminal.now - at
        ran_by_now, waited_by_now = terminal.scheduled
        found.append(Pressed(took, ran_by_now - ran, waited_by_now - waited))
    return found


if __name__ == "__main__":
    main()
