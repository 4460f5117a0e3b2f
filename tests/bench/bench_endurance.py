"""100,000 checks in one process: what is left of them afterwards.

python tests/bench/bench_endurance.py [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values
from tests.bench.figures import Figure, print_table

AT_ONCE = 40


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the checks")
    count = 10_000 if parser.parse_args().quick else 100_000
    began = time.monotonic()
    before, after = asyncio.run(endure(count))
    print(f"{count:,} checks in {time.monotonic() - began:.0f} s; the first tenth warms up and is not counted")
    print_table(
        [
            Figure("memory afterwards", after.memory / 1e6, "before", before.memory / 1e6, 1.03, "MB"),
            Figure("threads", after.threads, "before", before.threads, 1.0, ""),
            Figure("open files", after.files, "before", before.files, 1.0, ""),
            Figure("child processes", after.children + 1, "before", before.children + 1, 1.0, "(and this one)"),
            Figure("tasks", after.tasks, "before", before.tasks, 1.0, ""),
        ]
    )


@dataclass(frozen=True)
class Held:
    """What this process holds."""

    memory: int
    """Bytes, resident."""
    threads: int
    files: int
    children: int
    tasks: int


async def endure(count: int) -> tuple[Held, Held]:
    """What is held after the first tenth of `count` checks, and after all of them."""
    with tempfile.TemporaryDirectory() as folder:
        async with answering() as port:
            session, known, values = Session(), kinds(), Values([], {})
            refused = closed_port()

            async def work(worker: int, share: int) -> None:
                checks = some_of_everything(Path(folder), port, refused, worker)
                for number in range(share):
                    result, check = checks[(worker + number) % len(checks)]
                    found = await measure(f"c{number}", check, kinds=known, values=values, session=session)
                    assert found.result == result, found

            await asyncio.gather(*(work(worker, count // 10 // AT_ONCE) for worker in range(AT_ONCE)))
            before = await held()
            await asyncio.gather(*(work(worker, count * 9 // 10 // AT_ONCE) for worker in range(AT_ONCE)))
            after = await held()
            await session.close()
    return before, after


def some_of_everything(folder: Path, port: int, refused: int, worker: int) -> Sequence[tuple[str, Check]]:
    """Checks that pass, fail, time out and cannot be made, of the kinds that need no server but ours.

    No two workers have the same: what is wanted twice at once is read once.
    """
    (folder / "settings.json").write_text('{"mode": "production"}')
    url, headers, time = f"http://127.0.0.1:{port}", {"worker": str(worker)}, 20.0 + worker
    return [
        ("PASS", Check("http", {"url": url, "headers": headers}, ("status == 200",), timeout=time)),
        ("FAIL", Check("http", {"url": url, "headers": headers}, ("status == 201",), timeout=time)),
        ("ERROR", Check("http", {"url": f"http://127.0.0.1:{refused}"}, ("status == 200",), timeout=time)),
        ("ERROR", Check("http", {"url": f"{url}/slow", "headers": headers}, ("status == 200",), timeout=0.05)),
        ("PASS", Check("tcp", {"host": "127.0.0.1", "port": port}, timeout=time)),
        ("FAIL", Check("tcp", {"host": "127.0.0.1", "port": refused}, timeout=time)),
        ("PASS", Check("file", {"path": f"{folder}/settings.json"}, ("data.mode == 'production'",), timeout=time)),
        ("FAIL", Check("file", {"path": str(folder / "missing")}, timeout=time)),
        ("PASS", Check("command", {"run": "echo 3"}, ("value == 3.0",), timeout=time)),
        ("FAIL", Check("command", {"run": "exit 3"}, timeout=time)),
        ("ERROR", Check("command", {"run": "sleep 10", "environment": headers}, timeout=0.1)),
        ("PASS", Check("environment", {"set": ["PATH"]}, timeout=time)),
        ("ERROR", Check("sqlite", {"path": str(folder / "none.db")}, timeout=time)),
    ]


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@asynccontextmanager
async def answering() -> AsyncIterator[int]:
    """A web server in this process that answers at once, and never on `/slow`; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                if b"/slow" in request:
                    await reader.read()
                    return
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000) as server:
        yield server.sockets[0].getsockname()[1]


async def held() -> Held:
    """What this process holds once everything that was given up has had a moment to end."""
    await asyncio.sleep(3)
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        pages * os.sysconf("SC_PAGE_SIZE"),
        threading.active_count(),
        len(list(Path("/proc/self/fd").iterdir())),
        sum(len(task.read_text().split()) for task in Path("/proc/self/task").glob("*/children")),
        len(asyncio.all_tasks()),
    )


if __name__ == "__main__":
    main()
