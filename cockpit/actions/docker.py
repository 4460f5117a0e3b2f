"""`docker`: a container or an image on a Docker daemon, here or on a host."""

from __future__ import annotations

import asyncio
import json
import shlex
from typing import Any

import pydantic

from cockpit.actions.command import Environment, Text
from cockpit.actions.docker_daemon import Daemon, DaemonHost, MaybeTls, Refused, at, query, quoted, registry_login
from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.checklist.kinds import Spec
from cockpit.connect.route import Route

VERBS = ("start", "stop", "restart", "remove", "pull", "run")


class Run(Spec):
    """A container to run."""

    image: str = pydantic.Field(min_length=1, description="Its image, which must be there: `pull` it before.")
    name: str = pydantic.Field(
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$", description="Its name, by which it is found again."
    )
    command: tuple[Text, ...] = pydantic.Field((), description="What it runs, instead of what its image says.")
    environment: Environment = pydantic.Field({}, description="Variables set in it; their values may be secrets.")
    ports: tuple[Text, ...] = pydantic.Field(
        (), description="Ports to publish: `[ADDRESS:]PORT:CONTAINER_PORT`; a protocol may follow: `53:53/udp`."
    )
    volumes: tuple[str, ...] = pydantic.Field((), description="Volumes and folders: `SOURCE:PLACE[:ro]`.")
    network: str = pydantic.Field("", description="The network it joins.")
    restart: str = pydantic.Field("", description="Restart policy: `always`, `unless-stopped`, `on-failure:3`.")
    labels: dict[str, Text] = pydantic.Field({}, description="Labels.")

    @pydantic.field_validator("ports")
    @classmethod
    def _are_ports(cls, ports: tuple[str, ...]) -> tuple[str, ...]:
        for port in ports:
            _bound(port)
        return ports


class DockerSpec(Spec):
    """One thing to do."""

    start: str = pydantic.Field("", description="Start this container.")
    stop: str = pydantic.Field("", description="Stop this container.")
    restart: str = pydantic.Field("", description="Stop this container, and start it again.")
    remove: str = pydantic.Field("", description="Remove this container, which must not run, and its own volumes.")
    pull: str = pydantic.Field("", description="Pull this image, by its digest: `NAME@sha256:...`.")
    run: Run | None = pydantic.Field(None, description="Run a new container.")
    grace: int = pydantic.Field(
        10, ge=0, description="Seconds that a container has to end by itself when it is stopped, before it is killed."
    )
    daemon: DaemonHost = ""
    tls: MaybeTls = None

    @pydantic.model_validator(mode="after")
    def _does_one_thing(self) -> DockerSpec:
        if sum(bool(getattr(self, verb)) for verb in VERBS) != 1:
            raise ValueError(f"does one thing: one of {', '.join(VERBS)}")
        if self.pull and not _has_digest(self.pull):
            raise ValueError("`pull` needs the digest: NAME@sha256:..., so that it is known what will be there")
        return self


class Docker:
    """Asks a Docker daemon for one thing."""

    name = "docker"
    about = "A container is started, stopped, restarted, removed or run, or an image pulled by its digest."
    spec = DockerSpec
    alone = ""
    on_hosts = True
    changes = True
    example = """\
id: restart-backend
title: Restart the backend
run: {docker: {restart: trading-bot-backend, grace: 30}, host: app1}
"""

    def request(self, spec: DockerSpec) -> str:
        """As Docker's own client would be told: `docker restart --time 30 trading-bot-backend`."""
        return " ".join(["docker", *_as_words(spec)]) + at(spec.daemon)

    async def carry_out(self, spec: DockerSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Ask for it, and wait until it is done. Raises Unreachable, CutOff."""
        daemon = Daemon(spec.daemon, spec.tls, route, timeout)
        try:
            if spec.pull:
                return await _pull(spec.pull, daemon, not route.name, output)
            if spec.run is not None:
                return await _run(spec.run, daemon, output)
            return await _change(spec, daemon)
        except Refused as refused:
            return Outcome(
                done=False,
                summary=f"the Docker daemon refused: {refused}",
                status=refused.status,
                nothing=not daemon.changed
                or refused.status < 500,  # it found something wrong with what was asked before it began
            )


KIND: ActionKind = Docker()


async def _change(spec: DockerSpec, daemon: Daemon) -> Outcome:
    """Start, stop, restart or remove a container."""
    verb = next(verb for verb in VERBS if getattr(spec, verb))
    name = getattr(spec, verb)
    before = await daemon.get(f"/containers/{quoted(name)}/json")
    if verb == "remove":
        await daemon.change("DELETE", query(f"/containers/{quoted(name)}", v=True))
        return Outcome(done=True, summary=f"{name} is removed")
    grace = spec.grace if verb in ("stop", "restart") else None
    await daemon.change("POST", query(f"/containers/{quoted(name)}/{verb}", t=grace))
    ran = before["State"].get("Running", False)
    if verb == "start":
        return Outcome(done=True, summary=f"{name} ran already" if ran else f"{name} is started")
    if verb == "restart":
        return Outcome(done=True, summary=f"{name} is restarted")
    after = (await daemon.get(f"/containers/{quoted(name)}/json"))["State"]
    how = f"{name} is stopped (exit status {after.get('ExitCode')})"
    return Outcome(done=True, summary=how if ran else f"{name} was stopped already")


async def _run(wanted: Run, daemon: Daemon, output: Print) -> Outcome:
    """Make a container and start it; one that does not start is removed again."""
    created = await daemon.change("POST", query("/containers/create", name=wanted.name), _container(wanted))
    for warning in created.get("Warnings") or ():
        output(f"{warning}\n".encode())
    name = created["Id"]
    try:
        await daemon.change("POST", f"/containers/{name}/start")
    except Refused as refused:
        try:
            await daemon.change("DELETE", query(f"/containers/{name}", v=True, force=True))
        except Refused as left:
            words = f"{wanted.name} does not start: {refused}; and it cannot be removed: {left}"
            return Outcome(done=False, summary=words, status=refused.status)
        words = f"{wanted.name} does not start, and is removed again: {refused}"
        return Outcome(done=False, summary=words, status=refused.status, nothing=True)
    output(f"{name}\n".encode())
    return Outcome(done=True, summary=f"{wanted.name} runs ({name[:12]})")


async def _pull(image: str, daemon: Daemon, here: bool, output: Print) -> Outcome:
    """Pull an image, and see that it is there under its digest."""
    login = await asyncio.to_thread(registry_login, image, here)
    told = _Pulling(output)
    await daemon.change("POST", query("/images/create", fromImage=image), headers=login, sink=told.take)
    if told.failure:
        return Outcome(done=False, summary=f"{image} cannot be pulled: {told.failure}")
    found = await daemon.get(f"/images/{quoted(image)}/json")
    digest = image.partition("@")[2]
    if not any(each.endswith(digest) for each in found.get("RepoDigests") or ()):
        return Outcome(done=False, summary=f"what was pulled has not the digest {digest}")
    return Outcome(done=True, summary=f"{image.partition('@')[0]} is there with its digest ({found['Id'][7:19]})")


class _Pulling:
    """What a daemon tells while it pulls: a JSON object a line; its failure among them."""

    def __init__(self, output: Print) -> None:
        self.failure = ""
        self._output = output
        self._begun = b""

    def take(self, data: bytes) -> None:
        *whole, self._begun = (self._begun + data).split(b"\n")
        for line in whole:
            try:
                told: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            if "error" in told:
                self.failure = str(told["error"])
                self._output(f"{self.failure}\n".encode())
            elif told.get("status") and not told.get("progressDetail"):  # no bars
                words = ": ".join(str(told[key]) for key in ("id", "status") if told.get(key))
                self._output(f"{words}\n".encode())


def _has_digest(image: str) -> bool:
    name, _, digest = image.partition("@sha256:")
    return bool(name) and len(digest) == 64 and not set(digest) - set("0123456789abcdef")


def _bound(port: str) -> tuple[str, str, str]:
    """Address, port and the container's port of `[ADDRESS:]PORT:CONTAINER_PORT[/PROTOCOL]`. Raises ValueError."""
    outer, _, inner = port.rpartition(":")
    address, _, number = outer.rpartition(":")
    inner, _, protocol = inner.partition("/")
    if not (number.isdecimal() and inner.isdecimal() and protocol in ("", "tcp", "udp", "sctp")):
        raise ValueError(f"a port is written `[ADDRESS:]PORT:CONTAINER_PORT`, not {port!r}")
    return address.strip("[]"), number, f"{inner}/{protocol or 'tcp'}"


def _container(wanted: Run) -> dict[str, Any]:
    """As the API wants it."""
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in wanted.ports:
        address, number, inner = _bound(port)
        bindings.setdefault(inner, []).append({"HostIp": address, "HostPort": number})
    policy, _, count = wanted.restart.partition(":")
    return {
        "Image": wanted.image,
        "Cmd": list(wanted.command) or None,
        "Env": [f"{name}={value}" for name, value in wanted.environment.items()],
        "Labels": wanted.labels,
        "ExposedPorts": {inner: {} for inner in bindings},
        "HostConfig": {
            "Binds": list(wanted.volumes),
            "PortBindings": bindings,
            "NetworkMode": wanted.network or "default",
            "RestartPolicy": {"Name": policy, "MaximumRetryCount": int(count or 0)},
        },
    }


def _as_words(spec: DockerSpec) -> list[str]:
    if spec.run is None:
        verb = next(verb for verb in VERBS if getattr(spec, verb))
        options = ["--time", str(spec.grace)] if verb in ("stop", "restart") else []
        options = ["--volumes"] if verb == "remove" else options
        return ["rm" if verb == "remove" else verb, *options, shlex.quote(getattr(spec, verb))]
    run = spec.run
    options = ["--name", run.name]
    for option, values in (
        ("--env", list(run.environment)),
        ("--publish", run.ports),
        ("--volume", run.volumes),
        ("--network", [run.network] if run.network else []),
        ("--restart", [run.restart] if run.restart else []),
        ("--label", [f"{name}={value}" for name, value in run.labels.items()]),
    ):
        options += [word for value in values for word in (option, value)]
    return ["run", "--detach", "--pull", "never", *(shlex.quote(word) for word in (*options, run.image, *run.command))]
