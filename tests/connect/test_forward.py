"""Sockets on this machine that lead through a route."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cockpit.connect import forward
from cockpit.connect.forward import Forward
from cockpit.connect.here import HERE


@asynccontextmanager
async def echo(path: Path | None = None) -> AsyncIterator[int]:
    """A server that says everything again, in capitals, once its client has ended; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read()).upper())
        await writer.drain()
        writer.close()

    server = await (asyncio.start_unix_server(serve, path) if path else asyncio.start_server(serve, "127.0.0.1", 0))
    async with server:
        yield 0 if path else server.sockets[0].getsockname()[1]


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes) -> bytes:
    writer.write(words)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.anyio
async def test_what_is_sent_to_the_port_goes_through_the_route_and_back() -> None:
    async with echo() as port:
        leading = await forward.tcp(HERE, "localhost", port)
        words = b"x" * 3_000_000
        answers = await asyncio.gather(
            *[said(*await asyncio.open_connection(leading.address, leading.port), words) for _ in range(3)]
        )
        await leading.close()
    assert [len(answer) for answer in answers] == [len(words)] * 3
    assert answers[0][:3] == b"XXX"


@pytest.mark.anyio
async def test_a_unix_socket_leads_through_and_is_nobody_elses(tmp_path: Path) -> None:
    async with echo(tmp_path / "far"):
        leading = await forward.unix(HERE, str(tmp_path / "far"))
        near = Path(leading.path)
        assert stat.S_IMODE(near.parent.stat().st_mode) == 0o700
        assert await said(*await asyncio.open_unix_connection(near), b"hello") == b"HELLO"
        await leading.close()
        assert not near.parent.exists()


@pytest.mark.anyio
async def test_what_cannot_be_reached_is_told_and_the_connection_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    leading = await forward.tcp(HERE, "127.0.0.1", port)
    reader, writer = await asyncio.open_connection(leading.address, leading.port)
    assert await reader.read() == b""
    writer.close()
    assert leading.failure == f"connection refused by 127.0.0.1:{port}"
    await leading.close()


@pytest.mark.anyio
async def test_another_user_is_not_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    async with echo() as port:
        leading = await forward.tcp(HERE, "127.0.0.1", port)
        monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
        reader, writer = await asyncio.open_connection(leading.address, leading.port)
        assert await reader.read() == b""
        writer.close()
        await leading.close()


@pytest.mark.anyio
async def test_closing_ends_what_goes_through() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    async with echo() as port:
        leading: Forward = await forward.tcp(HERE, "127.0.0.1", port)
        reader, writer = await asyncio.open_connection(leading.address, leading.port)
        await asyncio.sleep(0.05)
        await leading.close()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.05)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
