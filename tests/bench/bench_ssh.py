"""What SSH costs: `python -m tests.bench.bench_ssh [--quick]`, beside OpenSSH's own client on the same server.

100 commands over one open connection, beside `xargs ssh` over an open ControlMaster; 100 hosts reached anew at
once, beside the least that the server itself takes for them: its side of as many key exchanges and logins.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cockpit.connect.route import Program
from cockpit.connect.routes import HostRoutes
from tests.bench.figures import Figure, print_table
from tests.servers.ssh import Sshd, keys, sshd, wait_until

COMMANDS = 100


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().quick else 9
    with keys() as made, sshd(made) as server:
        print_table([warm(server, rounds), *cold(server, rounds)])


def warm(server: Sshd, rounds: int) -> Figure:
    """100 commands on one host over a connection that is open."""
    ours, theirs = [], []

    async def go() -> None:
        routes = HostRoutes([server.host()])
        route = routes.to("app")
        await asyncio.gather(*(route.run(Program("true"), 30) for _ in range(COMMANDS)))
        with tempfile.TemporaryDirectory(prefix="ck-") as folder, master(server, Path(folder)) as command:
            for _ in range(rounds):
                began = time.perf_counter()
                ended = await asyncio.gather(*(route.run(Program("echo ok"), 30) for _ in range(COMMANDS)))
                ours.append(time.perf_counter() - began)
                assert all(each.output == b"ok\n" for each in ended)
                theirs.append(await asyncio.to_thread(xargs, command))
        await routes.close()

    asyncio.run(go())
    return Figure(
        f"{COMMANDS} commands, one host, warm",
        statistics.median(ours) * 1000,
        "ssh ControlMaster, xargs -P8",
        statistics.median(theirs) * 1000,
        0.85,
        "ms",
    )


@contextlib.contextmanager
def master(server: Sshd, folder: Path) -> Iterator[list[str]]:
    """An open ControlMaster; the words of an `ssh` that uses it."""
    words = ["ssh", "-F", str(server.config(ControlPath=folder / "m")), "-p", str(server.port)]
    process = subprocess.Popen([*words, "-M", "-N", server.address], stdin=subprocess.DEVNULL)
    try:
        wait_until((folder / "m").exists, "the master is open")
        yield [*words, server.address]
    finally:
        process.terminate()
        process.wait()


def xargs(command: list[str]) -> float:
    """How long 100 commands take by the system's own means; never more at once than a server allows by default."""
    began = time.perf_counter()
    numbers = "\n".join(map(str, range(COMMANDS)))
    words = ["xargs", "-P8", "-I{}", *command, "echo ok"]
    done = subprocess.run(words, input=numbers, text=True, capture_output=True, check=True)
    assert done.stdout == "ok\n" * COMMANDS
    return time.perf_counter() - began


def cold(server: Sshd, rounds: int) -> Iterator[Figure]:
    """100 hosts at once, each with a connection of its own, beside the processor time of the server alone."""
    ours, limit = [], []

    async def go() -> None:
        routes = HostRoutes([server.host(f"app{number}") for number in range(COMMANDS)])
        served, began = server_seconds(server), time.perf_counter()
        ran = (routes.to(f"app{number}").run(Program("echo ok"), 60) for number in range(COMMANDS))
        ended = await asyncio.gather(*ran)
        ours.append(time.perf_counter() - began)
        assert all(each.output == b"ok\n" for each in ended)
        limit.append(server_seconds(server) - served)
        await routes.close()
        await asyncio.sleep(0.5)

    for _ in range(rounds):
        asyncio.run(go())
    yield Figure(
        f"{COMMANDS} hosts at once, cold",
        statistics.median(ours) * 1000,
        "processor time of the server alone",
        statistics.median(limit) * 1000,
        1.1,
        "ms",
    )


def server_seconds(server: Sshd) -> float:
    """Processor time of the server: itself, what it serves now, and what it has served."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    for pid in (server.process.pid, *server.sessions()):
        with contextlib.suppress(OSError):
            # In nanoseconds: each of them has taken less than a tick of the clock.
            seconds += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return seconds


if __name__ == "__main__":
    main()
