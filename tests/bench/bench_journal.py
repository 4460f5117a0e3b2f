"""The journal beside what the disk, SQLite and bare hashing can do on the same machine in the same minute.

`python tests/bench/bench_journal.py [--quick] [--in FOLDER]`. The folder, by default the current one, should be on the
disk that journals are kept on: in a file system in memory a flush costs nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import os
import queue
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec
from figures import Figure, print_table

from cockpit.journal import event as ev
from cockpit.journal import line, reader
from cockpit.journal.clock import SystemClock
from cockpit.journal.disk import SystemDisk
from cockpit.journal.recorder import Recorder
from cockpit.journal.writer import Writer
from cockpit.run.state import fold

ADA = ev.Actor("ada", uid=1000, host="bastion", tty="pts/3", origin="10.0.0.7")
ENGINE = ev.Actor("ada", uid=1000, host="bastion", engine=True)
CONFIRMED = ev.ItemConfirmed("kms-key", "arn:aws:kms:eu-west-2:111122223333:key/1234abcd", note="seen in the console")
IN_FLIGHT = 64


def opened() -> ev.RunOpened:
    """The first event of a run."""
    document = b'{"name":"Bench","parts":[]}'
    return ev.RunOpened(
        "20261124-0300-v1-a1b2", "live", "v1", "production", msgspec.Raw(document), line.digest(document), "0"
    )


def measured(number: int) -> ev.CheckMeasured:
    """A measurement as there are most in a journal."""
    return ev.CheckMeasured(
        f"item-{number % 258}",
        "FAIL" if number % 7 == 0 else "PASS",
        "200 in 18 ms",
        took=0.018,
        request="GET http://127.0.0.1:8080/health",
        value=18.0,
    )


def recorder(path: Path, disk: SystemDisk) -> Recorder:
    """What the writer's thread works with, without the thread."""
    return Recorder.create(path, ADA, opened(), engine=ENGINE, clock=SystemClock(), disk=disk)


def in_turns(*acts: Callable[[], object], times: int, pause: float = 0.0, together: int = 1) -> list[float]:
    """The median microseconds of each act, taken in turns so that a busy moment hits all of them.

    Before each turn of `together` repetitions it waits `pause` seconds.
    """
    taken: list[list[float]] = [[] for _ in acts]
    for _ in range(times):
        for act, times_taken in zip(acts, taken, strict=True):
            for _ in range(together):
                if pause:
                    time.sleep(pause)
                begin = time.perf_counter()
                act()
                times_taken.append((time.perf_counter() - begin) * 1e6)
    return [statistics.median(each) for each in taken]


class BareFile:
    """Writing and flushing the same number of bytes, and nothing else."""

    def __init__(self, path: Path, size: int) -> None:
        """Append `size` bytes at a time to a file at `path`."""
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._data = b"x" * size
        self._handed: queue.SimpleQueue[Future[None]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def append(self) -> None:
        """Write and flush."""
        os.write(self._fd, self._data)
        os.fdatasync(self._fd)

    def hand(self) -> None:
        """Have another thread write and flush, and wait for it: what a thread costs that is not the caller's."""
        done: Future[None] = Future()
        self._handed.put(done)
        done.result()

    def _work(self) -> None:
        while True:
            done = self._handed.get()
            self.append()
            done.set_result(None)


def lone_appends(folder: Path, times: int) -> Iterator[Figure]:
    """One event at a time, as a person confirms."""
    alone = recorder(folder / "recorder.jsonl", SystemDisk())
    size = (folder / "recorder.jsonl").stat().st_size
    alone.record([[(ADA, CONFIRMED)]])
    bare = BareFile(folder / "bare", (folder / "recorder.jsonl").stat().st_size - size)
    with Writer.create(folder / "writer.jsonl", ADA, opened(), engine=ENGINE) as writer:

        def confirm() -> None:
            writer.append([(ADA, CONFIRMED)]).result()

        acts = (confirm, bare.append, lambda: alone.record([[(ADA, CONFIRMED)]]), bare.hand)
        apart, bare_apart, thread_apart, _ = in_turns(*acts, times=times, pause=0.005)
        close, bare_close, thread_close, handed_close = in_turns(*acts, times=times // 2, together=20)
    yield Figure(
        "a confirmation acknowledged, p50", apart, "bare write+fdatasync, both 5 ms apart", bare_apart, 1.2, "us"
    )
    yield Figure(
        "the same on the writer's thread", thread_apart, "bare write+fdatasync, both 5 ms apart", bare_apart, 1.2, "us"
    )
    yield Figure("one after the other", close, "a bare thread doing write+fdatasync", handed_close, 1.2, "us")
    yield Figure("the same on the writer's thread", thread_close, "bare write+fdatasync", bare_close, 1.2, "us")


def bursts(folder: Path, times: int) -> Iterator[Figure]:
    """Many events at once, as checks come in."""
    database = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, line TEXT)")
    numbers = itertools.count()
    text = "x" * 400
    with Writer.create(folder / "burst.jsonl", ADA, opened(), engine=ENGINE) as writer:

        def burst() -> None:
            waiting = [writer.append([(ENGINE, measured(next(numbers)))]) for _ in range(IN_FLIGHT)]
            for recorded in waiting:
                recorded.result()

        def insert() -> None:
            for _ in range(IN_FLIGHT):
                database.execute("INSERT INTO journal (line) VALUES (?)", (text,))

        ours, peer = in_turns(burst, insert, times=times)
    database.close()
    per_second = IN_FLIGHT * 1e6
    yield Figure(
        f"events/s, {IN_FLIGHT} in flight",
        per_second / ours,
        "SQLite WAL synchronous=FULL",
        per_second / peer,
        7,
        "/s",
        more_is_better=True,
    )


class NoFlush(SystemDisk):
    """To make a big journal to read in little time."""

    def fdatasync(self, fd: int) -> None:
        """Do nothing."""


def big_journal(path: Path, count: int) -> None:
    """A journal of `count` events."""
    recording = recorder(path, NoFlush())
    for start in range(1, count, 200):
        recording.record([[(ENGINE, measured(number)) for number in range(start, min(start + 200, count))]])
    recording.file.close()


def hash_running(path: Path) -> None:
    """Read the lines of a file and hash them into one digest."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        for text in file:
            whole.update(text)


def hash_each(path: Path) -> None:
    """Read the lines of a file and hash each, which is the least that any chain of lines costs."""
    with path.open("rb") as file:
        for text in file:
            hashlib.sha256(text).digest()


def reading(folder: Path, count: int, rounds: int) -> Iterator[Figure]:
    """Proving and folding a big journal."""
    path = folder / "big.jsonl"
    big_journal(path, count)

    def verify() -> None:
        assert reader.verify(path).events == count

    def refold() -> None:
        assert fold(reader.read(path)).seq == count - 1

    chain, folded, running, each = (
        taken / 1e6
        for taken in in_turns(verify, refold, lambda: hash_running(path), lambda: hash_each(path), times=rounds)
    )
    name = f"{count:,} events"
    yield Figure(f"verify {name}, chain", chain, "reading and one running SHA-256", running, 2.2, "s")
    yield Figure(f"verify {name}, chain", chain, "reading and SHA-256 of each line", each, 2.2, "s")
    yield Figure(f"verify, decode and fold {name}", folded, "reading and one running SHA-256", running, 4, "s")
    yield Figure(f"verify, decode and fold {name}", folded, "reading and SHA-256 of each line", each, 4, "s")
    yield Figure(
        "memory of verifying it",
        memory("reader.verify(path)", path),
        "an interpreter with the same imports",
        memory("", path),
        1.3,
        "MB",
    )


def memory(act: str, path: Path) -> float:
    """Megabytes that a process needs at most for `act`."""
    script = (
        "import resource, sys; from pathlib import Path; from cockpit.journal import reader\n"
        f"path = Path(sys.argv[1]); {act}\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(reader.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script, path], env=environment, capture_output=True, check=True)
    return float(done.stdout)


def resuming(folder: Path, rounds: int) -> Iterator[Figure]:
    """Back into a run of 10,000 events, up to its state."""
    path = folder / "resume.jsonl"
    big_journal(path, 10_000)

    def resume() -> None:
        with Writer.resume(path, engine=ENGINE) as writer:
            assert fold(writer.events).seq == 9_999

    ours, peer = (taken / 1e3 for taken in in_turns(resume, lambda: hash_each(path), times=rounds))
    yield Figure("open, verify and fold 10,000 events", ours, "the 60 ms aimed at", 60, 1, "ms")
    yield Figure("the same", ours, "reading and SHA-256 of each line", peer, 7, "ms")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--in", dest="folder", type=Path, default=Path.cwd(), help="a folder on the disk to measure")
    options = parser.parse_args()
    scale = 1 if options.quick else 10
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(dir=options.folder, prefix=".bench-") as name,
        contextlib.suppress(KeyboardInterrupt),
    ):
        folder = Path(name)
        figures += lone_appends(folder, 40 * scale)
        figures += bursts(folder, 20 * scale)
        figures += resuming(folder, 3 if options.quick else 9)
        figures += reading(folder, 100_000 * scale, 1 if options.quick else 3)
    print_table(figures)
    print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
