"""Bring the database of the sandbox to a version of its schema, up or down.

python -m cockpit.demo.migrate --to 4 --sandbox DIR [--on-a-copy]
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from cockpit.demo.database import MIGRATIONS, CannotBeTakenBack, migrate, take_back
from cockpit.demo.stack import Stack


def main() -> int:
    """Migrate, and say what was done. Exit status 1 when it could not be, 3 when there is no sandbox."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.migrate", description="Migrate the sandbox.")
    parser.add_argument("--to", required=True, type=int, choices=[version for version, _, _ in MIGRATIONS])
    parser.add_argument("--sandbox", required=True, type=Path, metavar="DIR", help="folder of the sandbox")
    parser.add_argument("--on-a-copy", action="store_true", help="try it on a copy of the database, there and back")
    wanted = parser.parse_args()
    try:
        database = Stack.read(wanted.sandbox).database
    except (OSError, ValueError) as problem:
        print(f"not migrated: {problem}", file=sys.stderr)
        return 3
    try:
        if wanted.on_a_copy:
            _rehearse(database, wanted.to)
        else:
            _go(database, wanted.to)
    except (sqlite3.Error, CannotBeTakenBack, OSError) as problem:
        print(f"not migrated: {problem}", file=sys.stderr)
        return 1
    return 0


def _go(database: Path, to: int) -> None:
    for version in take_back(database, to):
        print(f"taken back: {_name(version)}")
    for version in migrate(database, to):
        print(f"applied: {_name(version)}")
    print(f"the schema is at version {_version(database)}")


def _rehearse(database: Path, to: int) -> None:
    """There and back on a copy, which is thrown away; the database itself is only read."""
    before = _version(database)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / database.name
        with closing(_reading(database)) as original, closing(sqlite3.connect(copy)) as target:
            original.backup(target)
        print(f"on a copy of {database.stat().st_size} bytes:")
        _go(copy, to)
        _go(copy, before)
    print(f"nothing was changed: the database is still at version {_version(database)}")


def _version(database: Path) -> int:
    with closing(_reading(database)) as connection:
        return int(connection.execute("select max(version) from schema_version").fetchone()[0])


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)


def _name(version: int) -> str:
    return next(f"migration {number} ({name})" for number, name, _ in MIGRATIONS if number == version)


if __name__ == "__main__":
    sys.exit(main())
