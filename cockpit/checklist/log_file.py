"""The file format: what may be written under `logs`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from cockpit.checklist.file import Id, Title, Written, under

KINDS = ("docker", "compose", "swarm", "file", "journald")
"""The keys of which a source has exactly one: they say what it is."""

_DAEMON = "Where the daemon listens, `unix://` or `tcp://`; nothing: DOCKER_HOST, else the system's socket."


class DaemonTls(Written):
    """Files (PEM) that secure a connection over `tcp://`."""

    ca: str = Field("", description="Certificates to trust; nothing: those that the system trusts.")
    cert: str = Field("", description="Our certificate, which the daemon asks for.")
    key: str = Field("", description="Its key.")
    verify: bool = Field(True, description="Refuse a daemon whose certificate is not valid for its host.")

    @model_validator(mode="after")
    def _whole(self) -> DaemonTls:
        if bool(self.cert) != bool(self.key):
            raise ValueError("`cert` and `key` go together")
        return self


MaybeTls = Annotated[
    DaemonTls | None,
    Field(description="How `tcp://` is secured; nothing: as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say."),
]


class DockerLog(Written):
    """The log of a container, and of the one that takes its place under the same name. Text alone is `container`."""

    container: Title = Field(description="Its name or id.")
    host: str = Field("", description=_DAEMON)
    tls: MaybeTls = None


class ComposeLog(Written):
    """The logs of all containers of a Compose project, or of one service of it."""

    project: Title = Field(description="The name of the project: that of its folder, unless it says another.")
    service: str = Field("", description="The service; nothing: all of them.")
    host: str = Field("", description=_DAEMON)
    tls: MaybeTls = None


class SwarmLog(Written):
    """The logs of all tasks of a Swarm service. Text alone is `service`."""

    service: Title = Field(description="Its name or id.")
    host: str = Field("", description=_DAEMON + " It must be a manager.")
    tls: MaybeTls = None


class FileLog(Written):
    """A file that lines are appended to, and the one that takes its place when it is rotated. Text alone is `path`."""

    path: Title = Field(description="Where it is.")


class JournaldLog(Written):
    """What systemd's journal holds of a unit. Text alone is `unit`."""

    unit: str = Field("", description="The unit: `nginx.service`; nothing: all of them.")
    identifier: str = Field("", description="Only what this program logs: `sshd`.")


class LogSource(Written):
    """A log to follow: exactly one of `docker`, `compose`, `swarm`, `file` and `journald`."""

    id: Id = Field(description="Its name on the screen and in commands, once among the logs.")
    title: str = Field("", description="What it is; nothing: its id.")
    docker: Annotated[DockerLog | None, under("container")] = Field(None, description="The log of a container.")
    compose: Annotated[ComposeLog | None, under("project")] = Field(None, description="The logs of a Compose project.")
    swarm: Annotated[SwarmLog | None, under("service")] = Field(None, description="The logs of a Swarm service.")
    file: Annotated[FileLog | None, under("path")] = Field(None, description="A file that lines are appended to.")
    journald: Annotated[JournaldLog | None, under("unit")] = Field(None, description="systemd's journal.")
    via: str = Field("", description="The host, one of `hosts`, where it is; else this machine.")
    tail: int = Field(100, ge=0, le=100_000, description="How many lines to begin with; 100 when not written.")
    zone: str = Field("", description="The time zone of times that do not say theirs: `Europe/London`; nothing: ours.")
    when: str = Field("", description="A CEL condition over the variables; it is not followed when it is false.")

    @model_validator(mode="after")
    def _one(self) -> LogSource:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError(f"needs exactly one of {', '.join(f'`{kind}`' for kind in KINDS)}")
        return self
