"""`swarm`: a service of Docker Swarm is updated, scaled or rolled back, and that is waited for.

Swarm itself carries an update out, task by task, and may pause it or roll it back by itself: that is a failure, and
said as one. What its states mean: docs.docker.com, Engine API, `Service.UpdateStatus`.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pydantic

from cockpit.actions.docker_daemon import Daemon, DaemonHost, MaybeTls, Refused, at, query, quoted, registry_login
from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.checklist.kinds import Spec
from cockpit.connect.dial import CutOff
from cockpit.connect.route import Route

LOOK_EVERY = 0.5
"""Seconds between two looks at how an update stands."""

UNMOVED = 5.0
"""Seconds after which an update that Swarm has not begun, with every task as it should be, changes nothing."""

NOT_RUNNING = 30.0
"""Seconds after which tasks that do not run, of a service that Swarm has done with, are a failure."""


class SwarmSpec(Spec):
    """What is done with a service."""

    service: str = pydantic.Field(min_length=1, description="The service, by its name.")
    image: str = pydantic.Field(
        "", description="Update it to this image; with a digest (`NAME@sha256:...`) it is known what will run."
    )
    scale: int | None = pydantic.Field(None, ge=0, description="Have so many tasks of it.")
    rollback: bool = pydantic.Field(False, description="Roll it back to what it was before its last update.")
    force: bool = pydantic.Field(False, description="With `image`: replace the tasks even when nothing has changed.")
    daemon: DaemonHost = ""
    tls: MaybeTls = None

    @pydantic.model_validator(mode="after")
    def _does_one_thing(self) -> SwarmSpec:
        if [bool(self.image), self.scale is not None, self.rollback].count(True) != 1:
            raise ValueError("does one thing: one of `image`, `scale`, `rollback`")
        if self.force and not self.image:
            raise ValueError("`force` goes with `image`")
        return self


class Swarm:
    """Asks a manager to change a service, and waits until Swarm has done so."""

    name = "swarm"
    about = "A service of Docker Swarm is updated, scaled or rolled back; ends when Swarm says how that went."
    spec = SwarmSpec
    alone = ""
    on_hosts = True
    changes = True
    example = """\
id: update-bot
title: Update the bot, task by task
run: {swarm: {service: bot, image: "registry.example/bot:2.4.0"}, host: manager1, timeout: 10m}
undo: {run: {swarm: {service: bot, rollback: true}, host: manager1, timeout: 10m}}
"""

    def request(self, spec: SwarmSpec) -> str:
        """As Docker's own client would be told: `docker service update --image bot:2.4.0 bot`."""
        service = shlex.quote(spec.service)
        if spec.rollback:
            words = f"docker service rollback {service}"
        elif spec.image:
            force = "--force " if spec.force else ""
            words = f"docker service update {force}--image {shlex.quote(spec.image)} {service}"
        else:
            words = f"docker service scale {service}={spec.scale}"
        return words + at(spec.daemon)

    async def carry_out(self, spec: SwarmSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Ask for it, and wait until it is done. Raises Unreachable, CutOff."""
        daemon = Daemon(spec.daemon, spec.tls, route, timeout)
        path = f"/services/{quoted(spec.service)}"
        try:
            before = await daemon.get(path)
            if spec.rollback and _update(before).get("State", "").startswith("rollback"):
                # One rollback more would lead forward again: Swarm keeps one version, and that is now the later one.
                output(b"Swarm has gone back already: nothing is asked of it\n")
                return await _Waiting(spec, daemon, path, output, timeout).until_done()
            wanted = _wanted(before["Spec"], spec)
            if wanted is None:
                words = f"{spec.service} has a task on every node, and cannot be scaled"
                return Outcome(done=False, summary=words, nothing=True)
            version, back = before["Version"]["Index"], "previous" if spec.rollback else None
            login = await asyncio.to_thread(registry_login, spec.image, not route.name) if spec.image else {}
            target = query(f"{path}/update", version=version, rollback=back)
            told = await daemon.change("POST", target, wanted, headers=login) or {}
        except Refused as refused:
            words = f"the swarm refused: {refused}"
            return Outcome(
                done=False, summary=words, status=refused.status, nothing=not daemon.changed or _nothing(refused)
            )
        for warning in told.get("Warnings") or ():
            output(f"{warning}\n".encode())
        return await _Waiting(spec, daemon, path, output, timeout).until_done()


KIND: ActionKind = Swarm()


@dataclass
class _Waiting:
    """What Swarm makes of it, looked at until it is done."""

    spec: SwarmSpec
    daemon: Daemon
    path: str
    output: Print
    timeout: float
    said: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    """Why tasks failed in this update, by their ids."""
    over: float | None = None
    """When it was first seen that Swarm has done what was wanted, in seconds left of the time."""

    async def until_done(self) -> Outcome:
        """How it went. Raises CutOff when the manager cannot be asked any more."""
        began, lost = self.daemon.left, ""
        while self.daemon.left > LOOK_EVERY:
            try:
                service = await self.daemon.get(self.path)
                tasks = await self.daemon.get(query("/tasks", filters={"service": [service["ID"]]}))
                nodes = await self.daemon.get("/nodes") if "Global" in service["Spec"]["Mode"] else []
            except CutOff as error:
                lost = str(error)
            except Refused as refused:
                if refused.status == 404:
                    return Outcome(done=False, summary=f"{self.spec.service} was removed meanwhile", unknown=True)
                lost = str(refused)  # managers without a leader find one again
            else:
                lost = ""
                state = _State.of(service, tasks, nodes)
                self._tell(state)
                self._tell_failures(_update(service).get("StartedAt") or "", tasks or [])
                outcome = self._judged(state, settled=began - self.daemon.left > UNMOVED)
                if outcome is not None:
                    return outcome
            await asyncio.sleep(LOOK_EVERY)
        words = f"not over after {self.timeout:g} s ({self.said or lost}): Swarm goes on with it"
        return Outcome(done=False, summary=words, unknown=True)

    def _tell(self, state: _State) -> None:
        if state.words != self.said:
            self.said = state.words
            self.output(f"{self.said}\n".encode())

    def _tell_failures(self, since: str, tasks: list[dict[str, Any]]) -> None:
        for task in tasks:
            status = task.get("Status") or {}
            failed = status.get("State") in ("failed", "rejected") and task["ID"] not in self.failures
            if failed and since and status.get("Timestamp", "")[:_SECONDS] >= since[:_SECONDS]:
                image = task["Spec"]["ContainerSpec"]["Image"].partition("@")[0]
                self.failures[task["ID"]] = f"a task with {image} {status['State']}: {status.get('Err') or 'no reason'}"
                self.output(f"{self.failures[task['ID']]}\n".encode())

    def _judged(self, state: _State, *, settled: bool) -> Outcome | None:
        """How it went; None while it is under way."""
        name, why = self.spec.service, next(reversed(self.failures.values()), state.message)
        if self.spec.scale is not None:
            return Outcome(done=True, summary=f"{name} has {state.counted}") if state.right else None
        if not state.update and settled and state.right:
            return Outcome(done=True, summary=f"{name} was so already: {state.counted}")
        wanted = "rollback_completed" if self.spec.rollback else "completed"
        if state.update == wanted:
            how = "rolled back" if self.spec.rollback else "updated"
            if state.right:
                return Outcome(done=True, summary=f"{name} is {how}: {state.counted}")
            # Swarm ends a rollback when the last task is ordered, which need not run yet.
            self.over = self.daemon.left if self.over is None else self.over
            if self.over - self.daemon.left < NOT_RUNNING:
                return None
            return Outcome(done=False, summary=f"{name} is {how}, but only {state.counted}{why and f': {why}'}")
        words = _ENDS.get(state.update)
        return Outcome(done=False, summary=f"{words.format(name)}{why and f': {why}'}") if words else None


_SECONDS = len("2026-11-24T22:00:00")
"""Of a time as the daemon writes it, which may or may not go on with a fraction."""

_ENDS = {
    "completed": "Swarm has updated {} instead of rolling it back",
    "rollback_completed": "Swarm rolled {} back itself",
    "paused": "Swarm paused the update of {} half way",
    "rollback_paused": "Swarm paused the rollback of {} half way",
}
"""States in which Swarm does nothing more, and what was wanted has not come about."""


@dataclass(frozen=True)
class _State:
    """How a service stands."""

    update: str
    """`updating`, `completed`, ...; nothing as long as Swarm has not begun."""
    message: str
    running: int
    wanted: int
    images: Counter[str]
    """Of tasks that run and are to."""
    image: str

    @classmethod
    def of(cls, service: dict[str, Any], tasks: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> _State:
        status = _update(service)
        mode = service["Spec"]["Mode"]
        if "Replicated" in mode:
            wanted = mode["Replicated"].get("Replicas", 1)
        else:
            wanted = sum(each["Spec"]["Availability"] == "active" for each in nodes)
        on = [
            each["Spec"]["ContainerSpec"]["Image"]
            for each in tasks or []
            if each.get("DesiredState") == "running" and (each.get("Status") or {}).get("State") == "running"
        ]
        image = service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
        return cls(status.get("State") or "", status.get("Message") or "", len(on), wanted, Counter(on), image)

    @property
    def right(self) -> bool:
        """Every task runs, and with the right image."""
        return self.running == self.wanted == self.images[self.image]

    @property
    def counted(self) -> str:
        return f"{self.running} of {self.wanted} tasks run"

    @property
    def words(self) -> str:
        new = f", {self.images[self.image]} with {self.image.partition('@')[0]}"
        return f"{self.update or 'not begun yet'}: {self.counted}{new}"


def _update(service: dict[str, Any]) -> dict[str, Any]:
    """How the last update stands; empty when there was none."""
    return service.get("UpdateStatus") or {}


def _wanted(now: dict[str, Any], spec: SwarmSpec) -> dict[str, Any] | None:
    """The service as it is to be; None when it cannot be so."""
    wanted: dict[str, Any] = json.loads(json.dumps(now))
    if spec.scale is not None:
        if "Replicated" not in wanted["Mode"]:
            return None
        wanted["Mode"]["Replicated"]["Replicas"] = spec.scale
    elif spec.image:
        wanted["TaskTemplate"]["ContainerSpec"]["Image"] = spec.image
        if spec.force:
            wanted["TaskTemplate"]["ForceUpdate"] = wanted["TaskTemplate"].get("ForceUpdate", 0) + 1
    return wanted


def _nothing(refused: Refused) -> bool:
    """Whether a refusal says that nothing was changed: what is wrong, out of date, or has no manager to decide it."""
    return refused.status < 500 or "out of sequence" in str(refused) or "leader" in str(refused)
