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
from collections.abc import Iterator
from pathlib import Path

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


def calm(columns: int, rows: int, rounds: int) -> list[float]:
    """The same keys where nothing is printed: what this machine can do now."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, FLOOD, f"{folder}/logs", "1000", "0.2"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with Terminal([sys.executable, VIEWER, "logs", f"{folder}/logs"], columns=columns, rows=rows) as terminal:
            terminal.until("captain")
            terminal.press("l")
            terminal.until("FOLLOW")
            time.sleep(1)
            return keys(terminal, 60 * rounds)


def flooded(columns: int, rows: int, rounds: int) -> Iterator[Figure]:
    """A viewer that follows while two sources print as fast as that."""
    seconds = 20.0 * rounds
    with tempfile.TemporaryDirectory() as folder:
        flood = subprocess.Popen(
            [sys.executable, FLOOD, f"{folder}/logs", str(RATE), str(seconds + 30)], stdout=subprocess.PIPE, text=True
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
            took = keys(terminal, int(60 * rounds))
            yield Figure("  key to paint, p50", statistics.median(took), "limit", 0.05, 1.0, "s")
            yield Figure("  key to paint, p99", high(took), "limit", 0.05, 1.0, "s")
            without = calm(columns, rows, rounds)
            yield Figure("  p50 beside", statistics.median(took), "no flood", statistics.median(without), 3.0, "s")
            yield Figure("  p99 beside", high(took), "no flood", high(without), 3.0, "s")
        flood.terminate()
        flood.wait()


def high(took: list[float]) -> float:
    """The 99th percentile."""
    return sorted(took)[int(len(took) * 0.99)]


def keys(terminal: Terminal, count: int) -> list[float]:
    """Seconds from a key to the first thing that is painted after it, while the flood goes on."""
    terminal.press("space")
    terminal.until("PAUSED")
    took = []
    for number in range(count):
        time.sleep(0.05)
        mark = terminal.mark
        pressed = terminal.press("up" if number % 20 < 10 else "down")
        while terminal.mark == mark:
            time.sleep(0.0005)
        took.append(terminal.now - pressed)
    return took


if __name__ == "__main__":
    main()
