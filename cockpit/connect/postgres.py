"""A connection to a PostgreSQL server: opened over a route, asked, and ended at once even when its backend hangs."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import psycopg
import psycopg.errors
from psycopg.adapt import Transformer
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ConnStatus, ExecStatus, PGconn, PollingStatus, TransactionStatus

from cockpit.connect import dial, forward
from cockpit.connect.dial import Unreachable
from cockpit.connect.forward import Forward
from cockpit.connect.route import Route


class Refusing(Exception):
    """The server answered that it takes no connection at present."""

    def __init__(self, words: str, said: str) -> None:
        super().__init__(words)
        self.said = said


class Broken(Exception):
    """The connection was lost."""


@dataclass
class Connection:
    """A connection that is spoken over through libpq itself, so that whoever waits on it can be cancelled at once.

    psycopg's own connections ask the server to cancel then, and wait for its answer; psycopg says what a value means.
    """

    libpq: psycopg.pq.abc.PGconn
    opened: float
    forwards: tuple[Forward, ...] = ()

    def __post_init__(self) -> None:
        self._meaning = psycopg.AsyncConnection(self.libpq)
        self._waiter: asyncio.Future[None] | None = None
        self._watched = False
        self._socket = self.libpq.socket

    @property
    def idle(self) -> bool:
        """Open, with nothing under way on it, not even a transaction."""
        return self.libpq.transaction_status == TransactionStatus.IDLE

    @property
    def version(self) -> str:
        """As the server says it: `15.4`."""
        return (self.libpq.parameter_status(b"server_version") or b"").decode()

    @property
    def role(self) -> str:
        """Who is logged in."""
        return self.libpq.user.decode()

    async def execute(self, statements: bytes) -> None:
        """Carry statements out, all in one message. Raises Broken, psycopg.Error."""
        failed = None
        try:
            self.libpq.send_query(statements)
            while (result := await self._next()) is not None:
                failed = failed or _failure(result)
        except psycopg.Error as error:
            raise self._lost(error) from None
        if failed is not None:
            raise self._lost(failed) from None

    async def ask(self, query: str, *values: str) -> list[dict[str, Any]]:
        """The rows of one statement by the names of its columns, with values for `$1` and so on.

        Raises Broken, psycopg.Error.
        """
        return [row async for row in self.stream(query, *values)]

    async def stream(self, query: str, *values: str) -> AsyncIterator[dict[str, Any]]:
        """The same, a row at a time. This way of asking takes one statement only: nothing can follow a COMMIT."""
        meaning, columns, failed = Transformer(self._meaning), None, None
        try:
            self.libpq.send_query_params(query.encode(), [value.encode() for value in values])
            self.libpq.set_single_row_mode()
            while (result := await self._next()) is not None:
                failed = failed or _failure(result)
                meaning.set_pgresult(result, set_loaders=columns is None)
                if columns is None:
                    columns = [(result.fname(n) or b"").decode() for n in range(result.nfields)]
                for row in meaning.load_rows(0, result.ntuples, tuple):
                    yield dict(zip(columns, row, strict=True))
        except psycopg.Error as error:
            raise self._lost(error) from None
        if failed is not None:
            raise self._lost(failed) from None

    async def close(self) -> None:
        """End it; nothing is waited for."""
        self._unwatch()
        self.libpq.finish()
        for each in self.forwards:
            await each.close()

    async def _next(self) -> psycopg.pq.abc.PGresult | None:
        """The next result of what was sent; None after the last."""
        libpq = self.libpq
        while libpq.flush():
            await _writable(self._socket)
        if libpq.is_busy():
            loop = asyncio.get_running_loop()
            if not self._watched:
                loop.add_reader(self._socket, self._read)
                self._watched = True
            self._waiter = loop.create_future()
            await self._waiter
        return libpq.get_result()

    def _read(self) -> None:
        """Take in what has come. The socket stays watched between questions: not to watch it costs more than a ping."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            self._unwatch()  # nobody asked: the server has closed, or it sends faster than we use it
            return
        try:
            self.libpq.consume_input()
        except psycopg.Error as error:
            self._unwatch()  # libpq has closed the socket, whose number may be another's from now on
            waiter.set_exception(error)
            return
        if not self.libpq.is_busy():
            waiter.set_result(None)

    def _unwatch(self) -> None:
        if self._watched:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._watched = False

    def _lost(self, error: psycopg.Error) -> Exception:
        """What fails because the connection is gone, as Broken."""
        if self.libpq.status == ConnStatus.OK:
            return error
        said = str(error).strip().splitlines()
        return Broken(f"the server closed the connection: {said[0] if said else type(error).__name__}")


def _failure(result: psycopg.pq.abc.PGresult) -> psycopg.Error | None:
    """What the server says went wrong, if anything did. Raises Unreachable."""
    if result.status in _COPYING:
        raise Unreachable("a check asks for rows: COPY gives none")
    return psycopg.errors.error_from_result(result) if result.status == ExecStatus.FATAL_ERROR else None


_COPYING = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)


async def connect(dsn: str, route: Route) -> Connection:
    """Open a connection. Raises Refusing, Unreachable."""
    try:
        # As SQLAlchemy writes it: the driver's name is its own concern.
        parameters: dict[str, Any] = conninfo_to_dict(re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", dsn))
    except psycopg.ProgrammingError:
        raise Unreachable("the connection string cannot be read: write postgresql://USER@HOST:PORT/DATABASE") from None
    where = _place(parameters)
    forwards: list[Forward] = []
    try:
        addressed = await (_through(parameters, route, forwards) if route.name else _addresses(parameters))
        parameters = {"application_name": "cockpit", "client_encoding": "utf8", **parameters, **addressed}
        opened = await _opened(make_conninfo(**parameters).encode())
    except BaseException as error:
        failures = [each.failure for each in forwards if each.failure]
        for each in forwards:
            await each.close()
        if not isinstance(error, psycopg.OperationalError):
            raise
        raise Unreachable(failures[0]) if failures else _refusal(str(error), where) from None
    return Connection(opened, time.monotonic(), tuple(forwards))


async def _opened(parameters: bytes) -> psycopg.pq.abc.PGconn:
    """A connection of libpq's own; psycopg would leave one that is cancelled open until the garbage is collected."""
    made = PGconn.connect_start(parameters)
    try:
        while (status := PollingStatus(made.connect_poll())) in _WAITING:
            await _WAITING[status](made.socket)
    except BaseException:
        made.finish()
        raise
    if status != PollingStatus.OK:
        said = made.get_error_message()
        made.finish()
        raise psycopg.OperationalError(said)
    made.nonblocking = 1
    return made


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


async def _writable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(descriptor, _set, ready)
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)


_WAITING = {PollingStatus.READING: _readable, PollingStatus.WRITING: _writable}


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _targets(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    """The hosts of a connection string, each with its port; libpq tries them one after the other."""
    hosts = str(parameters.get("host") or os.environ.get("PGHOST", "")).split(",")
    ports = str(parameters.get("port") or os.environ.get("PGPORT", "5432")).split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    return list(zip(hosts, [port or "5432" for port in ports], strict=True))


async def _addresses(parameters: dict[str, Any]) -> dict[str, str]:
    """Hosts with their addresses, one each, so that libpq has no name to look up."""
    targets = _targets(parameters)
    if parameters.get("hostaddr") or any(not host or host[0] in "/@" for host, _ in targets):
        return {}
    found = [(h, a, p) for h, p in targets for a in await dial.resolve(h, int(p))]
    return _as_parameters(found)


async def _through(parameters: dict[str, Any], route: Route, forwards: list[Forward]) -> dict[str, str]:
    """Hosts with a port of ours for each, which leads there; names stay, for the certificate's sake."""
    targets = _targets(parameters)
    far = str(parameters.get("hostaddr") or "").split(",") if parameters.get("hostaddr") else []
    for number, (host, port) in enumerate(targets):
        host = far[number] if number < len(far) else host or "localhost"  # noqa: PLW2901 - as the far end knows it
        forwards.append(
            await (_to_socket(route, host, port) if host[0] in "/@" else forward.tcp(route, host, int(port)))
        )
    # A socket's folder as the host would have libpq look for it here; without a name there is no certificate either.
    names = ["localhost" if not host or host[0] in "/@" else host for host, _ in targets]
    return _as_parameters([(name, each.address, str(each.port)) for name, each in zip(names, forwards, strict=True)])


async def _to_socket(route: Route, folder: str, port: str) -> Forward:
    """A port of ours that leads to a Unix socket: libpq finds one only under a name of its own choice."""
    listening = socket.create_server((Forward.address, 0))
    listening.setblocking(False)
    return Forward(listening, lambda: route.connect_unix(f"{folder}/.s.PGSQL.{port}"))


def _as_parameters(found: list[tuple[str, str, str]]) -> dict[str, str]:
    names, addresses, ports = zip(*found, strict=True)
    return {"host": ",".join(names), "hostaddr": ",".join(addresses), "port": ",".join(ports)}


_REFUSING = ("starting up", "shutting down", "in recovery mode", "too many", "not yet accepting", "connection slots")
_REFUSALS = (
    (r'password authentication failed for user "([^"]*)"', 'authentication refused for role "{0}"'),
    (r"no password supplied", "authentication refused: the connection string has no password"),
    (r'Peer authentication failed for user "([^"]*)"', 'authentication refused for role "{0}" (peer)'),
    (r'role "([^"]*)" does not exist', 'role "{0}" does not exist'),
    (r'role "([^"]*)" is not permitted to log in', 'role "{0}" may not log in'),
    (r'database "([^"]*)" does not exist', 'database "{0}" does not exist'),
    (r"no pg_hba.conf entry for (.*), no encryption", "no pg_hba.conf entry lets {0} in without TLS: sslmode=require"),
    (r"no pg_hba.conf entry for (.*)", "the server lets nobody in from here: no pg_hba.conf entry for {0}"),
    (r"server does not support SSL", "the server offers no TLS, which the connection string demands"),
    (r"certificate verify failed", "the server's certificate is not trusted"),
    (r'root certificate file "([^"]*)" does not exist', "no certificates to trust in {0}: name a file as sslrootcert"),
    (r'server certificate for "([^"]*)" .*does not match host name "([^"]*)"', "certificate is for {0}, not for {1}"),
    (r"received invalid response to (?:SSL|GSSAPI) negotiation", "this port does not speak PostgreSQL"),
    (r"expected authentication request from server", "this port does not speak PostgreSQL"),
)  # fmt: skip


def _refusal(said: str, where: str) -> Exception:
    """A connection that was not made, in words of the field; libpq gives nothing but its message."""
    # A sentence of libpq's goes on in lines that begin with a tab; before it stands where it tried to connect.
    last = [line for line in said.strip().splitlines() if not line.startswith("\t")][-1]
    last = re.sub(r"^connection to server .*? failed: (FATAL: *)?", "", last)
    if any(words in said for words in _REFUSING):
        return Refusing(f"{where} takes no connections: {last}", said)
    for pattern, words in _REFUSALS:
        if match := re.search(pattern, said):
            return Unreachable(words.format(*match.groups()))
    if "Connection refused" in said:
        return Unreachable(f"connection refused by {where}")
    if match := re.search(r'socket "([^"]*)" failed: No such file', said):
        return Unreachable(f"no server listens on {match[1]}")
    return Unreachable(f"cannot connect to {where}: {last}")


def _place(parameters: dict[str, Any]) -> str:
    host = str(parameters.get("host") or os.environ.get("PGHOST") or "localhost").partition(",")[0]
    if host.startswith("/"):
        return host
    return dial.at(host, int(str(parameters.get("port") or os.environ.get("PGPORT") or 5432).partition(",")[0]))
