"""What the kinds that ask a Docker daemon have in common: where it listens, and asking it over the check's route."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import pydantic

from cockpit.checklist.kinds import Spec
from cockpit.checks.kind import Session
from cockpit.connect.thread import imported, in_thread

if TYPE_CHECKING:
    from cockpit.connect.docker import Daemon

T = TypeVar("T")

IMPORTS = ("cockpit.connect.docker",)
"""What `ask` works with."""

SERVER = ("host",)
"""The keys of a spec that tell one daemon from another."""

AT_ONCE = 8
"""Checks that may ask one daemon at the same time."""


class DaemonTls(Spec):
    """Files (PEM) that secure a connection over `tcp://`."""

    ca: str = pydantic.Field("", description="Certificates to trust; nothing: those that the system trusts.")
    cert: str = pydantic.Field("", description="Our certificate, which the daemon asks for.")
    key: str = pydantic.Field("", description="Its key.")
    verify: bool = pydantic.Field(True, description="Refuse a daemon whose certificate is not valid for its host.")

    @pydantic.model_validator(mode="after")
    def _whole(self) -> DaemonTls:
        if bool(self.cert) != bool(self.key):
            raise ValueError("`cert` and `key` go together")
        return self


def _address(host: str) -> str:
    if host and not host.startswith(("unix://", "tcp://", "/")):
        raise ValueError("must begin with unix:// or tcp://, or be the path of a socket")
    if host.startswith("tcp://"):
        parts = urllib.parse.urlsplit(host)
        if not parts.hostname or parts.port == 0 or parts.path:
            raise ValueError("must name a host, and may name a port: tcp://10.0.0.5:2376")
    return host


DaemonHost = Annotated[
    str,
    pydantic.AfterValidator(_address),
    pydantic.Field(
        description="Where the daemon listens: `unix://` or `tcp://`; nothing: DOCKER_HOST, else the system's socket;"
        " with `via`, the socket of that host."
    ),
]
"""The key `host` of a spec."""

MaybeTls = Annotated[
    DaemonTls | None,
    pydantic.Field(description="How `tcp://` is secured; nothing: as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say."),
]
"""The key `tls` of a spec."""


class AsksDaemon(Protocol):
    """A spec that says which daemon to ask."""

    @property
    def host(self) -> str:
        """Where it listens."""

    @property
    def tls(self) -> DaemonTls | None:
        """How the connection is secured."""


@dataclass(frozen=True)
class Usual:
    """The daemon that is asked when nothing is said of it."""

    host: str = ""
    tls: DaemonTls | None = None


def at(spec: AsksDaemon) -> str:
    """Which daemon is asked, to follow what is asked of it."""
    return f" (at {spec.host})" if spec.host else ""


async def ask(spec: AsksDaemon, session: Session, timeout: float, work: Callable[[Daemon], T]) -> T:
    """What `work` finds out from the daemon, in a thread. Raises Unreachable."""
    for module in IMPORTS:
        await imported(module)
    from cockpit.connect.docker import Daemon  # noqa: PLC0415 - heavy
    from cockpit.connect.docker_door import Doors, Tls, place  # noqa: PLC0415 - heavy

    here = not session.route.name
    tls = Tls(spec.tls.ca, spec.tls.cert, spec.tls.key, spec.tls.verify) if spec.tls is not None else None
    doors = Doors(place(spec.host, tls, os.environ if here else {}), session.route, timeout)

    def worked() -> T:
        with Daemon(doors) as daemon:
            return work(daemon)

    return await in_thread(f"the Docker daemon {doors.words}", worked, interrupt=doors.cut)
