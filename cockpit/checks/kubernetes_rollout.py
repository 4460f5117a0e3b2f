"""Whether the rollout of a workload is done, decided as `kubectl rollout status` decides it: pure.

The rules are those of kubectl (`pkg/polymorphichelpers/rollout_status.go` in 1.20 to 1.34); what it waits for forever,
an update strategy of `OnDelete`, is decided by the counts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rollout:
    """How far a workload has come, and how many of its pods are where."""

    done: bool
    words: str
    wanted: int
    ready: int
    updated: int
    available: int
    failed: bool = False
    """It will not get further by itself: its deadline is over."""


def rollout(thing: Mapping[str, Any]) -> Rollout:
    """How far a Deployment, StatefulSet or DaemonSet has come, from its object."""
    return _WAYS[thing["kind"]](thing["metadata"], thing.get("spec") or {}, thing.get("status") or {})


_Object = Mapping[str, Any]

_UNSEEN = "the controller has not seen the latest change yet"


def _deployment(metadata: _Object, spec: _Object, status: _Object) -> Rollout:
    wanted = spec.get("replicas", 1)
    all_, updated, available = (status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas"))
    counts = (wanted, status.get("readyReplicas", 0), updated, available)
    progressing: _Object = next(
        (each for each in status.get("conditions") or () if each.get("type") == "Progressing"), {}
    )
    paused = " (it is paused)" if spec.get("paused") else ""
    if metadata.get("generation", 0) > status.get("observedGeneration", 0):
        return Rollout(False, _UNSEEN, *counts)
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        deadline = spec.get("progressDeadlineSeconds", 600)
        return Rollout(False, f"exceeded its progress deadline of {deadline} s", *counts, failed=True)
    if updated < wanted:
        return Rollout(False, f"{updated} of {wanted} new replicas have been updated{paused}", *counts)
    if all_ > updated:
        return Rollout(False, f"{all_ - updated} old replicas are still to end{paused}", *counts)
    if available < updated:
        return Rollout(False, f"{available} of {updated} updated replicas are available{paused}", *counts)
    return Rollout(True, "rolled out", *counts)


def _stateful_set(metadata: _Object, spec: _Object, status: _Object) -> Rollout:
    wanted, ready, updated = spec.get("replicas", 1), status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    strategy = spec.get("updateStrategy") or {}
    kept_old = (strategy.get("rollingUpdate") or {}).get("partition")
    counts = (wanted, ready, updated, status.get("availableReplicas", ready))
    if metadata.get("generation", 0) > status.get("observedGeneration", 0):
        return Rollout(False, _UNSEEN, *counts)
    if ready < wanted:
        return Rollout(False, f"{ready} of {wanted} replicas are ready", *counts)
    if kept_old is not None:
        above = " above the partition" if kept_old else ""
        if updated < wanted - kept_old:
            return Rollout(False, f"{updated} of {wanted - kept_old} replicas{above} are updated", *counts)
        return Rollout(True, f"rolled out{above}", *counts)
    if status.get("updateRevision") != status.get("currentRevision"):
        by_hand = "; the others wait to be deleted (OnDelete)" if strategy.get("type") == "OnDelete" else ""
        return Rollout(False, f"{updated} of {wanted} replicas are updated{by_hand}", *counts)
    return Rollout(True, "rolled out", *counts)


def _daemon_set(metadata: _Object, spec: _Object, status: _Object) -> Rollout:
    wanted, ready, updated, available = (
        status.get(name, 0)
        for name in ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable")
    )
    counts = (wanted, ready, updated, available)
    by_hand = (spec.get("updateStrategy") or {}).get("type") == "OnDelete"
    if metadata.get("generation", 0) > status.get("observedGeneration", 0):
        return Rollout(False, _UNSEEN, *counts)
    if updated < wanted:
        waiting = "; the others wait to be deleted (OnDelete)" if by_hand else ""
        return Rollout(False, f"{updated} of {wanted} pods are updated{waiting}", *counts)
    if available < wanted:
        return Rollout(False, f"{available} of {wanted} updated pods are available", *counts)
    return Rollout(True, "rolled out", *counts)


_WAYS = {"Deployment": _deployment, "StatefulSet": _stateful_set, "DaemonSet": _daemon_set}
