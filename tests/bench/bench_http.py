"""How long 200 HTTP checks take whose server answers after 100 ms: in the first round, and on kept connections.

Beside them, in the same process and on the same machine: bare asyncio streams, which is what Python allows, and one
httpx client shared by all, which is what one would write first.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path

import httpx
from figures import Figure, print_table

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values

CHECKS = 200
ANSWERS_AFTER = 0.1
TIMES = 7
COLD_TARGET, WARM_TARGET = 2.7, 1.7
"""330 ms and 210 ms where bare streams take 123 ms in both."""

Round = Callable[[], Awaitable[object]]
Measured = Callable[[str], Coroutine[object, object, tuple[float, float]]]


async def of_cockpit(url: str) -> tuple[float, float]:
    """Seconds of the first and of the second round of our checks."""
    session, values, known = Session(), Values([], {}), kinds()
    checks = [Check("http", {"url": f"{url}/{number}"}, expect=("status == 200",)) for number in range(CHECKS)]

    async def every() -> None:
        found = await asyncio.gather(
            *(measure("item", check, kinds=known, values=values, session=session) for check in checks)
        )
        assert {each.result for each in found} == {"PASS"}, found[0]

    try:
        return await timed(every), await timed(every)
    finally:
        await session.close()


async def of_streams(url: str) -> tuple[float, float]:
    """The same for bare streams, one connection for each check, kept between the rounds."""
    host, port = url.removeprefix("http://").split(":")
    kept: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask() -> None:
        reader, writer = kept.pop() if kept else await asyncio.open_connection(host, int(port))
        writer.write(f"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head
        await reader.readexactly(2)
        answered.append((reader, writer))

    answered: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def every() -> None:
        await asyncio.gather(*(ask() for _ in range(CHECKS)))
        kept.extend(answered)
        answered.clear()

    try:
        return await timed(every), await timed(every)
    finally:
        for _, writer in kept:
            writer.close()


async def of_one_client(url: str) -> tuple[float, float]:
    """The same for one httpx client with a connection for each check."""
    limits = httpx.Limits(max_connections=CHECKS, max_keepalive_connections=CHECKS)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def every() -> None:
            answers = await asyncio.gather(*(client.get(f"{url}/{number}") for number in range(CHECKS)))
            assert {answer.status_code for answer in answers} == {200}

        return await timed(every), await timed(every)


async def timed(once: Round) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    await once()
    return time.perf_counter() - begin


def milliseconds(kinds_of_round: Sequence[Measured], url: str, times: int) -> list[tuple[float, float]]:
    """Medians of the first and the second round of each; they take turns, so that a busy moment hits all of them."""
    taken: list[list[tuple[float, float]]] = [[] for _ in kinds_of_round]
    for _ in range(times):
        for of, rounds in zip(kinds_of_round, taken, strict=True):
            gc.collect()
            rounds.append(asyncio.run(of(url)))
    return [
        (statistics.median(cold) * 1000, statistics.median(warm) * 1000)
        for cold, warm in (zip(*rounds, strict=True) for rounds in taken)
    ]


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A server in a process of its own; its URL."""
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


async def serve() -> None:
    """Answer every request after a while, on a free port, which is printed."""

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, _data: bytes) -> None:
            loop.call_later(ANSWERS_AFTER, self.transport.write, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")  # type: ignore[attr-defined]

    loop = asyncio.get_running_loop()
    running = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
    print(running.sockets[0].getsockname()[1], flush=True)
    await running.serve_forever()


def main() -> None:
    """Print the figures."""
    with server() as url:
        milliseconds([of_cockpit], url, 1)  # imports
        of_ours, bare = milliseconds([of_cockpit, of_streams], url, TIMES)
        [shared] = milliseconds([of_one_client], url, 1)
    print_table(
        [
            Figure(f"{CHECKS} HTTP checks, first round", of_ours[0], "bare asyncio", bare[0], COLD_TARGET, "ms"),
            Figure(f"{CHECKS} HTTP checks, kept connections", of_ours[1], "bare asyncio", bare[1], WARM_TARGET, "ms"),
            Figure("the same, first round", of_ours[0], "one shared httpx client", shared[0], 0.36, "ms"),
            Figure("the same, kept connections", of_ours[1], "one shared httpx client", shared[1], 0.042, "ms"),
        ]
    )


if __name__ == "__main__":
    if "--serve" in sys.argv:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve())
    else:
        main()
