"""`docker`: whether a container runs as it should, and what its log says."""

from __future__ import annotations

import datetime as dt
import difflib
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic

from cockpit.checklist.file import seconds
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import container, container_usage, docker_daemon
from cockpit.checks.docker_daemon import DaemonHost, MaybeTls
from cockpit.checks.kind import Kind, Reading, Session
from cockpit.checks.pattern import LINE_LIMIT, Pattern, Search
from cockpit.connect.dial import Unreachable
from cockpit.text import SHORTEST_SECRET, Redactor

if TYPE_CHECKING:
    from cockpit.connect.docker import Daemon

LAST_LINES = 20
"""Lines of the log that are shown beside what was found."""


STARTED = "started"


def _since(written: object) -> object:
    if written is None or written == STARTED:
        return written
    if isinstance(written, str) and written[4:5] == "-":
        try:
            moment = dt.datetime.fromisoformat(written)
        except ValueError:
            raise ValueError(f"is no moment: `{written}`; write it as `2026-11-24T10:00:00Z`") from None
        if moment.tzinfo is None:
            raise ValueError(f"`{written}` names no time zone: write `{written}Z` when UTC is meant")
        return moment
    return seconds(written)


Since = Annotated[
    float | dt.datetime | Literal["started"],
    pydantic.BeforeValidator(_since),
    pydantic.WithJsonSchema(
        {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d)|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|started)$"}
    ),
]


class Logs(Spec):
    """Which part of the log to read, and what to look for."""

    since: Since | None = pydantic.Field(
        None,
        description="Only lines this young (`10m`, `2h`), or written since a moment (`2026-11-24T10:00:00Z`), or since"
        " the container was `started`.",
    )
    tail: int | None = pydantic.Field(None, ge=1, description="Only the last lines, this many.")
    must: tuple[Pattern, ...] = pydantic.Field((), description="Regular expressions (RE2); each must match some line.")
    must_not: tuple[Pattern, ...] = pydantic.Field((), description="Regular expressions that no line may match.")

    @pydantic.model_validator(mode="after")
    def _bounded(self) -> Logs:
        if self.since is None and self.tail is None:
            raise ValueError("needs `since` or `tail`: a whole log may be endless")
        return self


class DockerSpec(Spec):
    """A container of a daemon."""

    container: str = pydantic.Field(min_length=1, description="Name or id of the container.")
    logs: Logs | None = pydantic.Field(None, description="What its log must and must not say.")
    host: DaemonHost = ""
    tls: MaybeTls = None


class Docker:
    """Measures in a thread, by the API of the daemon."""

    name = "docker"
    about = "Whether a container runs as it should: state, image, environment, limits, usage, and what its log says."
    spec = DockerSpec
    imports = (*docker_daemon.IMPORTS, "re2")
    via = True
    server = docker_daemon.SERVER
    at_once = docker_daemon.AT_ONCE
    implied = "running && health != 'unhealthy' && size(logs.missing) == 0 && logs.forbidden_count == 0"
    example = """\
docker:
  container: trading-bot-backend
  logs: {since: 10m, must: ["Started trading loop"], must_not: ["ERROR", "Traceback"]}
expect:
  - running && health == 'healthy' && restarts == 0
  - env.FLASK_ENV == 'production'
  - memory_limit > 0 && log_rotated && read_only
  - size(logs.missing) == 0 && logs.forbidden_count == 0
"""
    fields = (
        Field("running", "bool", "It runs: not paused, not about to restart."),
        Field("status", "string", "`running`, `exited`, `paused`, `restarting`, ...; `missing` when there is none."),
        Field("health", "string", "`healthy`, `unhealthy`, `starting`; `none` without a health check."),
        Field("restarts", "int", "Restarts by its restart policy."),
        Field("exit_code", "int", "Exit status of the last end."),
        Field("oom_killed", "bool", "It was killed for want of memory."),
        Field("created_ago", "duration", "Since it was made."),
        Field("started_ago", "duration", "Since it was started."),
        Field("finished_ago", "duration", "Since it last ended."),
        Field("image", "string", "Name of the image as it was given."),
        Field("tag", "string", "Tag of that name; `latest` when it has none."),
        Field("image_digest", "string", "`sha256:...` as the registry knows it; empty for an image built here."),
        Field("image_id", "string", "`sha256:...` of the image that it was made of, as this daemon knows it."),
        Field("env", "map", "Environment; secrets by their name are compared, and never shown."),
        Field("user", "string", "Whom it runs as; `root` when nobody is named."),
        Field("privileged", "bool", "It may do what root of the host may."),
        Field("read_only", "bool", "Its root file system cannot be written to."),
        Field("cap_add", "list", "Capabilities beyond the usual ones: `NET_ADMIN`, `ALL`."),
        Field("cap_drop", "list", "Capabilities that were taken from it: `ALL`."),
        Field("no_new_privileges", "bool", "Nothing in it can gain rights, as by setuid programs."),
        Field("security_options", "list", "`no-new-privileges`, `apparmor=...`, `seccomp=...`."),
        Field("memory_limit", "int", "0: none.", "bytes"),
        Field("cpu_limit", "double", "0: none.", "cores"),
        Field("pids_limit", "int", "Processes and threads that it may have; 0: no limit."),
        Field("restart_policy", "string", "`no`, `always`, `unless-stopped`, `on-failure`."),
        Field("restart_limit", "int", "Restarts that `on-failure` allows; 0: no limit."),
        Field("stop_timeout", "int", "What it is given to end before it is killed.", "seconds"),
        Field("log_driver", "string", "`json-file`, `local`, `journald`, ..."),
        Field("log_options", "map", "`max-size`, `max-file`, ..."),
        Field("log_rotated", "bool", "What the daemon keeps of its log cannot grow without end."),
        Field("healthcheck", "bool", "It has a health check."),
        Field("ports", "map", "Port of the container (`8000/tcp`) to where it is published (`0.0.0.0:80`)."),
        Field("networks", "list", "Names of its networks."),
        Field("mounts", "list", "Maps of `type`, `source`, `destination`, `writable`."),
        Field("labels", "map", "Labels."),
        Field("cpu", "double", "Used now, over half a second: 0.5 is half of one core.", "cores"),
        Field("cpu_used_part", "double", "The same as a part of its limit, or of all cores: 0.8 is 80 %."),
        Field("memory", "int", "Used now, without the cache that can be dropped.", "bytes"),
        Field("memory_used_part", "double", "The same as a part of its limit, or of the machine's memory."),
        Field("pids", "int", "Processes and threads now."),
        Field("io.received", "double", "From its networks.", "bytes per second"),
        Field("io.sent", "double", "To its networks.", "bytes per second"),
        Field("io.read", "double", "From disks.", "bytes per second"),
        Field("io.written", "double", "To disks.", "bytes per second"),
        Field("logs.lines", "int", "Lines of the log that were read."),
        Field("logs.matched", "map", "Each regular expression to the number of lines it matched."),
        Field("logs.missing", "list", "Those of `must` that matched no line."),
        Field("logs.forbidden", "list", "Lines that `must_not` matched; the first 20."),
        Field("logs.forbidden_count", "int", "How many there are."),
    )

    def request(self, spec: DockerSpec) -> str:
        """`docker inspect trading-bot-backend; docker logs --since 600s trading-bot-backend`."""
        asked = [f"docker inspect {spec.container}"]
        if spec.logs is not None:
            since = f" --since {_as_written(spec.logs.since)}" if spec.logs.since is not None else ""
            tail = f" --tail {spec.logs.tail}" if spec.logs.tail is not None else ""
            asked.append(f"docker logs{since}{tail} {spec.container}")
        return "; ".join(asked) + docker_daemon.at(spec)

    async def read(self, spec: DockerSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unreachable."""
        pause = None if session.used.isdisjoint(container_usage.FIELDS) else min(container_usage.INTERVAL, timeout / 4)
        return await docker_daemon.ask(spec, session, timeout, lambda daemon: _ask(daemon, spec, pause))


KIND: Kind = Docker()


def _as_written(since: float | dt.datetime | str) -> str:
    match since:
        case dt.datetime():
            return since.isoformat()
        case str():
            return since
        case _:
            return f"{since:g}s"


def _ask(daemon: Daemon, spec: DockerSpec, pause: float | None) -> Reading:
    """Inspect a container and read its log; over a `pause` (seconds), when there is one, what it uses."""
    found = daemon.container(spec.container)
    if found is None:
        return _missing(spec.container, daemon.names())
    values = container.facts(found, daemon.digests(found["Image"]), dt.datetime.now(dt.UTC))
    log = _Log(spec.logs or Logs(tail=LAST_LINES), _redactor(values["env"]))
    if pause is None or not values["running"]:
        _read_log(daemon, found, log, spec)
    else:
        began, before = time.monotonic(), daemon.usage(found["Id"])
        _read_log(daemon, found, log, spec)
        time.sleep(max(0.0, began + pause - time.monotonic()))
        values |= container_usage.usage(before, daemon.usage(found["Id"]), values["cpu_limit"])
    return _reading(values, log, found)


def _missing(name: str, others: list[str]) -> Reading:
    near = difflib.get_close_matches(name, others, n=1)
    hint = f"; is {near[0]} meant?" if near else ""
    listed = "\n".join(others) or "none"
    summary = f"there is no container {name}{hint}"
    return Reading({"running": False, "status": "missing"}, summary, evidence=f"containers there are:\n{listed}")


def _read_log(daemon: Daemon, found: dict[str, Any], log: _Log, spec: DockerSpec) -> None:
    try:
        log.search(daemon.log(found, since=_moment(log.asked.since, found), tail=log.asked.tail))
    except Unreachable as error:
        if spec.logs is None:
            return  # it was only to be shown
        raise Unreachable(f"{spec.container} was found, but {error} ({log.found.lines} lines were read)") from None


def _moment(since: float | dt.datetime | str | None, found: dict[str, Any]) -> float | None:
    """The moment (Unix time) from which on a log counts."""
    match since:
        case None:
            return None
        case dt.datetime():
            return since.timestamp()
        case str():
            return container.beginning(found["State"])
        case _:
            return time.time() - since


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
    words += [f"{values['cpu']:.2f} cores, {values['memory'] / 2**20:.1f} MiB"] if "cpu" in values else []
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
