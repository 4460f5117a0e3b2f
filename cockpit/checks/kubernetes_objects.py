"""What all objects of a cluster have in common: names, conditions, labels, quantities, moments. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]
"""An object as `kubectl -o json` prints it."""

KEPT = 100
"""Items of a list that are kept: what is wrong with more than these shows on the first."""


def name_of(thing: Object) -> str:
    """`backend`."""
    return str(thing["metadata"]["name"])


def title_of(thing: Object) -> str:
    """`deployment/backend`."""
    return f"{thing['kind'].lower()}/{name_of(thing)}"


def condition(thing: Object, kind: str) -> Object:
    """Its condition of a type; an empty one when it has none."""
    conditions = (thing.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


def is_true(found: Object) -> bool:
    """Whether a condition holds."""
    return found.get("status") == "True"


def template(thing: Object) -> Object:
    """What describes the pods of a workload; of a pod itself."""
    spec: Object = thing.get("spec") or {}
    if thing.get("kind") == "Pod":
        return thing
    if thing.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template: Object = spec.get("template") or {}
    return template


def pod_labels(thing: Object) -> Mapping[str, str]:
    """The labels that a workload gives its pods."""
    found: Mapping[str, str] = (template(thing).get("metadata") or {}).get("labels") or {}
    return found


def selector_of(thing: Object) -> str:
    """How kubectl is told to choose a workload's pods; nothing when it has no selector."""
    selector = (thing.get("spec") or {}).get("selector") or {}
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], ",".join(each.get("values") or ())
        terms.append(
            {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}.get(
                each["operator"], f"!{key}"
            )
        )
    return ",".join(terms)


def selects(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Whether a label selector chooses what has these labels; an empty one chooses all, none at all nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_matches(each, labels) for each in selector.get("matchExpressions") or ())


def quantity(written: str) -> float:
    """A quantity as Kubernetes writes it: `500m` is 0.5, `64Mi` is 67108864. What is none is 0."""
    match = re.fullmatch(r"([+-]?[0-9.]+)([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?", written)
    if match is None:
        return 0.0
    number, suffix = match[1], match[2] or ""
    if suffix[1:] and suffix[0] in "eE":
        return float(number + suffix)
    return float(number) * _SUFFIXES[suffix]


_SUFFIXES = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def moment(written: str | None) -> dt.datetime | None:
    """A time as the cluster writes it; None when there is none."""
    return dt.datetime.fromisoformat(written) if written else None


def _matches(expression: Object, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
