"""What a MySQL or MariaDB user may do, from what SHOW GRANTS tells it: its own privileges and those of its roles; pure.

The views of privileges in `information_schema` leave out what comes from roles, for all who need to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALL = "all privileges"
OF_TABLES = frozenset(
    ("select", "insert", "update", "delete", "create", "drop", "alter", "index", "references", "trigger")
)
"""Privileges that a table can be granted for, and that `privileges` compares."""


@dataclass(frozen=True)
class Grant:
    """One line: some privileges on something."""

    privileges: frozenset[str]
    """In lower case: `select`, `all privileges`."""
    database: str
    """A name; a pattern with `%` and `_`, when the grant is for a whole database; `*` for all."""
    table: str
    may_grant: bool


@dataclass(frozen=True)
class Grants:
    """All that a user was granted."""

    lines: tuple[Grant, ...]
    roles: tuple[str, ...]

    @property
    def everywhere(self) -> frozenset[str]:
        """What it may do on the whole server."""
        return frozenset().union(*(one.privileges for one in self.lines if one.database == "*")) - {"usage"}

    @property
    def may_grant_everywhere(self) -> bool:
        """Whether it may give that away."""
        return any(one.may_grant for one in self.lines if one.database == "*")

    def on(self, database: str, table: str) -> set[str]:
        """What it may do with a table."""
        held: set[str] = set()
        for one in self.lines:
            if _is_like(database, one) and one.table in ("*", table):
                held |= one.privileges
        return set(OF_TABLES) if ALL in held else held & OF_TABLES


def read(lines: Iterable[str]) -> Grants:
    """The grants in the lines of SHOW GRANTS; what is on routines, proxies and the like is passed over."""
    found, roles = [], []
    for line in lines:
        if match := _ON.match(line):
            words = re.sub(r"\([^)]*\)", "", match["privileges"]).lower()
            privileges = frozenset(" ".join(word.split()) for word in words.split(","))
            may_grant = line.endswith("WITH GRANT OPTION")
            found.append(Grant(privileges, _name(match["database"]), _name(match["table"]), may_grant))
        elif match := _ROLES.match(line):
            roles += [_name(role.partition("@")[0]) for role in match[1].split(",")]
    return Grants(tuple(found), tuple(roles))


_PART = r"\*|`(?:[^`]|``)*`"
_ON = re.compile(rf"GRANT (?P<privileges>.+?) ON (?:TABLE )?(?P<database>{_PART})\.(?P<table>{_PART}) TO ")
_ROLES = re.compile(r"GRANT ((?:`(?:[^`]|``)*`(?:@`[^`]*`)?,?)+) TO ")


def _name(quoted: str) -> str:
    return quoted.strip("`").replace("``", "`")


def _is_like(database: str, grant: Grant) -> bool:
    """Whole databases are granted by pattern: `%` and `_` stand for something unless they are escaped."""
    if grant.database == "*":
        return True
    if grant.table != "*":
        return grant.database == database
    parts: Sequence[str] = re.findall(r"\\.|.", grant.database)
    wild = {"%": ".*", "_": "."}
    return re.fullmatch("".join(wild.get(part) or re.escape(part[-1]) for part in parts), database) is not None
