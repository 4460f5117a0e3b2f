"""Local checks: a hundred mixed ones, and what it costs to run one program.

python tests/bench/bench_commands.py [--quick]

The peers are the same work with nothing around it, and goss (when it is on PATH) with the same hundred checks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.checklist.model import Check, Item
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect import local
from cockpit.connect.route import Program
from cockpit.engine.scheduler import Scheduler
from cockpit.journal.event import CheckMeasured
from tests.bench.figures import Figure, print_table
from tests.support.measuring import no_values
from tests.support.runs import HERE

DOORS, COMMANDS, FILES = 3, 60, 37
SAID = "echo ok"


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().quick else 11
    with tempfile.TemporaryDirectory() as folder, open_doors() as ports:
        files = [Path(folder) / f"file-{number}" for number in range(FILES)]
        for file in files:
            file.write_text("there\n", encoding="ascii")
        print_table([*hundred(ports, files, rounds), one(rounds * 10)])


@contextlib.contextmanager
def open_doors() -> Iterator[list[int]]:
    """Ports that somebody listens on."""
    with contextlib.ExitStack() as open_ones:
        doors = [open_ones.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1000)) for _ in range(DOORS)]
        yield [door.getsockname()[1] for door in doors]


def hundred(ports: list[int], files: list[Path], rounds: int) -> list[Figure]:
    """A hundred mixed checks, scheduled, measured and decided; each in turn with its peers, so that all meet the same
    machine."""
    peers: dict[str, Callable[[], object]] = {"bare, 8 threads": functools.partial(bare, ports, files)}
    if goss := shutil.which("goss"):
        peers["goss"] = functools.partial(run_goss, goss, gossfile(ports, files))
    ours = functools.partial(checked, checks(ports, files))
    took = {name: [] for name in ("ours", *peers)}
    ours()  # what is imported when it is first used is no part of a check
    for _ in range(rounds):
        for name, work in {"ours": ours, **peers}.items():
            began = time.perf_counter()
            work()
            took[name].append(1000 * (time.perf_counter() - began))
    middle = {name: statistics.median(each) for name, each in took.items()}
    targets = {"bare, 8 threads": 1.5, "goss": 0.8}
    return [
        Figure("100 mixed local checks, inner", middle["ours"], name, middle[name], targets[name], "ms")
        for name in peers
    ]


def checks(ports: list[int], files: list[Path]) -> list[Check]:
    """The hundred; where there is no kind for ports and files yet, the shell looks."""
    known = kinds()
    doors = [{"host": "127.0.0.1", "port": port} for port in ports]
    made = [Check("command", {"run": SAID}, expect=("output == 'ok'",)) for _ in range(COMMANDS)]
    made += [Check("tcp", door) if "tcp" in known else Check("command", {"run": SAID}) for door in doors]
    made += [
        Check("file", {"path": str(file)}) if "file" in known else Check("command", {"run": f"test -f {file}"})
        for file in files
    ]
    # No two are the same: what is wanted twice at once is read once.
    return [Check(each.kind, _told_apart(each, number), expect=each.expect) for number, each in enumerate(made)]


def _told_apart(check: Check, number: int) -> dict[str, Any]:
    return {**check.spec, "environment": {"NUMBER": number}} if check.kind == "command" else check.spec


def checked(measured: list[Check]) -> None:
    """Measure all as `cockpit check` does, once it has started."""
    items = [Item(f"item-{number}", "An item", HERE, check=check) for number, check in enumerate(measured)]
    results: list[CheckMeasured] = []

    async def run() -> None:
        session, values, known = Session(), no_values(), kinds()

        async def one(item: Item) -> CheckMeasured:
            assert item.check is not None
            return await measure(item.id, item.check, kinds=known, values=values, session=session)

        await Scheduler(items, one, results.append, kinds=known).once()
        await session.close()

    asyncio.run(run())
    assert [result.result for result in results] == ["PASS"] * len(measured), results


def bare(ports: list[int], files: list[Path]) -> None:
    """The same work by the standard library, nothing decided and nothing bounded in time."""

    def say() -> None:
        said = subprocess.run(["/bin/sh", "-c", SAID], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        assert said.stdout == b"ok\n"

    with ThreadPoolExecutor(8) as threads:
        running = [threads.submit(say) for _ in range(COMMANDS)]
        for port in ports:
            socket.create_connection(("127.0.0.1", port)).close()
        assert all(file.stat() for file in files)
        for each in running:
            each.result()


def gossfile(ports: list[int], files: list[Path]) -> Path:
    """The same hundred for goss."""
    said = {f"{SAID} # {number}": {"exit-status": 0, "stdout": ["ok"]} for number in range(COMMANDS)}
    asked = {
        "addr": {f"tcp://127.0.0.1:{port}": {"reachable": True, "timeout": 1000} for port in ports},
        "command": said,
        "file": {str(file): {"exists": True} for file in files},
    }
    path = files[0].with_name("goss.yaml")
    path.write_text(yaml.safe_dump(asked), encoding="utf-8")
    return path


def run_goss(goss: str, file: Path) -> None:
    """Let goss check them; its start, some 5 ms, is counted with it."""
    subprocess.run([goss, "-g", str(file), "validate", "--format", "silent"], check=True, capture_output=True)


def one(rounds: int) -> Figure:
    """One program after the other, beside the standard library's own way in this loop."""
    program = Program(SAID)

    async def ours() -> None:
        assert (await local.run(program, 10)).output == b"ok\n"

    async def peer() -> None:
        pipe, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec("/bin/sh", "-c", SAID, stdin=none, stdout=pipe, stderr=pipe)
        assert (await process.communicate())[0] == b"ok\n"

    async def run() -> tuple[float, float]:
        took: dict[str, list[float]] = {"ours": [], "peer": []}
        for _ in range(rounds):
            for name, work in (("ours", ours), ("peer", peer)):
                began = time.perf_counter()
                await work()
                took[name].append(1000 * (time.perf_counter() - began))
        return statistics.median(took["ours"]), statistics.median(took["peer"])

    middle, theirs = asyncio.run(run())
    return Figure("one local program", middle, "asyncio's subprocess", theirs, 1.0, "ms")


if __name__ == "__main__":
    main()
