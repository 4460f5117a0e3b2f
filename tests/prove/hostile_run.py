"""A run in which whatever is carried out, here and on hosts, prints what is hostile, and so do the logs it follows."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.cli.document import load_named
from cockpit.engine.client import start_engine
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from tests.prove.finding import Cannot
from tests.prove.hostile_text import payload_lines
from tests.prove.surroundings import a_home, environment
from tests.servers.docker import Containers, build, need_own, started
from tests.servers.ssh import keys, sshd
from tests.support.engines import ask, stands, until

LOCAL, CONTAINER = "here", "container"
"""Ids of the quick commands, and of the logs, that print it on this machine and from a container."""

STEPS = {"print": Phase.DONE, "print-there": Phase.DONE, "fail": Phase.FAILED}
"""What each step comes to."""

IMAGE = "cockpit-prove-hostile"


@dataclass(frozen=True)
class Hostile:
    """A run that has come to the last of its steps, which failed."""

    run: RunFolder
    commands: tuple[str, ...]
    """Ids of its quick commands."""


@contextlib.contextmanager
def hostile_run(work: Path, *, docker: bool) -> Iterator[tuple[Hostile, list[Cannot]]]:
    """Open it and carry it on; what of it cannot be had here. With `docker` a container prints too."""
    said = work / "printed"
    said.write_bytes(b"".join(reversed([*payload_lines()])))  # on a screen, and in a log, the end is what is seen
    missing: list[Cannot] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(a_home())
        hosts: dict[str, dict[str, str]] = {}
        with _or_missing(missing, "foreign text over SSH"):
            server = stack.enter_context(sshd(stack.enter_context(keys())))
            for host in (server.host("paramiko"), server.host("openssh", client="openssh")):
                hosts[host.name] = {"ssh": host.ssh, "config": host.config, "client": host.client}
        container = ""
        if docker:
            with _or_missing(missing, "foreign text from a container"):
                container = stack.enter_context(_container(said))
        file = work / "run.json"
        file.write_text(json.dumps(_checklist(said, hosts, container)))
        document = load_named(str(file), {}).document
        run = open_run(document, release="1.5.0", environment="production", run_kind="live")
        start_engine(run)
        for step, phase in STEPS.items():
            if document.plan is not None and any(each.id == step for each in document.plan.steps):
                ask(run, cmd.Go(step))
                until(run, stands(step, phase))
        yield Hostile(run, tuple(each.id for each in document.commands)), missing


@contextlib.contextmanager
def _or_missing(missing: list[Cannot], what: str) -> Iterator[None]:
    try:
        yield
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        missing.append(Cannot(what, str(reason)))


@contextlib.contextmanager
def _container(said: Path) -> Iterator[str]:
    """The name of a container on a daemon of our own, which all programs use meanwhile."""
    need_own()
    with started() as daemon, environment({"DOCKER_HOST": daemon.host}):
        build(daemon.host, IMAGE)
        containers = Containers(daemon.host, IMAGE)
        yield containers.run("cat /said; cat /said >&2; exec sleep 600", "--volume", f"{said}:/said:ro")


def _checklist(said: Path, hosts: Mapping[str, Mapping[str, str]], container: str) -> object:
    cat = f"cat {shlex.quote(str(said))}"
    log = {"file": str(said), "tail": 10_000}
    logs = [{"id": LOCAL, **log}, *({"id": host, **log, "via": host} for host in hosts)]
    shows = [{"id": LOCAL, "run": {"command": cat}}]
    shows += [{"id": host, "run": {"command": cat}, "host": host, "changes": not n} for n, host in enumerate(hosts)]
    if container:
        logs.append({"id": CONTAINER, "docker": container, "tail": 10_000})
        shows.append({"id": CONTAINER, "run": {"docker_logs": {"container": container}}})
    steps: list[dict[str, object]] = [{"id": "print", "run": {"command": cat}}]
    if hosts:
        steps.append({"id": "print-there", "run": {"command": cat, "hosts": [*hosts], "batch": len(hosts)}})
    steps.append({"id": "fail", "run": {"command": f"{cat}; exit 3"}})
    item = {"id": "owner", "title": "Who", "confirm": {"ask": "Who?"}}
    group = {"id": "all", "title": "All", "items": [item]}
    return {
        "cockpit": 1,
        "name": "Everything prints",
        "hosts": hosts,
        "logs": logs,
        "commands": [{"title": "Show", **each} for each in shows],
        "parts": [
            {"id": "part", "title": "Part", "sections": [{"id": "section", "title": "Section", "groups": [group]}]}
        ],
        "golive": {"steps": [{"title": "Print", **step} for step in steps]},
    }
