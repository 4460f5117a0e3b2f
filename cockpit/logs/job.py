"""What is to be followed. It travels to the process that follows over a pipe: it may hold secrets."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from cockpit.checklist.model import Host, LogSource
from cockpit.connect.values import ValueMissing, Values


class Followed(msgspec.Struct, frozen=True):
    """A source, its variables filled in."""

    id: str
    kind: Literal["docker", "compose", "swarm", "file", "journald"]
    spec: dict[str, Any]
    via: str = ""
    tail: int = 100
    zone: str = ""
    since: float = 0.0
    """Seconds since 1970 from which on lines are wanted, by those who keep their times; 0: the last `tail`."""


class Job(msgspec.Struct, frozen=True):
    """All that is to be followed."""

    sources: tuple[Followed, ...]
    notices: tuple[tuple[str, str], ...] = ()
    """What is to be said of sources that cannot be followed: the id and why."""
    hosts: tuple[Host, ...] = ()
    """Their variables filled in."""
    secrets: tuple[tuple[str, str], ...] = ()
    """What is hidden in all lines: names and values."""
    passphrases: dict[str, str] = {}
    """Of SSH keys, by their files."""
    group: int | None = None
    """The group that may read the spool."""


def job(sources: tuple[LogSource, ...], hosts: tuple[Host, ...], values: Values, group: int | None = None) -> Job:
    """What following the sources that count in a run takes. It may read files and run commands, and so block."""
    followed, notices = [], []
    for source in sources:
        if source.excluded:
            continue
        if source.unwired:
            notices.append((source.id, f"not followed: {_names(source.unwired)} not set, which would wire it"))
            continue
        try:
            spec = values.fill(source.spec)
        except ValueMissing as error:
            notices.append((source.id, f"not followed: {error}"))
            continue
        followed.append(Followed(source.id, source.kind, spec, source.via, source.tail, source.zone))
    reached = []
    for host in hosts:
        try:
            filled = values.fill({"ssh": host.ssh, "config": host.config})
        except ValueMissing:
            continue  # whoever is to be followed over it is told so
        reached.append(msgspec.structs.replace(host, ssh=str(filled["ssh"]), config=str(filled["config"])))
    return Job(tuple(followed), tuple(notices), tuple(reached), values.redactor.secrets, values.passphrases, group)


def encode(told: Job) -> bytes:
    """The job as it travels."""
    return msgspec.json.encode(told)


def decode(data: bytes) -> Job:
    """The job that `encode` wrote. Raises msgspec.ValidationError."""
    return msgspec.json.decode(data, type=Job)


def _names(names: tuple[str, ...]) -> str:
    return (
        ("variable " if len(names) == 1 else "variables ") + ", ".join(names) + (" is" if len(names) == 1 else " are")
    )
