"""What a check of a cluster may look at, and how kubectl is asked for it."""

from __future__ import annotations

from typing import Annotated

import pydantic

from cockpit.checklist.kinds import Spec

TYPES = {
    "deployment": "deployments.apps",
    "statefulset": "statefulsets.apps",
    "daemonset": "daemonsets.apps",
    "job": "jobs.batch",
    "cronjob": "cronjobs.batch",
    "service": "services",
    "ingress": "ingresses.networking.k8s.io",
}

WORKLOADS = ("deployment", "statefulset", "daemonset")

Name = Annotated[str, pydantic.Field(pattern=r"^([A-Za-z0-9]([\w.:-]*[A-Za-z0-9])?)?$")]
Thing = Annotated[str, pydantic.Field(pattern=r"^([A-Za-z][\w.-]*(/[A-Za-z0-9][\w.:-]*)?)?$")]
Right = Annotated[str, pydantic.Field(pattern=r"^[a-z*]+ [A-Za-z*/][\w.*:/-]*$")]
Text = Annotated[str, pydantic.Field(pattern=r"^([^-].*)?$")]


class KubernetesSpec(Spec):
    """A cluster, and what to look at in it."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    context: Text = pydantic.Field("", description="Context of the kubeconfig; nothing: its current one.")
    namespace: Name = pydantic.Field("", description="Namespace; nothing: the context's.")
    kubeconfig: Text = pydantic.Field("", description="File of the kubeconfig; nothing: where kubectl looks itself.")
    deployment: Name = pydantic.Field("", description="Name of a Deployment.")
    statefulset: Name = pydantic.Field("", description="Name of a StatefulSet.")
    daemonset: Name = pydantic.Field("", description="Name of a DaemonSet.")
    job: Name = pydantic.Field("", description="Name of a Job.")
    cronjob: Name = pydantic.Field("", description="Name of a CronJob.")
    service: Name = pydantic.Field("", description="Name of a Service, with its endpoints.")
    ingress: Name = pydantic.Field("", description="Name of an Ingress.")
    pods: Text = pydantic.Field("", description="Label selector of pods: `app=bot`.")
    nodes: bool = pydantic.Field(False, description="All nodes of the cluster.")
    object: Thing = pydantic.Field(
        "", description="Anything else, as `kind/name` (`certificate/bot-tls`) or all of a `kind`: read `data`."
    )
    can_i: tuple[Right, ...] = pydantic.Field(
        (), max_length=20, description="Rights to ask for: `get pods`, `create deployments.apps`, `delete secrets/db`."
    )
    as_: Text = pydantic.Field(
        "", alias="as", description="For `can_i`: whose rights, such as `system:serviceaccount:bot:default`."
    )

    @pydantic.model_validator(mode="after")
    def _one_thing(self) -> KubernetesSpec:
        named = [name for name in (*TYPES, "pods", "nodes", "object") if getattr(self, name)]
        if len(named) > 1:
            raise ValueError(f"names {' and '.join(f'`{name}`' for name in named)}: look at one of them")
        if self.as_ and not self.can_i:
            raise ValueError("`as` needs `can_i`: it says whose rights they are")
        return self

    @property
    def what(self) -> str:
        """What is looked at: a key of this spec, or `namespace`, `rights`, `server` when none is given."""
        for name in (*TYPES, "pods", "nodes", "object"):
            if getattr(self, name):
                return name
        if self.can_i:
            return "rights"
        return "namespace" if self.namespace else "server"


def options_of(spec: KubernetesSpec) -> tuple[str, ...]:
    """Which cluster, and where in it, as kubectl is told."""
    given = {"kubeconfig": spec.kubeconfig, "context": spec.context, "namespace": spec.namespace}
    return tuple(f"--{name}={value}" for name, value in given.items() if value)


def commands_of(spec: KubernetesSpec) -> list[tuple[str, ...]]:
    """What is asked at least, as it is shown."""
    acting = (f"--as={spec.as_}",) if spec.as_ else ()
    things: dict[str, list[tuple[str, ...]]] = {
        "rights": [],
        "server": [("get", "--raw=/version")],
        "namespace": [("get", ",".join(TYPES[name] for name in WORKLOADS))],
        "pods": [("get", "pods", f"--selector={spec.pods}")],
        "nodes": [("get", "nodes")],
        "object": [("get", *spec.object.split("/"))],
        **{name: [("get", TYPES[name], getattr(spec, name))] for name in TYPES},
    }
    return [*things[spec.what], *(("auth", "can-i", *right.split(), *acting) for right in spec.can_i)]


def named_in(spec: KubernetesSpec) -> tuple[str, str]:
    """The kind and the name of what is looked at."""
    if spec.what == "object":
        kind, _, name = spec.object.partition("/")
        return kind, name
    return spec.what, str(getattr(spec, spec.what, ""))
