"""The `kubernetes` kind: decided on what a real cluster said, asked through a stand-in, and end to end where one is.

`tests/data/kubernetes` was recorded from a real cluster (1.20.2, one node). `kubectl` in the middle part is a fake: a
script that prints what the real one printed.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.checks import kubernetes_around as around
from cockpit.checks import kubernetes_facts as facts
from cockpit.checks.kubernetes_kubectl import at_once
from cockpit.checks.kubernetes_objects import quantity, selector_of, selects
from cockpit.checks.kubernetes_pods import of_pods, warnings
from cockpit.checks.kubernetes_rollout import rollout
from cockpit.checks.kubernetes_words import NoContext, NotThere, failure
from tests.servers.kubernetes import Cluster
from tests.support.measuring import Measure, ended_in_time
from tests.support.programs import Answer, StandIn, stand_in
from tests.support.routes import Detour

RECORDED = Path(__file__).parent.parent / "data" / "kubernetes"
ROLLOUTS: list[dict[str, Any]] = json.loads((RECORDED / "rollouts.json").read_text())
AT = dt.datetime(2026, 11, 24, 8, 30, tzinfo=dt.UTC)
"""Shortly after the recording."""


def recorded(name: str, kind: str = "") -> list[dict[str, Any]]:
    """The objects of a recording, of one kind or of all."""
    items = json.loads((RECORDED / f"{name}.json").read_text())["items"]
    return [item for item in items if item["kind"] == kind or not kind]


def deployment(name: str) -> dict[str, Any]:
    """A recorded Deployment: its fields by itself, and those of its pods."""
    thing = recorded(name, "Deployment")[0]
    return {**facts.of_workload(thing), **of_pods(recorded(name, "Pod"))}


# --- what is decided, on recordings of a real cluster


@pytest.mark.parametrize("each", ROLLOUTS, ids=lambda each: each["kubectl"][:60])
def test_a_rollout_is_done_when_kubectl_says_that_it_is(each: dict[str, Any]) -> None:
    found, said = rollout(each["object"]), each["kubectl"]
    if "only available for RollingUpdate" in said:  # kubectl gives up on OnDelete: here the counts decide
        assert (found.done, found.words) == (False, "0 of 1 updated pods are available")
        return
    assert found.done == ("successfully rolled out" in said or "roll out complete" in said)
    assert found.failed == ("exceeded its progress deadline" in said)


def test_how_far_a_rollout_is_stands_in_words() -> None:
    assert {rollout(each["object"]).words for each in ROLLOUTS} == {
        "rolled out",
        "1 of 2 new replicas have been updated",
        "0 of 2 new replicas have been updated (it is paused)",
        "1 old replicas are still to end",
        "exceeded its progress deadline of 15 s",
        "0 of 2 replicas are updated",
        "1 of 2 replicas are ready",
        "rolled out above the partition",
        "0 of 1 pods are updated",
        "0 of 1 updated pods are available",
    }


def test_pods_that_are_replaced_by_hand_are_waited_for() -> None:
    for name, kind, words in (
        ("store", "StatefulSet", "1 of 2 replicas are updated; the others wait to be deleted (OnDelete)"),
        ("agent", "DaemonSet", "0 of 1 pods are updated; the others wait to be deleted (OnDelete)"),
    ):
        thing = recorded(name, kind)[0]
        thing["spec"]["updateStrategy"] = {"type": "OnDelete"}
        assert rollout(thing).done
        thing["status"] |= {"updateRevision": "next", "updatedReplicas": 1, "updatedNumberScheduled": 0}
        assert rollout(thing).words == words


def test_what_the_controller_has_not_seen_is_not_rolled_out() -> None:
    thing = recorded("backend", "Deployment")[0]
    assert rollout(thing).done
    thing["metadata"]["generation"] += 1
    assert rollout(thing).words == "the controller has not seen the latest change yet"


def test_no_replicas_are_rolled_out_and_not_healthy() -> None:
    thing = recorded("backend", "Deployment")[0]
    thing["spec"]["replicas"] = 0
    thing["status"] = {"observedGeneration": thing["metadata"]["generation"]}
    found = facts.of_workload(thing)
    assert (found["rolled_out"], found["healthy"]) == (True, False)


def test_a_deployment_that_lacks_nothing() -> None:
    found = deployment("backend")
    assert found["healthy"]
    assert (found["wanted"], found["ready"], found["updated"], found["available"]) == (2, 2, 2, 2)
    assert found["images"] == [{"container": "web", "image": "bot:2.4.0", "tag": "2.4.0"}]
    assert found["tags"] == ["2.4.0"]
    assert found["limits"] == {"web": {"cpu": 0.5, "memory": 64 * 2.0**20}}
    assert found["requests"] == {"web": {"cpu": 0.01, "memory": 16 * 2.0**20}}
    assert {name: lacking for name, lacking in found.items() if name.startswith("without.") and lacking} == {
        "without.digest": ["web"]
    }
    assert {name: lacking for name, lacking in found.items() if name.startswith("security.") and lacking} == {}
    assert (found["restarts.sum"], found["phases"]["Running"], found["waiting"]) == (0, 2, [])


def test_a_deployment_that_lacks_much() -> None:
    found = deployment("bare")
    assert found["tags"] == ["2.4.0", "latest"]
    assert found["without.tag"] == ["web"]
    assert found["without.memory_limit"] == ["web"]
    assert found["without.cpu_limit"] == ["web", "side"]
    assert found["without.requests"] == ["web", "side"]
    assert found["without.readiness"] == found["without.liveness"] == ["web", "side"]
    assert found["security.root"] == found["security.writable"] == found["security.escalation"] == ["web", "side"]
    assert found["security.privileged"] == ["web"]


@pytest.mark.parametrize(
    ("name", "reason", "message"),
    [
        ("crashing", "CrashLoopBackOff", "exit status 7"),
        ("unpulled", "ImagePullBackOff", 'Back-off pulling image "127.0.0.1:5000/bot:9.9.9"'),
        ("unconfigured", "CreateContainerConfigError", 'secret "nowhere" not found'),
    ],
)
def test_a_container_that_waits_says_why(name: str, reason: str, message: str) -> None:
    found = deployment(name)
    assert not found["healthy"]
    [waiting] = found["waiting"]
    assert waiting["pod"].startswith(f"{name}-")
    assert (waiting["container"], waiting["reason"]) == ("web", reason)
    assert waiting["message"].startswith(message)


def test_pods_that_cannot_be_placed_or_were_killed_for_want_of_memory_are_named() -> None:
    unplaced, killed = recorded("backend", "Pod")
    message = "0/1 nodes are available"
    unplaced["status"] = {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}],
    }
    killed["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    found = of_pods([unplaced, killed])
    assert [each["reason"] for each in found["waiting"]] == ["Unschedulable"]
    assert found["oom_killed"] == [f"{killed['metadata']['name']}/web"]
    assert found["phases"] == {"Pending": 1, "Running": 1, "Succeeded": 0, "Failed": 0, "Unknown": 0}


def test_stateful_and_daemon_sets_jobs_and_cron_jobs() -> None:
    assert facts.of_workload(recorded("store", "StatefulSet")[0])["healthy"]
    assert facts.of_workload(recorded("agent", "DaemonSet")[0])["healthy"]
    good, bad = map(facts.of_job, recorded("jobs"))
    assert (good["healthy"], good["rollout"], good["ready"]) == (True, "complete", 1)
    assert (bad["healthy"], bad["rollout"], bad["failed"]) == (False, "failed: BackoffLimitExceeded", 1)
    cron, *jobs = recorded("backup")
    found = facts.of_cron_job(cron, jobs, AT)
    assert (found["healthy"], found["last_job"], found["schedule"]) == (True, "complete", "*/1 * * * *")
    assert dt.timedelta(0) < found["last_succeeded_ago"] < dt.timedelta(minutes=10)
    jobs[-1]["status"]["conditions"] = [{"type": "Failed", "status": "True"}]
    assert facts.of_cron_job(cron, jobs, AT)["last_job"] == "failed"
    assert not facts.of_cron_job(cron, jobs, AT)["healthy"]
    assert not facts.of_cron_job({**cron, "spec": {**cron["spec"], "suspend": True}}, jobs[:1], AT)["healthy"]
    assert not facts.of_cron_job(cron, [], AT)["healthy"], "a cron job that never ran proves nothing"


def test_services_ingresses_and_nodes() -> None:
    backend, behind, lonely, nothing, ingress = recorded("services")
    assert facts.of_service(backend, behind)["ready"] == 2
    assert facts.of_service(lonely, nothing)["healthy"] is False
    assert facts.of_service(lonely, None)["rollout"] == "nothing behind it is ready"
    site = facts.of_ingress(ingress)
    assert site["hosts"] == ["bot.example.com", "plain.example.com"]
    assert site["tls"] == {"bot.example.com": "bot-tls"}
    assert site["without.tls"] == ["plain.example.com"]
    nodes = recorded("nodes")
    assert facts.of_nodes(nodes)["healthy"]
    assert facts.of_nodes(nodes)["versions"] == ["v1.20.2"]
    for condition in nodes[0]["status"]["conditions"]:
        condition["status"] = {"Ready": "Unknown", "DiskPressure": "True"}.get(condition["type"], "False")
    bad = facts.of_nodes(nodes)
    assert (bad["healthy"], bad["unready"], bad["pressures"]) == (False, ["node-1"], ["node-1: DiskPressure"])
    assert not facts.of_nodes([])["healthy"]


def test_a_namespace_names_the_workloads_that_are_not_rolled_out() -> None:
    things = [recorded(name, "Deployment")[0] for name in ("backend", "stuck", "bare")]
    found = facts.of_namespace(things)
    assert (found["ready"], found["wanted"], found["healthy"]) == (1, 3, False)
    assert found["unready"][0] == "deployment/stuck: exceeded its progress deadline of 10 s"
    assert found["without.tag"] == ["deployment/bare/web"]


def test_what_stands_around_a_deployment() -> None:
    items, backend = recorded("backend"), recorded("backend", "Deployment")[0]
    other = recorded("stuck", "Deployment")[0]
    assert around.of_autoscaler(items[3:], backend)["autoscaler.max"] == 6
    assert around.of_autoscaler(items[3:], other) == {"autoscaler.there": False}
    assert around.of_budget(items[3:], backend) == {"budget.there": True, "budget.allowed": 1}
    assert around.of_budget(items[3:], other) == {"budget.there": False}
    assert around.of_policies(items, backend)["policies.applying"] == ["deny-all"]
    for policy in recorded("backend", "NetworkPolicy"):
        policy["spec"]["podSelector"] = {"matchLabels": {"app": "backend"}}
        assert around.of_policies([policy], backend)["policies.applying"] == ["deny-all"]
        assert around.of_policies([policy], other)["policies.applying"] == []
        assert around.of_policies([policy], None)["policies.applying"] == [], "it is not for all pods"
    assert around.of_claims(items, None)["unbound"] == ["data"]
    assert around.of_claims(items, backend)["claims"] == []
    store = recorded("store", "StatefulSet")[0]
    store["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
    claims = [{"kind": "PersistentVolumeClaim", "metadata": {"name": name}, "status": {"phase": "Bound"}}
              for name in ("data-store-0", "data-store-1", "data-storehouse-0")]  # fmt: skip
    assert [each["name"] for each in around.of_claims(claims, store)["claims"]] == ["data-store-0", "data-store-1"]


def test_secrets_and_config_maps_that_are_referred_to_and_not_there() -> None:
    thing = recorded("unconfigured", "Deployment")[0]
    names = ["secret/bot-keys", "configmap/bot-settings"]
    assert around.of_references(names, [thing]) == {"missing.secrets": ["nowhere"], "missing.configmaps": ["gone"]}
    assert around.of_references([*names, "secret/nowhere", "configmap/gone"], [thing])["missing.secrets"] == []
    thing["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["secretRef"]["optional"] = True
    assert around.of_references(names, [thing])["missing.secrets"] == []
    assert around.of_references(names, [recorded("services", "Ingress")[0]])["missing.secrets"] == ["bot-tls"]


def test_warnings_are_those_about_a_thing_and_what_was_made_for_it() -> None:
    events = [*recorded("stuck", "Event"), *recorded("crashing", "Event")]
    found = warnings(events, "stuck", AT)
    assert found
    assert all(each["about"].startswith("pod/stuck-") and each["reason"] == "Unhealthy" for each in found)
    assert 0 < found[-1]["ago"] < 3600
    assert len(warnings(events, "", AT)) == len(events)
    assert warnings(events, "stuc", AT) == []


@pytest.mark.parametrize(
    ("written", "number"),
    [("500m", 0.5), ("2", 2.0), ("64Mi", 67108864.0), ("1e3", 1000.0), ("1E", 1e18), ("1.5G", 1.5e9), ("what", 0.0)],
)
def test_quantities(written: str, number: float) -> None:
    assert quantity(written) == number


def test_label_selectors() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["web", "api"]},
        {"key": "track", "operator": "NotIn", "values": ["canary"]},
        {"key": "app", "operator": "Exists"},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"app": "bot"}, "matchExpressions": expressions}
    assert selector_of({"spec": {"selector": selector}}) == "app=bot,tier in (web,api),track notin (canary),app,!old"
    assert selects(selector, {"app": "bot", "tier": "web"})
    for labels in ({"app": "bot", "tier": "db"}, {"app": "bot", "tier": "web", "track": "canary"}, {"tier": "web"},
                   {"app": "bot", "tier": "web", "old": ""}):  # fmt: skip
        assert not selects(selector, labels)
    assert selects({}, {"any": "thing"})
    assert not selects(None, {"any": "thing"})


def test_security_is_that_of_the_pod_unless_the_container_says_otherwise() -> None:
    thing = recorded("backend", "Deployment")[0]
    pod = thing["spec"]["template"]["spec"]
    [container] = pod["containers"]
    container["securityContext"]["runAsNonRoot"] = False
    assert facts.of_workload(thing)["security.root"] == [], "it has a user of its own"
    container["securityContext"]["runAsUser"] = 0
    assert facts.of_workload(thing)["security.root"] == ["web"]
    pod["hostNetwork"], pod["volumes"] = True, [{"name": "sock", "hostPath": {"path": "/run/docker.sock"}}]
    assert facts.of_workload(thing)["security.host"] == ["hostNetwork", "hostPath /run/docker.sock"]
    container["env"] = [
        {"name": "DB_PASSWORD", "value": "hunter2"},
        {"name": "DATABASE_URL", "value": "postgresql://bot:hunter2@db/bot"},
        {"name": "FLASK_ENV", "value": "production"},
        {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "bot-keys", "key": "api"}}},
    ]
    assert facts.of_workload(thing)["security.plain"] == ["web: DB_PASSWORD", "web: DATABASE_URL"]


SAID = [
    (('Error from server (Forbidden): pods is forbidden: User "weak" cannot list resource "pods" in API group "" in the'
     ' namespace "bot"'), "forbidden: user weak may not list pods in namespace bot"),
    (('Error from server (Forbidden): nodes is forbidden: User "weak" cannot list resource "nodes" in API group "" at'
     " the cluster scope"), "forbidden: user weak may not list nodes in the whole cluster"),
    ("error: You must be logged in to the server (Unauthorized)", "the API server does not accept who asks"),
    ("error: stat /nonexistent: no such file or directory", "there is no kubeconfig /nonexistent"),
    ('error: the server doesn\'t have a resource type "frobs"', "the cluster has no kind of object called frobs"),
    ("The connection to the server 10.99.0.1:1 was refused - did you specify the right host or port?",
     "connection refused by the API server 10.99.0.1:1"),
    ("The connection to the server localhost:8080 was refused - did you specify the right host or port?",
     "kubectl knows no cluster here"),
    ("Unable to connect to the server: dial tcp 10.99.0.77:6443: connect: network is unreachable",
     "no connection to the API server 10.99.0.77:6443: network is unreachable"),
    ("Unable to connect to the server: dial tcp: lookup api.invalid on 10.0.0.2:53: no such host",
     "name not found: api.invalid"),
    (("Unable to connect to the server: tls: failed to verify certificate: x509: certificate is valid for localhost, not"
     " foo.bar"), "the API server's certificate is not trusted: certificate is valid for localhost, not foo.bar"),
    ("Unable to connect to the server: net/http: TLS handshake timeout", "the API server does not answer in time"),
    ("Please enter Username: error: EOF", "the context has no credentials"),
    ("Unable to connect to the server: getting credentials: exec: executable aws not found",
     "the context logs in with aws, which is not installed"),
    (('Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "app in (", field'
     ' selector "": unable to parse requirement: found \'\', expected: \',\', \')\' or identifier'),
     "the selector cannot be read"),
    ("Error from server (ServiceUnavailable): etcd is gone", "the API server cannot answer: etcd is gone"),
    ("error: something new", "kubectl failed: error: something new"),
    ("", "kubectl failed: it said nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "words"), SAID, ids=[words for _, words in SAID])
def test_what_kubectl_says_is_told_in_words(said: str, words: str) -> None:
    noise = 'E1124 08:12:16.334915 23103 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API"\n'
    for each in (said, f"{noise}{said}\n" if said else ""):
        assert str(failure(each)).startswith(words)


def test_what_is_not_there_and_contexts_that_are_not_known_are_told_apart() -> None:
    assert isinstance(failure('Error from server (NotFound): deployments.apps "x" not found'), NotThere)
    assert isinstance(failure('error: context "nope" does not exist'), NoContext)


# --- how it asks, of a stand-in for kubectl


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A fake: it knows a deployment that is well, one that crashes, and many ways to fail."""
    return stand_in("kubectl", {
        "--context=nope": Answer("", 'error: context "nope" does not exist', 1),
        "get deployments.apps backend": Answer(one(recorded("backend", "Deployment"))),
        "get deployments.apps crashing": Answer(one(recorded("crashing", "Deployment"))),
        "get pods --selector=app=backend": Answer(listed(recorded("backend", "Pod"))),
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
        with pytest.raises(NotThere):
            await at_once(fails(), lasts())
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
