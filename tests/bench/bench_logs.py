"""Logs beside their peers: a container that prints as fast as it can, memory, and a file of 1 GB.

The peers, in the same run: `docker logs`, and lnav where it is installed. Run as root, with Docker's packages.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import resource
import select
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from figures import Figure, print_table

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.logs.big_file import BigFile
from cockpit.logs.buffer import LogBuffer
from cockpit.logs.daemon import _Parts
from cockpit.logs.follow_docker import _Container
from cockpit.logs.following import follow
from cockpit.logs.intake import Intake
from cockpit.logs.job import Followed, Job
from cockpit.logs.line import Level
from cockpit.logs.selection import Selection, Wanted
from cockpit.logs.spool import SpoolReader, SpoolWriter
from cockpit.text import Redactor
from tests.servers.docker import build, run, started

LINES = int(os.environ.get("BENCH_LINES") or 300_000)
TIMES = 3
LINE = (
    "2026-11-24 12:00:00,123 INFO trader: order 123456 filled at 1.2345, of which nothing is left to be said in words"
)
PRINT = f"yes '{LINE}' | head -n {LINES}; echo the end; exec sleep 600"
LEVELS = ("INFO", "DEBUG", "WARNING", "INFO", "ERROR")
NAMES = ("trader", "api.orders", "feed")
KINDS: dict[str, Callable[[int], str]] = {
    "as printed above": lambda _: LINE,
    "levels at many places": lambda at: f"12:00:00 [{NAMES[at % 3]}] {LEVELS[at % 5]} order {at} filled at 1.2345",
    "coloured": lambda at: (
        f"\x1b[90m12:00:00\x1b[0m \x1b[3{at % 7}m{LEVELS[at % 5]}\x1b[0m order {at} filled at 1.2345"
    ),
    "JSON": lambda at: f'{{"time": "12:00:00", "level": "{LEVELS[at % 5]}", "msg": "order filled", "order": {at}}}',
    "of every kind": lambda at: list(KINDS.values())[at % 4](at),
}
"""What lines look like, by their number."""
IMAGE = "cockpit-bench-logs:1"
BIG = 1_000_000_000


def main() -> None:
    """Measure everything and print it."""
    figures = []
    if os.geteuid() == 0 and shutil.which("dockerd"):
        figures += list(following_figures())
    else:
        print("no Docker here: following a container is not measured")
    figures += list(taking_figures())
    figures += list(big_file_figures())
    print_table(figures)
    print_memory()


# --- following


def following_figures() -> Iterator[Figure]:
    """Lines a second from the start of a container to its last line, cleaned, recognised, counted and in a spool.

    All on one machine: whoever reads shares its cores with the daemon, which takes several times as much for a line.
    The limit is a reader that throws away what it reads.
    """
    with started("bench") as daemon:
        build(daemon.host, IMAGE)
        live: dict[str, list[Took]] = {"ours": [], "theirs": [], "limit": []}
        stored: dict[str, list[Took]] = {"ours": [], "theirs": [], "limit": []}
        readers = {"ours": of_cockpit, "theirs": of_docker, "limit": of_nobody}
        for number in range(TIMES):
            for who, reader in readers.items():
                live[who].append(reader(daemon.host, f"{who}-{number}"))
        for _ in range(TIMES):
            for who, reader in readers.items():
                stored[who].append(reader(daemon.host, "theirs-0", start=False))
    for what, took in (("as it is printed", live), ("printed before", stored)):
        cpu = {who: statistics.median(each.cpu for each in took[who]) / LINES * 1e6 for who in took}
        print(f"CPU for a million lines {what}: ours {cpu['ours']:.2f} s, docker logs {cpu['theirs']:.2f} s")
    for name, took, aimed in (("following a container", live, 1.25), ("lines it has printed before", stored, 1.03)):
        rate = {who: LINES / statistics.median(each.seconds for each in took[who]) for who in took}
        yield Figure(name, rate["ours"], "docker logs -f", rate["theirs"], aimed, "lines/s", True)
        yield Figure("  beside", rate["ours"], "what the daemon gives", rate["limit"], 0.95, "lines/s", True)


def taking_figures() -> Iterator[Figure]:
    """The same without a daemon: from its frames in memory to a spool, in one process and on one core."""
    for kind, make in KINDS.items():
        data = b"".join(
            struct.pack(">BxxxL", 1, len(body)) + body
            for body in (
                f"2026-11-24T12:00:{number // 5000 % 60:02}.{number % 10**9:09}Z {make(number)}\n".encode()
                for number in range(LINES)
            )
        )
        for secrets in (0, 20):
            rate = LINES / statistics.median(taking(data, secrets) for _ in range(TIMES))
            yield Figure(
                f"taken in and kept: {kind}, {secrets} secrets", rate, "aimed at", 200_000, 1.0, "lines/CPU s", True
            )


def taking(data: bytes, secrets: int) -> float:
    """Seconds of CPU that a daemon's bytes take."""
    with tempfile.TemporaryDirectory() as folder:
        spool = SpoolWriter(Path(folder) / "logs")
        redactor = Redactor({f"s{number}": f"a secret of length {number}" for number in range(secrets)})
        container, parts = _Container("it", 0, Intake("it", spool, redactor)), _Parts(framed=True)
        spent = time.process_time()
        for at in range(0, len(data), 256 * 1024):
            container._take(parts.add(data[at : at + 256 * 1024]), again=False)
        spent = time.process_time() - spent
        spool.close()
    return spent


class Took(NamedTuple):
    """What reading took."""

    seconds: float
    cpu: float
    """Seconds of CPU of whoever read."""


def start_container(host: str, name: str) -> None:
    """Begin to print."""
    run(host, "run", "-d", "--name", name, "--network", "none", IMAGE, "sh", "-c", PRINT)


def of_cockpit(host: str, name: str, *, start: bool = True) -> Took:
    """Until Cockpit has the last line in its spool."""
    with tempfile.TemporaryDirectory() as folder:
        spool = _Counting(Path(folder) / "logs")

        async def go() -> Took:
            job = Job((Followed("it", "docker", {"container": name, "host": host}, tail=10_000_000),))
            began, spent = time.perf_counter(), time.process_time()
            starting = asyncio.create_task(asyncio.to_thread(start_container, host, name)) if start else None
            if starting is not None:
                await starting
            following = asyncio.create_task(follow(job, spool))
            await spool.ended.wait()
            took = Took(time.perf_counter() - began, time.process_time() - spent)
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
            return took

        took = asyncio.run(go())
        spool.close()
        assert spool.lines == LINES + 1, spool.lines
        return took


class _Counting(SpoolWriter):
    """A spool that knows when the last line has come."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.lines, self.errors = 0, 0
        self.ended = asyncio.Event()

    def add(self, source, texts, received, *, levels=b"", at=(), kind="line") -> None:
        super().add(source, texts, received, levels=levels, at=at, kind=kind)
        if kind == "line":
            self.lines += len(texts)
            self.errors += levels.count(Level.ERROR)
        if texts[-1] == "the end":
            self.ended.set()


def of_docker(host: str, name: str, *, start: bool = True) -> Took:
    """Until the client of Docker has told the last line."""
    began = time.perf_counter()
    if start:
        start_container(host, name)
    spent = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    with subprocess.Popen(["docker", "--host", host, "logs", "-f", name], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        read_to_the_end(lambda: os.read(client.stdout.fileno(), 1 << 20))
        took = time.perf_counter() - began
        client.kill()
    return Took(took, sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - spent)


def of_nobody(host: str, name: str, *, start: bool = True) -> Took:
    """Until the daemon has sent the last line to one who throws it away."""
    began, spent = time.perf_counter(), time.process_time()
    if start:
        start_container(host, name)
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(host.removeprefix("unix://"))
        daemon.sendall(f"GET /containers/{name}/logs?stdout=1&stderr=1&timestamps=1&follow=1 HTTP/1.0\r\n\r\n".encode())
        read_to_the_end(lambda: daemon.recv(1 << 20))
    return Took(time.perf_counter() - began, time.process_time() - spent)


def read_to_the_end(read: Callable[[], bytes]) -> None:
    """Read until the last line has come."""
    last = b""
    while b"the end\n" not in last:
        last = last[-20:] + read()


# --- a big file


def big_file_figures() -> Iterator[Figure]:
    """Opening at the end, and searching for a word that stands in it once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.log"
        block = "".join(f"{LINE} {number:08}\n" for number in range(80_000)).encode()
        with path.open("wb") as file:
            for _ in range(BIG // len(block)):
                file.write(block)
            file.write(b"2026-11-24 12:00:00,123 ERROR the needle stands here\n")
            for _ in range(100):
                file.write(LINE.encode() + b"\n")
        opened, searched, grepped = [], [], []
        for _ in range(TIMES):
            began = time.perf_counter()
            big = BigFile(path)
            assert len(big.before(big.size, 50)) == 50
            opened.append(time.perf_counter() - began)
            began = time.perf_counter()
            search = big.search("needle stands")
            longest = lag_while(search)
            searched.append(time.perf_counter() - began)
            assert search.count == 1
            big.close()
            began = time.perf_counter()
            subprocess.run(["grep", "-c", "needle stands", path], check=True, stdout=subprocess.DEVNULL)
            grepped.append(time.perf_counter() - began)
        print(f"opening 1 GB at its end: {statistics.median(opened) * 1000:.2f} ms (target 50 ms)")
        print(f"the longest that another thread waited while it was searched: {longest * 1000:.0f} ms")
        yield Figure("searching 1 GB", statistics.median(searched), "grep -c", statistics.median(grepped), 3.7, "s")
        if shutil.which("lnav"):
            shown, found = of_lnav(path)
            yield Figure("opening 1 GB at its end", statistics.median(opened), "lnav", shown, 1 / 90, "s")
            yield Figure("searching 1 GB", statistics.median(searched), "lnav", found, 1 / 12, "s")
        else:
            print("lnav is not installed: install the package lnav to see it beside")


def lag_while(search) -> float:
    """The longest that this thread, as one that answers keys, had to wait until the search was over."""
    longest = 0.0
    while not search.done:
        before = time.perf_counter()
        time.sleep(0.002)
        longest = max(longest, time.perf_counter() - before)
    return longest


def of_lnav(path: Path) -> tuple[float, float]:
    """Seconds until lnav shows the end of the file, and from Enter until it has found the word."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp("lnav", ["lnav", str(path)])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    began = time.perf_counter()
    until(fd, b"100%")
    shown = time.perf_counter() - began
    os.write(fd, b"/needle stands")
    time.sleep(1)
    drain(fd)
    began = time.perf_counter()
    os.write(fd, b"\r")
    until(fd, b"1 hits", b" 1 of 1", b"hits")
    found = time.perf_counter() - began
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(fd)
    return shown, found


def until(fd: int, *words: bytes) -> None:
    """Read until one of `words` is on the screen, for a minute at most."""
    seen, ends = b"", time.monotonic() + 60
    while time.monotonic() < ends and not any(word in seen for word in words):
        if select.select([fd], [], [], 0.05)[0]:
            seen = seen[-200:] + os.read(fd, 65536)


def drain(fd: int) -> None:
    """Read what is there."""
    while select.select([fd], [], [], 0.1)[0]:
        os.read(fd, 65536)


# --- memory


def print_memory() -> None:
    """Of a viewer after a million lines and after ten, each in a process of its own."""
    for lines in (1_000_000, 10_000_000):
        command = [sys.executable, __file__, "--memory", str(lines)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        print(f"memory of a viewer after {lines:,} lines: {told} (target 120 MB, flat)")


def memory(lines: int) -> None:
    """Keep so many lines in a buffer, chosen from as they come, through a spool; print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        writer, reader = SpoolWriter(Path(folder) / "logs"), SpoolReader(Path(folder) / "logs")
        buffer, selection = LogBuffer(), Selection(Wanted(grep="order 1", find="filled"))
        texts, levels = [f"{LINE} {number}" for number in range(5000)], bytes([Level.INFO]) * 5000
        for number in range(lines // 5000):
            writer.add("ab"[number % 2], [*texts], float(number), levels=levels)
            read = reader.read()
            buffer.add(read.lines, float(number))
            while not selection.advance(buffer):
                pass
        assert sum(each.lines for each in buffer.counts.values()) == lines
        kept = buffer.end - buffer.first
        most = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        print(f"{int(most.split()[1]) / 1024:.0f} MB at most, {kept:,} of them kept")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        memory(int(sys.argv[2]))
    else:
        main()
