"""`kubernetes`: how a workload, its pods and what stands around it are, as kubectl sees them."""

from __future__ import annotations

import shlex
import time

from cockpit.checklist.kinds import Field
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.kubernetes_kubectl import Kubectl, together
from cockpit.checks.kubernetes_look import Look
from cockpit.checks.kubernetes_shown import reading
from cockpit.checks.kubernetes_spec import KubernetesSpec, commands_of, options_of
from cockpit.checks.kubernetes_words import NoContext, NotThere

MARGIN = 0.2
"""Seconds of a check's time that are kept to say what went wrong."""


class Kubernetes:
    """Measures by running kubectl, here or on a host."""

    name = "kubernetes"
    about = "How a workload, its pods and what stands around it are in a Kubernetes cluster, by kubectl."
    spec = KubernetesSpec
    via = True
    server = ("kubeconfig", "context")
    at_once = 4
    implied = "healthy"
    example = """\
kubernetes: {context: prod, namespace: trading, deployment: backend, can_i: ["get pods"]}
expect:
  - healthy && rolled_out && restarts.max < 3
  - tags == ['2.4.0'] && size(without.memory_limit) == 0 && size(without.readiness) == 0
  - size(security.privileged) == 0 && size(security.root) == 0
  - autoscaler.there && autoscaler.max >= 4 && budget.there && size(policies.applying) > 0
"""
    fields = (
        Field("found", "bool", "It is there."),
        Field(
            "healthy",
            "bool",
            "All is well: rolled out with a ready pod; a job complete; a cron job running and its last job good; a"
            " service with a ready endpoint; all nodes ready without pressure; all pods ready; every workload of the"
            " namespace rolled out; and all of `can_i` allowed. Of no thing in particular: the API server answers.",
        ),
        Field("rolled_out", "bool", "The latest version is out everywhere, as `kubectl rollout status` decides it."),
        Field("rollout", "string", "How far it is, in words: `1 of 2 updated replicas are available`."),
        Field("ready", "int", "Pods ready; jobs' successes, endpoints, nodes, workloads of a namespace likewise."),
        Field("wanted", "int", "How many there should be."),
        Field("updated", "int", "Pods of the latest version."),
        Field("available", "int", "Pods that have been ready for long enough."),
        Field("unready", "list", "Nodes that are not ready; workloads of a namespace not rolled out, and why."),
        Field("complete", "bool", "A job has come to its good end."),
        Field("active", "int", "Pods of a job, jobs of a cron job, that run."),
        Field("failed", "int", "Pods of a job that failed."),
        Field("schedule", "string", "When a cron job runs."),
        Field("suspended", "bool", "A cron job is switched off."),
        Field("last_job", "string", "How the last job of a cron job ended: `complete`, `failed`, `none`."),
        Field("last_scheduled_ago", "duration", "Since a cron job was last started."),
        Field("last_succeeded_ago", "duration", "Since a job of a cron job last succeeded."),
        Field("images", "list", "Maps of `container`, `image`, `tag`, from the template of the pods."),
        Field("tags", "list", "The tags of these images; `latest` when one has none."),
        Field("digests", "list", "Digests of the images that run (`sha256:...`)."),
        Field("env", "map", "Environment that the template writes out; secrets by their name are never shown."),
        Field("limits", "map", "Each container to a map of `cpu` (cores) and `memory` (bytes)."),
        Field("requests", "map", "As `limits`, what is reserved."),
        Field("without.tag", "list", "Containers whose image is `latest` or has no tag."),
        Field("without.digest", "list", "Containers whose image is not pinned by its digest."),
        Field("without.memory_limit", "list", "Containers without one."),
        Field("without.cpu_limit", "list", "Containers without one."),
        Field("without.requests", "list", "Containers that do not reserve both processor and memory."),
        Field("without.readiness", "list", "Containers without a readiness probe."),
        Field("without.liveness", "list", "Containers without a liveness probe."),
        Field("without.tls", "list", "Hosts of an ingress without a certificate."),
        Field("security.root", "list", "Containers that may run as root."),
        Field("security.privileged", "list", "Containers that may do what root of the node may."),
        Field("security.escalation", "list", "Containers in which a process may gain privileges."),
        Field("security.writable", "list", "Containers whose root file system can be written."),
        Field("security.host", "list", "What pods share with their node: `hostNetwork`, `hostPath /var/run`, ..."),
        Field("security.plain", "list", "Secrets by their name that the template writes out: `web: DB_PASSWORD`."),
        Field("restarts.sum", "int", "Restarts of all containers."),
        Field("restarts.max", "int", "Restarts of the container with the most."),
        Field("phases", "map", "Pods by phase: `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`."),
        Field("waiting", "list", "Maps of `pod`, `container`, `reason` (`CrashLoopBackOff`), `message`."),
        Field("oom_killed", "list", "Containers that were killed for want of memory, as `pod/container`."),
        Field("warnings", "list", "Maps of `about`, `reason`, `message`, `count`, `ago` (seconds), the newest last."),
        Field("autoscaler.there", "bool", "A HorizontalPodAutoscaler scales it."),
        Field("autoscaler.min", "int", "Replicas at least."),
        Field("autoscaler.max", "int", "Replicas at most."),
        Field("autoscaler.current", "int", "Replicas now."),
        Field("autoscaler.desired", "int", "Replicas that it wants; 0 while it cannot measure."),
        Field("budget.there", "bool", "A PodDisruptionBudget protects its pods."),
        Field("budget.allowed", "int", "Pods that may be taken away now."),
        Field("policies.count", "int", "NetworkPolicies of the namespace."),
        Field("policies.names", "list", "Their names."),
        Field("policies.applying", "list", "Those that apply to its pods; for a namespace, to all of its pods."),
        Field("claims", "list", "Maps of `name`, `phase`, `class`, `size` of its PersistentVolumeClaims."),
        Field("unbound", "list", "Claims that have no volume."),
        Field("missing.secrets", "list", "Secrets that it refers to and that are not there."),
        Field("missing.configmaps", "list", "ConfigMaps that it refers to and that are not there."),
        Field("service_type", "string", "`ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`."),
        Field("ports", "list", "Ports of a service."),
        Field("addresses", "list", "Where a load balancer makes a service or an ingress reachable."),
        Field("hosts", "list", "Hosts of an ingress; `*` for any."),
        Field("tls", "map", "Hosts of an ingress to the secrets with their certificates."),
        Field("ingress_class", "string", "Which controller serves an ingress."),
        Field("pressures", "list", "Nodes short of memory, disk, processes or network: `node-1: DiskPressure`."),
        Field("cordoned", "list", "Nodes that take no new pods."),
        Field("versions", "list", "Versions of the kubelets."),
        Field("server_version", "string", "Version of the API server: `v1.30.2`."),
        Field("can_i", "map", "Each of the rights asked for to whether it is given."),
        Field("data", "dyn", "The object as the cluster has it; the list of all of a kind."),
        Field("count", "int", "How many of a kind there are."),
    )

    def request(self, spec: KubernetesSpec) -> str:
        """`kubectl --namespace=bot get deployments.apps backend`."""
        options = options_of(spec)
        return "; ".join(shlex.join(("kubectl", *options, *command)) for command in commands_of(spec))

    async def read(self, spec: KubernetesSpec, session: Session, timeout: float) -> Reading:
        """Ask. Raises Unmeasurable, Unreachable."""
        ends = time.monotonic() + timeout - MARGIN
        looking = Look(Kubectl(session.route, options_of(spec), ends), spec, session.used)
        try:
            found, rights, version = await together(looking.thing(), looking.rights(), looking.version())
            values = {**found, **rights, **version}
            values["healthy"] = values["healthy"] and all(rights["can_i"].values())
        except NotThere:
            return await looking.absence()
        except NoContext:
            raise Unmeasurable(await _no_context(session, spec, ends)) from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Unmeasurable(f"what kubectl printed is not as expected: {type(error).__name__} {error}") from None
        return reading(values, spec)


KIND: Kind = Kubernetes()


async def _no_context(session: Session, spec: KubernetesSpec, ends: float) -> str:
    """That there is no such context, and which there are."""
    elsewhere = spec.model_copy(update={"context": "", "namespace": ""})
    try:
        said = await Kubectl(session.route, options_of(elsewhere), ends).text("config", "get-contexts", "--output=name")
    except (Unmeasurable, NotThere, NoContext):
        said = ""
    return f"kubectl has no context {spec.context}; it has: {', '.join(said.split()) or 'none'}"
