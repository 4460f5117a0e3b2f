"""Web servers in this process, good and bad, and ports that do not answer."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

COLOUR = {"status": "ok", "colour": "green", "open_orders": 3}


@dataclass
class Web:
    """A server whose path says how it behaves. `asked` counts requests, `opened` connections."""

    port: int
    asked: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    failures_left: int = 0
    """How many more times `/flaky` answers 503."""
    granted: int = 0
    """How many more requests `/limited` grants."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def http_server() -> Iterator[Web]:
    """A web server: see `_answer` for its paths."""
    web = Web(0)
    with serving(lambda reader, writer: _serve(web, reader, writer)) as web.port:
        yield web


@pytest.fixture(scope="session")
def https_servers(tls_contexts: dict[str, ssl.SSLContext]) -> Iterator[dict[str, int]]:
    """A port for each of `tls_contexts`, with the paths of `http_server`."""
    with contextlib.ExitStack() as running:
        yield {
            name: running.enter_context(serving(lambda r, w: _serve(Web(0), r, w), tls=context))
            for name, context in tls_contexts.items()
        }


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port whose connections are never accepted: what is sent to it meets silence."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with contextlib.ExitStack() as filling:
            for _ in range(2):
                filler = filling.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            yield port


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose connections are accepted, and where nobody ever says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def refusing_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def silent_socket() -> Iterator[Path]:
    """A Unix socket that accepts and never says a word."""
    with (
        tempfile.TemporaryDirectory(prefix="ck-silent-") as folder,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        path = Path(folder) / "silent.sock"
        listener.bind(str(path))
        listener.listen(64)
        yield path


@contextlib.contextmanager
def serving(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]],
    *,
    tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Serve on a free port of loopback, in a thread, until the end of the context; the port."""
    loop = asyncio.new_event_loop()
    # The server's side of a connection that a client gave up ends in an error that concerns nobody.
    loop.set_exception_handler(lambda _loop, _context: None)

    async def handle_to_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except BaseException:
            writer.transport.abort()  # or it would be found unclosed in the middle of some other test
            raise

    async def start() -> asyncio.Server:
        return await asyncio.start_server(handle_to_the_end, "127.0.0.1", 0, ssl=tls)

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)  # connections that were cut off are closed in the next turn of the loop


async def _serve(web: Web, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    web.opened += 1
    try:
        while await _once(web, reader, writer):
            pass
        writer.close()
        await writer.wait_closed()
    except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        writer.transport.abort()


async def _once(web: Web, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; whether the connection stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, path, _ = head.split(" ", 2)
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    lower = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(lower.get("content-length", 0)))
    web.asked[path] += 1
    async for piece in _answer(web, method, path, lower, body):
        if piece is None:
            return False
        writer.write(piece)
        await writer.drain()
    return True


async def _answer(
    web: Web, method: str, path: str, headers: dict[str, str], body: bytes
) -> AsyncIterator[bytes | None]:
    """The pieces of an answer; None ends the connection."""
    match path.partition("?")[0]:
        case "/health":
            yield _whole(200, json.dumps(COLOUR).encode(), "Content-Type: application/json")
        case "/text":
            yield _whole(200, b"All systems go.\n", "Content-Type: text/plain")
        case "/hostile":
            yield _whole(200, b"\x1b]52;c;cm0gLXJmIH4=\x07\x1b[31mred \xe2\x80\xae", "X-Bad: \x1b[2J")
        case "/echo":
            yield _whole(200, json.dumps({"method": method, "headers": headers, "body": body.decode()}).encode())
        case "/flaky":
            web.failures_left -= 1
            yield _whole(503 if web.failures_left >= 0 else 200, b"")
        case "/limited":
            web.granted -= 1
            yield _whole(200, b"") if web.granted >= 0 else _whole(429, b"", "Retry-After: 17")
        case "/teapot":
            yield _whole(503, b"no tea", "Set-Cookie: session=abcdef123456")
        case "/moved":
            yield _whole(302, b"", f"Location: http://127.0.0.1:{web.port}/health")
        case "/elsewhere":
            yield _whole(302, b"", f"Location: http://localhost:{web.port}/echo")
        case "/see-other":
            yield _whole(303, b"", "Location: /echo")
        case "/elsewhere-with-body":
            yield _whole(307, b"", f"Location: http://localhost:{web.port}/echo")
        case "/to-a-file":
            yield _whole(302, b"", "Location: file:///etc/passwd")
        case "/round":
            yield _whole(302, b"", "Location: /round")
        case "/slow":
            await asyncio.sleep(0.1)
            yield _whole(200, b"late")
        case "/silent":
            await asyncio.sleep(60)
        case "/drip":
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
            while True:
                yield b"x"
                await asyncio.sleep(0.05)
        case "/drip-headers":
            yield b"HTTP/1.1 200 OK\r\n"
            while True:
                yield b"X-Drip: x\r\n"
                await asyncio.sleep(0.05)
        case "/many-headers":
            yield b"HTTP/1.1 200 OK\r\n" + b"X-More: x\r\n" * 200_000 + b"\r\n"
        case "/huge":
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
            for _ in range(1000):
                yield b"y" * 100_000
        case "/bomb":
            yield _whole(200, gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip")
        case "/deep":
            yield _whole(200, b"[" * 100_000 + b"]" * 100_000, "Content-Type: application/json")
        case "/cut":
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
            yield None
        case "/last":
            yield _whole(200, b"and goodbye")
            yield None
        case "/close":
            yield None
        case "/not-http":
            yield b"220 mail.example ESMTP\r\n\r\n"
            yield None
        case _:
            yield _whole(404, b"nothing here")


def _whole(status: int, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Whatever'}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body
