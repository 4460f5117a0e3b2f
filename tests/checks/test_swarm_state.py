"""What a swarm's own words come to, where a real swarm would have to be broken in rare ways."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cockpit.checks.swarm_state import UPDATES, facts

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)


def node(name: str, state: str = "ready", host: str = "") -> dict[str, Any]:
    return {
        "ID": name,
        "Spec": {"Availability": "active", "Role": "worker"},
        "Description": {"Hostname": host or name},
        "Status": {"State": state},
    }


def service(name: str = "web", mode: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    template = {"ContainerSpec": {"Image": "bot:2@sha256:abc"}, "Runtime": "container"}
    spec = {"Name": name, "Mode": mode or {"Replicated": {"Replicas": 1}}, "TaskTemplate": template}
    return {"ID": name, "Spec": spec, **more}


def task(
    on: str, state: str = "running", desired: str = "running", image: str = "bot:2@sha256:abc", **more: Any
) -> Any:
    status = {"State": state, "Timestamp": "2026-11-24T09:59:00.123456789Z", **more.pop("status", {})}
    made_from = {"ContainerSpec": {"Image": image}, "ForceUpdate": 0}
    return {"ServiceID": "web", "NodeID": on, "Status": status, "DesiredState": desired, "Spec": made_from, **more}


def standing(services: list[Any], tasks: list[Any], nodes: list[Any]) -> dict[str, Any]:
    return facts(services, tasks, nodes, dt.timedelta(minutes=10), NOW)


def test_a_task_on_a_node_that_is_down_does_not_run_whatever_was_last_heard_of_it() -> None:
    found = standing([service()], [task("a"), task("b")], [node("a"), node("b", "down")])
    assert (found["running"], found["nodes_ready"], found["nodes_down"]) == (1, 1, 1)
    assert standing([service()], [task("a")], [node("a", "unknown")])["running"] == 1


def test_a_task_that_is_to_be_shut_down_does_not_count() -> None:
    tasks = [task("a"), task("a", desired="shutdown"), task("a", "shutdown", "shutdown")]
    assert standing([service()], tasks, [node("a")])["running"] == 1


def test_a_task_of_another_image_or_of_a_forced_update_before_is_outdated() -> None:
    assert standing([service()], [task("a"), task("a", image="bot:1")], [node("a")])["outdated"] == 1
    forced = service()
    forced["Spec"]["TaskTemplate"]["ForceUpdate"] = 1
    assert standing([forced], [task("a")], [node("a")])["outdated"] == 1


def test_only_young_failures_count_and_the_youngest_is_told_first() -> None:
    old = {"Timestamp": "2026-11-24T09:30:00Z", "Err": "old"}
    tasks = [
        task("a", "failed", "shutdown", Slot=1, status={"Err": "task: non-zero exit (1)"}),
        task("b", "rejected", "shutdown", Slot=2, status={"Err": "No such image", "Timestamp": "2026-11-24T09:59:59Z"}),
        task("a", "failed", "shutdown", status=old),
        task("a", "shutdown", "shutdown"),
    ]
    found = standing([service()], tasks, [node("a"), node("b")])
    assert found["failed"] == 2
    assert [each["error"] for each in found["failures"]] == ["No such image", "task: non-zero exit (1)"]
    assert (found["failures"][0]["task"], found["failures"][0]["node"], found["failures"][0]["ago"]) == (
        "web.2",
        "b",
        1.0,
    )


def test_a_host_that_joined_twice_is_two_nodes() -> None:
    nodes = [node("aaaaaaaa", "down", "app1"), node("bbbbbbbb", host="app1"), node("c")]
    assert list(standing([], [], nodes)["nodes"]) == ["app1 (aaaaaa)", "app1 (bbbbbb)", "c"]


@pytest.mark.parametrize(
    ("mode", "tasks", "counted"),
    [
        ({"Global": {}}, [task("a"), task("b", "pending"), task("b", "failed", "shutdown")], (1, 2)),
        ({"GlobalJob": {}}, [task("a", "complete", "complete"), task("b", desired="complete")], (1, 2)),
        ({"ReplicatedJob": {"TotalCompletions": 3, "MaxConcurrent": 1}}, [task("a", "complete", "complete")], (1, 3)),
        ({"Replicated": {}}, [], (0, 0)),
    ],
)
def test_each_mode_wants_as_many_tasks_as_it_says(mode: Any, tasks: list[Any], counted: tuple[int, int]) -> None:
    found = standing([service(mode=mode)], tasks, [node("a"), node("b")])
    assert (found["running"], found["wanted"]) == counted


def test_only_the_tasks_of_a_jobs_last_run_count() -> None:
    job = service(mode={"ReplicatedJob": {"TotalCompletions": 1}}, JobStatus={"JobIteration": {"Index": 7}})
    tasks = [task("a", "complete", "complete", JobIteration={"Index": number}) for number in (3, 7)]
    assert standing([job], tasks, [node("a")])["running"] == 1


def test_what_a_daemon_leaves_out_is_nothing() -> None:
    found = standing([service(PreviousSpec=None, UpdateStatus=None)], [], [node("a")])
    assert (found["previous_image"], found["update"], found["update_message"]) == ("", "none", "")
    assert "update_started_ago" not in found
    assert (found["image_digest"], found["tag"], found["leader"]) == ("sha256:abc", "2", "")


def test_the_worst_update_of_several_services_is_told() -> None:
    for index, worst in enumerate(UPDATES):
        services = [
            service(f"s{number}", UpdateStatus={"State": state}) for number, state in enumerate(UPDATES[index:])
        ]
        assert standing(services, [], [])["update"] == worst
    unheard_of = service("x", UpdateStatus={"State": "undone"})
    assert standing([*services, unheard_of], [], [])["update"] == "undone"
