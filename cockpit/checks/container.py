"""What a container is, from what the daemon says of it: pure, no daemon needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cockpit.checks.hiding import names_a_secret, shown

STOP_TIMEOUT = 10
"""Seconds that Docker gives a container to end when nothing else is said."""


def facts(inspected: Mapping[str, Any], digests: list[str], now: dt.datetime) -> dict[str, Any]:
    """The fields of a container that is there."""
    state, config, host = inspected["State"], inspected["Config"], inspected["HostConfig"]
    moments = {
        "created": moment(inspected.get("Created")),
        "started": moment(state.get("StartedAt")),
        "finished": moment(state.get("FinishedAt")),
    }
    name = str(config.get("Image") or "")
    log = host.get("LogConfig") or {}
    return {
        "running": state.get("Status") == "running",
        "status": state.get("Status", ""),
        "health": (state.get("Health") or {}).get("Status", "none"),
        "restarts": inspected.get("RestartCount", 0),
        "exit_code": state.get("ExitCode", 0),
        "oom_killed": bool(state.get("OOMKilled")),
        **{f"{what}_ago": now - at for what, at in moments.items() if at is not None},
        "image": name,
        "tag": tag_of(name),
        "image_digest": digests[0] if digests else "",
        "image_id": inspected.get("Image") or "",
        "env": environment(config.get("Env") or []),
        "user": config.get("User") or "root",
        **_rights(host),
        "memory_limit": host.get("Memory") or 0,
        "cpu_limit": cores(host),
        "pids_limit": max(0, host.get("PidsLimit") or 0),
        "restart_policy": (host.get("RestartPolicy") or {}).get("Name") or "no",
        "restart_limit": (host.get("RestartPolicy") or {}).get("MaximumRetryCount") or 0,
        "stop_timeout": STOP_TIMEOUT if config.get("StopTimeout") is None else config["StopTimeout"],
        "log_driver": log.get("Type") or "",
        "log_options": dict(log.get("Config") or {}),
        "log_rotated": _rotated(log),
        "healthcheck": ((config.get("Healthcheck") or {}).get("Test") or ["NONE"])[0] != "NONE",
        **_surroundings(inspected),
        "labels": dict(config.get("Labels") or {}),
    }


def beginning(state: Mapping[str, Any]) -> float | None:
    """From which moment (Unix time) on a log is that of the run that was begun last; None: all of it is.

    A container may say its first lines before the daemon notes that it was started. What came after the end of the run
    before is of this one.
    """
    started, ended = moment(state.get("StartedAt")), moment(state.get("FinishedAt"))
    if started is None or ended is None:
        return None
    return min(started, ended).timestamp()


def environment(lines: list[str]) -> dict[str, str]:
    """`NAME=value` lines as a mapping."""
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def tag_of(image: str) -> str:
    """The tag of an image's name: `latest` when it has none, nothing when it is named by its digest alone."""
    name, _, digest = image.partition("@")
    _, _, tag = name.rpartition("/")[2].partition(":")
    return tag or ("" if digest else "latest")


def secrets_in(env: Mapping[str, str]) -> dict[str, str]:
    """The variables whose values are not shown, and may turn up in the container's log."""
    return {name: value for name, value in env.items() if value and names_a_secret(name)}


def fit_to_show(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with what is secret by its name hidden."""
    mappings = ("env", "labels", "log_options")
    hidden = {
        field: {name: shown(name, value) for name, value in values[field].items()}
        for field in mappings
        if field in values
    }
    return {**values, **hidden}


def cores(host: Mapping[str, Any]) -> float:
    """How many cores a container may use; 0 without a limit."""
    if host.get("NanoCpus"):
        return float(host["NanoCpus"]) / 1e9
    quota, period = host.get("CpuQuota") or 0, host.get("CpuPeriod") or 100_000
    return float(quota) / period if quota > 0 else 0.0


def moment(written: str | None) -> dt.datetime | None:
    """A time as Docker writes it; its year 1 means never."""
    if not written or written.startswith("0001-"):
        return None
    return dt.datetime.fromisoformat(written)


def _rights(host: Mapping[str, Any]) -> dict[str, Any]:
    options = list(host.get("SecurityOpt") or [])
    return {
        "privileged": bool(host.get("Privileged")),
        "read_only": bool(host.get("ReadonlyRootfs")),
        "cap_add": _capabilities(host.get("CapAdd")),
        "cap_drop": _capabilities(host.get("CapDrop")),
        "no_new_privileges": any(
            option.startswith("no-new-privileges") and not option.endswith("false") for option in options
        ),
        "security_options": options,
    }


def _capabilities(named: list[str] | None) -> list[str]:
    """In one spelling: `CAP_NET_ADMIN` and `net_admin` are `NET_ADMIN`."""
    return sorted(name.upper().removeprefix("CAP_") for name in named or [])


def _rotated(log: Mapping[str, Any]) -> bool:
    """Whether what the daemon itself keeps of a log ends somewhere (Docker, "Configure logging drivers")."""
    if log.get("Type") != "json-file":
        return True  # `local` rotates by itself; all others keep the log elsewhere
    return (log.get("Config") or {}).get("max-size", "-1") not in ("", "-1")


def _surroundings(inspected: Mapping[str, Any]) -> dict[str, Any]:
    network = inspected.get("NetworkSettings") or {}
    return {
        "ports": {
            inner: ", ".join(f"{each.get('HostIp', '')}:{each.get('HostPort', '')}" for each in outer or [])
            for inner, outer in (network.get("Ports") or {}).items()
        },
        "networks": sorted(network.get("Networks") or {}),
        "mounts": [
            {
                "type": mount.get("Type", ""),
                "source": mount.get("Name") or mount.get("Source", ""),
                "destination": mount.get("Destination", ""),
                "writable": bool(mount.get("RW")),
            }
            for mount in inspected.get("Mounts") or []
        ],
    }
