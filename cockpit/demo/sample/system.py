"""The sample system that is up: where everything in it is, and how it is operated."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cockpit.demo.sample import client, wiring
from cockpit.demo.sample.client import Failed

PORTS = ("https", "http", "cdn", "database", "replica", "redis", "prometheus", "alertmanager", "observability",
         "exchange", "sink", "registry")  # fmt: skip
SECRETS = ("secret_key", "jwt_secret_key", "postgres_password", "app_password", "owner_password",
           "replicator_password", "monitor_password", "backup_password", "redis_password", "grafana_token",
           "github_token", "probe_password")  # fmt: skip
ANSWERS_WITHIN = 30.0
"""Seconds that the system gets for an answer, on a machine that is busy bringing it up."""

WITH_HEALTH = ("db", "replica", "redis", "backend-blue", "backend-green", "frontend", "feed", "proxy")


@dataclass
class System:
    """A system that was brought up. Its state is in its folder, so that another process can go on with it."""

    folder: Path
    project: str
    host: str
    """Where its Docker daemon listens."""
    ports: dict[str, int]
    secrets: dict[str, str]
    images: dict[str, str]
    blue: str
    green: str
    active: str = "blue"
    foreign_bot: int = 0
    token: str = ""
    prefix: str = ""
    """What comes before the names of its images."""
    labels: dict[str, str] = field(default_factory=dict)
    """What all that is made of it on the daemon is marked with."""
    program: tuple[str, ...] = client.COMPOSE[-1]
    """What carries Compose out."""

    @property
    def version(self) -> str:
        """The version that users get."""
        return self.blue if self.active == "blue" else self.green

    @property
    def base_url(self) -> str:
        """Where users reach it."""
        return f"https://127.0.0.1:{self.ports['https']}"

    @property
    def repository(self) -> Path:
        """The bot's Git repository."""
        return self.folder / "repository"

    def container(self, service: str) -> str:
        """The name of a service's container; `backend` is the active colour."""
        return f"{self.project}-{f'backend-{self.active}' if service == 'backend' else service}"

    def docker(self, *arguments: str, given: bytes = b"") -> str:
        """What a command of the docker client prints."""
        return client.docker(self.host, *arguments, given=given)

    def execute(self, service: str, *command: str) -> str:
        """What a command in a service's container prints."""
        return self.docker("exec", self.container(service), *command)

    def compose(self, *arguments: str) -> str:
        """Carry a command of Compose out."""
        self.write_environment()
        return client.run([*self.compose_command, *arguments], self.compose_environment, timeout=300)

    @property
    def compose_command(self) -> tuple[str, ...]:
        """The words before those that say what Compose is to do."""
        files = [self.repository / "deploy" / "compose.yml", *([self.folder / "labels.yml"] if self.labels else [])]
        named = [word for file in files for word in ("--file", str(file))]
        return (*self.program, "--project-name", self.project, "--env-file", str(self.folder / ".env"), *named)

    @property
    def compose_environment(self) -> dict[str, str]:
        """What Compose has in its environment."""
        return {"DOCKER_HOST": self.host, "COMPOSE_PARALLEL_LIMIT": "16"}

    def url(self, service: str, path: str = "") -> str:
        """A plain address on this machine."""
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    def get(self, service: str, path: str) -> Any:
        """What a service answers there, as JSON."""
        with urllib.request.urlopen(self.url(service, path), timeout=10) as answer:  # noqa: S310 - an address of ours
            return json.load(answer)

    def dsn(self, where: str = "database", role: str = "trading_bot", secret: str = "app_password") -> str:  # noqa: S107 - its name
        """How to reach the database, or with `replica` the replica."""
        return f"postgresql://{role}:{self.secrets[secret]}@127.0.0.1:{self.ports[where]}/trading_bot?sslmode=require"

    def ask(self, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        """Ask the system as a user does, over TLS: the status, and the body as JSON where it is."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        given = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base_url + path, given, headers)  # noqa: S310 - as above
        trust = ssl.create_default_context(cafile=self.folder / "tls" / "ca.pem")
        try:
            with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN, context=trust) as answer:  # noqa: S310 - as above
                return answer.status, _json(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, _json(refused.read())

    def deploy(self, version: str) -> None:
        """Bring `version` up in the idle colour, and send traffic there. RuntimeError when it is not healthy."""
        idle = "green" if self.active == "blue" else "blue"
        setattr(self, idle, version)
        self.compose("up", "--detach", f"backend-{idle}")
        self.until_healthy(f"backend-{idle}")
        self.switch(idle)
        self.compose("up", "--detach", "--no-deps", "worker", "feed", "frontend")
        self.until_healthy("frontend")
        self.save()

    def mend(self) -> None:
        """Make everything as it should be again: the version of the active colour everywhere, and all of it up."""
        self.blue = self.green = self.version
        self.write_active()
        self.compose("up", "--detach")
        for service in WITH_HEALTH:
            self.until_healthy(service)
        self.switch(self.active)

    def switch(self, colour: str) -> None:
        """Send traffic to a colour. Connections that are open are served to their end."""
        self.active = colour
        self.write_active()
        self.execute("proxy", "nginx", "-c", "/tmp/nginx.conf", "-s", "reload")  # noqa: S108 - in the container
        ends = time.monotonic() + 10
        while self.ask("/version")[1].get("colour") != colour:
            if time.monotonic() > ends:
                raise RuntimeError(f"traffic does not go to {colour}")
            time.sleep(0.05)
        self.save()

    def until_healthy(self, service: str, within: float = 60) -> None:
        """Wait until a service's health check passes. RuntimeError when it fails, or does not pass in time."""
        ends = time.monotonic() + within
        while (state := self._health(service)) != "healthy":
            if state == "unhealthy" or time.monotonic() > ends:
                raise RuntimeError(f"{service} is {state}")
            time.sleep(0.1)

    def is_healthy(self, service: str) -> bool:
        """Whether a service's health check passes now."""
        return self._health(service) == "healthy"

    def until(self, what: str, holds: Any, within: float = 60) -> None:
        """Wait until `holds()`. RuntimeError when it does not in time."""
        ends = time.monotonic() + within
        while not _holds(holds):
            if time.monotonic() > ends:
                raise RuntimeError(f"not within {within:.0f} s: {what}")
            time.sleep(0.2)

    def variables(self) -> dict[str, str]:
        """What `checklists/production` is told of it, without what is secret."""
        return wiring.variables(self)

    def environment(self) -> dict[str, str]:
        """What a command that measures the system has in its environment: secrets, whom to trust, the daemon."""
        return wiring.environment(self)

    def save(self) -> None:
        """Keep where it stands in its folder, with the files that users of it read."""
        _write(self.folder / "system.json", json.dumps({**asdict(self), "folder": str(self.folder)}, indent=2))
        _write(self.folder / "variables", "".join(f"{name}={value}\n" for name, value in self.variables().items()))
        exported = (f"export {name}='{value}'\n" for name, value in self.environment().items())
        _write(self.folder / "environment", "".join(exported))

    def write_active(self) -> None:
        """Write down for the proxy which colour is active."""
        text = f'map "" $backend {{ default http://backend-{self.active}:8000; }}\n'
        (self.folder / "active").mkdir(exist_ok=True)
        (self.folder / "active" / "active.conf").write_text(text)

    def write_environment(self) -> None:
        """Write down for Compose what differs between installations."""
        values = {
            "PROJECT": self.project,
            "BASE_URL": self.base_url,
            "TLS": str(self.folder / "tls"),
            "ACTIVE": str(self.folder / "active"),
            "PREFIX": self.prefix,
            "DOCKER_SOCKET": self.host.removeprefix("unix://"),
            "VERSION": self.version,
            "BLUE_VERSION": self.blue,
            "GREEN_VERSION": self.green,
            "MIGRATE_VERSION": max(self.blue, self.green),
            **{f"{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
            **{name.upper(): value for name, value in self.secrets.items()},
            **{f"{name.upper()}_IMAGE": tag for name, tag in self.images.items()},
        }
        _write(self.folder / ".env", "".join(f"{name}={value}\n" for name, value in values.items()))

    def _health(self, service: str) -> str:
        return self.docker("inspect", "--format", "{{.State.Health.Status}}", self.container(service))


def attach(folder: Path) -> System:
    """The system that was brought up in `folder`."""
    kept = json.loads((folder / "system.json").read_text())
    return System(**{**kept, "folder": folder, "program": tuple(kept["program"])})


def _holds(condition: Any) -> bool:
    try:
        return bool(condition())
    except (OSError, Failed, ValueError, LookupError, TypeError):
        return False


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
