"""A Docker daemon as actions ask it: each request goes over the route once, and it is known whether it arrived.

The docker SDK retries, and cannot be cut off; what an action needs of the API is little (docs.docker.com, Engine API).
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from cockpit.checklist.kinds import Spec
from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.route import Route

if TYPE_CHECKING:
    from cockpit.connect.exchange import Answer, Place

SYSTEM_SOCKET = "unix:///var/run/docker.sock"


class DaemonTls(Spec):
    """Files (PEM) that secure a connection over `tcp://`."""

    ca: str = pydantic.Field("", description="Certificates to trust; nothing: those that the system trusts.")
    cert: str = pydantic.Field("", description="Our certificate, which the daemon asks for.")
    key: str = pydantic.Field("", description="Its key.")
    verify: bool = pydantic.Field(True, description="Refuse a daemon whose certificate is not valid for its host.")


DaemonHost = Annotated[
    str,
    pydantic.Field(
        pattern=r"^(unix://|tcp://|/|$)",
        description="Where the daemon listens: `unix://` or `tcp://`; nothing: DOCKER_HOST, else the system's socket;"
        " with `host` or `hosts` beside it, the socket of that host.",
    ),
]
"""The key `daemon` of a spec."""

MaybeTls = Annotated[
    DaemonTls | None,
    pydantic.Field(description="How `tcp://` is secured; nothing: as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say."),
]
"""The key `tls` of a spec."""


class Refused(Exception):
    """The daemon answered that it will not: with which status, and in which words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Daemon:
    """One daemon, for one action. All methods raise Unreachable while nothing was changed yet, CutOff after."""

    def __init__(self, host: str, tls: DaemonTls | None, route: Route, timeout: float) -> None:
        """Ask the daemon at `host` over `route`, for `timeout` seconds all in all. Raises Unreachable."""
        self._place = _place(host, tls, {} if route.name else os.environ)
        self._route = route
        self._ends = asyncio.get_running_loop().time() + timeout
        self._version = ""
        self.changed = False
        """Something that changes was sent."""

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._ends - asyncio.get_running_loop().time())

    async def get(self, path: str) -> Any:
        """What the daemon says. Raises Refused."""
        return _data(await self._ask("GET", path))

    async def change(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        sink: Callable[[bytes], None] | None = None,
    ) -> Any:
        """What the daemon says to something that changes; `sink` is given it as it comes. Raises Refused."""
        await self._agree()
        self.changed = True
        return _data(await self._ask(method, path, content, headers, sink))

    async def _ask(
        self,
        method: str,
        path: str,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
        sink: Callable[[bytes], None] | None = None,
    ) -> Answer:
        await self._agree()
        answer = await self._exchange(method, f"/v{self._version}{path}", content, headers, sink)
        if answer.status >= 400:
            raise Refused(answer.status, _said(answer))
        return answer

    async def _agree(self) -> None:
        """Find out how it is to be spoken to."""
        if not self._version:
            answer = await self._exchange("GET", "/version")
            version = _data(answer).get("ApiVersion") if isinstance(_data(answer), dict) else None
            if not version:
                raise Unreachable(f"what listens at {self._place.words}{self._route.words} is no Docker daemon")
            self._version = str(version)

    async def _exchange(
        self,
        method: str,
        target: str,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
        sink: Callable[[bytes], None] | None = None,
    ) -> Answer:
        from cockpit.connect.exchange import Request, exchange  # noqa: PLC0415 - heavy

        body = b"" if content is None else json.dumps(content).encode()
        own = {"Content-Type": "application/json"} if body else {}
        request = Request(method, target, tuple({**own, **(headers or {})}.items()), body)
        try:
            return await exchange(request, self._place, self._route, self.left, sink)
        except Unreachable as error:
            said = f"Docker's daemon: {error}"
            # A question that was cut off has changed nothing; what was changed before it, has.
            raise (CutOff(said) if self.changed and _is_lost(error, method) else Unreachable(said)) from None


def query(path: str, **parameters: Any) -> str:
    """`path` with parameters: booleans, lists and maps as the API wants them."""
    words = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in parameters.items()
        if value is not None
    }
    return f"{path}?{urllib.parse.urlencode(words)}" if words else path


def quoted(name: str) -> str:
    """A name as part of a path."""
    return urllib.parse.quote(name, safe="")


def at(host: str) -> str:
    """Which daemon is asked, to follow what is asked of it."""
    return f" (at {host})" if host else ""


def registry_login(image: str, here: bool) -> dict[str, str]:
    """The header by which a registry lets us in, from this machine's `docker login`; none when there is none.

    Blocks: a credential helper may be asked.
    """
    if not here or not (Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json").exists():
        return {}
    import docker.auth  # noqa: PLC0415 - heavy
    import docker.errors  # noqa: PLC0415 - heavy

    try:
        registry, _ = docker.auth.resolve_repository_name(image.partition("@")[0])
        login = docker.auth.load_config().resolve_authconfig(registry)
    except docker.errors.DockerException as error:
        raise Unreachable(f"the login for the registry of {image} cannot be read: {error}") from None
    if not login:
        return {}
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(login).encode()).decode()}


def _is_lost(error: Unreachable, method: str) -> bool:
    return isinstance(error, CutOff) or method == "GET"


def _data(answer: Answer) -> Any:
    try:
        return json.loads(answer.body) if answer.body else None
    except ValueError:
        return None


def _said(answer: Answer) -> str:
    data = _data(answer)
    said = data.get("message") if isinstance(data, dict) else None
    return str(said or f"status {answer.status} {answer.reason}")


def _place(host: str, tls: DaemonTls | None, environment: Mapping[str, str]) -> Place:
    """Where to go. What is not said comes from `environment`, as for Docker's own client."""
    from cockpit.connect.exchange import Place  # noqa: PLC0415 - heavy

    host = host or environment.get("DOCKER_HOST") or SYSTEM_SOCKET
    if host.startswith("/"):
        host = f"unix://{host}"
    if host.startswith("unix://"):
        return Place("docker", path=host.removeprefix("unix://"))
    try:
        parts = urllib.parse.urlsplit(host)
        name, port = parts.hostname, parts.port
    except ValueError:
        name, port = None, None
    if not host.startswith("tcp://") or not name:
        raise Unreachable(f"the Docker daemon at {host} cannot be asked: only `unix://` and `tcp://HOST:PORT` can")
    verify = environment.get("DOCKER_TLS_VERIFY", "")
    if tls is None and (verify or environment.get("DOCKER_CERT_PATH")):
        folder = Path(environment.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
        files = {each: str(folder / f"{each}.pem") for each in ("ca", "cert", "key")}
        tls = DaemonTls(**files, verify=bool(verify))
    if tls is None:
        return Place(name, port or 2375)
    from cockpit.connect.tls import Trust  # noqa: PLC0415 - heavy

    return Place(name, port or 2376, trust=Trust(ca=tls.ca, verify=tls.verify, cert=tls.cert, key=tls.key))
