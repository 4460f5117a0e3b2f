"""The sample system: up, down, and from one version to another."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.servers.need import missing
from tests.stack import certificates, daemon, images, repository

CHECKLIST = Path(__file__).resolve().parents[2] / "checklists" / "production"
VERSIONS = ("1.0.0", "1.1.0", "1.2.0-bad")
"""The last one starts, and its health says 503."""

PORTS = ("https", "http", "cdn", "database", "replica", "redis", "prometheus", "alertmanager", "observability",
         "exchange", "sink", "registry")  # fmt: skip
SECRETS = ("secret_key", "jwt_secret_key", "postgres_password", "app_password", "owner_password",
           "replicator_password", "monitor_password", "backup_password", "redis_password", "grafana_token",
           "github_token", "probe_password")  # fmt: skip
_WITH_HEALTH = ("db", "replica", "redis", "backend-blue", "backend-green", "frontend", "feed", "proxy")
PROBE, STRANGER = "probe@trading-bot.test", "stranger@trading-bot.test"


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
        return images.docker(self.host, *arguments, given=given)

    def execute(self, service: str, *command: str) -> str:
        """What a command in a service's container prints."""
        return self.docker("exec", self.container(service), *command)

    def compose(self, *arguments: str) -> str:
        """Carry a command of Compose out."""
        self._write_environment()
        command = ["docker-compose", "--project-name", self.project, "--env-file", self.folder / ".env",
                   "--file", self.repository / "deploy" / "compose.yml", *arguments]  # fmt: skip
        environ = {**os.environ, "DOCKER_HOST": self.host, "COMPOSE_PARALLEL_LIMIT": "16"}
        done = subprocess.run(command, capture_output=True, timeout=180, check=False, env=environ, text=True)
        assert done.returncode == 0, f"docker-compose {' '.join(map(str, arguments))}: {done.stderr[-3000:]}"
        return done.stdout

    def url(self, service: str, path: str = "") -> str:
        """A plain address on this machine."""
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    def get(self, service: str, path: str) -> Any:
        """What a service answers there, as JSON."""
        with urllib.request.urlopen(self.url(service, path), timeout=10) as answer:
            return json.load(answer)

    def dsn(self, where: str = "database", role: str = "trading_bot", secret: str = "app_password") -> str:
        """How to reach the database, or with `replica` the replica."""
        return f"postgresql://{role}:{self.secrets[secret]}@127.0.0.1:{self.ports[where]}/trading_bot?sslmode=require"

    def ask(self, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        """Ask the system as a user does, over TLS: the status, and the body as JSON where it is."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        given = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base_url + path, given, headers)
        trust = ssl.create_default_context(cafile=self.folder / "tls" / "ca.pem")
        try:
            with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
                return answer.status, _json(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, _json(refused.read())

    def deploy(self, version: str) -> None:
        """Bring `version` up in the idle colour and send traffic there when it is healthy; RuntimeError if it is not."""
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
        self._write_active()
        self.compose("up", "--detach")
        for service in _WITH_HEALTH:
            self.until_healthy(service)
        self.switch(self.active)

    def switch(self, colour: str) -> None:
        """Send traffic to a colour. Connections that are open are served to their end."""
        self.active = colour
        self._write_active()
        self.execute("proxy", "nginx", "-c", "/tmp/nginx.conf", "-s", "reload")
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

    def until(self, what: str, holds: Any, within: float = 60) -> None:
        """Wait until `holds()`. RuntimeError when it does not in time."""
        ends = time.monotonic() + within
        while not _holds(holds):
            if time.monotonic() > ends:
                raise RuntimeError(f"not within {within:.0f} s: {what}")
            time.sleep(0.2)

    def declared(self) -> dict[str, str]:
        """Those variables that `checklists/production` declares."""
        declared = yaml.safe_load((CHECKLIST / "00-checklist.yaml").read_text())["variables"]
        return {name: value for name, value in self.variables().items() if name in declared}

    def variables(self) -> dict[str, str]:
        """What a checklist may want to know, without what is secret."""
        deploy = self.repository / "deploy"
        observability = self.url("observability")
        return {
            "platforms": "docker-kubernetes",
            "health_url": f"{self.base_url}/health",
            "log_container": self.container("backend"),
            "process_pattern": "gunicorn",
            "release": self.version,
            "base_url": self.base_url,
            "plain_url": self.url("http", "/"),
            "ready_url": f"{self.base_url}/ready",
            "login_url": f"{self.base_url}/api/auth/login",
            "protected_url": f"{self.base_url}/api/bots",
            "foreign_url": f"{self.base_url}/api/bots/{self.foreign_bot}",
            "openapi_url": f"{self.base_url}/api/openapi.json",
            "asset_url": f"{self.base_url}/static/main.js",
            "cdn_url": f"https://127.0.0.1:{self.ports['cdn']}/static/main.js",
            "privacy_url": f"{self.base_url}/privacy.html",
            "exchange_url": self.url("exchange", "/api/v3/time"),
            "backend_container": self.container("backend"),
            "frontend_container": self.container("frontend"),
            "worker_container": self.container("worker"),
            "redis_container": self.container("redis"),
            "database_container": self.container("db"),
            "users_table": "users",
            "trades_table": "trades",
            "audit_table": "audit_log",
            "github_commit_url": f"{observability}/repos/acme/trading-bot/commits/release",
            "manifest_url": self.url("registry", f"/v2/trading-bot-backend/manifests/{self.version}"),
            "prometheus_url": self.url("prometheus"),
            "alertmanager_url": self.url("alertmanager"),
            "grafana_url": f"{observability}/grafana",
            "loki_url": f"{observability}/loki",
            "loki_selector": f'{{container="{self.container("backend")}"}}',
            "app_job": "trading-bot",
            "node_job": "node",
            "cadvisor_job": "cadvisor",
            "postgres_job": "postgres",
            "redis_job": "redis",
            "blackbox_job": "blackbox",
            "alertmanager_job": "alertmanager",
            "chat_integration": "slack",
            "pager_integration": "pagerduty",
            "business_metrics": "trades_total|registered_users",
            "backup_metric": "backup_last_success_timestamp_seconds",
            # What the shipped checklist does not ask for yet, and a checklist of one's own may.
            "repository": str(self.repository),
            "compose_file": str(deploy / "compose.yml"),
            "compose_environment": str(self.folder / ".env"),
            "compose_project": self.project,
            "websocket_url": f"{self.base_url.replace('https', 'wss')}/ws",
            "ca_file": str(self.folder / "tls" / "ca.pem"),
            "sink_url": self.url("sink", "/messages"),
            "proxy_container": self.container("proxy"),
            "replica_container": self.container("replica"),
            "backup_container": self.container("backup"),
        }

    def environment(self) -> dict[str, str]:
        """What a command that measures the system has in its environment: secrets, whom to trust, the daemon."""
        return {
            "API_TOKEN": self.token,
            "DATABASE_URL": self.dsn(),
            "REPLICA_URL": self.dsn("replica", "monitor", "monitor_password"),
            "OWNER_URL": self.dsn("database", "trading_bot_owner", "owner_password"),
            "ADMIN_URL": self.dsn("database", "postgres", "postgres_password"),
            "REDIS_URL": f"redis://:{self.secrets['redis_password']}@127.0.0.1:{self.ports['redis']}/0",
            "GRAFANA_TOKEN": self.secrets["grafana_token"],
            "GITHUB_TOKEN": self.secrets["github_token"],
            "SSL_CERT_FILE": str(self.folder / "tls" / "ca.pem"),
            "DOCKER_HOST": self.host,
        }

    def save(self) -> None:
        """Keep where it stands in its folder, with the files that users of it read."""
        _write(self.folder / "system.json", json.dumps({**asdict(self), "folder": str(self.folder)}, indent=2))
        for name, values in (("variables", self.declared()), ("all-variables", self.variables())):
            _write(self.folder / name, "".join(f"{each}={value}\n" for each, value in values.items()))
        exported = (f"export {name}='{value}'\n" for name, value in self.environment().items())
        _write(self.folder / "environment", "".join(exported))

    def _health(self, service: str) -> str:
        return self.docker("inspect", "--format", "{{.State.Health.Status}}", self.container(service))

    def _write_active(self) -> None:
        text = f'map "" $backend {{ default http://backend-{self.active}:8000; }}\n'
        (self.folder / "active").mkdir(exist_ok=True)
        (self.folder / "active" / "active.conf").write_text(text)

    def _write_environment(self) -> None:
        values = {
            "PROJECT": self.project,
            "BASE_URL": self.base_url,
            "TLS": str(self.folder / "tls"),
            "ACTIVE": str(self.folder / "active"),
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


def up(folder: Path, version: str = "1.0.0") -> System:
    """Bring the system up in `folder`, which must not exist, and wait until all of it works."""
    if shutil.which("docker-compose") is None:
        missing("Compose", "install the package docker-compose")
    folder.mkdir(parents=True, mode=0o711)
    try:
        return _up(folder, version)
    except BaseException:
        down(folder)
        raise


def attach(folder: Path) -> System:
    """The system that was brought up in `folder`."""
    kept = json.loads((folder / "system.json").read_text())
    return System(**{**kept, "folder": folder})


def down(folder: Path) -> None:
    """End the system in `folder` and remove all that is of it; nothing if there is none."""
    with contextlib.suppress(FileNotFoundError, AssertionError):
        system = attach(folder)
        if not (folder / "docker").exists():
            system.compose("down", "--timeout", "1", "--volumes", "--remove-orphans")
    daemon.stop(folder / "docker")
    shutil.rmtree(folder, ignore_errors=True)


def _up(folder: Path, version: str) -> System:
    host = daemon.find_or_start(folder / "docker")
    ports = _free_ports()
    system = System(
        folder,
        f"trading-bot-{secrets.token_hex(3)}",
        host,
        ports,
        {name: secrets.token_hex(24) for name in SECRETS},
        images.make_all(host),
        blue=version,
        green=version,
    )
    system.save()
    daemon.forward(folder / "docker", ports.values())
    repository.make(system.repository)
    certificates.make(folder / "tls")
    system._write_active()
    _build(system)
    system.compose("up", "--detach")
    for service in _WITH_HEALTH:
        system.until_healthy(service)
    system.until("the bot is ready", lambda: system.ask("/ready")[0] == 200)
    _settle(system)
    system.save()
    return system


def _build(system: System) -> None:
    """The application's images in each version, from its own Dockerfiles."""
    bases = {part: f"--build-arg={name.upper()}_IMAGE={system.images[name]}" for part, name in _BASES.items()}
    built = [(part, version) for version in VERSIONS for part in ("backend", "frontend")] + [("sandbox", VERSIONS[1])]

    def build(what: tuple[str, str]) -> None:
        part, version = what
        fault = ["--build-arg=FAULT=health"] if part == "backend" and version.endswith("bad") else []
        system.docker(
            "build", "--quiet", bases[part], f"--build-arg=VERSION={version}", *fault,
            "--tag", f"trading-bot-{part}:{version}", "-", given=repository.archive(system.repository, version, part),
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(build, built))
    system.images["sandbox"] = f"trading-bot-sandbox:{VERSIONS[1]}"


_BASES = {"backend": "python", "frontend": "nginx", "sandbox": "python"}


def _settle(system: System) -> None:
    """Accounts, a bot and trades; the images in the registry; and every scrape, alert and backup once."""
    system.token = _account(system, PROBE)
    stranger = _account(system, STRANGER)
    system.foreign_bot = system.ask("/api/bots", {"name": "theirs", "symbol": "ETHUSDT"}, stranger)[1]["id"]
    bot = system.ask("/api/bots", {"name": "mine", "symbol": "BTCUSDT"}, system.token)[1]["id"]
    for side in ("buy", "sell"):
        system.ask(f"/api/bots/{bot}/trades", {"side": side, "amount": 0.1}, system.token)
    with ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(_push, system)
        system.until("the worker fills orders", lambda: _filled(system, bot))
        system.until("all targets are up", lambda: _all_up(system))
        system.until("the alert that always fires arrives by mail, chat and pager", lambda: _delivered(system) >= 3)
        system.execute("backup", "sh", "/deploy/backup.sh", "once")
        pushed.result()


def _push(system: System) -> None:
    for version in VERSIONS[:2]:
        image = f"trading-bot-backend:{version}"
        there = f"127.0.0.1:{system.ports['registry']}/{image}"
        system.docker("tag", image, there)
        system.docker("push", "--quiet", there)


def _filled(system: System, bot: int) -> bool:
    trades = system.ask(f"/api/bots/{bot}/trades", None, system.token)[1]["trades"]
    return all(trade["state"] == "filled" for trade in trades)


def _account(system: System, email: str) -> str:
    who = {"email": email, "password": system.secrets["probe_password"]}
    system.ask("/api/auth/register", who)
    return str(system.ask("/api/auth/login", who)[1]["token"])


def _all_up(system: System) -> bool:
    targets = system.get("prometheus", "/api/v1/targets?state=active")["data"]["activeTargets"]
    return bool(targets) and all(target["health"] == "up" for target in targets)


def _delivered(system: System) -> int:
    query = "count(alertmanager_notifications_total>0)"
    found = system.get("prometheus", f"/api/v1/query?query={query}")["data"]["result"]
    return int(found[0]["value"][1]) if found else 0


def _holds(condition: Any) -> bool:
    try:
        return bool(condition())
    except (OSError, AssertionError, ValueError, KeyError):
        return False


def _free_ports() -> dict[str, int]:
    """Ports below those that outgoing connections are given, so that none takes them meanwhile."""
    found: dict[str, int] = {}
    while len(found) < len(PORTS):
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            if port not in found.values():
                found[PORTS[len(found)]] = port
    return found


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
