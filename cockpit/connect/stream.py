"""Bytes over a connection, in clear or in TLS."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from typing import cast


class Stream:
    """A connection to read from and write to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    @classmethod
    async def over(cls, opened: socket.socket, *, limit: int = 65536) -> Stream:
        """A stream over a connected socket, which is closed with it; lines may have `limit` bytes."""
        try:
            return cls(*await asyncio.open_connection(sock=opened, limit=limit))
        except BaseException:
            opened.close()
            raise

    async def read(self, limit: int = 65536) -> bytes:
        """What comes next, up to `limit` bytes; nothing at the end. Raises OSError."""
        return await self.reader.read(limit)

    async def gather(self, seconds: float) -> None:
        """Leave what comes where it is for so long: much at a time costs less than little, on both sides."""
        transport = cast("asyncio.Transport", self._writer.transport)
        transport.pause_reading()
        try:
            await asyncio.sleep(seconds)
        finally:
            transport.resume_reading()

    async def exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises OSError, of which the end before them is one."""
        try:
            return await self.reader.readexactly(size)
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError(errno.ECONNRESET, f"closed after {len(error.partial)} bytes") from None

    async def write(self, data: bytes) -> None:
        """Send `data`. Raises OSError."""
        self._writer.write(data)
        await self._writer.drain()

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> ssl.SSLObject:
        """Speak TLS from here on; what was negotiated. Raises OSError, of which ssl.SSLError is one.

        The handshake has no limit of its own: who measures has one.
        """
        await self._writer.start_tls(context, server_hostname=server_name or None, ssl_handshake_timeout=3600)
        secured: ssl.SSLObject = self._writer.get_extra_info("ssl_object")
        return secured

    @property
    def ended(self) -> bool:
        """The other side has closed it."""
        return self.reader.at_eof()

    async def close(self) -> None:
        """Close it now: what has not been sent is dropped, and nothing is waited for."""
        self._writer.transport.abort()
        await asyncio.sleep(0)  # the socket is closed in the next turn of the loop
