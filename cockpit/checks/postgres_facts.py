"""How a PostgreSQL server stands: the questions that are asked when a condition needs their answer.

Each question is one query of PostgreSQL's own catalogues and statistics (PostgreSQL 11 and later), whose columns have
the names of the fields that they fill. A column that is null leaves its field out.
"""

# ruff: noqa: S608 - statements are made of constants of ours; what was given goes in as parameters

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cockpit.checklist.kinds import Field

HIDDEN = "hidden"
"""The column with how many rows the role may not look into: the answer would be too good."""


@dataclass(frozen=True, eq=False)
class Question:
    """One query, and the fields that it fills."""

    query: str
    fields: tuple[Field, ...]


def asked(used: frozenset[str]) -> list[Question]:
    """The questions that fill one of the fields used."""
    return list(dict.fromkeys(_ANSWERS[name] for name in sorted(used) if name in _ANSWERS))


RECOVERY = Question(
    # A replica that has replayed all it received lags by nothing only while it receives: hence the receiver.
    """
SELECT pg_is_in_recovery() AS in_recovery,
  CASE WHEN NOT pg_is_in_recovery() THEN NULL
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0.0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END AS lag,
  CASE WHEN pg_is_in_recovery() THEN EXISTS (SELECT FROM pg_stat_wal_receiver) END AS receiving,
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS replay_paused
""",
    (
        Field("in_recovery", "bool", "It is a replica."),
        Field("lag", "double", "How far a replica is behind; a primary has none.", "seconds"),
        Field("receiving", "bool", "A replica is connected to what it replicates; a primary has none."),
        Field("replay_paused", "bool", "A replica was told to stand still; a primary has none."),
    ),
)

REPLICAS = Question(
    """
SELECT count(*) AS "replicas.connected", count(*) FILTER (WHERE state = 'streaming') AS "replicas.streaming",
  count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) AS "replicas.synchronous",
  max(lag) AS "replicas.lag", max(lag_bytes) AS "replicas.lag_bytes",
  coalesce(json_agg(json_build_object('name', application_name, 'address', client_addr, 'state', state,
    'sync_state', sync_state, 'lag', lag, 'lag_bytes', lag_bytes) ORDER BY application_name), '[]') AS "replicas.list",
  count(*) FILTER (WHERE state IS NULL) AS hidden
FROM (SELECT *, coalesce(extract(epoch FROM replay_lag), 0)::float8 AS lag,
    pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
      replay_lsn)::int8 AS lag_bytes
  FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup') AS replicas
""",
    (
        Field("replicas.connected", "int", "Replicas connected to this server."),
        Field("replicas.streaming", "int", "Those of them that have caught up and stream."),
        Field("replicas.synchronous", "int", "Those of them that commits may wait for."),
        Field("replicas.lag", "double", "How far the slowest of them is behind; none without a replica.", "seconds"),
        Field("replicas.lag_bytes", "int", "The same in write-ahead log not replayed yet.", "bytes"),
        Field(
            "replicas.list",
            "list",
            "Each of them: `name`, `address`, `state`, `sync_state`, `lag` (seconds), `lag_bytes`.",
        ),
    ),
)

SLOTS = Question(
    """
SELECT coalesce(array_agg(slot_name::text ORDER BY slot_name) FILTER (WHERE NOT active), '{}') AS "slots.inactive",
  coalesce(max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
    ELSE pg_current_wal_lsn() END, restart_lsn)), 0)::int8 AS "slots.retained"
FROM pg_replication_slots
""",
    (
        Field(
            "slots.inactive", "list", "Replication slots that nobody uses: they keep the log until the disk is full."
        ),
        Field("slots.retained", "int", "Write-ahead log kept for the slot that is furthest behind.", "bytes"),
    ),
)

CONNECTIONS = Question(
    # A role without pg_read_all_stats sees of others who they are, but not what they do, nor that they are clients.
    """
SELECT count(*) AS "connections.used", current_setting('max_connections')::int AS "connections.max",
  (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS "connections.database_limit"
FROM pg_stat_activity
WHERE backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL
""",
    (
        Field("connections.used", "int", "Connections of clients."),
        Field("connections.max", "int", "Connections allowed."),
        Field("connections.database_limit", "int", "Connections allowed to this database; -1 without a limit."),
    ),
)

ROLE = Question(
    """
SELECT rolname::text AS "role.name", rolsuper AS "role.superuser", rolcreatedb AS "role.createdb",
  rolcreaterole AS "role.createrole", rolreplication AS "role.replication", rolbypassrls AS "role.bypassrls",
  rolconnlimit AS "role.connection_limit",
  CASE WHEN isfinite(rolvaliduntil) THEN rolvaliduntil - now() END AS "role.expires_in",
  ARRAY(SELECT rolname::text FROM pg_roles AS other
    WHERE other.oid <> me.oid AND pg_has_role(me.oid, other.oid, 'MEMBER') ORDER BY 1) AS "role.member_of"
FROM pg_roles AS me WHERE rolname = current_user
""",
    (
        Field("role.name", "string", "The role that the connection acts as."),
        Field("role.superuser", "bool", "That role may do anything."),
        Field("role.createdb", "bool", "It may create databases."),
        Field("role.createrole", "bool", "It may create roles."),
        Field("role.replication", "bool", "It may replicate."),
        Field("role.bypassrls", "bool", "It is not bound by row-level security."),
        Field("role.connection_limit", "int", "Connections that it may have; -1 without a limit."),
        Field("role.expires_in", "duration", "Until its password expires; none when it never does."),
        Field("role.member_of", "list", "Roles that it may act as, directly or through others."),
    ),
)

_OURS = "nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_temp_|^pg_toast_temp_'"

PRIVILEGES = Question(
    # What an extension brings belongs to it: pg_stat_statements lets everybody read its view.
    f"""
SELECT coalesce(json_object_agg(name, held) FILTER (WHERE held <> '{{}}'), '{{}}') AS "privileges.tables",
  ARRAY(SELECT nspname::text FROM pg_namespace WHERE {_OURS} AND has_schema_privilege(oid, 'CREATE') ORDER BY 1)
    AS "privileges.create"
FROM (SELECT nspname || '.' || relname AS name, array_remove(ARRAY[
      CASE WHEN pg_has_role(relowner, 'USAGE') THEN 'own' END,
      CASE WHEN has_any_column_privilege(c.oid, 'SELECT') THEN 'select' END,
      CASE WHEN has_any_column_privilege(c.oid, 'INSERT') THEN 'insert' END,
      CASE WHEN has_any_column_privilege(c.oid, 'UPDATE') THEN 'update' END,
      CASE WHEN has_table_privilege(c.oid, 'DELETE') THEN 'delete' END,
      CASE WHEN has_table_privilege(c.oid, 'TRUNCATE') THEN 'truncate' END], NULL) AS held
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS} AND has_schema_privilege(n.oid, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND classid = 'pg_class'::regclass AND deptype = 'e')
) AS tables
""",
    (Field("privileges.create", "list", "Schemas in which the role may create tables."),),
)

FOREIGN_KEYS = Question(
    f"""
SELECT (SELECT count(*) FROM pg_constraint WHERE contype = 'f') AS "foreign_keys.count",
  ARRAY(SELECT nspname || '.' || relname || '.' || attname
    FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND {_OURS} AND attnum > 0 AND NOT attisdropped
      AND attname LIKE '%\\_id' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid
        AND (contype = 'f' AND attnum = ANY(conkey) OR contype = 'p' AND conkey = ARRAY[attnum])) ORDER BY 1)
    AS "foreign_keys.missing",
  ARRAY(SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint AS k
    WHERE contype = 'f' AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = k.conrelid AND i.indisvalid
      AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey) ORDER BY 1) AS "foreign_keys.unindexed",
  ARRAY(SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint
    WHERE contype = 'f' AND NOT convalidated ORDER BY 1) AS "foreign_keys.unvalidated",
  ARRAY(SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint
    WHERE contype = 'c' AND conrelid <> 0 AND NOT convalidated ORDER BY 1) AS "constraints.unvalidated",
  ARRAY(SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1) AS "indexes.invalid"
""",
    (
        Field("foreign_keys.count", "int", "Foreign keys of the database."),
        Field(
            "foreign_keys.missing", "list", "Columns called `..._id` that no foreign key holds: `public.bots.user_id`."
        ),
        Field(
            "foreign_keys.unindexed",
            "list",
            "Foreign keys whose columns begin no index: deleting what they name is slow.",
        ),
        Field("foreign_keys.unvalidated", "list", "Foreign keys that old rows were not checked against (NOT VALID)."),
        Field("constraints.unvalidated", "list", "CHECK constraints that old rows were not checked against."),
        Field("indexes.invalid", "list", "Indexes that are not used: their building failed."),
    ),
)

SLOW_LOG = Question(
    """
SELECT setting::int >= 0 AS "slow_log.enabled",
  CASE WHEN setting::int >= 0 THEN setting::int / 1000.0::float8 END AS "slow_log.threshold"
FROM pg_settings WHERE name = 'log_min_duration_statement'
""",
    (
        Field("slow_log.enabled", "bool", "Slow statements are logged (`log_min_duration_statement`)."),
        Field("slow_log.threshold", "double", "From which time on; none while they are not logged.", "seconds"),
    ),
)

TLS = Question(
    'SELECT version AS "tls.version", cipher AS "tls.cipher" FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    (
        Field("tls.version", "string", "TLS of the connection: `TLSv1.3`; none without TLS."),
        Field("tls.cipher", "string", "Its cipher."),
    ),
)

SIZE = Question(
    "SELECT pg_database_size(current_database()) AS size", (Field("size", "int", "The database on disk.", "bytes"),)
)

ACTIVITY = Question(
    """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS "transactions.oldest",
  count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS "transactions.idle",
  count(*) FILTER (WHERE state = 'active') AS "queries.active",
  coalesce(max(extract(epoch FROM clock_timestamp() - query_start)) FILTER (WHERE state = 'active'), 0)::float8
    AS "queries.longest",
  count(*) FILTER (WHERE backend_type IS NULL AND usesysid IS NOT NULL) AS hidden
FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND coalesce(backend_type, 'client backend') = 'client backend'
""",
    (
        Field("transactions.oldest", "double", "Age of the oldest transaction open on the server.", "seconds"),
        Field("transactions.idle", "int", "Connections that stand idle within a transaction."),
        Field("queries.active", "int", "Queries that run, our own aside."),
        Field("queries.longest", "double", "For how long the longest of them has been running.", "seconds"),
    ),
)

LOCKS = Question(
    'SELECT count(DISTINCT pid) AS "locks.waiting" FROM pg_locks WHERE NOT granted',
    (Field("locks.waiting", "int", "Connections that wait for a lock."),),
)

VACUUM = Question(
    """
SELECT coalesce(sum(n_dead_tup), 0)::int8 AS "vacuum.dead_rows",
  coalesce(sum(n_dead_tup)::float8 / nullif(sum(n_dead_tup + n_live_tup), 0), 0) AS "vacuum.dead_part",
  extract(epoch FROM now() - max(greatest(last_vacuum, last_autovacuum)))::float8 AS "vacuum.last",
  (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()) AS "vacuum.xid_age"
FROM pg_stat_user_tables
""",
    (
        Field("vacuum.dead_rows", "int", "Dead rows in the tables, as last counted."),
        Field("vacuum.dead_part", "double", "Dead rows as a part of all rows, 0 to 1."),
        Field("vacuum.last", "double", "Since any table was vacuumed last; none when none ever was.", "seconds"),
        Field("vacuum.xid_age", "int", "Transactions since the oldest unfrozen one; writes stop near 2,100,000,000."),
    ),
)

EXTENSIONS = Question(
    "SELECT json_object_agg(extname, extversion) AS extensions FROM pg_extension",
    (Field("extensions", "map", "Extensions of the database with their versions: `{'plpgsql': '1.0'}`."),),
)

ARCHIVE = Question(
    """
SELECT current_setting('archive_mode') <> 'off' AS "archive.enabled",
  extract(epoch FROM now() - last_archived_time)::float8 AS "archive.last",
  coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS "archive.failing"
FROM pg_stat_archiver
""",
    (
        Field("archive.enabled", "bool", "The write-ahead log is archived, for recovery to a point in time."),
        Field("archive.last", "double", "Since a file of it was archived; none when none ever was.", "seconds"),
        Field("archive.failing", "bool", "The last attempt to archive a file failed."),
    ),
)

UPTIME = Question(
    "SELECT extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS uptime",
    (Field("uptime", "double", "Since the server was started.", "seconds"),),
)

QUESTIONS = (
    RECOVERY, REPLICAS, SLOTS, CONNECTIONS, ROLE, PRIVILEGES, FOREIGN_KEYS, SLOW_LOG, TLS, SIZE, ACTIVITY, LOCKS,
    VACUUM, EXTENSIONS, ARCHIVE, UPTIME,
)  # fmt: skip

FIELDS = tuple(field for question in QUESTIONS for field in question.fields)

_ANSWERS = {field.name: question for question in QUESTIONS for field in question.fields} | {
    f"privileges.{name}": PRIVILEGES for name in ("tables", "read", "write", "change")
}

SETTINGS = "SELECT name, setting, vartype FROM pg_settings WHERE lower(name) = ANY($1::text[])"


def settings(wanted: Iterable[str], rows: Iterable[Mapping[str, str]]) -> dict[str, object]:
    """The values of settings, typed as the server types them, under the names they were asked for by."""
    found = {row["name"].lower(): _typed(row["setting"], row["vartype"]) for row in rows}
    return {name: found[name.lower()] for name in wanted if name.lower() in found}


def _typed(setting: str, kind: str) -> object:
    match kind:
        case "bool":
            return setting == "on"
        case "integer":
            return int(setting)
        case "real":
            return float(setting)
        case _:
            return setting
