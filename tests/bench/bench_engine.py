"""The engine: how soon a person's word is on disk, and what it costs at rest.

python tests/bench/bench_engine.py [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.checklist.model import Check, Item
from cockpit.checks.registry import kinds
from cockpit.engine.conductor import Conductor
from cockpit.engine.identity import myself
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import Accepted
from cockpit.engine.record import RunRecord
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.writer import Writer
from cockpit.run.command import Confirm
from tests.bench.bench_screen import a_run, a_server
from tests.bench.figures import Figure, print_table
from tests.support.runs import HERE, document, manual


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(dir=Path.home()) as home:
        os.environ.update(COCKPIT_HOME=home, COCKPIT_IDLE_HOURS="1")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        print_table([confirmation(300 if quick else 2000), *at_rest(20 if quick else 60)])


def confirmation(rounds: int) -> Figure:
    """A confirmation through cleaning, rules, journal and state, beside a bare write and flush of the same line."""
    run = open_run(document(manual("owner")), release="1.5.0", environment="bench", run_kind="live")

    me = myself()

    async def confirm() -> list[float]:
        record = RunRecord(Writer.resume(run.journal, engine=myself(engine=True)))
        conductor = Conductor(record, kinds(), os.environ, actions={}, run=run)
        took = []
        for number in range(rounds):
            command = Confirm("owner", f"seen {number}", note="as in the rehearsal")
            began = time.perf_counter()
            answer = await conductor.carry_out(number, command, me, in_command=True)
            took.append(time.perf_counter() - began)
            assert isinstance(answer, Accepted)
        conductor.record.close()
        return took

    ours = asyncio.run(confirm())
    line = run.journal.read_bytes().splitlines(keepends=True)[-1]
    bare = bare_flushes(run, line, rounds)
    micro = 1e6
    return Figure(
        "confirmation acknowledged, p50",
        statistics.median(ours) * micro,
        "bare write and flush",
        statistics.median(bare) * micro,
        1.2,
        "us",
    )


def bare_flushes(run: RunFolder, line: bytes, rounds: int) -> list[float]:
    """How long one write and flush of `line` takes on the same disk."""
    fd = os.open(run.path / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    took = []
    with contextlib.closing(os.fdopen(fd, "ab", buffering=0)):
        for _ in range(rounds):
            began = time.perf_counter()
            os.write(fd, line)
            os.fdatasync(fd)
            took.append(time.perf_counter() - began)
    return took


def at_rest(seconds: int) -> Iterator[Figure]:
    """What the engine costs with 200 HTTP checks every ten seconds and nobody looking."""
    with a_server() as url:
        checks = [
            Item(
                f"c{number}", f"Check {number}", HERE, check=Check("http", {"url": url}, ("status == 200",), every=10.0)
            )
            for number in range(200)
        ]
        with a_run(document(*checks)) as run:
            time.sleep(15)
            holder = holder_of(run)
            assert holder is not None
            before, memory = cpu_seconds(holder.pid), resident(holder.pid)
            time.sleep(seconds)
            used = (cpu_seconds(holder.pid) - before) / seconds * 100
            grown = resident(holder.pid) - memory
    yield Figure("200 checks every 10 s: processor", used, "budget", 3.0, 1.0, "%")
    yield Figure("  memory", (memory + grown) / 1e6, "budget", 90.0, 1.0, "MB")
    yield Figure("  memory grown meanwhile", grown / 1e6, "budget", 2.0, 1.0, "MB")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory that a process has in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
