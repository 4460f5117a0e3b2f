"""The `kubernetes` kind: how it asks, of a stand-in for kubectl, and end to end on a real cluster where there is one.

The stand-in is a fake: a script that prints what a real kubectl printed.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.checks.kubernetes_kubectl import together
from cockpit.checks.kubernetes_words import NotThere
from tests.servers.kubernetes import Cluster
from tests.support.measuring import Measure, ended_in_time
from tests.support.programs import Answer, StandIn, stand_in
from tests.support.recorded_cluster import recorded
from tests.support.routes import Detour

# --- how it asks, of a stand-in for kubectl


FORBIDDEN = (
    'Error from server (Forbidden): pods is forbidden: User "weak" cannot list resource "pods" in API group "" in the'
    ' namespace "bot"'
)


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A fake: it knows a deployment that is well, one that crashes, and many ways to fail."""
    return stand_in("kubectl", {
        "--context=nope": Answer("", 'error: context "nope" does not exist', 1),
        "get deployments.apps backend": Answer(one(recorded("backend", "Deployment"))),
        "get deployments.apps crashing": Answer(one(recorded("crashing", "Deployment"))),
        "get pods --selector=app=backend": Answer(listed(recorded("backend", "Pod"))),
        "get deployments.apps stuck": Answer(one(recorded("stuck", "Deployment"))),
        "get pods --selector=app=stuck": Answer("", FORBIDDEN, 1),
        "get pods --selector=app=crashing": Answer(listed(recorded("crashing", "Pod"))),
        "get events": Answer(listed(recorded("crashing", "Event"))),
        "get horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy": Answer(listed(recorded("backend")[3:])),
        "get deployments.apps backnd": Answer("", 'Error from server (NotFound): deployments.apps "backnd" not found', 1),
        "get deployments.apps --output=name": Answer("deployment.apps/backend\ndeployment.apps/crashing\n"),
        "config get-contexts": Answer("prod\nstaging\n"),
        "get deployments.apps garbage": Answer("<html>Sign in</html>"),
        "get deployments.apps cut": Answer('{"kind": "Depl'),
        "get deployments.apps odd": Answer("[]"),
        "get deployments.apps slow": Answer(after=30),
        "get deployments.apps refused": Answer("", "error: You must be logged in to the server (Unauthorized)", 1),
        "get secret keys": Answer(one([{"kind": "Secret", "metadata": {"name": "keys"}, "data": {"api": "aHVudGVyMg=="}}])),
        "auth can-i get pods": Answer("yes\n"),
        "auth can-i delete nodes": Answer("no\n", "Warning: resource 'nodes' is not namespace scoped", 1),
        "auth can-i create pods": Answer("", 'users "x" is forbidden: User "weak" cannot impersonate resource "users" in'
                                         ' API group "" at the cluster scope', 1),
        "get --raw=/version": Answer('{"gitVersion": "v1.30.2"}'),
    }, tmp_path, monkeypatch)  # fmt: skip


def one(objects: list[dict[str, Any]]) -> str:
    return json.dumps(objects[0])


def listed(objects: list[dict[str, Any]]) -> str:
    return json.dumps({"kind": "List", "items": objects})


def test_only_what_is_asked_for_is_read(measured: Measure, kubectl: StandIn) -> None:
    spec = {"namespace": "bot", "context": "prod", "deployment": "backend"}
    found = measured("kubernetes", spec)
    assert (found.result, found.summary) == ("PASS", "2 of 2 ready, rolled out")
    assert found.request == "kubectl --context=prod --namespace=bot get deployments.apps backend"
    assert found.value == 2.0
    [call] = kubectl.calls
    assert "--request-timeout=" in call
    more = measured(
        "kubernetes", spec, "restarts.max == 0", "autoscaler.there && budget.there", "server_version == 'v1.30.2'"
    )
    assert more.result == "PASS", more
    assert len(kubectl.calls) == 1 + 4


def test_what_is_wrong_is_explained_by_pods_and_warnings_that_nobody_asked_for(
    measured: Measure, kubectl: StandIn
) -> None:
    found = measured("kubernetes", {"deployment": "crashing"})
    assert found.result == "FAIL"
    assert found.summary.startswith("0 of 1 ready, ")
    assert found.summary.endswith("CrashLoopBackOff (web)")
    assert "CrashLoopBackOff: exit status 7" in found.evidence
    assert "BackOff: Back-off restarting failed container" in found.evidence


def test_what_may_not_be_read_hides_no_finding_unless_it_was_asked_for(measured: Measure, kubectl: StandIn) -> None:
    found = measured("kubernetes", {"deployment": "stuck"})
    assert (found.result, found.summary) == ("FAIL", "0 of 1 ready, exceeded its progress deadline of 10 s")
    asked = measured("kubernetes", {"deployment": "stuck"}, "restarts.max == 0")
    assert (asked.result, asked.summary) == ("ERROR", "forbidden: user weak may not list pods in namespace bot")


def test_what_is_not_there_was_measured_and_names_what_is_meant(measured: Measure, kubectl: StandIn) -> None:
    found = measured("kubernetes", {"namespace": "bot", "deployment": "backnd"})
    assert (found.result, found.summary) == (
        "FAIL",
        "there is no deployment backnd in namespace bot; is backend meant?",
    )
    assert "crashing" in found.evidence


def test_a_context_that_kubectl_does_not_know_names_those_that_it_knows(measured: Measure, kubectl: StandIn) -> None:
    found = measured("kubernetes", {"context": "nope", "deployment": "backend"})
    assert (found.result, found.summary) == ("ERROR", "kubectl has no context nope; it has: prod, staging")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("garbage", "kubectl printed something that is not JSON: <html>Sign in</html>"),
        ("cut", "kubectl printed something that is not JSON"),
        ("odd", "what kubectl printed is not as expected"),
        ("refused", "the API server does not accept who asks"),
        ("unheard-of", "kubectl failed: it said nothing"),
    ],
)
def test_what_cannot_be_measured_is_an_error_in_words(
    measured: Measure, kubectl: StandIn, name: str, words: str
) -> None:
    found = measured("kubernetes", {"deployment": name})
    assert found.result == "ERROR"
    assert found.summary.startswith(words)


def test_a_cluster_that_does_not_answer_is_given_up_in_time(measured: Measure, kubectl: StandIn) -> None:
    found = measured("kubernetes", {"deployment": "slow"}, timeout=1.0)
    assert found.result == "ERROR"
    assert found.summary.startswith("timed out: kubectl get got no answer from the API server in 0.")
    assert ended_in_time(found, 1.0)


def test_without_kubectl_it_says_so(measured: Measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = measured("kubernetes", {"deployment": "backend"})
    assert found.result == "ERROR"
    assert "kubectl" in found.summary


def test_rights_are_asked_for_and_one_that_is_lacking_fails(measured: Measure, kubectl: StandIn) -> None:
    assert measured("kubernetes", {"can_i": ["get pods"]}).result == "PASS"
    found = measured("kubernetes", {"can_i": ["get pods", "delete nodes"]})
    assert (found.result, found.summary) == ("FAIL", "may not delete nodes")
    spec = {"can_i": ["delete nodes"], "as": "system:serviceaccount:bot:default"}
    wanted = measured("kubernetes", spec, "!can_i['delete nodes']")
    assert wanted.result == "PASS"
    assert wanted.request == "kubectl auth can-i delete nodes --as=system:serviceaccount:bot:default"
    assert measured("kubernetes", {"can_i": ["create pods"], "as": "x"}).result == "ERROR"


def test_a_secret_is_compared_and_never_shown(measured: Measure, kubectl: StandIn) -> None:
    found = measured("kubernetes", {"object": "secret/keys"}, "data.data.api == 'aHVudGVyMg=='", "data.data.api == 'x'")
    assert [finding.holds for finding in found.findings] == [True, False]
    assert "aHVudGVyMg" not in found.evidence + found.summary + str(found.findings[1])


def test_it_goes_through_the_host_that_the_check_names(measured: Measure, kubectl: StandIn) -> None:
    detour = Detour()
    found = measured("kubernetes", {"deployment": "backend"}, via="detour", routes=detour)
    assert found.result == "PASS", found
    assert found.request == "kubectl get deployments.apps backend on detour"
    assert len(detour.went) == 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"deployment": "a", "service": "b"}, "names `deployment` and `service`: look at one of them"),
        ({"deployment": "--all"}, "`deployment` String should match pattern"),
        ({"object": "pods/../../x y"}, "`object` String should match pattern"),
        ({"context": "--token=x"}, "`context` String should match pattern"),
        ({"can_i": ["get"]}, "`can_i.0` String should match pattern"),
        ({"as": "x"}, "`as` needs `can_i`"),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, Any], words: str) -> None:
    found = measured("kubernetes", spec)
    assert found.result == "ERROR"
    assert words in found.summary


def test_when_one_question_fails_the_others_are_ended() -> None:
    ended = []

    async def fails() -> None:
        await asyncio.sleep(0)
        raise NotThere("no")

    async def lasts() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def ask() -> None:
        async with asyncio.timeout(10):
            with pytest.raises(NotThere):
                await together(fails(), lasts())
        assert ended == [True]

    asyncio.run(ask())


# --- end to end, on a real control plane where there is one


def workload(kind: str, name: str, **container: Any) -> dict[str, Any]:
    labels = {"app": name}
    containers = [{"name": "web", "image": "bot:2.4.0", **container}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    spec |= {"serviceName": name} if kind == "StatefulSet" else {}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def bot(cluster: Cluster) -> Cluster:
    """A namespace `bot` with a deployment that is well."""
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    role, group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"}, "readers"
    cluster.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bot"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"},
         "rules": [rule]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "reader"},
         "roleRef": role, "subjects": [{"apiGroup": role["apiGroup"], "kind": "Group", "name": group}]},
    )  # fmt: skip
    cluster.kubectl("--namespace=bot", "apply", "--filename=-", given=json.dumps(workload("Deployment", "backend")))
    cluster.all_ready("bot", 2)
    return cluster


@pytest.mark.server
def test_a_real_cluster_is_measured(measured: Measure, bot: Cluster) -> None:
    spec = {"kubeconfig": str(bot.kubeconfig), "namespace": "bot"}
    conditions = [
        "healthy && rolled_out && ready == 2 && restarts.sum == 2 && size(waiting) == 0",
        "tags == ['2.4.0'] && without.memory_limit == ['web'] && size(digests) == 1",
        "!autoscaler.there && !budget.there && policies.count == 0 && size(claims) == 0 && size(missing.secrets) == 0",
        "server_version.startsWith('v1.')",
    ]
    found = measured("kubernetes", {**spec, "deployment": "backend"}, *conditions, retry_for=20.0, retry_every=0.2)
    assert found.result == "PASS", found
    assert measured("kubernetes", spec, retry_for=10.0).result == "PASS"
    pods = measured("kubernetes", {**spec, "pods": "app=backend"})
    assert (pods.result, pods.summary) == ("PASS", "2 of 2 ready, all pods ready")
    nodes = measured("kubernetes", {**spec, "nodes": True})
    assert (nodes.result, nodes.summary) == ("FAIL", "0 of 0 ready, no node")


@pytest.mark.server
def test_a_rollout_on_a_real_cluster_is_waited_for(measured: Measure, bot: Cluster) -> None:
    bot.kubectl("--namespace=bot", "apply", "--filename=-", given=json.dumps(workload("StatefulSet", "store")))
    spec = {"kubeconfig": str(bot.kubeconfig), "namespace": "bot", "statefulset": "store"}
    found = measured("kubernetes", spec, retry_for=5.0, retry_every=0.2)
    assert (found.result, found.summary) == ("FAIL", "0 of 2 ready, 0 of 2 replicas are ready")
    bot.all_ready("bot", 3)
    bot.all_ready("bot", 4)
    found = measured("kubernetes", spec, retry_for=20.0, retry_every=0.2)
    assert (found.result, found.summary) == ("PASS", "2 of 2 ready, rolled out")


@pytest.mark.server
def test_what_goes_wrong_on_a_real_cluster_is_told_in_words(measured: Measure, bot: Cluster) -> None:
    spec = {"kubeconfig": str(bot.kubeconfig), "namespace": "bot", "deployment": "backend"}

    def told(*conditions: str, **more: Any) -> tuple[str, str]:
        found = measured("kubernetes", {**spec, **more}, *conditions)
        return found.result, found.summary

    assert told(deployment="backnd")[1] == "there is no deployment backnd in namespace bot; is backend meant?"
    assert told(namespace="nowhere") == ("FAIL", "there is no namespace nowhere")
    assert told(context="nope") == ("ERROR", "kubectl has no context nope; it has: admin, reader, stranger")
    assert told(context="stranger")[1].startswith("the API server does not accept who asks")
    assert told(context="reader")[0] == "PASS"
    assert told("restarts.sum == 2", context="reader") == (
        "ERROR", "forbidden: user reader may not list pods in namespace bot")  # fmt: skip
    assert told(deployment="", object="frobs/x") == ("ERROR", "the cluster has no kind of object called frobs")
    assert told(kubeconfig="/nonexistent") == ("ERROR", "there is no kubeconfig /nonexistent")
    assert told(deployment="", can_i=["delete pods"], context="reader") == ("FAIL", "may not delete pods")
    assert told(deployment="", can_i=["list secrets"], **{"as": "system:serviceaccount:bot:default"})[0] == "FAIL"


@pytest.mark.server
def test_a_real_api_server_that_is_not_there_is_named(
    measured: Measure, cluster: Cluster, tmp_path: Path, refusing_port: int
) -> None:
    config = json.loads(cluster.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{refusing_port}"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    found = measured("kubernetes", {"kubeconfig": str(path), "deployment": "x"})
    assert (found.result, found.summary) == ("ERROR", f"connection refused by the API server 127.0.0.1:{refusing_port}")
