"""A day of checks and logs, in minutes: memory, threads, handles and child processes are the same at its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cockpit.checklist.model import Branch, Check, Document, Item, LogSource
from cockpit.engine.client import start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import verify
from cockpit.logs.spool import SpoolReader
from cockpit.run import command as cmd
from tests.prove import log_printing
from tests.prove.finding import Effort, Finding
from tests.prove.holding import MORE, Watch
from tests.prove.surroundings import a_home, beginning_with
from tests.servers.web import serving
from tests.support.engines import PATIENCE, kill_engine
from tests.support.runs import HERE, manual
from tests.support.terminal import Terminal

CHECKS = 200
EVERY = 10.0
"""Seconds between two measurements of a check, in the day that is simulated."""

FASTER = 64
"""How much faster the clock of that day runs: an engine makes 1,300 measurements a second, with a core to itself.

How many it came to, on the machine as it is, the finding says."""

LEAKING = """\
import socket
import cockpit.checks.measure as measure
kept, well = [], measure.measure
async def leak(*given, **named):
    kept.append(bytes(20_000))
    if len(kept) % 50 == 0:
        kept.append(socket.socket())
    return await well(*given, **named)
measure.measure = leak
"""
"""What an engine does at its start in the control: it keeps something of each measurement."""


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Let it run."""
    day = WHOLE if effort.full else SHORT
    came = _lived(day, work / "day")
    with beginning_with(LEAKING, work / "leaking"):
        bites = len(_lived(Day(240), work / "control").broken)
    yield Finding(
        f"{day.simulated / 3600:.2g} hours of {CHECKS} checks every {EVERY:g} s; {came.visits} visits of viewers, some"
        f" cut off; {came.lines:,} log lines at {2 * log_printing.RATE:,}/s, followed and in a pane ({came.held})",
        came.measured, len(came.broken), "an engine that keeps a little of each measurement", bites,
        tuple(came.broken),
    )  # fmt: skip


@dataclass(frozen=True)
class Day:
    """How long, and what happens."""

    simulated: int
    """Seconds."""
    lines: int = 0
    """Printed by the sources that are followed."""
    bursts: int = 0
    """In how many floods: between them there is time to read on."""

    settles: int = MORE["memory"]
    """Bytes of memory that any process may take more, of which a short trial sees the beginning only."""

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.simulated / FASTER


WHOLE = Day(24 * 3600, lines=10_000_000, bursts=20)
SHORT = Day(240, lines=50_000, bursts=1, settles=40 << 20)


@dataclass
class Came:
    """What came of a day."""

    broken: list[str]
    measured: int = 0
    visits: int = 0
    lines: int = 0
    held: str = ""


def _lived(day: Day, work: Path) -> Came:
    """An engine that measures all the time, whose viewers come and go, whose server drops connections."""
    came = Came([])
    work.mkdir()
    for name in log_printing.NAMES:
        (work / f"{name}.log").touch()
    with a_home(), _server() as server, _server() as hanging:
        document = _checklist(server.port, hanging.port, EVERY / FASTER, work)
        run = open_run(document, release="1", environment="test", run_kind="live")
        start_engine(run)
        try:
            pid = _pid(run)
            watch = Watch(day.seconds)
            with contextlib.ExitStack() as looking:
                if day.lines:
                    looking.enter_context(_pane(run, watch))
                time.sleep(min(20.0, max(2.0, day.seconds / 10)))  # what is imported, opened and remembered once
                watch.at("the engine", pid)
                looking.enter_context(watch.looking())
                flood = looking.enter_context(_printing(day, work)) if day.lines else None
                began = server.asked
                asyncio.run(_through_the_day(day, run, flood, came))
                came.measured = server.asked - began
            came.held, came.broken = watch.words(), came.broken + watch.grown(day.settles)
            if _pid(run) != pid:
                came.broken.append("another engine carries the run")
        finally:
            kill_engine(run)
        if not verify(run.journal).ok:
            came.broken.append("the chain is broken")
    return came


async def _through_the_day(day: Day, run: RunFolder, flood: subprocess.Popen[str] | None, came: Came) -> None:
    """Viewers look on for a moment, one after another, some cut off; and the sources print, burst after burst."""
    visiting = asyncio.create_task(_visited(run, day.seconds))
    for burst in range(day.bursts):
        assert flood is not None
        began = time.monotonic()
        cut_off = asyncio.create_task(asyncio.to_thread(_cut_off, run))
        came.lines += await asyncio.to_thread(_burst, flood)
        if behind := await asyncio.to_thread(_behind, run, came.lines):
            came.broken.append(f"burst {burst}: {behind}")
        await cut_off
        await asyncio.sleep(max(0.0, began + day.seconds / day.bursts - time.monotonic()) if day.bursts > 1 else 0.0)
    came.visits = await visiting + day.bursts


def _burst(flood: subprocess.Popen[str]) -> int:
    """Let the sources print; how many lines."""
    assert flood.stdin is not None
    assert flood.stdout is not None
    flood.stdin.write("\n")
    flood.stdin.flush()
    return int(flood.stdout.readline())


def _behind(run: RunFolder, lines: int) -> str:
    """What of so many lines never came to the spool; nothing when all did."""
    ends = time.monotonic() + 5 * PATIENCE  # late is not lost: what follows has to share this machine
    while (there := _spooled(run)) < lines and time.monotonic() < ends:
        time.sleep(0.2)
    return f"{lines - there:,} of {lines:,} lines never came" if there < lines else ""


def _spooled(run: RunFolder) -> int:
    """How many lines, and notices, there were in the spool so far."""
    spool = SpoolReader(run.logs, 1)
    try:
        return max((line.number for line in spool.read(1).lines), default=0)
    finally:
        spool.close()


def _cut_off(run: RunFolder) -> None:
    """Somebody else looks at the logs too, and loses the line."""
    with _attached(run) as terminal:
        terminal.hangup()
        with contextlib.suppress(subprocess.TimeoutExpired):
            terminal.process.wait(10)


@contextlib.contextmanager
def _attached(run: RunFolder) -> Iterator[Terminal]:
    """A viewer whose pane shows the logs."""
    with Terminal([sys.executable, "-m", "cockpit", "attach", run.id, "--observe"]) as terminal:
        terminal.until("you look on", PATIENCE)
        terminal.press("l")
        terminal.until("FOLLOW", PATIENCE)
        yield terminal


@contextlib.contextmanager
def _pane(run: RunFolder, watch: Watch) -> Iterator[None]:
    """A viewer that follows all day; it, and the process that follows for it, are watched."""
    with _attached(run) as terminal:
        watch.at("a viewer", terminal.process.pid, keeps=run.journal)  # it shows all that was recorded
        ends = time.monotonic() + PATIENCE
        while not (found := _following(run)):
            assert time.monotonic() < ends, "nothing follows the logs"
            time.sleep(0.1)
        watch.at("what follows", found)
        yield


@contextlib.contextmanager
def _printing(day: Day, work: Path) -> Iterator[subprocess.Popen[str]]:
    """The sources."""
    program = [sys.executable, log_printing.__file__, str(work), str(day.lines), str(day.bursts)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as flood:
        try:
            yield flood
        finally:
            flood.kill()


def _following(run: RunFolder) -> int:
    """The process that follows the logs of a run; 0 when there is none."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"cockpit.logs" in words and str(run.logs).encode() in words:
                return int(process.name)
    return 0


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


def _checklist(port: int, hanging: int, every: float, logs: Path) -> Document:
    """Checks of many kinds: most are good, some fail, some change, some hang, some are cut off."""
    web = f"http://127.0.0.1:{port}"
    items = []
    for number in range(CHECKS):
        path = ("ok", "ok", "ok", "changes", "drops")[number % 5]
        check = Check("http", {"url": f"{web}/{path}/{number}"}, ("status == 200",), every=every, timeout=2.0)
        if number % 50 == 7:
            check = Check("command", {"run": "echo hello"}, ("status == 0",), every=every * 20, timeout=5.0)
        if number % 50 == 8:
            check = msgspec.structs.replace(
                check, spec={"url": f"http://127.0.0.1:{hanging}/hangs/{number}"}, timeout=0.3, every=every * 4
            )
        if number % 50 == 9:
            check = Check("tcp", {"host": "127.0.0.1", "port": port}, (), every=every, timeout=2.0)
        items.append(Item(f"check-{number}", f"Check {number}", HERE, check=check))
    section = Branch("section", "section", "Section", HERE, children=(*items, manual("owner")))
    followed = tuple(
        LogSource(name, name, "file", {"path": str(logs / f"{name}.log")}, tail=0) for name in log_printing.NAMES
    )
    return Document("Lasting", (Branch("part", "part", "Part", HERE, children=(section,)),), logs=followed)


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
                if b"/drops" in head and made.asked % 97 == 0:
                    break
                status = 500 if b"/changes" in head and made.asked % 9970 < 50 else 200
                writer.write(b"HTTP/1.1 %d x\r\nContent-Length: 2\r\n\r\nok" % status)
                await writer.drain()
        writer.close()

    with serving(serve) as made.port:
        yield made


def _pid(run: RunFolder) -> int:
    holder = holder_of(run)
    return holder.pid if holder is not None else 0
