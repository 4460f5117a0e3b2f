"""Brings ports of another network namespace's 127.0.0.1 to ours: `forward.py PID PORT...`; ends when that process does."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLONE_NEWNET = 0x40000000


def main(pid: int, ports: list[int]) -> None:
    """Forward until the process `pid`, whose network it is, has ended."""
    inside = ThreadPoolExecutor(1, initializer=_enter, initargs=(pid,))
    asyncio.run(_serve(pid, ports, inside))
    os._exit(0)


async def _serve(pid: int, ports: list[int], inside: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()

    def connected_to(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            upstream = await loop.run_in_executor(inside, socket.socket)
            upstream.setblocking(False)
            try:
                await loop.sock_connect(upstream, ("127.0.0.1", port))
                their_reader, their_writer = await asyncio.open_connection(sock=upstream)
            except OSError:
                upstream.close()
                writer.transport.abort()
                return
            await asyncio.gather(_copy(reader, their_writer), _copy(their_reader, writer))
            for each in (their_writer, writer):
                each.close()

        return serve

    servers = [await asyncio.start_server(connected_to(port), "127.0.0.1", port) for port in ports]
    sys.stdout.write("ready\n")
    sys.stdout.close()
    ended = loop.create_future()
    watched = os.pidfd_open(pid)
    loop.add_reader(watched, lambda: ended.done() or ended.set_result(None))
    await ended
    for server in servers:
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        return
    writer.transport.abort()


def _enter(pid: int) -> None:
    """Put this thread into the process's network: the sockets that it makes are there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{pid}/ns/net").open() as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(port) for port in sys.argv[2:]])
