"""Sabotage of the sample system as `sabotages.yaml` describes it, and its mending. Containers are changed in place.

A sabotage is a list of acts. Each act is a mapping with one key, the name of a function in `ACTS`, and what that
function is told; it does its harm, and gives back what undoes it. `{name}` stands for a service's container.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml

from cockpit.demo.sample import certificates
from cockpit.demo.sample.client import Failed
from tests.servers.certificates import DAY, new_authority
from tests.stack.system import WITH_HEALTH, System

HERE = Path(__file__).resolve().parent
TABLE = HERE / "sabotages.yaml"
Undo = Callable[[], None]


@dataclass(frozen=True)
class Sabotage:
    """How one thing, or several that go together, is broken."""

    id: str
    about: str
    round: int
    """Sabotages of a round are done at the same time: none of them may disturb what another one's items measure."""
    acts: Sequence[Mapping[str, Any]]
    items: Mapping[str, str]
    """Each item that must notice, and the words of its message that name the cause, as a regular expression."""
    warns: frozenset[str]
    """Those of them that give WARN, not FAIL."""
    environment: Mapping[str, str]
    """What the check finds in its environment instead; `{NAME}` stands for what `System.environment` has there."""
    prepare: Sequence[Mapping[str, Any]]
    """What is done when the proof begins, as it takes a while to be there, and harms nothing yet."""


@dataclass(frozen=True)
class Table:
    """All of `sabotages.yaml`."""

    sabotages: list[Sabotage]
    alone: Mapping[str, Sequence[str | Sequence[str]]]
    """The items that are measured by themselves, and the commands of docker that undo what each leaves."""
    without: Mapping[str, str]
    """The items that have none, with the reason."""
    variables: Mapping[str, str]
    """Variables of the checklist that are other ones in a proof."""


@functools.cache
def read_table() -> Table:
    """The table as it is written."""
    table = yaml.safe_load(TABLE.read_text())
    sabotages = [
        Sabotage(
            name, each["about"], each["round"], each.get("acts", []), each["items"], frozenset(each.get("warns", [])),
            each.get("environment", {}), each.get("prepare", []),
        )
        for name, each in table["sabotages"].items()
    ]  # fmt: skip
    return Table(sabotages, table["alone"], table["without"], table["variables"])


def tidy(system: System, item: str) -> None:
    """Undo what the measurement of an item that is measured alone leaves."""
    for line in read_table().alone[item]:
        system.docker(*_words(system, line))


def begin(system: System, acts: Sequence[Mapping[str, Any]]) -> ExitStack:
    """Do the harm. Closing what is given back mends it, in reverse; what was half done is mended at once."""
    with ExitStack() as undo:
        for act in acts:
            ((name, told),) = act.items()
            undo.callback(ACTS[name](system, told))
        return undo.pop_all()


# --- The acts ---


def _sql(system: System, told: Mapping[str, Any]) -> Undo:
    """Statements, as the database's owner of all; `mend` undoes them."""
    _execute(system, told["break"])
    return lambda: _execute(system, told["mend"])


def _query(system: System, told: Mapping[str, Any]) -> Undo:
    """A statement that goes on as the application's own role until it is mended; `times` as many, `wait` seconds.

    Its connections count against the role's limit: what is to run often is done with `repeat`, one after another.
    """
    running = [threading.Thread(target=_run_query, args=(system, told)) for _ in range(told.get("times", 1))]
    for each in running:
        each.start()
    if told.get("ends"):
        for each in running:
            each.join()
    time.sleep(told.get("wait", 0))

    def end() -> None:
        _execute(system, told.get("mend", []))
        for each in running:
            each.join(20)

    return end


def _instead(system: System, told: Mapping[str, Any]) -> Undo:
    """Another container under the name of a service's; the good one goes on under another name, and serves."""
    name = system.container(told["service"])
    good = f"{name}-good"
    image = system.docker("inspect", "--format", "{{.Config.Image}}", name)
    if other := told.get("image"):
        image = system.images[other]
    if tag := told.get("tag"):
        image, old = f"{image.partition(':')[0]}:{tag}", image
        system.docker("tag", old, image)
    if told.get("stop"):
        system.docker("stop", "--time", "1", name)
    system.docker("rename", name, good)

    def back() -> None:
        with suppress(Failed):
            system.docker("rm", "--force", "--volumes", name)
        system.docker("rename", good, name)
        if told.get("stop"):
            system.docker("start", name)
            if told["service"] in WITH_HEALTH:
                system.until(f"{name} is healthy", lambda: system.is_healthy(told["service"]))

    try:
        options = [filled(system, str(option)) for option in told.get("options", [])]
        command = [filled(system, str(word)) for word in told.get("command", [])]
        system.docker("run", "--detach", "--name", name, *options, image, *command)
    except BaseException:
        back()
        raise
    return back


def _docker(system: System, told: Mapping[str, Any]) -> Undo:
    """Commands of the docker client; `mend` undoes them."""
    for line in told["break"]:
        system.docker(*_words(system, line))

    def mend() -> None:
        for line in told["mend"]:
            system.docker(*_words(system, line))

    return mend


def _proxy(system: System, told: Mapping[str, Any]) -> Undo:
    """nginx with `locations` of its own before all others, and with the lines of `without` left out."""
    conf = (system.repository / "deploy/nginx/nginx.conf").read_text().replace("BASE_URL", system.base_url)
    with _PROXY:
        _proxied.append(told)
        _configure_proxy(system, conf)

    def back() -> None:
        with _PROXY:
            _proxied.remove(told)
            _configure_proxy(system, conf)

    return back


def _listen(system: System, told: str) -> Undo:
    """A port that answers, though nothing should."""
    opened = socket.create_server(("127.0.0.1", int(filled(system, told))))
    return opened.close


def _run(system: System, told: Mapping[str, Any]) -> Undo:
    """Commands in the repository; `mend` undoes them."""

    def run(lines: Sequence[str]) -> None:
        for line in lines:
            subprocess.run(_words(system, line), cwd=system.repository, check=True, capture_output=True, timeout=30)

    run(told["break"])
    return lambda: run(told["mend"])


def _edit(system: System, told: Mapping[str, Any]) -> Undo:
    """Text of a file of the repository replaced; `reload` names the service that reads it again."""
    path = system.repository / told["file"]
    good = path.read_text()
    bad, count = re.subn(told["replace"], told["with"], good)
    assert count, f"{told['file']} has no {told['replace']}"

    def write(text: str) -> None:
        path.write_text(text)
        if service := told.get("reload"):
            _post(system.url(service, "/-/reload"))

    write(bad)
    return lambda: write(good)


def _certificate(system: System, told: Mapping[str, Any]) -> Undo:
    """A certificate for the proxy that ends in `days`, from an authority that the check trusts."""
    good, bad = system.folder / "tls", system.folder / "tls-bad"
    bad.mkdir(exist_ok=True)
    authority = new_authority(bad, "Another authority", until=365 * DAY)
    pair = authority.sign("pair", *certificates.HOSTS, until=told["days"] * DAY)
    key, mark, certificate = pair.read_text().partition("-----BEGIN CERTIFICATE-----")
    (bad / "server.key").write_text(key)
    (bad / "server.pem").write_text(mark + certificate)
    authority.file.rename(bad / "ca.pem")
    ca = (good / "ca.pem").read_text()
    kept = {name: (good / name).read_text() for name in ("server.pem", "server.key", "ca.pem")}
    (good / "ca.pem").write_text(ca + (bad / "ca.pem").read_text())
    for name in ("server.pem", "server.key"):
        (good / name).write_text((bad / name).read_text())
    _reload_proxy(system)

    def back() -> None:
        for name, text in kept.items():
            (good / name).write_text(text)
        _reload_proxy(system)

    return back


def _alertmanager(system: System, told: Mapping[str, Any]) -> Undo:
    """An alert, or a silence, from now on."""
    now = dt.datetime.now(dt.UTC)
    if labels := told.get("alert"):
        alert = {"labels": labels, "startsAt": now.isoformat()}
        _post(system.url("alertmanager", "/api/v2/alerts"), [alert])
        ended = (now + dt.timedelta(seconds=1)).isoformat()
        return lambda: _post(system.url("alertmanager", "/api/v2/alerts"), [alert | {"endsAt": ended}])
    silence = {
        "matchers": [{"name": "alertname", "value": ".+", "isRegex": True}], "createdBy": "sabotage",
        "comment": told["silence"], "startsAt": now.isoformat(), "endsAt": (now + dt.timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    made = _post(system.url("alertmanager", "/api/v2/silences"), silence)["silenceID"]
    gone = urllib.request.Request(system.url("alertmanager", f"/api/v2/silence/{made}"), method="DELETE")
    return lambda: urllib.request.urlopen(gone, timeout=10).close()


ACTS: dict[str, Callable[[System, Any], Undo]] = {
    "sql": _sql,
    "query": _query,
    "instead": _instead,
    "docker": _docker,
    "proxy": _proxy,
    "edit": _edit,
    "listen": _listen,
    "run": _run,
    "certificate": _certificate,
    "alertmanager": _alertmanager,
}

# --- Details ---

_PROXY = threading.Lock()
_proxied: list[Mapping[str, Any]] = []
"""What the proxy is told now: several sabotages change it at the same time."""


def _configure_proxy(system: System, conf: str) -> None:
    lines = conf.splitlines()
    for told in _proxied:
        lines = [line for line in lines if not any(re.search(each, line) for each in told.get("without", []))]
        for text, other in told.get("replace", {}).items():
            lines = [line.replace(text, other) for line in lines]
    locations = "".join(f"location {each}\n" for told in _proxied for each in told.get("locations", []))
    text = "\n".join(lines).replace("listen 8443 ssl;", f"listen 8443 ssl;\n{filled(system, locations)}")
    command = "cat > /tmp/next.conf && nginx -q -t -c /tmp/next.conf && cat /tmp/next.conf > /tmp/nginx.conf"
    system.docker("exec", "--interactive", system.container("proxy"), "sh", "-c", command, given=text.encode())
    _reload_proxy(system)


def _reload_proxy(system: System) -> None:
    system.execute("proxy", "nginx", "-c", "/tmp/nginx.conf", "-s", "reload")


def _execute(system: System, statements: Sequence[str]) -> None:
    with psycopg.connect(system.environment()["ADMIN_URL"], autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")
        for each in statements:
            connection.execute(each.encode())


def _run_query(system: System, told: Mapping[str, Any]) -> None:
    # What mends it ends the connection.
    with (
        suppress(psycopg.Error),
        psycopg.connect(system.environment()[told.get("as", "DATABASE_URL")], autocommit=True) as connection,
    ):
        for _ in range(told.get("repeat", 1)):
            connection.execute(told["statement"])


def _words(system: System, line: str | Sequence[str]) -> list[str]:
    return [filled(system, word) for word in (line.split() if isinstance(line, str) else line)]


def filled(system: System, text: str) -> str:
    """`text` with the names of containers, images, ports and places in it."""
    values = (
        {
            "project": system.project,
            "repository": str(system.repository),
            "base_url": system.base_url,
            "version": system.version,
            "sick": str(system.folder / "sick"),
            "closed_port": _closed_port(),
        }
        | {f"{name}_port": str(port) for name, port in system.ports.items()}
        | {f"{name}_image": image for name, image in system.images.items()}
    )
    return re.sub(r"\{([a-z0-9_-]+)\}", lambda found: values.get(found[1]) or system.container(found[1]), text)


@functools.cache
def _closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


def place_files(system: System) -> None:
    """Put what the sick containers run where every daemon and user can read it."""
    folder = system.folder / "sick"
    folder.mkdir(exist_ok=True)
    for name in ("sick.py", "sick.yml"):
        (folder / name).write_text((HERE / name).read_text())
        (folder / name).chmod(0o644)
    folder.chmod(0o755)


def _post(url: str, body: object = None) -> Any:
    given = json.dumps(body).encode() if body is not None else b""
    request = urllib.request.Request(url, given, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20, context=ssl.create_default_context()) as answer:
        text = answer.read()
    return json.loads(text) if text.strip() else None
