"""Brings the sample system up: its images, its containers, and enough of a life that everything can be measured."""

from __future__ import annotations

import contextlib
import secrets
import shlex
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from cockpit.demo.sample import certificates, images, repository
from cockpit.demo.sample.client import COMPOSE, Failed
from cockpit.demo.sample.system import PORTS, SECRETS, WITH_HEALTH, System
from cockpit.demo.sample.wiring import PROBE, STRANGER

Say = Callable[[str], None]

RELEASES = repository.RELEASES
"""What it goes live from, and to."""

UP_WITHIN = 120.0
"""Seconds that each service gets to be healthy; they need about ten."""

# Below the range from which Linux takes the ports of outgoing connections: none takes them meanwhile.
_PORTS = range(20_000, 32_768)


def prepare(
    folder: Path,
    host: str,
    version: str = RELEASES[0],
    *,
    prefix: str = "",
    labels: Mapping[str, str] | None = None,
    program: tuple[str, ...] = COMPOSE[-1],
) -> System:
    """A system in `folder`, which is made, of which nothing runs yet. Raises Failed.

    `host` is where the daemon listens, `prefix` comes before the names of images, `labels` mark all that is made on
    the daemon, `program` carries Compose out.
    """
    folder.mkdir(parents=True, mode=0o711, exist_ok=True)
    system = System(
        folder,
        f"trading-bot-{secrets.token_hex(3)}",
        host,
        _free_ports(),
        {name: secrets.token_hex(24) for name in SECRETS},
        {},
        blue=version,
        green=version,
        prefix=prefix,
        labels=dict(labels or {}),
        program=program,
    )
    system.save()
    return system


def build(system: System, versions: Sequence[str] = RELEASES, say: Say = lambda _: None) -> None:
    """Make the images that are not there yet, and the system's files; `say` hears of each phase. Raises Failed."""
    with _phase(say, "base images, from Debian packages"):
        system.images.update(images.make_all(system.host, f"{system.prefix}trading-bot-", system.labels))
    with _phase(say, f"the trading bot's images, {' and '.join(versions)}"):
        repository.make(system.repository)
        certificates.make(system.folder / "tls")
        system.write_active()
        _build(system, versions)


def bring_up(system: System, say: Say = lambda _: None) -> None:
    """Start everything, and wait until all of it works; `say` hears of each phase.

    Raises Failed, or RuntimeError when something does not come up in time.
    """
    with _phase(say, "containers: database and replica, cache, both colours, proxy, monitoring"):
        _write_labels(system)
        _write_caller(system)
        system.compose("up", "--detach")
        for service in WITH_HEALTH:
            # On a busy machine a health check may fail a few times before its service is there.
            system.until(f"{service} is healthy", lambda service=service: system.is_healthy(service), UP_WITHIN)
        system.until("the bot is ready", lambda: system.ask("/ready")[0] == 200, UP_WITHIN)
    with _phase(say, "accounts, trades, the first scrapes, alerts and backup"):
        _settle(system, RELEASES)
        system.save()


def refuse_a_login(system: System, service: str) -> None:
    """Have a back end that serves nobody yet refuse a login: its log then has what that of one in use has."""
    url = f"http://{service}:8000/api/auth/login"
    asked = f"wget -q -O /dev/null --header 'Content-Type: application/json' --post-data '{{}}' {url}"
    system.execute("proxy", "sh", "-c", f"{asked} || true")


@contextlib.contextmanager
def _phase(say: Say, what: str) -> Iterator[None]:
    say(f"{what} ...")
    began = time.monotonic()
    yield
    say(f"    {time.monotonic() - began:.1f} s")


def _build(system: System, versions: Sequence[str]) -> None:
    """The application's images in each version, from its own Dockerfiles; those that are there stay."""
    bases = {part: f"--build-arg={name.upper()}_IMAGE={system.images[name]}" for part, name in _BASES.items()}
    built = [(part, version) for version in versions for part in ("backend", "frontend")] + [("sandbox", RELEASES[-1])]
    marks = [word for name, value in system.labels.items() for word in ("--label", f"{name}={value}")]

    def build(what: tuple[str, str]) -> None:
        part, version = what
        fault = ["--build-arg=FAULT=health"] if part == "backend" and version.endswith("bad") else []
        system.docker(
            "build", "--quiet", bases[part], f"--build-arg=VERSION={version}", *fault, *marks,
            "--tag", f"{system.prefix}trading-bot-{part}:{version}", "-",
            given=repository.archive(system.repository, version, part),
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(build, built))
    system.images["sandbox"] = f"{system.prefix}trading-bot-sandbox:{RELEASES[-1]}"


_BASES = {"backend": "python", "frontend": "nginx", "sandbox": "python"}


def _write_labels(system: System) -> None:
    """A file for Compose, on top of the system's own, that marks all of it."""
    if not system.labels:
        return
    described = yaml.safe_load((system.repository / "deploy" / "compose.yml").read_text())
    kinds = ("services", "networks", "volumes")
    marked = {kind: {name: {"labels": system.labels} for name in described[kind]} for kind in kinds}
    (system.folder / "labels.yml").write_text(yaml.safe_dump(marked))


def _write_caller(system: System) -> None:
    """Write `compose`: it carries Compose out for this system, from wherever."""
    words = [f"{name}={value}" for name, value in system.compose_environment.items()] + [*system.compose_command]
    caller = system.folder / "compose"
    caller.write_text(
        f'#!/bin/sh\n# compose COMMAND [ARGUMENT...]: for this system\nexec env {shlex.join(words)} "$@"\n'
    )
    caller.chmod(0o700)


def _settle(system: System, versions: Sequence[str]) -> None:
    """Accounts, a bot and trades; the images in the registry; and every scrape, alert and backup once."""
    system.token = _account(system, PROBE)
    stranger = _account(system, STRANGER)
    system.foreign_bot = system.ask("/api/bots", {"name": "theirs", "symbol": "ETHUSDT"}, stranger)[1]["id"]
    bot = system.ask("/api/bots", {"name": "mine", "symbol": "BTCUSDT"}, system.token)[1]["id"]
    for side in ("buy", "sell"):
        system.ask(f"/api/bots/{bot}/trades", {"side": side, "amount": 0.1}, system.token)
    with ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(_push, system, versions)
        system.until("the worker fills orders", lambda: _filled(system, bot))
        system.until("all targets are up", lambda: _all_up(system))
        system.until("the alert that always fires arrives by mail, chat and pager", lambda: _delivered(system) >= 3)
        system.execute("backup", "sh", "/deploy/backup.sh", "once")
        system.execute("backup", "sh", "/deploy/restore.sh")
        pushed.result()


def _push(system: System, versions: Sequence[str]) -> None:
    for version in versions:
        there = f"127.0.0.1:{system.ports['registry']}/trading-bot-backend:{version}"
        system.docker("tag", f"{system.prefix}trading-bot-backend:{version}", there)
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


def _free_ports() -> dict[str, int]:
    """A port for each part that publishes one. Raises Failed when there are not enough."""
    found: dict[str, int] = {}
    for port in secrets.SystemRandom().sample(_PORTS, min(len(_PORTS), 1000)):
        if len(found) == len(PORTS):
            return found
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            found[PORTS[len(found)]] = port
    raise Failed(f"too few ports of 127.0.0.1 are free between {_PORTS[0]} and {_PORTS[-1]}: {len(PORTS)} are needed")
