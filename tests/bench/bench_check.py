"""How long `cockpit check` takes for a hundred HTTP checks whose server takes its time, beside bare programs.

The peers are whole processes too: one that asks with nothing but asyncio's streams, and one that asks with the HTTP
library that Cockpit measures with, one client for each request.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from figures import Figure, print_table

TIMES = 7
CHECKS = 100
ANSWERS_AFTER = 0.1
ROOT = Path(__file__).parents[2]

BARE = """
import asyncio, sys
async def ask(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /%d HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n" % number)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
async def main():
    await asyncio.gather(*(ask(int(sys.argv[1]), number) for number in range(int(sys.argv[2]))))
asyncio.run(main())
"""
LIBRARY = """
import asyncio, ssl, sys, httpx
async def ask(port, number, trust):
    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/{number}")).status_code == 200
async def main():
    trust = ssl.create_default_context()
    await asyncio.gather(*(ask(sys.argv[1], number, trust) for number in range(int(sys.argv[2]))))
asyncio.run(main())
"""


def main() -> None:
    """Print the figures."""
    with slow_server() as port, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hundred.yaml"
        path.write_text(checklist(port))
        check = [sys.executable, "-m", "cockpit", "check", str(path)]
        arguments = [str(port), str(CHECKS)]
        ours, bare, library = milliseconds(
            [check, [sys.executable, "-c", BARE, *arguments], [sys.executable, "-c", LIBRARY, *arguments]]
        )
    name = f"check {CHECKS} URLs of {ANSWERS_AFTER * 1000:.0f} ms"
    print_table(
        [
            Figure(name, ours, "bare asyncio", bare, 2.2, "ms"),
            Figure(name, ours, "the HTTP library alone", library, 1.5, "ms"),
        ]
    )


def checklist(port: int) -> str:
    """One item for each URL."""
    items = "".join(
        f"      - {{id: c{number}, title: C, check: {{http: {{url: 'http://127.0.0.1:{port}/{number}'}}}}}}\n"
        for number in range(CHECKS)
    )
    return f"cockpit: 1\nname: Hundred\nparts:\n  - id: part\n    title: Part\n    items:\n{items}"


def milliseconds(commands: Sequence[Sequence[str]]) -> list[float]:
    """The median time of each command; they take turns, so that a busy moment hits all of them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken: list[list[float]] = [[] for _ in commands]
    for turn in range(TIMES + 1):
        for command, times in zip(commands, taken, strict=True):
            begin = time.perf_counter()
            subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
            if turn:  # the first one fills caches
                times.append((time.perf_counter() - begin) * 1000)
    return [statistics.median(times) for times in taken]


@contextlib.contextmanager
def slow_server() -> Iterator[int]:
    """The port of a server in a thread of this process that answers every request after a while."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(ANSWERS_AFTER)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(answer, "127.0.0.1", 0, backlog=2 * CHECKS), loop
    ).result()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


if __name__ == "__main__":
    main()
