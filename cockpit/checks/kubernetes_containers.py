"""Containers as the templates of their pods describe them: images, limits, probes, security. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.checks.container import tag_of
from cockpit.checks.hiding import HIDDEN, shown
from cockpit.checks.kubernetes_objects import KEPT, Object, quantity, template


@dataclass(frozen=True)
class Placed:
    """A container, and the pod it is in."""

    where: str
    container: Object
    pod: Object
    helps: bool = False
    """It runs to its end before the others start."""


def containers_of(thing: Object, before: str = "") -> list[Placed]:
    """The containers of a workload's template; of a pod its own."""
    pod = template(thing).get("spec") or {}
    first = [
        Placed(before + each["name"], each, pod, helps=each.get("restartPolicy") != "Always")
        for each in pod.get("initContainers") or ()
    ]
    return [*first, *(Placed(before + each["name"], each, pod) for each in pod.get("containers") or ())]


def of_containers(containers: Sequence[Placed]) -> dict[str, Any]:
    """Images, limits, probes and security of containers."""
    lasting = [placed for placed in containers if not placed.helps]

    def those(lacking: Any, among: Sequence[Placed] = containers) -> list[str]:
        return [placed.where for placed in among if lacking(placed)][:KEPT]

    return {
        "images": [
            {"container": placed.where, "image": image, "tag": tag_of(image)}
            for placed in containers
            for image in [placed.container.get("image", "")]
        ][:KEPT],
        "tags": sorted({tag_of(placed.container.get("image", "")) for placed in containers}),
        "env": _environment(lasting),
        "limits": {placed.where: _amounts(placed, "limits") for placed in lasting[:KEPT]},
        "requests": {placed.where: _amounts(placed, "requests") for placed in lasting[:KEPT]},
        "without.tag": those(lambda placed: tag_of(placed.container.get("image", "")) == "latest"),
        "without.digest": those(lambda placed: "@sha256:" not in placed.container.get("image", "")),
        "without.memory_limit": those(lambda placed: "memory" not in _resources(placed, "limits"), lasting),
        "without.cpu_limit": those(lambda placed: "cpu" not in _resources(placed, "limits"), lasting),
        "without.requests": those(lambda placed: not _has_requests(placed), lasting),
        "without.readiness": those(lambda placed: not placed.container.get("readinessProbe"), lasting),
        "without.liveness": those(lambda placed: not placed.container.get("livenessProbe"), lasting),
        "security.root": those(_may_be_root),
        "security.privileged": those(lambda placed: bool(_security(placed).get("privileged"))),
        "security.escalation": those(lambda placed: _security(placed).get("allowPrivilegeEscalation") is not False),
        "security.writable": those(lambda placed: not _security(placed).get("readOnlyRootFilesystem")),
        "security.host": list(dict.fromkeys(word for placed in containers for word in _of_host(placed)))[:KEPT],
        "security.plain": [
            f"{placed.where}: {name}"
            for placed in containers
            for name, value in _literals(placed)
            if _secret(name, value)
        ][:KEPT],
    }


def fit_to_show(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with what is secret by its name hidden."""
    env = {name: shown(name, value) for name, value in values.get("env", {}).items()}
    return {**values, **({"env": env} if "env" in values else {})}


def _resources(placed: Placed, part: str) -> Object:
    found: Object = (placed.container.get("resources") or {}).get(part) or {}
    return found


def _amounts(placed: Placed, part: str) -> dict[str, float]:
    return {name: quantity(str(amount)) for name, amount in _resources(placed, part).items()}


def _has_requests(placed: Placed) -> bool:
    # What has a limit and no request asks for its limit.
    asked = {*_resources(placed, "requests"), *_resources(placed, "limits")}
    return {"cpu", "memory"} <= asked


def _security(placed: Placed) -> Object:
    found: Object = placed.container.get("securityContext") or {}
    return found


def _may_be_root(placed: Placed) -> bool:
    context = {**(placed.pod.get("securityContext") or {}), **_security(placed)}
    return context.get("runAsNonRoot") is not True and not context.get("runAsUser")


def _of_host(placed: Placed) -> Iterator[str]:
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if placed.pod.get(name))
    yield from (
        f"hostPath {volume['hostPath'].get('path', '')}"
        for volume in placed.pod.get("volumes") or ()
        if volume.get("hostPath")
    )


def _literals(placed: Placed) -> Iterator[tuple[str, str]]:
    yield from ((each["name"], each["value"]) for each in placed.container.get("env") or () if each.get("value"))


def _environment(containers: Sequence[Placed]) -> dict[str, str]:
    """Variables that a template writes out; of two containers the first counts."""
    return {name: value for placed in reversed(containers) for name, value in _literals(placed)}


def _secret(name: str, value: str) -> bool:
    return HIDDEN in shown(name, value)
