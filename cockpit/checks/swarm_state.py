"""How services of a swarm and its nodes stand, from what a manager says of them: pure, no daemon needed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.checks import container

STACK = "com.docker.stack.namespace"
"""The label by which a service belongs to a stack."""

UPDATES = (
    "paused",
    "rollback_paused",
    "rollback_started",
    "updating",
    "rollback_completed",
    "completed",
    "none",
)
"""The states of an update, the worst first; `none` when there never was one."""

_FAILED = ("failed", "rejected", "orphaned")
_OVER = ("shutdown", "remove")

Said = Mapping[str, Any]
"""A service, task or node as the daemon says it."""


def facts(
    services: Sequence[Said], tasks: Sequence[Said], nodes: Sequence[Said], within: dt.timedelta, now: dt.datetime
) -> dict[str, Any]:
    """The fields of `services` together, and of the swarm. Failures count when they are `within` this time."""
    names = _names(nodes)
    down = frozenset(node["ID"] for node in nodes if _status(node) == "down")
    found = {
        each["Spec"]["Name"]: _service(each, [task for task in tasks if task["ServiceID"] == each["ID"]], down)
        for each in services
    }
    called = {each["ID"]: each["Spec"]["Name"] for each in services}
    failures = [_failure(task, called, names, now) for task in tasks if task["Status"].get("State") in _FAILED]
    recent = sorted((each for each in failures if each["ago"] <= within.total_seconds()), key=lambda each: each["ago"])
    return {
        "exists": bool(services),
        "services": found,
        "running": sum(each["running"] for each in found.values()),
        "wanted": sum(each["wanted"] for each in found.values()),
        "outdated": sum(each["outdated"] for each in found.values()),
        "update": min((each["update"] for each in found.values()), key=_severity, default="none"),
        "pending": _pending(tasks),
        "failed": len(recent),
        "failures": recent[:MOST_FAILURES],
        **(_only(services[0], now) if len(services) == 1 else {}),
        **_of_nodes(nodes, names),
    }


MOST_FAILURES = 20
"""Failures that are told of; all are counted."""


def _severity(update: str) -> int:
    """Its place among UPDATES; one that is not known is taken to be bad."""
    return UPDATES.index(update) if update in UPDATES else -1


def _service(service: Said, tasks: Sequence[Said], down: frozenset[str]) -> dict[str, Any]:
    spec = service["Spec"]
    mode = _mode(spec)
    done = "complete" if mode.endswith("job") else "running"
    iteration = (service.get("JobStatus") or {}).get("JobIteration")
    current = [task for task in tasks if task.get("JobIteration") == iteration]
    running = [
        task
        for task in current
        if task["Status"].get("State") == done
        and task.get("NodeID") not in down
        and (task.get("DesiredState") not in _OVER or done == "complete")
    ]
    image = _image(spec)
    return {
        "mode": mode,
        "running": len(running),
        "wanted": _wanted(spec, current),
        "outdated": sum(_version(task["Spec"]) != _version(spec["TaskTemplate"]) for task in running),
        "update": _update(service).get("State") or "none",
        "image": image,
        "tag": container.tag_of(image),
    }


def _only(service: Said, now: dt.datetime) -> dict[str, Any]:
    """What is said of one service, and could not be of several."""
    image, update = _image(service["Spec"]), _update(service)
    started = container.moment(update.get("StartedAt"))
    previous = service.get("PreviousSpec")
    return {
        "mode": _mode(service["Spec"]),
        "image": image,
        "tag": container.tag_of(image),
        "image_digest": image.partition("@")[2],
        "previous_image": _image(previous) if previous else "",
        "update_message": update.get("Message") or "",
        **({"update_started_ago": now - started} if started is not None else {}),
    }


def _of_nodes(nodes: Sequence[Said], names: Mapping[str, str]) -> dict[str, Any]:
    managers = [node["ManagerStatus"] for node in nodes if node.get("ManagerStatus")]
    return {
        "leader": next((names[node["ID"]] for node in nodes if (node.get("ManagerStatus") or {}).get("Leader")), ""),
        "nodes": dict(sorted((names[node["ID"]], _standing(node)) for node in nodes)),
        "nodes_ready": sum(_status(node) == "ready" for node in nodes),
        "nodes_down": sum(_status(node) == "down" for node in nodes),
        "nodes_drained": sum(node["Spec"].get("Availability") == "drain" for node in nodes),
        "managers": len(managers),
        "managers_reachable": sum(manager.get("Reachability") == "reachable" for manager in managers),
    }


def _standing(node: Said) -> dict[str, Any]:
    return {
        "status": _status(node),
        "availability": node["Spec"].get("Availability") or "",
        "role": node["Spec"].get("Role") or "",
        "version": ((node.get("Description") or {}).get("Engine") or {}).get("EngineVersion") or "",
    }


def _failure(task: Said, called: Mapping[str, str], names: Mapping[str, str], now: dt.datetime) -> dict[str, Any]:
    status = task["Status"]
    at = container.moment(status.get("Timestamp")) or now
    slot = task.get("Slot") or names.get(task.get("NodeID") or "", "")
    return {
        "task": f"{called[task['ServiceID']]}.{slot}",
        "node": names.get(task.get("NodeID") or "", ""),
        "state": status["State"],
        "error": status.get("Err") or status.get("Message") or "",
        "exit_code": (status.get("ContainerStatus") or {}).get("ExitCode") or 0,
        "ago": round((now - at).total_seconds(), 1),
    }


def _pending(tasks: Sequence[Said]) -> list[str]:
    """Why tasks that should run have no node, each reason once; one that was made just now has none yet."""
    waiting = [task["Status"] for task in tasks if task.get("DesiredState") not in _OVER]
    return list(dict.fromkeys(each["Err"] for each in waiting if each.get("State") == "pending" and each.get("Err")))


def _mode(spec: Said) -> str:
    """`replicated`, `global`, `replicated-job`, `global-job`."""
    names = {
        "Replicated": "replicated",
        "Global": "global",
        "ReplicatedJob": "replicated-job",
        "GlobalJob": "global-job",
    }
    return next((names[mode] for mode in spec.get("Mode") or {} if mode in names), "replicated")


def _wanted(spec: Said, tasks: Sequence[Said]) -> int:
    mode = spec.get("Mode") or {}
    if "ReplicatedJob" in mode:
        job = mode["ReplicatedJob"] or {}
        return int(job.get("TotalCompletions") or job.get("MaxConcurrent") or 1)
    if "Global" in mode or "GlobalJob" in mode:
        over = _OVER if "Global" in mode else ("remove",)
        return len({task.get("NodeID") for task in tasks if task.get("DesiredState") not in over})
    return int((mode.get("Replicated") or {}).get("Replicas") or 0)


def _version(template: Said) -> tuple[Any, int]:
    """What a task was made from, as far as it makes another version."""
    return template.get("ContainerSpec"), template.get("ForceUpdate") or 0


def _image(spec: Said) -> str:
    return str((spec["TaskTemplate"].get("ContainerSpec") or {}).get("Image") or "")


def _update(service: Said) -> Said:
    return service.get("UpdateStatus") or {}


def _status(node: Said) -> str:
    return str((node.get("Status") or {}).get("State") or "unknown")


def _names(nodes: Sequence[Said]) -> dict[str, str]:
    """What each node is called: its host's name, with part of its id where a host has joined more than once."""
    hosts = {node["ID"]: str((node.get("Description") or {}).get("Hostname") or node["ID"]) for node in nodes}
    often = Counter(hosts.values())
    return {node: f"{host} ({node[:6]})" if often[host] > 1 else host for node, host in hosts.items()}
