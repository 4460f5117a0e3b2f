"""`swarm`: whether services of a Docker swarm run as often as they should, how their update stands, and its nodes."""

from __future__ import annotations

import datetime as dt
import difflib
from typing import TYPE_CHECKING, Any

import pydantic

from cockpit.checklist.file import Duration
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import docker_daemon, swarm_state
from cockpit.checks.docker_daemon import DaemonHost, MaybeTls
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable

if TYPE_CHECKING:
    from cockpit.connect.docker import Daemon


class SwarmSpec(Spec):
    """A service, a stack, or all services of a swarm; `host` is one of its managers."""

    service: str = pydantic.Field("", description="Name or id of a service.")
    stack: str = pydantic.Field("", description="Name of a stack, all of whose services are meant.")
    failed_within: Duration = pydantic.Field(600.0, description="How young a task's failure is that counts: `10m`.")
    host: DaemonHost = ""
    tls: MaybeTls = None

    @pydantic.model_validator(mode="after")
    def _one(self) -> SwarmSpec:
        if self.service and self.stack:
            raise ValueError("has both `service` and `stack`: name one of them")
        return self


class Swarm:
    """Measures in a thread, by the API of a manager."""

    name = "swarm"
    about = "Whether services of a Docker swarm run as often as they should, how their update stands, and its nodes."
    spec = SwarmSpec
    imports = docker_daemon.IMPORTS
    via = True
    server = docker_daemon.SERVER
    at_once = docker_daemon.AT_ONCE
    implied = (
        "leader != '' && exists && wanted > 0 && running == wanted && outdated == 0 && update in ['none', 'completed']"
    )
    example = """\
swarm: {service: bot_backend}
expect:
  - running == wanted && wanted >= 2 && outdated == 0
  - update == 'completed' && tag == '1.4.0' && failed == 0
  - nodes_down == 0 && managers_reachable == managers
"""
    fields = (
        Field("exists", "bool", "The service is there; of a stack, one of its services."),
        Field("running", "int", "Tasks that run on nodes that are not down; of a job, those that are complete."),
        Field("wanted", "int", "Tasks that should; of a global service, one for each node that it may run on."),
        Field("outdated", "int", "Tasks that run as an earlier version of their service."),
        Field(
            "update",
            "string",
            "`none`, `updating`, `completed`, `paused`, `rollback_started`, `rollback_completed`, `rollback_paused`;"
            " of several services the worst. All may run before it is `completed`: swarm watches them for a while.",
        ),
        Field("update_message", "string", "What swarm says of it. One service only, as are those that follow."),
        Field("update_started_ago", "duration", "Since it was begun."),
        Field("mode", "string", "`replicated`, `global`, `replicated-job`, `global-job`."),
        Field("image", "string", "Image of the service."),
        Field("tag", "string", "Tag of that name; `latest` when it has none."),
        Field("image_digest", "string", "`sha256:...` when the service is bound to one."),
        Field("previous_image", "string", "Image before the last change; empty when there was none."),
        Field(
            "services",
            "map",
            "Service to a map of `running`, `wanted`, `outdated` (numbers), `mode`, `update`, `image`, `tag`.",
        ),
        Field("failed", "int", "Tasks that failed or were rejected within `failed_within`."),
        Field(
            "failures", "list", "Maps of `task`, `node`, `state`, `error`, `exit_code`, `ago` (seconds); the last 20."
        ),
        Field("pending", "list", "Why tasks have no node to run on: `no suitable node (...)`."),
        Field("leader", "string", "The manager that leads; empty when too few managers answer to agree on one."),
        Field("managers", "int", "Managers of the swarm."),
        Field("managers_reachable", "int", "Managers that answer."),
        Field("nodes", "map", "Node to a map of `status` (`ready`, `down`), `availability`, `role`, `version`."),
        Field("nodes_ready", "int", "Nodes that are ready."),
        Field("nodes_down", "int", "Nodes that are down."),
        Field("nodes_drained", "int", "Nodes that are to run nothing."),
    )

    def request(self, spec: SwarmSpec) -> str:
        """`docker service ps bot_backend; docker node ls`."""
        what = (
            f"service ps {spec.service}" if spec.service else f"stack ps {spec.stack}" if spec.stack else "service ls"
        )
        return f"docker {what}; docker node ls{docker_daemon.at(spec)}"

    async def read(self, spec: SwarmSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        return await docker_daemon.ask(spec, session, timeout, lambda daemon: _ask(daemon, spec))


KIND: Kind = Swarm()


def _ask(daemon: Daemon, spec: SwarmSpec) -> Reading:
    from cockpit.connect.docker import NoLeader, Silent  # noqa: PLC0415 - heavy

    try:
        known = daemon.services()
        chosen = [each for each in known if _is_meant(each, spec)]
        tasks = daemon.tasks([each["ID"] for each in chosen])
        nodes = daemon.nodes()
    except NoLeader as error:
        summary = "the swarm has no leader: too few of its managers answer"
        return Reading({"leader": ""}, summary, evidence=str(error))
    except Silent as error:
        raise Unmeasurable(f"{error}: a manager that has lost the others takes 20 s to say so") from None
    within = dt.timedelta(seconds=spec.failed_within)
    values = swarm_state.facts(chosen, tasks, nodes, within, dt.datetime.now(dt.UTC))
    summary = _summary(spec, values) if chosen else _nothing(spec, known)
    return Reading(values, summary, _evidence(values))


def _is_meant(service: dict[str, Any], spec: SwarmSpec) -> bool:
    if spec.service:
        return spec.service in (service["ID"], service["Spec"]["Name"])
    return not spec.stack or (service["Spec"].get("Labels") or {}).get(swarm_state.STACK) == spec.stack


def _nothing(spec: SwarmSpec, known: list[dict[str, Any]]) -> str:
    if not spec.service and not spec.stack:
        return "the swarm has no services"
    stacks = {(each["Spec"].get("Labels") or {}).get(swarm_state.STACK, "") for each in known}
    others = [each["Spec"]["Name"] for each in known] if spec.service else sorted(stacks)
    near = difflib.get_close_matches(spec.service or spec.stack, others, n=1)
    what = f"service {spec.service}" if spec.service else f"stack {spec.stack}"
    return f"there is no {what}{f'; is {near[0]} meant?' if near else ''}"


def _summary(spec: SwarmSpec, values: dict[str, Any]) -> str:
    words = [f"{values['running']} of {values['wanted']} running"]
    words += [f"update {values['update']}"] if values["update"] != "none" else []
    words += [f"{values['outdated']} of an earlier version"] if values["outdated"] else []
    words += [f"{values['failed']} failed ({values['failures'][0]['error']})"] if values["failed"] else []
    words += [f"pending: {values['pending'][0]}"] if values["pending"] else []
    down = values["nodes_down"]
    words += [f"{down} node{'s' if down > 1 else ''} down"] if down and not (spec.service or spec.stack) else []
    return ", ".join(words)


def _evidence(values: dict[str, Any]) -> str:
    lines = [
        f"{name}: {each['running']} of {each['wanted']} running ({each['mode']}), {each['image']}"
        for name, each in values["services"].items()
    ]
    if values.get("update_message"):
        lines.append(f"update: {values['update_message']}")
    lines += [
        f"{each['task']} on {each['node'] or 'no node'} {each['state']} {each['ago']:.0f} s ago: {each['error']}"
        for each in values["failures"]
    ]
    lines += [f"pending: {reason}" for reason in values["pending"]]
    for name, node in values["nodes"].items():
        leads = " (leader)" if name == values["leader"] else ""
        lines.append(f"node {name}{leads}: {node['status']}, {node['availability']}, {node['role']}")
    return "\n".join(lines)
