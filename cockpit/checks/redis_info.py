"""How a Redis server stands, from what its INFO tells; no I/O.

Names of INFO are those of Redis 5 and later, Valkey and KeyDB. What a server does not tell leaves its field out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.checklist.kinds import Field

Info = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Told:
    """A field, and how it follows from INFO: from one name and its type, or from several."""

    field: Field
    how: Callable[[Info], Any]


def values(told: Info, used: frozenset[str]) -> dict[str, Any]:
    """The fields used, as far as INFO tells them."""
    found = {}
    for each in FACTS:
        if each.field.name in used:
            value = each.how(told)
            if value is not None:
                found[each.field.name] = value
    return found


def _int(name: str) -> Callable[[Info], int | None]:
    return lambda told: int(told[name]) if told.get(name, "").lstrip("-").isdigit() else None


def _float(name: str) -> Callable[[Info], float | None]:
    return lambda told: float(told[name]) if name in told else None


def _is(name: str, *wanted: str) -> Callable[[Info], bool | None]:
    return lambda told: told[name] in wanted if name in told else None


def _text(name: str) -> Callable[[Info], str | None]:
    return lambda told: told.get(name)


def _used_part(told: Info) -> float | None:
    most = int(told.get("maxmemory", 0))
    return int(told["used_memory"]) / most if most else None


def _age(told: Info) -> float | None:
    """By the server's own clock."""
    now, saved = int(told.get("server_time_usec", 0)) / 1e6, int(told.get("rdb_last_save_time", 0))
    return max(0.0, now - saved) if now and saved else None


def _aof_good(told: Info) -> bool | None:
    if told.get("aof_enabled") != "1":
        return None
    return told.get("aof_last_write_status") == "ok" and told.get("aof_last_bgrewrite_status", "ok") == "ok"


def _hit_rate(told: Info) -> float | None:
    hits, misses = int(told.get("keyspace_hits", 0)), int(told.get("keyspace_misses", 0))
    return hits / (hits + misses) if hits + misses else None


def _keys(told: Info) -> dict[str, int]:
    """`db0:keys=3,expires=0,avg_ttl=0`."""
    return {
        name: int(dict(pair.split("=") for pair in value.split(","))["keys"])
        for name, value in told.items()
        if name.startswith("db") and name[2:].isdigit()
    }


def _replicas(told: Info) -> list[dict[str, Any]]:
    """`slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=1`."""
    written = int(told.get("master_repl_offset", 0))
    found = []
    for name, value in told.items():
        if name.startswith("slave") and name[5:].isdigit():
            pairs = dict(pair.split("=", 1) for pair in value.split(","))
            found.append(
                {
                    "address": f"{pairs.get('ip', '')}:{pairs.get('port', '')}",
                    "state": pairs.get("state", ""),
                    "lag": float(pairs.get("lag", 0)),
                    "lag_bytes": max(0, written - int(pairs.get("offset", 0))),
                }
            )
    return found


def _worst(name: str) -> Callable[[Info], Any]:
    return lambda told: max((each[name] for each in _replicas(told)), default=None)


FACTS = (
    Told(Field("mode", "string", "`standalone`, `cluster` or `sentinel`."), _text("redis_mode")),
    Told(Field("uptime", "int", "Since the server was started.", "seconds"), _int("uptime_in_seconds")),
    Told(Field("memory.used", "int", "Memory used for data.", "bytes"), _int("used_memory")),
    Told(Field("memory.max", "int", "The limit for it; 0 without a limit.", "bytes"), _int("maxmemory")),
    Told(Field("memory.used_part", "double", "Memory used as a part of the limit; none without a limit."), _used_part),
    Told(Field("memory.peak", "int", "The most that was ever used.", "bytes"), _int("used_memory_peak")),
    Told(
        Field("memory.fragmentation", "double", "Memory of the process as a multiple of that used; high when small."),
        _float("mem_fragmentation_ratio"),
    ),
    Told(Field("memory.policy", "string", "What is evicted at the limit: `noeviction`."), _text("maxmemory_policy")),
    Told(Field("rdb.ok", "bool", "The last snapshot to disk succeeded."), _is("rdb_last_bgsave_status", "ok")),
    Told(Field("rdb.age", "double", "Since the last one that succeeded, or the start.", "seconds"), _age),
    Told(Field("rdb.changes", "int", "Changes since then."), _int("rdb_changes_since_last_save")),
    Told(Field("aof.enabled", "bool", "Every change is appended to a file."), _is("aof_enabled", "1")),
    Told(Field("aof.ok", "bool", "The last write and the last rewrite of that file succeeded."), _aof_good),
    Told(Field("replica", "bool", "It is a replica."), _is("role", "slave")),
    Told(Field("link.up", "bool", "A replica is connected to its primary."), _is("master_link_status", "up")),
    Told(
        Field("link.down_for", "int", "For how long it has not been.", "seconds"),
        _int("master_link_down_since_seconds"),
    ),
    Told(
        Field("lag", "double", "Since a replica last heard from its primary, to the second.", "seconds"),
        _float("master_last_io_seconds_ago"),
    ),
    Told(Field("syncing", "bool", "A replica is being filled by its primary."), _is("master_sync_in_progress", "1")),
    Told(Field("replicas.connected", "int", "Replicas connected to this server."), _int("connected_slaves")),
    Told(
        Field("replicas.online", "int", "Those of them that have been filled and follow."),
        lambda told: sum(each["state"] == "online" for each in _replicas(told)),
    ),
    Told(
        Field("replicas.lag", "double", "Since the slowest of them last answered; none without a replica.", "seconds"),
        _worst("lag"),
    ),
    Told(Field("replicas.lag_bytes", "int", "What the slowest has not had yet.", "bytes"), _worst("lag_bytes")),
    Told(Field("replicas.list", "list", "Each: `address`, `state`, `lag` (seconds), `lag_bytes`."), _replicas),
    Told(Field("clients.connected", "int", "Connections of clients."), _int("connected_clients")),
    Told(Field("clients.max", "int", "Connections allowed."), _int("maxclients")),
    Told(Field("clients.blocked", "int", "Clients that wait in a blocking command."), _int("blocked_clients")),
    Told(
        Field("clients.rejected", "int", "Connections refused at the limit since the start."),
        _int("rejected_connections"),
    ),
    Told(Field("keys", "int", "Keys in all databases."), lambda told: sum(_keys(told).values())),
    Told(Field("databases", "map", "Keys by database: `{'db0': 3}`."), _keys),
    Told(Field("evicted", "int", "Keys evicted for want of memory since the start."), _int("evicted_keys")),
    Told(Field("expired", "int", "Keys whose time ran out since the start."), _int("expired_keys")),
    Told(Field("hit_rate", "double", "Look-ups that found their key since the start, 0 to 1."), _hit_rate),
    Told(Field("ops", "int", "Commands at present.", "per second"), _int("instantaneous_ops_per_sec")),
)  # fmt: skip

FIELDS = tuple(each.field for each in FACTS)
NAMES = frozenset(field.name for field in FIELDS)
