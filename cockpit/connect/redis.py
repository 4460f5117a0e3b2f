"""A connection to a Redis server: its library's protocol, over a socket that a route opened.

The library's own ways to connect, retry and check are not used: they know no deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any

from redis import exceptions
from redis.asyncio.connection import AbstractConnection

from cockpit.connect import database, tls
from cockpit.connect.database import Address
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route

REPLY_LIMIT = 16 * 1024 * 1024
"""Bytes of replies that are read in one go: an answer larger than this is given up."""

Reply = Any
Error = (exceptions.ResponseError, exceptions.AuthenticationError)
"""What a refused command's reply is."""


class Refusing(Exception):
    """The server answers that it cannot serve at present."""


class Broken(Exception):
    """The connection was lost."""


class Connection:
    """A connection that is logged in."""

    def __init__(self, spoken: _Spoken) -> None:
        self._spoken = spoken
        self.opened = time.monotonic()
        self.server: Mapping[str, str] = {}
        """What `INFO server` told; empty when the user may not ask."""

    async def ask(self, *commands: Sequence[str]) -> list[Reply]:
        """The replies to commands that are sent together; one that the server refuses is an Error among them.

        Raises Broken, Refusing, Unreachable; the connection is then of no further use.
        """
        try:
            if self._spoken.limited is not None:
                self._spoken.limited.received = 0
            await self._spoken.send_packed_command(self._spoken.pack_commands(commands), check_health=False)
            return [await self._reply() for _ in commands]
        except (exceptions.RedisError, OSError) as error:
            await self.close()
            raise _words(error, self._spoken.address) from None
        except BaseException:
            await self.close()
            raise

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What was negotiated, with TLS."""
        return self._spoken.tls

    @property
    def good(self) -> bool:
        """Whether it may be used again."""
        return bool(self._spoken.is_connected)

    async def close(self) -> None:
        """End it without waiting for anything."""
        await self._spoken.drop()

    async def _reply(self) -> Reply:
        try:
            return await self._spoken.read_response(disconnect_on_error=False)
        except exceptions.MasterDownError:
            raise
        except Error as refused:
            return refused


async def connect(address: Address, route: Route) -> Connection:
    """Open a connection, log in and choose the database. Raises Broken, Refusing, Unreachable."""
    spoken = _Spoken(address)
    await spoken.open(route)
    connection = Connection(spoken)
    login = ("AUTH", *filter(None, (address.user, address.password))) if address.password else ()
    chosen = ("SELECT", address.database) if address.database.strip("0") else ()
    asked = [command for command in (login, chosen, ("INFO", "server")) if command]
    replies = dict(zip((command[0] for command in asked), await connection.ask(*asked), strict=True))
    for command in ("AUTH", "SELECT"):
        if isinstance(refused := replies.get(command), Error):
            await connection.close()
            raise Unreachable(refusal(refused, address, command))
    if isinstance(told := replies["INFO"], str):
        connection.server = info(told)
    return connection


def info(told: str) -> dict[str, str]:
    """The lines `name:value` of INFO."""
    pairs = (line.partition(":") for line in told.splitlines() if ":" in line)
    return {name: value for name, _, value in pairs}


def refusal(error: Exception, address: Address, command: str = "") -> str:
    """A command that the server refused, in words of the field."""
    said, who = str(error), f"user {address.user or 'default'}"
    if isinstance(error, exceptions.NoPermissionError):
        return f"{who} may not run {command}: {said}"
    if isinstance(error, exceptions.AuthenticationError):
        refused = f"authentication refused for {who}"
        return refused if "required" not in said else f"authentication required by {address.where}: give a password"
    return next((words.format(a=address) for words_of, words in _REFUSALS.items() if words_of in said), "") or (
        f"{command or address.where} was refused: {said}"
    )


_REFUSALS = {
    "DB index is out of range": "there is no database {a.database} on {a.where}",
    "invalid DB index": "there is no database {a.database} on {a.where}",
    "is running in protected mode": "{a.where} lets nobody in from elsewhere: it is in protected mode",
}


class _Spoken(AbstractConnection):
    """The library's packing and parsing, over our socket."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            protocol=2,
            socket_timeout=None,
            decode_responses=True,
            encoding_errors="backslashreplace",
        )
        self.address = address
        self.tls: ssl.SSLObject | None = None
        self.limited: _Limited | None = None

    async def open(self, route: Route) -> None:
        """Connect over a route. Raises Unreachable."""
        address = self.address
        if address.path:
            made = await route.connect_unix(address.path)
        else:
            made = await route.connect(address.host, address.port)
        try:
            context = tls.context(database.trust(address)) if address.tls else None
            reader, self._writer = await asyncio.open_connection(
                sock=made, ssl=context, server_hostname=address.host if context else None
            )
        except OSError as error:
            made.close()
            raise Unreachable(database.tls_failure(error, address)) from None
        except BaseException:
            made.close()
            raise
        self.tls = self._writer.get_extra_info("ssl_object")
        self._reader = self.limited = _Limited(reader)  # type: ignore[assignment]
        self._parser.on_connect(self)  # type: ignore[no-untyped-call]

    async def drop(self) -> None:
        """End it at once."""
        if self._writer is not None:
            self._writer.transport.abort()
        with contextlib.suppress(Exception):
            await self.disconnect(nowait=True)

    def repr_pieces(self) -> list[tuple[str, str | int]]:
        return [("at", self.address.where)]

    async def _connect(self) -> None:
        raise NotImplementedError

    def _host_error(self) -> str:
        return self.address.where


class _Limited:
    """A stream that is given up when a reply is too large."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.received = 0

    async def readexactly(self, size: int) -> bytes:
        self._count(size)
        return await self._reader.readexactly(size)

    async def readline(self) -> bytes:
        line = await self._reader.readline()
        self._count(len(line))
        return line

    async def read(self, size: int) -> bytes:
        data = await self._reader.read(size)
        self._count(len(data))
        return data

    def at_eof(self) -> bool:
        return self._reader.at_eof()

    def _count(self, size: int) -> None:
        self.received += size
        if self.received > REPLY_LIMIT:
            raise Unreachable(f"the reply is larger than {REPLY_LIMIT // 1024**2} MiB")


def _words(error: Exception, address: Address) -> Exception:
    """A connection that cannot be used, in words of the field."""
    said, where = str(error), address.where
    if isinstance(error, exceptions.BusyLoadingError):
        return Refusing(f"{where} is loading its data: {said}")
    if isinstance(error, exceptions.MasterDownError):
        return Refusing(f"{where} has lost its primary and serves no old data: {said}")
    if "max number of clients" in said:
        return Refusing(f"{where} takes no connections: {said}")
    if isinstance(error, exceptions.InvalidResponse):
        return Unreachable(f"{where} does not speak Redis's protocol{_tls_hint(address)}")
    return Broken(f"{where} closed the connection{_tls_hint(address)}")


def _tls_hint(address: Address) -> str:
    return "" if address.tls or address.path else " (does it speak TLS? write rediss://)"
