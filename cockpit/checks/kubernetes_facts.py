"""What a cluster says of a thing, as the fields of a check. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from cockpit.checks.kubernetes_containers import containers_of, of_containers
from cockpit.checks.kubernetes_objects import KEPT, Object, condition, is_true, moment, name_of, title_of
from cockpit.checks.kubernetes_rollout import rollout

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def of_workload(thing: Object) -> dict[str, Any]:
    """A Deployment, StatefulSet or DaemonSet, by itself and by the template of its pods."""
    found = rollout(thing)
    return {
        "healthy": found.done and found.ready > 0,
        "rolled_out": found.done,
        "rollout": found.words,
        "wanted": found.wanted,
        "ready": found.ready,
        "updated": found.updated,
        "available": found.available,
        **of_containers(containers_of(thing)),
    }


def of_job(job: Object) -> dict[str, Any]:
    """A Job."""
    spec, status = job.get("spec") or {}, job.get("status") or {}
    failed = condition(job, "Failed")
    complete = is_true(condition(job, "Complete"))
    words = "complete" if complete else (f"failed: {failed.get('reason', '')}" if is_true(failed) else "not complete")
    return {
        "healthy": complete,
        "complete": complete,
        "rollout": words,
        "wanted": spec.get("completions", 1),
        "ready": status.get("succeeded", 0),
        "active": status.get("active", 0),
        "failed": status.get("failed", 0),
        **of_containers(containers_of(job)),
    }


def of_cron_job(cron: Object, jobs: Sequence[Object], now: dt.datetime) -> dict[str, Any]:
    """A CronJob, by its own status and by those of its jobs that are still there."""
    spec, status = cron.get("spec") or {}, cron.get("status") or {}
    uid = cron["metadata"].get("uid")
    own = [job for job in jobs if any(owner.get("uid") == uid for owner in job["metadata"].get("ownerReferences", ()))]
    own.sort(key=lambda job: str((job.get("status") or {}).get("startTime", "")))
    ended = [job for job in own if is_true(condition(job, "Complete")) or is_true(condition(job, "Failed"))]
    good = [is_true(condition(job, "Complete")) for job in ended]
    successes = [moment((job.get("status") or {}).get("completionTime")) for job in ended]
    succeeded = max(
        filter(None, [*successes, moment(status.get("lastSuccessfulTime"))]),
        default=None,
    )
    scheduled = moment(status.get("lastScheduleTime"))
    suspended = bool(spec.get("suspend"))
    last = "none" if not good else ("complete" if good[-1] else "failed")
    return {
        "healthy": not suspended and last != "failed" and succeeded is not None,
        "rollout": "suspended" if suspended else f"last job: {last}",
        "suspended": suspended,
        "schedule": spec.get("schedule", ""),
        "active": len(status.get("active") or ()),
        "last_job": last,
        **({"last_scheduled_ago": now - scheduled} if scheduled else {}),
        **({"last_succeeded_ago": now - succeeded} if succeeded else {}),
        **of_containers(containers_of(cron)),
    }


def of_service(service: Object, endpoints: Object | None) -> dict[str, Any]:
    """A Service and the endpoints behind it."""
    spec = service.get("spec") or {}
    subsets = ((endpoints or {}).get("subsets")) or ()
    ready = sum(len(subset.get("addresses") or ()) for subset in subsets)
    waiting = sum(len(subset.get("notReadyAddresses") or ()) for subset in subsets)
    balancers = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return {
        "healthy": ready > 0 or bool(spec.get("externalName")),
        "ready": ready,
        "wanted": ready + waiting,
        "rollout": "" if ready else "nothing behind it is ready",
        "service_type": spec.get("type", "ClusterIP"),
        "ports": [port.get("port", 0) for port in spec.get("ports") or ()],
        "addresses": [each.get("hostname") or each.get("ip", "") for each in balancers],
    }


def of_ingress(ingress: Object) -> dict[str, Any]:
    """An Ingress: its hosts, and which of them have a certificate."""
    spec = ingress.get("spec") or {}
    hosts = list(dict.fromkeys(rule.get("host", "*") for rule in spec.get("rules") or ()))
    tls = {
        host: entry.get("secretName", "") for entry in spec.get("tls") or () for host in entry.get("hosts") or ("*",)
    }
    balancers = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    without = [host for host in hosts if host not in tls and f"*.{host.partition('.')[2]}" not in tls]
    annotations = ingress["metadata"].get("annotations") or {}
    return {
        "healthy": bool(hosts) or bool(spec.get("defaultBackend")),
        "rollout": ", ".join(hosts) or "no host",
        "hosts": hosts,
        "tls": tls,
        "without.tls": without,
        "ingress_class": spec.get("ingressClassName") or annotations.get("kubernetes.io/ingress.class", ""),
        "addresses": [each.get("hostname") or each.get("ip", "") for each in balancers],
    }


def of_nodes(nodes: Sequence[Object]) -> dict[str, Any]:
    """All nodes of a cluster."""
    pressures = [f"{name_of(node)}: {kind}" for node in nodes for kind in _PRESSURES if is_true(condition(node, kind))]
    unready = [name_of(node) for node in nodes if not is_true(condition(node, "Ready"))]
    return {
        "healthy": bool(nodes) and not unready and not pressures,
        "ready": len(nodes) - len(unready),
        "wanted": len(nodes),
        "rollout": f"not ready: {', '.join(unready[:5])}" if unready else ("all nodes ready" if nodes else "no node"),
        "unready": unready[:KEPT],
        "pressures": pressures[:KEPT],
        "cordoned": [name_of(node) for node in nodes if (node.get("spec") or {}).get("unschedulable")],
        "versions": sorted({node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes}),
    }


def of_namespace(things: Sequence[Object]) -> dict[str, Any]:
    """Every Deployment, StatefulSet and DaemonSet of a namespace together."""
    found = [(thing, rollout(thing)) for thing in things]
    bad = [f"{title_of(thing)}: {each.words}" for thing, each in found if not each.done]
    containers = [placed for thing, _ in found for placed in containers_of(thing, f"{title_of(thing)}/")]
    return {
        "healthy": bool(found) and not bad,
        "ready": len(found) - len(bad),
        "wanted": len(found),
        "rolled_out": not bad,
        "rollout": bad[0] if bad else ("all workloads are rolled out" if found else "no workload"),
        "unready": bad[:KEPT],
        **of_containers(containers),
    }
