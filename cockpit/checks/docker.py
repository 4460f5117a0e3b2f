"""`docker`: whether a container runs as it should, and what its log says."""

from __future__ import annotations

import datetime as dt
import difflib
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from cockpit.checklist.file import Duration
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import container
from cockpit.checks.kind import Kind, Reading, Session
from cockpit.checks.pattern import LINE_LIMIT, Pattern, Search
from cockpit.connect.dial import Unreachable
from cockpit.connect.thread import in_thread
from cockpit.text import SHORTEST_SECRET, Redactor

if TYPE_CHECKING:
    from cockpit.connect.docker import Daemon

LAST_LINES = 20
"""Lines of the log that are shown beside what was found."""


class Logs(Spec):
    """Which part of the log to read, and what to look for."""

    since: Duration | None = pydantic.Field(None, description="Only lines this young: `10m`, `2h`.")
    tail: int | None = pydantic.Field(None, ge=1, description="Only the last lines, this many.")
    must: tuple[Pattern, ...] = pydantic.Field((), description="Regular expressions (RE2); each must match some line.")
    must_not: tuple[Pattern, ...] = pydantic.Field((), description="Regular expressions that no line may match.")

    @pydantic.model_validator(mode="after")
    def _bounded(self) -> Logs:
        if self.since is None and self.tail is None:
            raise ValueError("needs `since` or `tail`: a whole log may be endless")
        return self


def _address(host: str) -> str:
    if host and not host.startswith(("unix://", "tcp://")):
        raise ValueError("must begin with unix:// or tcp://")
    return host


class DockerSpec(Spec):
    """A container of a daemon."""

    container: str = pydantic.Field(min_length=1, description="Name or id of the container.")
    host: Annotated[str, pydantic.AfterValidator(_address)] = pydantic.Field(
        "",
        description="Where the daemon listens: `unix://` or `tcp://`; nothing: DOCKER_HOST, else the system's socket.",
    )
    logs: Logs | None = pydantic.Field(None, description="What its log must and must not say.")


class Docker:
    """Measures in a thread, by the API of the daemon."""

    name = "docker"
    about = "Whether a container runs as it should: state, image, environment, limits, and what its log says."
    spec = DockerSpec
    imports = ("cockpit.connect.docker", "re2")
    server = ("host",)
    at_once = 8
    implied = "running && health != 'unhealthy' && size(logs.missing) == 0 && logs.forbidden_count == 0"
    example = """\
docker:
  container: trading-bot-backend
  logs: {since: 10m, must: ["Started trading loop"], must_not: ["ERROR", "Traceback"]}
expect:
  - running && health == 'healthy' && restarts == 0
  - env.FLASK_ENV == 'production'
  - memory_limit > 0 && log_options['max-size'] != ''
  - size(logs.missing) == 0 && logs.forbidden_count == 0
"""
    fields = (
        Field("running", "bool", "It runs: not paused, not about to restart."),
        Field("status", "string", "`running`, `exited`, `paused`, `restarting`, ...; `missing` when there is none."),
        Field("health", "string", "`healthy`, `unhealthy`, `starting`; `none` without a health check."),
        Field("restarts", "int", "Restarts by its restart policy."),
        Field("exit_code", "int", "Exit status of the last end."),
        Field("oom_killed", "bool", "It was killed for want of memory."),
        Field("started_ago", "duration", "Since it was started."),
        Field("image", "string", "Name of the image as it was given."),
        Field("tag", "string", "Tag of that name; `latest` when it has none."),
        Field("image_digest", "string", "`sha256:...` as the registry knows it; empty for an image built here."),
        Field("env", "map", "Environment; secrets by their name are compared, and never shown."),
        Field("user", "string", "Whom it runs as; `root` when nobody is named."),
        Field("privileged", "bool", "It may do what root of the host may."),
        Field("memory_limit", "int", "0: none.", "bytes"),
        Field("cpu_limit", "double", "0: none.", "cores"),
        Field("restart_policy", "string", "`no`, `always`, `unless-stopped`, `on-failure`."),
        Field("log_driver", "string", "`json-file`, `local`, `journald`, ..."),
        Field("log_options", "map", "`max-size`, `max-file`, ..."),
        Field("healthcheck", "bool", "It has a health check."),
        Field("ports", "map", "Port of the container (`8000/tcp`) to where it is published (`0.0.0.0:80`)."),
        Field("networks", "list", "Names of its networks."),
        Field("mounts", "list", "Maps of `type`, `source`, `destination`, `writable`."),
        Field("labels", "map", "Labels."),
        Field("logs.lines", "int", "Lines of the log that were read."),
        Field("logs.matched", "map", "Each regular expression to the number of lines it matched."),
        Field("logs.missing", "list", "Those of `must` that matched no line."),
        Field("logs.forbidden", "list", "Lines that `must_not` matched; the first 20."),
        Field("logs.forbidden_count", "int", "How many there are."),
    )

    def request(self, spec: DockerSpec) -> str:
        """`inspect trading-bot-backend, and its log since 600 s`."""
        asked = f"docker inspect {spec.container}"
        if spec.logs is not None:
            since = f" --since {spec.logs.since:g}s" if spec.logs.since is not None else ""
            tail = f" --tail {spec.logs.tail}" if spec.logs.tail is not None else ""
            asked += f"; docker logs{since}{tail} {spec.container}"
        return f"{asked} (at {spec.host})" if spec.host else asked

    async def read(self, spec: DockerSpec, session: Session, timeout: float) -> Reading:  # noqa: ARG002 - none is kept
        """Ask once. Raises Unreachable."""
        return await in_thread(f"the Docker daemon {spec.host}".rstrip(), lambda: _ask(spec, timeout))


KIND: Kind = Docker()


def _ask(spec: DockerSpec, timeout: float) -> Reading:
    from cockpit.connect.docker import Daemon  # noqa: PLC0415 - heavy

    with Daemon(spec.host, timeout) as daemon:
        found = daemon.container(spec.container)
        if found is None:
            return _missing(spec.container, daemon.names())
        values = container.facts(found, daemon.digests(found["Image"]), dt.datetime.now(dt.UTC))
        log = _Log(spec.logs or Logs(tail=LAST_LINES), _redactor(values["env"]))
        _read_log(daemon, found, log, spec)
    return _reading(values, log, found)


def _missing(name: str, others: list[str]) -> Reading:
    near = difflib.get_close_matches(name, others, n=1)
    hint = f"; is {near[0]} meant?" if near else ""
    listed = "\n".join(others) or "none"
    summary = f"there is no container {name}{hint}"
    return Reading({"running": False, "status": "missing"}, summary, evidence=f"containers there are:\n{listed}")


def _read_log(daemon: Daemon, found: dict[str, Any], log: _Log, spec: DockerSpec) -> None:
    since = time.time() - log.asked.since if log.asked.since is not None else None
    try:
        log.search(daemon.log(found, since=since, tail=log.asked.tail))
    except Unreachable as error:
        if spec.logs is None:
            return  # it was only to be shown
        raise Unreachable(f"{spec.container} was found, but {error} ({log.found.lines} lines were read)") from None


class _Log:
    """A log as it is read: searched line by line, only what is to be shown is kept."""

    def __init__(self, asked: Logs, redact: Redactor) -> None:
        self.asked = asked
        self.found = Search(asked.must, asked.must_not, self.shown)
        self.last: deque[bytes] = deque(maxlen=LAST_LINES)
        self._redact = redact

    def search(self, lines: Iterable[bytes]) -> None:
        """Read all `lines`."""
        for line in lines:
            self.last.append(line)
            self.found.look_at(line)

    def shown(self, line: bytes) -> str:
        """A line as it may be kept: without the container's own secrets."""
        return self._redact(line.decode("utf-8", "backslashreplace"))[:LINE_LIMIT]

    def values(self) -> dict[str, Any]:
        return {
            "logs.lines": self.found.lines,
            "logs.matched": self.found.matched,
            "logs.missing": self.found.missing,
            "logs.forbidden": self.found.forbidden,
            "logs.forbidden_count": self.found.forbidden_count,
        }


def _redactor(env: dict[str, str]) -> Redactor:
    secrets = container.secrets_in(env)
    return Redactor({name: value for name, value in secrets.items() if len(value.strip()) >= SHORTEST_SECRET})


def _reading(values: dict[str, Any], log: _Log, found: dict[str, Any]) -> Reading:
    values = {**values, **log.values()}
    words = [values["status"] if values["status"] != "exited" else f"exited ({values['exit_code']})"]
    words += [values["health"]] if values["health"] != "none" else []
    words += [f"{values['restarts']} restarts"] if values["restarts"] else []
    words += [f"log without {', '.join(log.found.missing)}"] if log.found.missing else []
    words += [f"log: {log.found.forbidden_count} lines that must not be there"] if log.found.forbidden_count else []
    return Reading(values, ", ".join(words), _evidence(values, log, found), shown=container.fit_to_show(values))


def _evidence(values: dict[str, Any], log: _Log, found: dict[str, Any]) -> str:
    lines = [f"{name}: {values[name]}" for name in ("status", "health", "restarts", "exit_code", "image")]
    if error := found["State"].get("Error"):
        lines.append(f"error: {error}")
    if probes := (found["State"].get("Health") or {}).get("Log"):
        lines.append(f"last health check (exit status {probes[-1]['ExitCode']}): {probes[-1]['Output'].strip()}")
    if log.found.forbidden:
        lines += ["", "lines that must not be there:", *log.found.forbidden]
    if log.last:
        lines += ["", "end of the log:", *map(log.shown, log.last)]
    return "\n".join(lines)
