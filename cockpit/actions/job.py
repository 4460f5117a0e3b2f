"""What a runner is told to do. It travels over a pipe: it may hold secrets."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.checklist.model import Host


class Job(msgspec.Struct, frozen=True):
    """One attempt at an action."""

    kind: str
    spec: dict[str, Any]
    """What the kind needs to know, its variables filled in."""
    timeout: float
    """Seconds, for each host."""
    hosts: tuple[str, ...] = ()
    """Where, in turn; none: on this machine."""
    batch: int = 1
    """How many hosts at the same time."""
    known: tuple[Host, ...] = ()
    """The hosts of the checklist, their variables filled in."""
    secrets: tuple[tuple[str, str], ...] = ()
    """What is hidden in all that is printed: names and values."""
    passphrases: dict[str, str] = {}
    """Of SSH keys, by their files."""


def encode(job: Job) -> bytes:
    """The job as it travels."""
    return msgspec.json.encode(job)


def decode(data: bytes) -> Job:
    """The job that `encode` wrote. Raises msgspec.ValidationError."""
    return msgspec.json.decode(data, type=Job)
