"""A day of checks, in minutes: memory, threads, handles, tasks and child processes are the same at its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cockpit.checklist.model import Branch, Check, Document, Item
from cockpit.engine.client import start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import verify
from cockpit.run import command as cmd
from tests.prove.finding import Effort, Finding
from tests.servers.web import serving
from tests.support.engines import kill_engine
from tests.support.runs import HERE, manual

CHECKS = 200
EVERY = 10.0
"""Seconds between two measurements of a check, in the day that is simulated."""

RATE = 400.0
"""Measurements a second that an engine is asked for: the clock runs so much faster that they come to that.

How many it comes to, on the machine as it is, the finding says."""

MEMORY = 1.12
"""By how much memory may be more at the end: what the journal's state remembers of every item, and fragments."""

MORE = 3
"""Threads, handles that may be more: those of a measurement that is under way as they are counted."""


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Let it run."""
    del work
    simulated = effort.times(full=24 * 3600, short=60)
    yield _a_day(simulated)


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    memory: int
    threads: int
    handles: int
    children: int

    @classmethod
    def by(cls, pid: int) -> Held:
        """What process `pid` holds now."""
        process = Path(f"/proc/{pid}")
        return cls(
            int((process / "statm").read_text().split()[1]) * resource.getpagesize(),
            len(list((process / "task").iterdir())),
            len(list((process / "fd").iterdir())),
            sum(len(each.read_text().split()) for each in process.glob("task/*/children")),
        )

    def more_than(self, before: Held) -> list[str]:
        """What is held at the end that was not at the beginning."""
        found = []
        if self.memory > before.memory * MEMORY:
            found.append(f"memory: {before.memory >> 20} MiB before, {self.memory >> 20} MiB after")
        for name in ("threads", "handles", "children"):
            one, other = getattr(before, name), getattr(self, name)
            if other > one + MORE:
                found.append(f"{name}: {one} before, {other} after")
        return found


def _a_day(simulated: int) -> Finding:
    """An engine that measures all the time, whose viewers come and go, whose server drops connections."""
    faster = RATE * EVERY / CHECKS
    seconds = simulated / faster
    with _a_home(), _server() as server, _server() as hanging:
        run = open_run(
            _checklist(server.port, hanging.port, EVERY / faster), release="1", environment="test", run_kind="live"
        )
        start_engine(run)
        try:
            pid = _pid(run)
            time.sleep(min(60.0, max(2.0, seconds / 10)))  # what is imported, opened and remembered once
            before = Held.by(pid)
            visits = asyncio.run(_visited(run, seconds))
            broken = Held.by(pid).more_than(before)
            if _pid(run) != pid:
                broken.append("another engine carries the run")
        finally:
            kill_engine(run)
        found = verify(run.journal)
        if not found.ok:
            broken.append("the chain is broken")
    bites = _leaks()
    return Finding(
        f"{simulated / 3600:.2g} hours of {CHECKS} checks every {EVERY:g} s, {visits} visits of viewers,"
        f" {found.events:,} events",
        server.asked, len(broken), "connections that are left open", bites, tuple(broken),
    )  # fmt: skip


def _leaks() -> int:
    """The control."""
    before = Held.by(os.getpid())
    return len(_leaking().more_than(before))


def _leaking() -> Held:
    """What is held when each of a few measurements leaves its connection and a thread behind."""
    over = threading.Event()
    left = [socket.socket() for _ in range(20)]
    waiting = [threading.Thread(target=over.wait) for _ in range(20)]
    for thread in waiting:
        thread.start()
    try:
        return Held.by(os.getpid())
    finally:
        over.set()
        for door in left:
            door.close()
        for thread in waiting:
            thread.join()


async def _visited(run: RunFolder, seconds: float) -> int:
    """Viewers look on for a moment, one after another; some hang up in the midst of a word."""
    ends, visits = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        view = LiveRun(run)
        await view.start()
        await view.send(cmd.AddNote(f"visit {visits}"))
        await view.stop()
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(run.socket))
            rude.sendall(b'{"say":"hello","proto')
        visits += 1
        del view
        gc.collect()
        await asyncio.sleep(min(5.0, max(0.05, seconds / 50)))
    await asyncio.sleep(1.0)
    return visits


def _checklist(port: int, hanging: int, every: float) -> Document:
    """Checks of many kinds: most are good, some fail, some change, some hang, some are cut off."""
    web = f"http://127.0.0.1:{port}"
    items = []
    for number in range(CHECKS):
        path = ("ok", "ok", "ok", "changes", "drops")[number % 5]
        check = Check("http", {"url": f"{web}/{path}"}, ("status == 200",), every=every, timeout=2.0)
        if number % 50 == 7:
            check = Check("command", {"run": "echo hello"}, ("status == 0",), every=every * 20, timeout=5.0)
        if number % 50 == 8:
            check = msgspec.structs.replace(
                check, spec={"url": f"http://127.0.0.1:{hanging}/hangs"}, timeout=0.3, every=every * 4
            )
        if number % 50 == 9:
            check = Check("tcp", {"host": "127.0.0.1", "port": port}, (), every=every, timeout=2.0)
        items.append(Item(f"check-{number}", f"Check {number}", HERE, check=check))
    section = Branch("section", "section", "Section", HERE, children=(*items, manual("owner")))
    return Document("Lasting", (Branch("part", "part", "Part", HERE, children=(section,)),))


@dataclass
class _Server:
    port: int = 0
    asked: int = 0


@contextlib.contextmanager
def _server() -> Iterator[_Server]:
    made = _Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                made.asked += 1
                if b"/hangs" in head:
                    await asyncio.sleep(3)
                if b"/drops" in head and made.asked % 7 == 0:
                    break
                status = 500 if b"/changes" in head and made.asked % 997 < 50 else 200
                writer.write(b"HTTP/1.1 %d x\r\nContent-Length: 2\r\n\r\nok" % status)
                await writer.drain()
        writer.close()

    with serving(serve) as made.port:
        yield made


def _pid(run: RunFolder) -> int:
    holder = holder_of(run)
    return holder.pid if holder is not None else 0


@contextlib.contextmanager
def _a_home() -> Iterator[None]:
    before = os.environ.get("COCKPIT_HOME")
    with tempfile.TemporaryDirectory(prefix="ck-", ignore_cleanup_errors=True) as home:
        os.environ["COCKPIT_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["COCKPIT_HOME"]
            else:
                os.environ["COCKPIT_HOME"] = before
