"""Platforms that a test can set up well, spoil and mend: real ones, an emulated one, and answers that are played."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import shlex
import string
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.aws import Aws
from tests.servers.docker import Containers
from tests.servers.kubernetes import Cluster
from tests.servers.prometheus import scraping
from tests.servers.web import serving
from tests.support.programs import Answer, stand_in
from tests.support.samples import ACCEPT

HERE = Path(__file__).parent
GOOD_ANSWERS: dict[str, Any] = yaml.safe_load((HERE.parent / "shipped" / "production_clouds.yaml").read_text())
RECORDED = HERE / "aws_recorded.jsonl"
"""What aws printed of moto's server: `item`, whether it was `spoiled`, and its answer. ACCEPT has it written anew."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Platform:
    """A platform on which all is well, until it is spoiled."""

    variables: dict[str, str]
    """What a user of it sets."""
    spoil: Callable[[str, Row], None]
    mend: Callable[[str, Row], None]
    measured: Callable[[str, bool], None] = lambda _item, _spoiled: None
    """Called after a measurement that came out as it should."""


@functools.cache
def table(name: str) -> dict[str, Any]:
    """What stands in a file beside this one."""
    found: dict[str, Any] = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    return found


def _filled(text: str, names: dict[str, str]) -> str:
    return string.Template(text).safe_substitute(names)


def _variables(name: str, names: dict[str, str]) -> dict[str, str]:
    return {key: _filled(str(value), names) for key, value in table(name)["variables"].items()}


# --- Docker, and Prometheus


@dataclass
class Exporter:
    """Answers Prometheus as cAdvisor does, unless it is silent."""

    silent: threading.Event

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One scrape."""
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if not self.silent.is_set():
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\nConnection: close\r\n\r\n"
                writer.write(head + b"containers 12\n")
                await writer.drain()


@pytest.fixture(scope="module")
def monitoring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Exporter]]:
    """A Prometheus that scrapes the exporter as its job `cadvisor`."""
    exporter = Exporter(threading.Event())
    folder = tmp_path_factory.mktemp("monitoring")
    with serving(exporter.serve) as port, scraping(folder, "cadvisor", port) as server:
        yield server.url, exporter


@pytest.fixture(scope="module")
def on_docker(containers: Containers, monitoring: tuple[str, Exporter]) -> Platform:
    """Containers of a back end and a database, and their monitoring."""
    good = table("docker")["good"]
    names = {service: f"cockpit-{service}-{uuid.uuid4().hex[:8]}" for service in good}
    prometheus, exporter = monitoring

    def run(service: str, options: list[str]) -> None:
        containers.docker("rm", "--force", "--volumes", names[service])
        containers.run("exec sleep 600", *options, name=names[service], network="")

    def spoil(_item: str, row: Row) -> None:
        for service, options in row.get("instead", {}).items():
            run(service, options)
        if row.get("exporter"):
            exporter.silent.set()

    def mend(_item: str, row: Row) -> None:
        for service in row.get("instead", {}):
            run(service, good[service])
        exporter.silent.clear()

    for service, options in good.items():
        containers.run("exec sleep 600", *options, name=names[service], network="")
    return Platform(_variables("docker", {**names, "prometheus": prometheus}), spoil, mend)


@pytest.fixture
def docker(on_docker: Platform, containers: Containers, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Docker, where its client finds it."""
    monkeypatch.setenv("DOCKER_HOST", containers.host)
    return on_docker


# --- Kubernetes


@pytest.fixture(scope="module")
def on_kubernetes(cluster: Cluster) -> Platform:
    """A namespace with the application."""
    namespace = "--namespace=trading-bot"
    cluster.apply(*table("kubernetes")["good"])
    cluster.all_ready("trading-bot", 1)

    def carry_out(lines: list[str]) -> None:
        for line in lines:
            cluster.kubectl(namespace, *shlex.split(line))

    return Platform(
        _variables("kubernetes", {}),
        lambda _item, row: carry_out(row["spoil"]),
        lambda _item, row: carry_out(row["mend"]),
    )


@pytest.fixture
def kubernetes(on_kubernetes: Platform, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Kubernetes, where kubectl finds it."""
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    return on_kubernetes


# --- AWS


@pytest.fixture(scope="module")
def account(aws: Aws) -> dict[str, str]:
    """What an account was set up with, by name."""
    names: dict[str, str] = {}
    for step in table("aws")["good"]:
        (name, line) = next(iter(step.items())) if isinstance(step, dict) else ("", step)
        printed = aws.aws(*shlex.split(_filled(line, names)))
        if name:
            names[name] = printed
    return names


@pytest.fixture
def aws_emulated(aws: Aws, account: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The emulated cloud, asked by the real program, whose answers are kept when samples are written anew."""
    program = tmp_path / "aws"
    program.write_text(
        f'#!/bin/sh\n{aws.programs}/aws "$@" >{tmp_path}/output 2>{tmp_path}/errors\nstatus=$?\n'
        f"echo $status >{tmp_path}/status\ncat {tmp_path}/output\ncat {tmp_path}/errors >&2\nexit $status\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)

    def carry_out(lines: list[str]) -> None:
        for line in lines:
            aws.aws(*shlex.split(_filled(line, account)))

    def record(item: str, spoiled: bool) -> None:
        if os.environ.get(ACCEPT):
            answer = {
                "output": (tmp_path / "output").read_text(),
                "errors": (tmp_path / "errors").read_text(),
                "status": int((tmp_path / "status").read_text()),
            }
            kept = {**_recorded(), (item, spoiled): answer}
            lines = [json.dumps({"item": key, "spoiled": was, **kept[key, was]}) for key, was in sorted(kept)]
            RECORDED.write_text("\n".join([*lines, ""]))

    return Platform(
        _variables("aws", account),
        lambda _item, row: carry_out(row["spoil"]),
        lambda _item, row: carry_out(row["mend"]),
        record,
    )


def _recorded() -> dict[tuple[str, bool], dict[str, Any]]:
    lines = map(json.loads, RECORDED.read_text().splitlines()) if RECORDED.exists() else ()
    return {(line.pop("item"), line.pop("spoiled")): line for line in lines}


# --- answers that are played


@pytest.fixture
def aws_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A fake: what aws was heard to print."""
    recorded = _recorded()

    def play(item: str, row: Row, spoiled: bool) -> None:
        answer = Answer(**recorded[item, spoiled]) if "spoil" in row else _made(item, row, spoiled)
        _stand_in(("aws",), answer, tmp_path, monkeypatch)

    return _played("aws", play)


@pytest.fixture
def kubernetes_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A fake: answers that were made by hand."""
    return _played(
        "kubernetes",
        lambda item, row, spoiled: _stand_in(("kubectl",), _made(item, row, spoiled), tmp_path, monkeypatch),
    )


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A fake: answers that were made by hand."""
    return _played(
        "azure", lambda item, row, spoiled: _stand_in(("az",), _made(item, row, spoiled), tmp_path, monkeypatch)
    )


@pytest.fixture
def digitalocean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A fake: answers that were made by hand."""
    return _played(
        "digitalocean",
        lambda item, row, spoiled: _stand_in(("doctl", "aws"), _made(item, row, spoiled), tmp_path, monkeypatch),
    )


def _played(name: str, play: Callable[[str, Row, bool], None]) -> Platform:
    return Platform(
        _variables(name, {}), lambda item, row: play(item, row, True), lambda item, row: play(item, row, False)
    )


def _made(item: str, row: Row, spoiled: bool) -> Answer:
    well = row.get("well") or GOOD_ANSWERS[item]["good"]
    return Answer(json.dumps(row["answer"] if spoiled else well))


def _stand_in(names: tuple[str, ...], answer: Answer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = folder / str(time.monotonic_ns())
    here.mkdir()
    path = "/usr/bin:/bin"
    for name in names:
        path = f"{stand_in(name, {'': answer}, here, monkeypatch, path).folder}:{path}"
