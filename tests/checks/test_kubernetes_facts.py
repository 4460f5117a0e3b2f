"""What is decided on what a cluster says: on recordings of a real one (1.20.2, one node), in `tests/data/kubernetes`."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from cockpit.checks import kubernetes_around as around
from cockpit.checks import kubernetes_facts as facts
from cockpit.checks.kubernetes_objects import quantity, selector_of, selects
from cockpit.checks.kubernetes_pods import of_pods, warnings
from cockpit.checks.kubernetes_rollout import rollout
from cockpit.checks.kubernetes_words import NoContext, NotThere, failure
from tests.support.recorded_cluster import RECORDED, recorded

ROLLOUTS: list[dict[str, Any]] = json.loads((RECORDED / "rollouts.json").read_text())
AT = dt.datetime(2026, 11, 24, 8, 30, tzinfo=dt.UTC)
"""Shortly after the recording."""


def deployment(name: str) -> dict[str, Any]:
    """A recorded Deployment: its fields by itself, and those of its pods."""
    thing = recorded(name, "Deployment")[0]
    return {**facts.of_workload(thing), **of_pods(recorded(name, "Pod"))}


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


def test_a_rollout_whose_pods_do_not_get_ready_is_not_done() -> None:
    thing = recorded("stuck", "Deployment")[0]
    thing["status"]["conditions"] = []
    assert (rollout(thing).done, rollout(thing).words) == (False, "0 of 1 updated replicas are available")


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
    del pod["securityContext"]["runAsUser"]
    assert facts.of_workload(thing)["security.root"] == [], "the cluster will not run it as root"
    pod["securityContext"]["runAsUser"] = 1000
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
    ("something odd", "kubectl failed: something odd"),
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
