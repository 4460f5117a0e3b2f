"""Pods as they are, and what the cluster warns about. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cockpit.checks.kubernetes_containers import containers_of, of_containers
from cockpit.checks.kubernetes_objects import KEPT, Object, condition, is_true, moment, name_of

_STARTING = ("ContainerCreating", "PodInitializing")
_PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")


def of_pods(pods: Sequence[Object]) -> dict[str, Any]:
    """What has become of pods: restarts, phases, and why those wait that wait."""
    statuses = [(pod, status) for pod in pods for status in _statuses(pod)]
    restarts = [status.get("restartCount", 0) for _, status in statuses]
    phases = Counter(str((pod.get("status") or {}).get("phase", "Unknown")) for pod in pods)
    killed = [
        f"{name_of(pod)}/{status.get('name', '')}"
        for pod, status in statuses
        if any(
            (status.get(when) or {}).get("terminated", {}).get("reason") == "OOMKilled"
            for when in ("state", "lastState")
        )
    ]
    digests = {str(status.get("imageID", "")).rpartition("@")[2] for _, status in statuses}
    return {
        "restarts.sum": sum(restarts),
        "restarts.max": max(restarts, default=0),
        "phases": {phase: phases.get(phase, 0) for phase in _PHASES},
        "waiting": [found for pod in pods for found in _waiting(pod)][:KEPT],
        "oom_killed": killed[:KEPT],
        "digests": sorted(digest for digest in digests if digest.startswith("sha256:")),
    }


def of_selected(pods: Sequence[Object]) -> dict[str, Any]:
    """Pods that a selector chose; those that ran to their end are not waited for."""
    alive = [pod for pod in pods if (pod.get("status") or {}).get("phase") != "Succeeded"]
    ready = [pod for pod in alive if is_true(condition(pod, "Ready"))]
    return {
        "healthy": bool(alive) and len(ready) == len(alive),
        "ready": len(ready),
        "wanted": len(alive),
        "rollout": "all pods ready" if alive and len(ready) == len(alive) else ("no pod" if not alive else "not ready"),
        **of_containers([placed for pod in pods for placed in containers_of(pod, f"{name_of(pod)}/")]),
    }


def warnings(items: Iterable[Object], name: str, now: dt.datetime) -> list[dict[str, Any]]:
    """Warnings about a thing and what was made for it (its name, and what begins with it), newest last."""
    found = []
    for item in items:
        about = item.get("involvedObject") or {}
        if item.get("type") != "Warning" or not (
            not name or about.get("name") == name or str(about.get("name")).startswith(f"{name}-")
        ):
            continue
        series = item.get("series") or {}
        seen = moment(series.get("lastObservedTime") or item.get("lastTimestamp") or item.get("eventTime"))
        seen = seen or moment(item["metadata"].get("creationTimestamp")) or now
        found.append(
            (
                seen,
                {
                    "about": f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
                    "reason": item.get("reason", ""),
                    "message": " ".join(str(item.get("message", "")).split()),
                    "count": series.get("count") or item.get("count") or 1,
                    "ago": (now - seen).total_seconds(),
                },
            )
        )
    return [warning for _, warning in sorted(found, key=lambda each: each[0])][-KEPT:]


def _statuses(pod: Object) -> list[Object]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _waiting(pod: Object) -> Iterator[dict[str, Any]]:
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield _trouble(pod, "", scheduled.get("reason", "Unschedulable"), scheduled.get("message", ""))
    for status in _statuses(pod):
        state: Object = status.get("state") or {}
        waiting = state.get("waiting") or {}
        ended: Object = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
        how = f"exit status {ended['exitCode']}" if ended.get("exitCode") else ""
        if waiting.get("reason") and waiting["reason"] not in _STARTING:
            told = [word for word in (how, str(ended.get("message", "") or waiting.get("message", ""))) if word]
            yield _trouble(pod, status.get("name", ""), waiting["reason"], ": ".join(told))
        elif (state.get("terminated") or {}).get("exitCode"):
            yield _trouble(pod, status.get("name", ""), str(ended.get("reason", "Error")), how)


def _trouble(pod: Object, container: str, reason: str, message: str) -> dict[str, Any]:
    return {"pod": name_of(pod), "container": container, "reason": reason, "message": " ".join(message.split())}
