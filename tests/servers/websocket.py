"""WebSocket servers in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
import threading
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol


@pytest.fixture(scope="session")
def websocket_servers(tls_contexts: dict[str, ssl.SSLContext]) -> Iterator[dict[str, int]]:
    """Ports: `plain`, and with TLS `good` and `expired`. The path says how a server behaves: see `_converse`."""
    contexts = {"plain": None, "good": tls_contexts["good"], "expired": tls_contexts["expired"]}
    with contextlib.ExitStack() as running:
        yield {name: running.enter_context(_serving(context)) for name, context in contexts.items()}


@contextlib.contextmanager
def _serving(context: ssl.SSLContext | None) -> Iterator[int]:
    logger = logging.getLogger("tests.websocket")
    logger.disabled = True  # clients that break off concern nobody
    ready: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.new_event_loop()
    ends = asyncio.Event()

    async def run() -> None:
        async with serve(
            _converse, "127.0.0.1", 0, ssl=context, logger=logger, close_timeout=0.2, process_request=_admit,
            subprotocols=[Subprotocol("v2.bot"), Subprotocol("v1.bot")], select_subprotocol=_choose,
        ) as server:  # fmt: skip
            ready.put_nowait(next(iter(server.sockets)).getsockname()[1])
            await ends.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(ready.get(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join(10)
        loop.close()


def _choose(_: ServerConnection, offered: list[Subprotocol]) -> Subprotocol | None:
    return next((name for name in ("v2.bot", "v1.bot") if name in offered), None)  # type: ignore[return-value]


def _admit(connection: ServerConnection, request: Request) -> Response | None:
    if request.path == "/forbidden":
        return connection.respond(HTTPStatus.FORBIDDEN, "not you\n")
    return None


async def _converse(connection: ServerConnection) -> None:
    """How a conversation goes, by the path of its request."""
    assert connection.request is not None
    with contextlib.suppress(ConnectionClosed):
        match connection.request.path:
            case "/hello":
                await connection.send('{"hello": "captain"}')
                await _echo(connection)
            case "/pieces":
                await connection.recv()
                await connection.ping()
                await connection.send(["in ", "three ", "pieces"])
            case "/headers":
                await connection.recv()
                await connection.send(json.dumps(dict(connection.request.headers.raw_items())))
            case "/hostile":
                await connection.recv()
                await connection.send("\x1b]52;c;cm0gLXJmIH4=\x07")
            case "/pinging":
                await connection.ping()
                await connection.send("tick")
                await connection.wait_closed()
            case "/leaving":
                await connection.recv()
                await connection.close(1001, "going away")
            case "/deaf":
                connection.transport.pause_reading()
                await asyncio.sleep(4)
                connection.transport.abort()
            case "/silent":
                await connection.wait_closed()
            case "/policy":
                await connection.close(1008, "who are you?")
            case "/cut":
                await connection.recv()
                connection.transport.abort()
            case "/huge":
                await connection.send("x" * 3_000_000)
            case "/flood":
                while True:
                    await connection.send("tick")
            case "/garbage":
                connection.transport.write(b"\xff\xff\xff\xff")
                await connection.wait_closed()
            case _:
                await _echo(connection)


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)
