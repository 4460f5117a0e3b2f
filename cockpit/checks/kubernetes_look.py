"""One look at a thing in a cluster: what has to be read for the fields that are used, and no more."""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from cockpit.checks import kubernetes_around as around
from cockpit.checks import kubernetes_facts as facts
from cockpit.checks.kind import Reading, Unmeasurable
from cockpit.checks.kubernetes_kubectl import Kubectl, together
from cockpit.checks.kubernetes_objects import Object, selector_of
from cockpit.checks.kubernetes_pods import of_pods, of_selected, warnings
from cockpit.checks.kubernetes_spec import TYPES, WORKLOADS, KubernetesSpec, named_in
from cockpit.checks.kubernetes_words import NoContext, NotThere
from cockpit.checks.plain import plain
from cockpit.connect.dial import Unreachable

_OF_PODS = {"restarts.sum", "restarts.max", "phases", "waiting", "oom_killed", "digests"}

_AROUND = {
    "autoscaler.": "horizontalpodautoscalers.autoscaling",
    "budget.": "poddisruptionbudgets.policy",
    "policies.": "networkpolicies.networking.k8s.io",
    "claims": "persistentvolumeclaims",
    "unbound": "persistentvolumeclaims",
}
"""Which list answers which fields."""


class Look:
    """One look at a thing: what has to be read for the fields that are used, and no more."""

    def __init__(self, kubectl: Kubectl, spec: KubernetesSpec, used: frozenset[str]) -> None:
        self._kubectl = kubectl
        self._spec = spec
        self._used = used
        self._now = dt.datetime.now(dt.UTC)

    async def thing(self) -> dict[str, Any]:
        """The fields of what is looked at. Raises NotThere, NoContext, Unmeasurable."""
        ways: dict[str, Callable[[], Coroutine[Any, Any, dict[str, Any]]]] = {
            **dict.fromkeys(WORKLOADS, self._workload),
            "job": self._job,
            "cronjob": self._cron_job,
            "service": self._service,
            "ingress": self._ingress,
            "pods": self._selected,
            "nodes": self._nodes,
            "object": self._object,
            "namespace": self._namespace,
        }
        if self._spec.what in ways:
            return {"found": True, **await ways[self._spec.what]()}
        return {"found": True, "healthy": True, "rollout": ""}

    async def rights(self) -> dict[str, Any]:
        """The field `can_i`."""
        acting = (f"--as={self._spec.as_}",) if self._spec.as_ else ()
        answers = await together(
            *(self._kubectl.text("auth", "can-i", *right.split(), *acting, refusal=1) for right in self._spec.can_i)
        )
        return {
            "can_i": {right: said.split()[:1] == ["yes"] for right, said in zip(self._spec.can_i, answers, strict=True)}
        }

    async def version(self) -> dict[str, Any]:
        """The field `server_version`."""
        if "server_version" not in self._used and self._spec.what != "server":
            return {}
        return {"server_version": json.loads(await self._kubectl.text("get", "--raw=/version"))["gitVersion"]}

    async def absence(self) -> Reading:
        """What is there instead of what is not."""
        spec, kubectl = self._spec, self._kubectl
        kind, name = named_in(spec)
        where = f" in namespace {spec.namespace}" if spec.namespace and spec.what != "namespace" else ""
        summary, names = f"there is no {kind} {name}{where}", list[str]()
        try:
            names = [each.rpartition("/")[2] for each in await kubectl.names(TYPES.get(spec.what, kind))]
            if not names and spec.namespace:
                await kubectl.text("get", "namespace", spec.namespace, "--output=name")
        except NotThere:
            summary = f"there is no namespace {spec.namespace}"
        except (Unmeasurable, Unreachable, NoContext):
            pass  # who may not list them is told no names
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; is {near[0]} meant?" if near else ""
        listed = "\n".join(names[:100]) or "none that may be listed"
        return Reading({"found": False, "healthy": False}, summary + hint, evidence=f"there are:\n{listed}")

    async def _get(self) -> Object:
        what = self._spec.what
        got: Object = await self._kubectl.data("get", TYPES[what], getattr(self._spec, what))
        return got

    async def _workload(self) -> dict[str, Any]:
        thing, near, names = await together(self._get(), self._near(), self._names())
        values = await self._with_pods(thing, facts.of_workload(thing))
        return {**values, **self._around(near, thing), **self._references(names, [thing])}

    async def _job(self) -> dict[str, Any]:
        job, names = await together(self._get(), self._names())
        return {**await self._with_pods(job, facts.of_job(job)), **self._references(names, [job])}

    async def _cron_job(self) -> dict[str, Any]:
        cron, jobs, names = await together(self._get(), self._kubectl.items("get", TYPES["job"]), self._names())
        values = facts.of_cron_job(cron, jobs, self._now)
        return {**values, **await self._warnings(self._spec.cronjob, values), **self._references(names, [cron])}

    async def _service(self) -> dict[str, Any]:
        service, endpoints = await together(self._get(), self._endpoints())
        return facts.of_service(service, endpoints)

    async def _ingress(self) -> dict[str, Any]:
        ingress, names = await together(self._get(), self._names())
        return {**facts.of_ingress(ingress), **self._references(names, [ingress])}

    async def _selected(self) -> dict[str, Any]:
        pods = await self._kubectl.items("get", "pods", f"--selector={self._spec.pods}")
        return {"found": bool(pods), **of_selected(pods), **of_pods(pods)}

    async def _nodes(self) -> dict[str, Any]:
        return facts.of_nodes(await self._kubectl.items("get", "nodes"))

    async def _namespace(self) -> dict[str, Any]:
        types = ",".join(TYPES[name] for name in WORKLOADS)
        things, near, names = await together(self._kubectl.items("get", types), self._near(), self._names())
        if not things:  # an API server lists nothing in a namespace that is not there, and says no word
            with contextlib.suppress(Unmeasurable):  # who may not look at namespaces is told that it is empty
                await self._kubectl.text("get", "namespace", self._spec.namespace, "--output=name")
        values = {**facts.of_namespace(things), **self._around(near, None), **self._references(names, things)}
        pods, said = await together(self._pods(values, ""), self._warnings("", values))
        return {**values, **pods, **said}

    async def _object(self) -> dict[str, Any]:
        kind, _, name = self._spec.object.partition("/")
        got = await self._kubectl.data("get", kind, *([name] if name else []))
        data = plain([_tidy(each) for each in got["items"]] if not name else _tidy(got))
        count = 1 if name else len(data)
        return {"found": count > 0, "healthy": count > 0, "rollout": "", "data": data, "count": count}

    async def _endpoints(self) -> Object | None:
        try:
            got: Object = await self._kubectl.data("get", "endpoints", self._spec.service)
        except NotThere:
            return None
        return got

    async def _with_pods(self, thing: Object, values: dict[str, Any]) -> dict[str, Any]:
        """The fields of a workload, and of its pods and warnings where they are used or say what is wrong."""
        pods, said = await together(
            self._pods(values, selector_of(thing)), self._warnings(thing["metadata"]["name"], values)
        )
        return {**values, **pods, **said}

    async def _pods(self, values: Mapping[str, Any], selector: str) -> dict[str, Any]:
        used = bool(_OF_PODS & self._used)
        if not used and values["healthy"]:
            return {}
        chosen = (f"--selector={selector}",) if selector else ()
        return await self._welcome(self._kubectl.items("get", "pods", *chosen), of_pods, used=used)

    async def _warnings(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        used = "warnings" in self._used
        if not used and values["healthy"]:
            return {}
        events = self._kubectl.items("get", "events", "--field-selector=type=Warning")
        return await self._welcome(events, lambda items: {"warnings": warnings(items, name, self._now)}, used=used)

    async def _welcome(self, reading: Coroutine[Any, Any, list[Object]], of: Any, *, used: bool) -> dict[str, Any]:
        """What would help to say what is wrong; it must be had only when it was asked for."""
        try:
            values: dict[str, Any] = of(await reading)
        except (Unmeasurable, Unreachable, NotThere):
            if used:
                raise
            return {}
        return values

    async def _near(self) -> list[Object]:
        types = sorted({kind for prefix, kind in _AROUND.items() if self._uses(prefix)})
        return await self._kubectl.items("get", ",".join(types)) if types else []

    async def _names(self) -> list[str]:
        return await self._kubectl.names("secrets", "configmaps") if self._uses("missing.") else []

    def _around(self, near: list[Object], thing: Object | None) -> dict[str, Any]:
        """What the lists of `_near` say of a workload, or of the whole namespace."""
        values: dict[str, Any] = {}
        if thing is not None:
            values |= around.of_autoscaler(near, thing) if self._uses("autoscaler.") else {}
            values |= around.of_budget(near, thing) if self._uses("budget.") else {}
        values |= around.of_policies(near, thing) if self._uses("policies.") else {}
        values |= around.of_claims(near, thing) if self._uses("claims") or self._uses("unbound") else {}
        return values

    def _references(self, names: list[str], things: Sequence[Object]) -> dict[str, Any]:
        return around.of_references(names, things) if self._uses("missing.") else {}

    def _uses(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self._used)


def _tidy(thing: Object) -> dict[str, Any]:
    """An object without what kubectl and the server note down for themselves, which holds all of it once more."""
    metadata = {key: each for key, each in thing.get("metadata", {}).items() if key != "managedFields"}
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return {**thing, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}
