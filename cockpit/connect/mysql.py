"""A connection to a MySQL or MariaDB server: its library's protocol, over a socket that a route opened.

The library blocks: everything here is called in a thread, and ended by shutting the socket down.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import SSCursor

from cockpit.connect import database, tls
from cockpit.connect.database import Address
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route
from cockpit.connect.thread import in_thread

SERVER_FIRST = 0.05
"""Seconds by which the server ends a statement before we would: the connection then stays good."""


class Refusing(Exception):
    """The server answered that it takes no connection at present."""


class Broken(Exception):
    """The connection was lost."""


class Refused(Exception):
    """The server refused a statement, in words; `code` is its number for it."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class Connection:
    """A connection that is logged in."""

    def __init__(self, address: Address, spoken: pymysql.Connection[Any], door: socket.socket) -> None:
        self.address = address
        self.opened = time.monotonic()
        self._spoken = spoken
        self._door = door
        self.busy = False
        """Somebody is asking on it, or left in the middle."""

    @property
    def good(self) -> bool:
        """Whether it may be used again."""
        return bool(self._spoken.open)

    @property
    def version(self) -> str:
        """`10.11.6-MariaDB`, `8.0.36`."""
        said: str = self._spoken.get_server_info()  # type: ignore[no-untyped-call]
        # MariaDB 10 puts this before its version, for replicas of old that knew no number above 5.
        return said.removeprefix("5.5.5-")

    @property
    def is_mariadb(self) -> bool:
        """It is MariaDB, which differs from MySQL here and there."""
        return "mariadb" in self.version.lower()

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """What was negotiated, with TLS."""
        made = getattr(self._spoken, "_sock", None)  # the library shows it nowhere else
        return made if isinstance(made, ssl.SSLSocket) else None

    def limit(self, timeout: float) -> None:
        """Have the server itself end what takes longer than `timeout` seconds."""
        seconds = max(0.01, timeout - SERVER_FIRST)
        if self.is_mariadb:
            self.ask(f"SET SESSION max_statement_time = {seconds:.3f}")
        else:
            self.ask(f"SET SESSION max_execution_time = {int(seconds * 1000)}")

    def ask(self, statement: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        """The rows of one statement, by the names of their columns. Raises Broken, Refused."""
        columns, rows = self.stream(statement, values)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def stream(self, statement: str, values: tuple[Any, ...] = ()) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """The columns and the rows of one statement, a row at a time. Raises Broken, Refused."""
        cursor = self._spoken.cursor(SSCursor)
        with _in_words(self):
            cursor.execute(statement, values or None)
        return [column[0] for column in cursor.description or ()], self._rows(cursor)

    def script(self, statements: str) -> None:
        """Carry several statements out. Raises Broken, Refused."""
        cursor = self._spoken.cursor()
        with _in_words(self), contextlib.closing(cursor):
            cursor.execute(statements)
            while cursor.nextset():
                pass

    def cut(self) -> None:
        """End it with what is under way on it."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """End it, in a thread: somebody may still be reading from it, who has to notice first that it was cut."""
        await in_thread(f"closing a connection to {self.address.where}", self._end)

    def _end(self) -> None:
        with contextlib.suppress(Exception):
            self._spoken.close()
        self._door.close()

    def _rows(self, cursor: Any) -> Iterator[tuple[Any, ...]]:
        with _in_words(self), contextlib.closing(cursor):
            yield from iter(cursor.fetchone, None)


async def connect(address: Address, route: Route) -> socket.socket:
    """A socket that is connected to the server. Raises Unreachable."""
    if address.path:
        return await route.connect_unix(address.path)
    return await route.connect(address.host, address.port)


async def login(address: Address, made: socket.socket, *, scripts: bool = False) -> Connection:
    """Greet, encrypt and log in over `made`, which belongs to the connection from then on.

    With `scripts`, the server takes several statements at once.
    Raises Refusing, Unreachable.
    """
    context = tls.context(database.trust(address)) if address.tls else None
    # A TLS handshake takes the socket away from its first owner: this one stays ours, and can always be shut down.
    door = made.dup()
    spoken: pymysql.Connection[Any] = pymysql.Connection(
        host=address.host or "localhost",
        user=address.user,
        password=address.password,
        database=address.database or None,
        charset="utf8mb4",
        autocommit=True,
        client_flag=CLIENT.MULTI_STATEMENTS if scripts else 0,
        program_name="cockpit",
        ssl=context,
        ssl_disabled=context is None,
        defer_connect=True,
    )
    connection = Connection(address, spoken, door)
    try:
        await in_thread(f"login at {address.where}", lambda: spoken.connect(made), interrupt=connection.cut)
    except BaseException as error:
        connection.cut()
        await connection.close()
        made.close()
        if isinstance(error, pymysql.err.Error):
            raise _not_opened(error, address) from None
        # What does not speak the protocol, the library takes for a handshake, and stumbles over.
        if isinstance(error, Exception) and not isinstance(error, Unreachable):
            raise Unreachable(f"{address.where} does not speak MySQL's protocol") from None
        raise
    return connection


@contextlib.contextmanager
def _in_words(connection: Connection) -> Iterator[None]:
    try:
        yield
    except pymysql.err.Error as error:
        code, said = _said(error)
        if not connection.good or code in _LOST:
            raise Broken(f"{connection.address.where} closed the connection: {said}") from None
        raise Refused(code, said) from None
    except (OSError, ValueError, AttributeError):  # cut while the library was reading
        raise Broken(f"{connection.address.where} closed the connection") from None


TIMED_OUT = frozenset({1969, 3024, 1317})
"""A statement that the server ended because of its time limit (MariaDB, MySQL, either)."""

READ_ONLY = frozenset({1792, 1290, 1836})
"""A statement that was refused because it would have changed something."""

DENIED = frozenset({1044, 1142, 1143, 1227, 1370, 1345})
"""A statement that the user may not run."""

NO_TABLE = 1146

_LOST = frozenset({2006, 2013, 2014, 1053, 1927, 4031})
_FULL = frozenset({1040, 1203, 1226, 1053, 1161})


def _said(error: Exception) -> tuple[int, str]:
    """The number and the message of an error: `(1045, "Access denied ...")`."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return code, str(error.args[1] if len(error.args) > 1 else error).strip() or type(error).__name__


def _not_opened(error: Exception, address: Address) -> Exception:
    """A connection that was not made, in words of the field."""
    code, said = _said(error)
    cause = getattr(error, "original_exception", None)
    if code in _FULL:
        return Refusing(f"{address.where} takes no connections: {said}")
    if isinstance(cause, ssl.SSLError):
        return Unreachable(database.tls_failure(cause, address))
    if cause is not None or code in _LOST or isinstance(error, pymysql.err.InternalError):
        return Unreachable(f"{address.where} closed the connection (does it speak MySQL's protocol?)")
    database_of = re.search(r"database '([^']*)'", said)
    words = {
        1045: f"authentication refused for user {address.user or 'with no name'}",
        1698: f"authentication refused for user {address.user or 'with no name'}",
        1044: f"user {address.user} may not use database {database_of[1] if database_of else address.database}",
        1049: f'database "{address.database}" does not exist',
        1129: f"{address.where} has blocked this machine after many failures: FLUSH HOSTS lets it in again",
        1130: f"{address.where} lets nobody in from here: no user has this machine as its host",
        1251: "the user's way to authenticate is not one that Cockpit knows",
        2026: f"{address.where} offers no TLS, which `tls` demands",
        2059: "the user's way to authenticate is not one that Cockpit knows",
        3159: f"{address.where} lets nobody in without TLS: write `tls: true`",
        4151: f"user {address.user} is locked",
    }
    return Unreachable(words.get(code) or f"cannot log in at {address.where}: {said}")
