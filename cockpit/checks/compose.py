"""`compose`: whether the services of a Compose project run, as its files want them or as they were brought up.

It asks the daemon for the containers with the project's label; Compose itself is not needed.
"""

from __future__ import annotations

import datetime as dt
import difflib
import time
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import compose_file, compose_project, docker_daemon
from cockpit.checks.compose_file import Wanted
from cockpit.checks.compose_project import PROJECT, Made
from cockpit.checks.docker_daemon import DaemonHost, MaybeTls
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect.route import Program, Route
from cockpit.connect.thread import in_thread

if TYPE_CHECKING:
    from cockpit.connect.docker import Daemon


class ComposeSpec(Spec):
    """A project."""

    project: str = pydantic.Field("", description="Its name; nothing: what `files` call it, or their folder.")
    files: tuple[str, ...] = pydantic.Field(
        (),
        description="The files that say what is wanted, the later over the earlier, where the check is made (`via`);"
        " nothing: the containers that were made are wanted.",
    )
    profiles: tuple[str, ...] = pydantic.Field((), description="Profiles of `files` that are in use.")
    wanted: dict[str, pydantic.NonNegativeInt] = pydantic.Field(
        {}, description="Services to how many containers of each should run; stands over what `files` say."
    )
    jobs: tuple[str, ...] = pydantic.Field(
        (), description="Services that run to their end, beside those for whose successful end others wait."
    )
    host: DaemonHost = ""
    tls: MaybeTls = None

    @pydantic.model_validator(mode="after")
    def _named(self) -> ComposeSpec:
        if not self.project and not self.files:
            raise ValueError("needs `project` or `files`")
        return self


class Compose:
    """Measures in a thread, by the API of the daemon."""

    name = "compose"
    about = "Whether the services of a Compose project run, in number and health, and with the image that is meant."
    spec = ComposeSpec
    imports = docker_daemon.IMPORTS
    via = True
    server = docker_daemon.SERVER
    at_once = docker_daemon.AT_ONCE
    implied = "exists && missing == [] && down == [] && unhealthy == [] && failed == []"
    example = """\
compose: {project: trading-bot, files: [docker-compose.prod.yml]}
expect:
  - running == wanted && missing == [] && unhealthy == [] && failed == []
  - services.backend.running >= 2 && services.backend.tag == '1.4.0'
  - restarts == 0 && outdated == []
"""
    fields = (
        Field("exists", "bool", "It has containers."),
        Field("running", "int", "Containers that run, without jobs."),
        Field("wanted", "int", "Containers that should run."),
        Field(
            "services",
            "map",
            "Service to a map of `running`, `wanted`, `healthy`, `unhealthy`, `restarts` (numbers), `image`, `tag`,"
            " `job`, `states` (list), `age` (seconds since the youngest of its containers was started).",
        ),
        Field("missing", "list", "Services that have no container."),
        Field("down", "list", "Services of which fewer containers run than should."),
        Field("unhealthy", "list", "Services with a container whose health check fails."),
        Field("failed", "list", "Jobs that ended with another status than 0."),
        Field("extra", "list", "Services that have containers and are not wanted, or no more."),
        Field("drifted", "list", "Services whose containers were not all made from the same configuration."),
        Field("outdated", "list", "Services with a container whose image's name has come to mean another image."),
        Field("restarts", "int", "Restarts of all its containers by their restart policies."),
        Field("started_ago", "duration", "Since the youngest of its containers that run was started."),
    )

    def request(self, spec: ComposeSpec) -> str:
        """`docker compose -f docker-compose.prod.yml -p trading-bot ps --all`."""
        files = "".join(f" -f {file}" for file in spec.files)
        project = f" -p {spec.project}" if spec.project else ""
        profiles = "".join(f" --profile {profile}" for profile in spec.profiles)
        return f"docker compose{files}{project}{profiles} ps --all{docker_daemon.at(spec)}"

    async def read(self, spec: ComposeSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        ends = time.monotonic() + timeout
        wanted = await _wanted(spec, session.route, ends) if spec.files else None
        project = spec.project or _name(spec, wanted, session.route)
        left = max(0.0, ends - time.monotonic())
        return await docker_daemon.ask(spec, session, left, lambda daemon: _ask(daemon, spec, wanted, project))


KIND: Kind = Compose()


async def _wanted(spec: ComposeSpec, route: Route, ends: float) -> Wanted:
    contents = [(file, await _content(file, route, ends)) for file in spec.files]
    try:
        return await in_thread("files of Compose", lambda: compose_file.wanted(contents, spec.profiles, spec.wanted))
    except compose_file.Unclear as unclear:
        raise Unmeasurable(str(unclear)) from None


def _name(spec: ComposeSpec, wanted: Wanted | None, route: Route) -> str:
    """What Compose calls a project that was not named."""
    if wanted is not None and wanted.name and "$" not in wanted.name:
        return wanted.name
    folder = PurePath(spec.files[0]).parent
    if route.name and not folder.is_absolute():
        raise Unmeasurable(
            f"what the project of {spec.files[0]}{route.words} is called is not known: name it under `project`"
        )
    return compose_file.default_name((Path.cwd() / folder).resolve().name)


async def _content(file: str, route: Route, ends: float) -> bytes:
    ended = await route.run(Program(("cat", "--", file)), max(0.0, ends - time.monotonic()))
    if ended.timed_out:
        raise Unmeasurable(f"timed out while {file}{route.words} was read")
    if ended.status != 0:
        said = ended.errors.decode("utf-8", "backslashreplace").strip().rpartition(": ")[2]
        raise Unmeasurable(f"{file} cannot be read{route.words}: {said}")
    if ended.cut:
        raise Unmeasurable(f"{file}{route.words} is too long to be a file of Compose")
    return ended.output


def _ask(daemon: Daemon, spec: ComposeSpec, wanted: Wanted | None, project: str) -> Reading:
    made, newest = list[Made](), dict[str, str]()
    for listed in daemon.containers(f"{PROJECT}={project}"):
        found = daemon.container(listed["Id"])
        if found is None:
            continue  # it was removed since it was listed
        name = found["Config"].get("Image") or ""
        if name not in newest:
            newest[name] = (daemon.image(name) or {}).get("Id") or ""
        made.append(Made(found, newest[name]))
    values = compose_project.facts(
        made, wanted, dt.datetime.now(dt.UTC), numbers=spec.wanted, jobs=frozenset(spec.jobs)
    )
    return _reading(project, values) if made else _nothing(daemon, project, values)


def _nothing(daemon: Daemon, project: str, values: dict[str, Any]) -> Reading:
    others = sorted({each["Labels"][PROJECT] for each in daemon.containers(PROJECT)})
    near = difflib.get_close_matches(project, others, n=1)
    hint = f"; is {near[0]} meant?" if near else ""
    listed = "\n".join(others) or "none"
    return Reading(values, f"no container of project {project}{hint}", f"projects there are:\n{listed}")


def _reading(project: str, values: dict[str, Any]) -> Reading:
    words = [f"{values['running']} of {values['wanted']} running"]
    for name in ("missing", "down", "unhealthy", "failed", "outdated", "drifted"):
        named = [service for service in values[name] if name != "down" or service not in values["missing"]]
        words += [f"{name}: {', '.join(named)}"] if named else []
    words += [f"{values['restarts']} restarts"] if values["restarts"] else []
    lines = [f"project {project}"]
    for name, each in values["services"].items():
        count = "job" if each["job"] else f"{each['running']} of {each['wanted']} running"
        lines.append(f"{name}: {count} ({', '.join(each['states']) or 'no container'}) {each['image']}".rstrip())
    return Reading(values, ", ".join(words), "\n".join(lines))
