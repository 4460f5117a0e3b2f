"""Ports of one network that lead into another: `python bridge.py LISTEN=TARGET ...`.

Each side is `tcp:HOST:PORT` or `unix:PATH`; a file system is common to all networks of a machine. Prints the ports that
it listens on.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def main() -> None:
    """Lead connections until this is ended."""
    servers = [await lead(*each.split("=", 1)) for each in sys.argv[1:]]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


async def lead(listen: str, target: str) -> asyncio.Server:
    """Listen at one side, and lead every connection to the other."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await opened(target)
            await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    kind, _, where = listen.partition(":")
    if kind == "unix":
        return await asyncio.start_unix_server(serve, where)
    host, _, port = where.rpartition(":")
    return await asyncio.start_server(serve, host, int(port))


async def opened(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to a side."""
    kind, _, where = target.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(where)
    host, _, port = where.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until its end."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


if __name__ == "__main__":
    asyncio.run(main())
