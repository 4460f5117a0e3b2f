"""A connection to a PostgreSQL server: opened over a route, pinged, and ended even when its backend hangs.

A backend that hangs (frozen, unreachable) is given up by shutting its socket down: cancelling through the server would
hang too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

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
    """A connection that can be ended even when its backend hangs."""

    psycopg: psycopg.AsyncConnection[Any]
    opened: float
    forwards: tuple[Forward, ...] = ()

    @property
    def idle(self) -> bool:
        """Open, with nothing under way on it, not even a transaction."""
        return not self.psycopg.closed and self.psycopg.info.transaction_status == 0

    async def ping(self) -> float:
        """Seconds that `SELECT 1` takes. Raises Broken, Unreachable.

        It is spoken through libpq itself: psycopg's cursors cost more than the server does.
        """
        import psycopg  # noqa: PLC0415 - heavy

        libpq, started = self.psycopg.pgconn, time.monotonic()
        try:
            libpq.send_query(b"SELECT 1")
            while libpq.is_busy():
                await _readable(libpq.socket)
                libpq.consume_input()
            result = None
            while (following := libpq.get_result()) is not None:
                result = following
        except psycopg.OperationalError as error:
            raise Broken(lost(error)) from None
        took = time.monotonic() - started
        if result is None or result.status != psycopg.pq.ExecStatus.TUPLES_OK:
            said = result.get_error_message() if result is not None else "no answer"
            raise (
                Broken(f"the server closed the connection: {said}")
                if self.psycopg.closed
                else Unreachable(f"the ping failed: {said}")
            )
        return took

    async def close(self) -> None:
        """End it; closing waits for no answer."""
        await self.psycopg.close()
        for each in self.forwards:
            await each.close()

    def cut(self) -> None:
        """End it with what is under way on it: whatever waits for its socket sees it closed."""
        if not self.psycopg.closed:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.psycopg.fileno())) as shared:
                shared.shutdown(socket.SHUT_RDWR)


async def connect(dsn: str, route: Route) -> Connection:
    """Open a connection. Raises Refusing, Unreachable."""
    try:
        parameters: dict[str, Any] = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise Unreachable("the connection string cannot be read: write postgresql://USER@HOST:PORT/DATABASE") from None
    where = _place(parameters)
    forwards: list[Forward] = []
    try:
        addressed = await (_through(parameters, route, forwards) if route.name else _addresses(parameters))
        parameters = {"application_name": "cockpit", **parameters, **addressed}
        opened = await psycopg.AsyncConnection.connect(**parameters, autocommit=True, prepare_threshold=None)
    except BaseException as error:
        failures = [each.failure for each in forwards if each.failure]
        for each in forwards:
            await each.close()
        if not isinstance(error, psycopg.OperationalError):
            raise
        raise Unreachable(failures[0]) if failures else _refusal(str(error), where) from None
    return Connection(opened, time.monotonic(), tuple(forwards))


def lost(error: Exception) -> str:
    """A connection that ended, in words."""
    said = str(error).strip().splitlines()
    return f"the server closed the connection: {said[0] if said else type(error).__name__}"


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


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
    last = said.strip().splitlines()[-1].partition("FATAL:")[2].strip() or said.strip().splitlines()[-1]
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
