"""A transaction on MySQL or MariaDB."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from cockpit.actions.sql import Failed, Lost, SqlSpec
from cockpit.connect import database, mysql
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route
from cockpit.connect.thread import in_thread

PORT = 3306

_COMMITS = re.compile(
    r"\b(alter|analyze|begin|commit|create|drop|flush|grant|install|lock|optimize|rename|repair|revoke|rollback"
    r"|set\s+autocommit|start|truncate|uninstall|unlock)\b",
    re.IGNORECASE,
)
"""Words of statements that commit what stands before them (MySQL manual, statements that cause an implicit commit)."""


async def connect(spec: SqlSpec, route: Route, timeout: float) -> MysqlTransaction:  # noqa: ARG001 - the caller has one
    """Connect. Raises Unreachable."""
    schemes = dict.fromkeys(("mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"), False)
    try:
        address = database.read_url(spec.dsn, schemes, PORT)
    except ValueError as error:
        raise Unreachable(f"`dsn` {error}") from None
    address = dataclasses.replace(address, scheme="mysql", tls=spec.tls, ca=spec.ca, verify=spec.verify)
    try:
        return MysqlTransaction(await mysql.login(address, await mysql.connect(address, route), scripts=True))
    except mysql.Refusing as refusing:
        raise Unreachable(str(refusing)) from None


class MysqlTransaction:
    """A transaction; the server ends it by itself before it changes a schema."""

    def __init__(self, connection: mysql.Connection) -> None:
        self._connection = connection

    async def begin(self) -> None:
        """Begin it. Raises Failed, Lost."""
        await self._carry_out(lambda: self._connection.ask("START TRANSACTION"))

    async def run(self, script: str) -> None:
        """Carry the script out. Raises Failed, Lost."""
        await self._carry_out(lambda: self._connection.script(script))

    async def commit(self) -> None:
        """Commit it. Raises Failed, Lost."""
        await self._carry_out(lambda: self._connection.ask("COMMIT"))

    async def give_up(self) -> None:
        """End the connection."""
        self._connection.cut()
        await self._connection.close()

    def commits_itself(self, script: str) -> bool:
        """Whether a word of the script may be one that commits."""
        return _COMMITS.search(script) is not None

    async def _carry_out(self, work: Callable[[], object]) -> None:
        try:
            await in_thread(f"a script at {self._connection.address.where}", work, interrupt=self._connection.cut)
        except mysql.Broken as broken:
            raise Lost(str(broken)) from None
        except mysql.Refused as refused:
            raise Failed(f"{refused} (error {refused.code})") from None
