"""What a container uses now, from two readings of its counters: pure, no daemon needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

INTERVAL = 0.5
"""Seconds between the two readings."""

FIELDS = frozenset(
    ("cpu", "cpu_used_part", "memory", "memory_used_part", "pids", "io.received", "io.sent", "io.read", "io.written")
)
"""The fields that need them."""


def usage(first: Mapping[str, Any], second: Mapping[str, Any], cpu_limit: float) -> dict[str, Any]:
    """What was used between two readings that the daemon gave of its counters; nothing of a container that ended.

    Memory leaves out the part of the page cache that is not in use, as `docker stats` does.
    """
    seconds = (_read(second) - _read(first)).total_seconds()
    memory = second.get("memory_stats") or {}
    if seconds <= 0 or "usage" not in memory:
        return {}
    counters = second.get("cpu_stats") or {}
    cpu = (_cpu(second) - _cpu(first)) / 1e9 / seconds
    cores = cpu_limit or counters.get("online_cpus") or len((counters.get("cpu_usage") or {}).get("percpu_usage") or [])
    used = memory["usage"] - _unused_cache(memory)
    return {
        "cpu": round(max(0.0, cpu), 4),
        **({"cpu_used_part": round(max(0.0, cpu) / cores, 4)} if cores else {}),
        "memory": used,
        **({"memory_used_part": round(used / memory["limit"], 4)} if memory.get("limit") else {}),
        "pids": (second.get("pids_stats") or {}).get("current") or 0,
        "io.received": _rate(_network(first, "rx_bytes"), _network(second, "rx_bytes"), seconds),
        "io.sent": _rate(_network(first, "tx_bytes"), _network(second, "tx_bytes"), seconds),
        "io.read": _rate(_blocks(first, "read"), _blocks(second, "read"), seconds),
        "io.written": _rate(_blocks(first, "write"), _blocks(second, "write"), seconds),
    }


def _read(reading: Mapping[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(reading["read"])


def _cpu(reading: Mapping[str, Any]) -> int:
    """Nanoseconds of all cores."""
    return int(((reading.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage") or 0)


def _unused_cache(memory: Mapping[str, Any]) -> int:
    """The cache that can be dropped; cgroup v1 counts it under another name than v2."""
    stats = memory.get("stats") or {}
    unused = int(stats.get("total_inactive_file", stats.get("inactive_file", 0)))
    return unused if unused < memory["usage"] else 0


def _network(reading: Mapping[str, Any], counter: str) -> int:
    return sum(each.get(counter) or 0 for each in (reading.get("networks") or {}).values())


def _blocks(reading: Mapping[str, Any], operation: str) -> int:
    counted: Iterable[Mapping[str, Any]] = (reading.get("blkio_stats") or {}).get("io_service_bytes_recursive") or []
    return sum(each.get("value") or 0 for each in counted if str(each.get("op")).lower() == operation)


def _rate(before: int, after: int, seconds: float) -> float:
    return round(max(0, after - before) / seconds, 1)
