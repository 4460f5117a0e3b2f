"""Bring the database's tables to where `migrations/versions` leads: `migrate.py [up | down REVISION]`.

The files have Alembic's form (`revision`, `down_revision`, `upgrade`, `downgrade`), and so has the table that records
them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import logs
import psycopg2

VERSIONS = Path(__file__).with_name("migrations") / "versions"
log = logs.logger("bot.migrate")


def main(arguments: list[str]) -> None:
    """Migrate in one transaction, with a lock that keeps a second migration out."""
    with psycopg2.connect(os.environ["MIGRATIONS_URL"], connect_timeout=5) as connection, connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(718281828)")
        db.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) PRIMARY KEY)")
        db.execute("COMMENT ON COLUMN alembic_version.version_num IS 'internal'")
        db.execute("GRANT SELECT ON alembic_version TO trading_bot")
        db.execute("SELECT version_num FROM alembic_version")
        row = db.fetchone()
        current = row[0] if row else None
        chain = _chain()
        known = [each.revision for each in chain]
        if current is not None and current not in known:
            log.warning("the database is newer than this release", extra={"revision": current})
            return
        at = known.index(current) + 1 if current else 0
        if arguments[:1] == ["down"]:
            for each in reversed(chain[known.index(arguments[1]) + 1 : at]):
                each.downgrade(db.execute)
                _record(db, each.down_revision)
        else:
            for each in chain[at:]:
                each.upgrade(db.execute)
                _record(db, each.revision)


def _record(db: object, revision: str | None) -> None:
    db.execute("DELETE FROM alembic_version")
    if revision:
        db.execute("INSERT INTO alembic_version VALUES (%s)", (revision,))
    log.info("migrated", extra={"revision": revision})


def _chain() -> list[ModuleType]:
    found = {}
    for path in VERSIONS.glob("*.py"):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[module.down_revision] = module
    chain, at = [], None
    while at in found:
        chain.append(found[at])
        at = found[at].revision
    return chain


if __name__ == "__main__":
    main(sys.argv[1:])
