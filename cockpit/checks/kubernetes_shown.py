"""What was found in a cluster, in one line and at length. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cockpit.checks.hiding import HIDDEN, described_shown, text_shown
from cockpit.checks.kind import Reading
from cockpit.checks.kubernetes_containers import fit_to_show
from cockpit.checks.kubernetes_spec import KubernetesSpec

SHOWN = 8
"""Warnings and waiting containers in the evidence."""


def reading(values: dict[str, Any], spec: KubernetesSpec) -> Reading:
    """`values` as a reading; secrets in them can be compared and are not shown."""
    shown = fit_to_show(values)
    if "data" in values:
        shown["data"] = _without_secrets(values["data"])
    return Reading(values, _summary(values, spec), _evidence(shown, spec), _figure(values), shown)


def _without_secrets(data: Any) -> Any:
    if isinstance(data, list):
        return [_without_secrets(each) for each in data]
    if data.get("kind") == "Secret":
        data = {
            **data,
            **{part: dict.fromkeys(data[part], HIDDEN) for part in ("data", "stringData") if data.get(part)},
        }
    return described_shown(data)


def _summary(values: Mapping[str, Any], spec: KubernetesSpec) -> str:
    words = []
    if "ready" in values:
        words.append(f"{values['ready']} of {values['wanted']} ready")
    if "count" in values:
        words.append(f"{spec.object} is there" if "/" in spec.object else f"{values['count']} {spec.object}")
    words += [values["rollout"]] if values["rollout"] else []
    reasons = dict.fromkeys(
        f"{each['reason']} ({each['container'] or each['pod']})" for each in values.get("waiting", ())
    )
    words += list(reasons)[:2]
    denied = [right for right, given in values["can_i"].items() if not given]
    if values["can_i"]:
        words.append(f"may not {', '.join(denied)}" if denied else "all rights asked for are given")
    words += [f"API server {values['server_version']}"] if "server_version" in values else []
    return ", ".join(words)


_LINES = (
    "rollout", "ready", "wanted", "updated", "available", "unready", "pressures", "hosts", "tls", "schedule",
    "last_job", "restarts.sum", "phases", "claims", "policies.names", "missing.secrets", "missing.configmaps",
)  # fmt: skip


def _evidence(values: Mapping[str, Any], spec: KubernetesSpec) -> str:
    lines = [f"{name}: {_text(values[name])}" for name in _LINES if name in values]
    lines += [f"image of {each['container']}: {each['image']}" for each in values.get("images", ())[:SHOWN]]
    lines += [f"{right}: {'yes' if given else 'no'}" for right, given in values["can_i"].items()]
    if waiting := values.get("waiting"):
        lines += ["", "waiting:"]
        lines += [f"{each['pod']} {each['container']}: {each['reason']}: {each['message']}" for each in waiting[:SHOWN]]
    if said := values.get("warnings"):
        lines += ["", "last warnings:"]
        lines += [
            f"{each['ago']:.0f} s ago, {each['count']} times, {each['about']}: {each['reason']}: {each['message']}"
            for each in said[-SHOWN:]
        ]
    if spec.object:
        lines += [json.dumps(values["data"], indent=2, ensure_ascii=False)]
    return text_shown("\n".join(lines))


def _figure(values: Mapping[str, Any]) -> float | None:
    number = values.get("ready", values.get("count"))
    return float(number) if number is not None else None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
