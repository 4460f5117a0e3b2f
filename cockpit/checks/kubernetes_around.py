"""What stands around a workload: autoscaler, disruption budget, network policies, claims, secrets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cockpit.checks.kubernetes_containers import containers_of
from cockpit.checks.kubernetes_objects import KEPT, Object, name_of, pod_labels, selects, template


def of_autoscaler(items: Iterable[Object], thing: Object) -> dict[str, Any]:
    """The HorizontalPodAutoscaler of a workload."""
    for item in items:
        target = item["spec"].get("scaleTargetRef") or {}
        if item["kind"] == "HorizontalPodAutoscaler" and _is(target, thing):
            return {
                "autoscaler.there": True,
                "autoscaler.min": item["spec"].get("minReplicas", 1),
                "autoscaler.max": item["spec"].get("maxReplicas", 0),
                "autoscaler.current": (item.get("status") or {}).get("currentReplicas", 0),
                "autoscaler.desired": (item.get("status") or {}).get("desiredReplicas", 0),
            }
    return {"autoscaler.there": False}


def of_budget(items: Iterable[Object], thing: Object) -> dict[str, Any]:
    """The PodDisruptionBudget over a workload's pods."""
    for item in items:
        if item["kind"] == "PodDisruptionBudget" and selects(item["spec"].get("selector"), pod_labels(thing)):
            return {"budget.there": True, "budget.allowed": (item.get("status") or {}).get("disruptionsAllowed", 0)}
    return {"budget.there": False}


def of_policies(items: Iterable[Object], thing: Object | None) -> dict[str, Any]:
    """The NetworkPolicies of a namespace, and which of them apply to a workload's pods."""
    policies = [item for item in items if item["kind"] == "NetworkPolicy"]
    labels = pod_labels(thing) if thing is not None else {}
    applying = [item for item in policies if selects(item["spec"].get("podSelector") or {}, labels)]
    everyone = [item for item in policies if not any((item["spec"].get("podSelector") or {}).values())]
    return {
        "policies.count": len(policies),
        "policies.names": sorted(map(name_of, policies)),
        "policies.applying": sorted(map(name_of, applying if thing is not None else everyone)),
    }


def of_claims(items: Iterable[Object], thing: Object | None) -> dict[str, Any]:
    """The PersistentVolumeClaims of a workload, or of the whole namespace."""
    claims = [item for item in items if item["kind"] == "PersistentVolumeClaim"]
    if thing is not None:
        named, patterns = _claims_of(thing)
        claims = [
            item
            for item in claims
            if name_of(item) in named or any(re.fullmatch(pattern, name_of(item)) for pattern in patterns)
        ]
    return {
        "claims": [
            {
                "name": name_of(item),
                "phase": (item.get("status") or {}).get("phase", ""),
                "class": (item.get("spec") or {}).get("storageClassName", ""),
                "size": ((item.get("status") or {}).get("capacity") or {}).get("storage", ""),
            }
            for item in claims[:KEPT]
        ],
        "unbound": [name_of(item) for item in claims if (item.get("status") or {}).get("phase") != "Bound"][:KEPT],
    }


def of_references(names: Iterable[str], things: Iterable[Object]) -> dict[str, Any]:
    """The Secrets and ConfigMaps that things refer to and that are not there; `names` as `kubectl -o name` has them."""
    there = set(names)
    wanted = {reference for thing in things for reference in references(thing)}
    missing = sorted(wanted - there)
    return {
        "missing.secrets": [name.partition("/")[2] for name in missing if name.startswith("secret/")],
        "missing.configmaps": [name.partition("/")[2] for name in missing if name.startswith("configmap/")],
    }


def references(thing: Object) -> set[str]:
    """What a thing cannot do without: `secret/NAME`, `configmap/NAME`; those marked optional are left out."""
    if thing.get("kind") == "Ingress":
        entries = (thing.get("spec") or {}).get("tls") or ()
        return {f"secret/{entry['secretName']}" for entry in entries if entry.get("secretName")}
    pod = template(thing).get("spec") or {}
    found: list[tuple[str, Object | None, str]] = []
    for placed in containers_of(thing):
        sources = [each.get("valueFrom") or {} for each in placed.container.get("env") or ()]
        found += [("secret", source.get("secretKeyRef"), "name") for source in sources]
        found += [("configmap", source.get("configMapKeyRef"), "name") for source in sources]
        for source in placed.container.get("envFrom") or ():
            found += [("secret", source.get("secretRef"), "name"), ("configmap", source.get("configMapRef"), "name")]
    for volume in pod.get("volumes") or ():
        found += [("secret", volume.get("secret"), "secretName"), ("configmap", volume.get("configMap"), "name")]
        for source in (volume.get("projected") or {}).get("sources") or ():
            found += [("secret", source.get("secret"), "name"), ("configmap", source.get("configMap"), "name")]
    found += [("secret", each, "name") for each in pod.get("imagePullSecrets") or ()]
    return {f"{kind}/{ref[key]}" for kind, ref, key in found if ref and ref.get(key) and not ref.get("optional")}


def _claims_of(thing: Object) -> tuple[set[str], list[str]]:
    """The names of a workload's claims, and patterns for those that a StatefulSet makes, one for each pod."""
    volumes = (template(thing).get("spec") or {}).get("volumes") or ()
    named = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if volume.get("persistentVolumeClaim")}
    made = (thing.get("spec") or {}).get("volumeClaimTemplates") or ()
    return named, [rf"{re.escape(name_of(each))}-{re.escape(name_of(thing))}-\d+" for each in made]


def _is(target: Object, thing: Object) -> bool:
    return target.get("kind") == thing["kind"] and target.get("name") == name_of(thing)
