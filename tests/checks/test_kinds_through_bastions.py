"""Kinds of check that measure what lies behind two bastions in a row: servers of a network that is not ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cockpit.connect.routes import HostRoutes
from cockpit.journal.event import CheckMeasured
from tests.servers.dns import Dns
from tests.servers.docker import Containers
from tests.servers.mariadb import MariaDB
from tests.servers.postgres import Postgres
from tests.servers.prometheus import Prometheus
from tests.servers.redis import Redis
from tests.servers.ssh import Bastions
from tests.support.measuring import Measure

pytestmark = pytest.mark.server

BRIDGE = Path(__file__).parents[1] / "servers" / "bridge.py"


@dataclass
class Deep:
    """The host behind two bastions, and ports of its loopback that lead to servers of ours."""

    bastions: Bastions
    measured: Measure
    folder: Path
    bridges: list[subprocess.Popen[bytes]]

    def check(self, kind: str, spec: dict[str, Any], *expect: str, client: str = "paramiko") -> CheckMeasured:
        hosts = [self.bastions.host(name, client=client) for name in ("bastion", "inner", "deep")]
        return self.measured(kind, spec, *expect, routes=HostRoutes(hosts), via="deep", timeout=20.0)

    def port(self, ours: int) -> int:
        """A port of its loopback that leads to one of ours."""
        door = self.folder / f"{ours}"
        self._bridge(f"unix:{door}=tcp:127.0.0.1:{ours}")
        space = f"--net=/proc/{self.bastions['deep'].namespace}/ns/net"
        return self._bridge(f"tcp:127.0.0.1:0=unix:{door}", "nsenter", space)

    def _bridge(self, ends: str, *within: str) -> int:
        bridge = subprocess.Popen([*within, sys.executable, BRIDGE, ends], stdout=subprocess.PIPE)
        self.bridges.append(bridge)
        assert bridge.stdout is not None
        said = bridge.stdout.readline().split()
        return int(said[0]) if said[0].isdigit() else 0


@pytest.fixture
def deep(bastions: Bastions, measured: Measure, tmp_path: Path) -> Iterator[Deep]:
    there = Deep(bastions, measured, tmp_path, [])
    yield there
    for bridge in there.bridges:
        bridge.kill()
        bridge.communicate()


WHERE = " on deep ("


def passed(found: CheckMeasured) -> bool:
    assert WHERE in found.request, found
    assert found.result == "PASS", found
    return True


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
def test_a_postgresql_server(deep: Deep, postgres_server: Postgres, client: str) -> None:
    port = deep.port(postgres_server.port)
    dsn = postgres_server.dsn().replace(str(postgres_server.port), str(port))
    assert passed(deep.check("postgres", {"dsn": dsn, "query": "SELECT 7"}, "alive && value == 7", client=client))


def test_a_redis_and_a_mariadb_server(deep: Deep, redis_server: Redis, mariadb_server: MariaDB) -> None:
    url = redis_server.url().replace(str(redis_server.port), str(deep.port(redis_server.port)))
    assert passed(deep.check("redis", {"url": url}))
    url = mariadb_server.url().replace(str(mariadb_server.port), str(deep.port(mariadb_server.port)))
    assert passed(deep.check("mysql", {"url": url}))


def test_a_docker_daemon_by_its_socket(deep: Deep, containers: Containers) -> None:
    name = containers.run("sleep 60")
    found = deep.check("docker", {"container": name, "host": containers.host}, "running && memory > 0")
    assert passed(found)


def test_a_prometheus_and_a_port(deep: Deep, prometheus_server: Prometheus) -> None:
    port = deep.port(int(prometheus_server.url.rpartition(":")[2]))
    assert passed(deep.check("prometheus", {"url": f"http://127.0.0.1:{port}", "query": "vector(3)"}, "value == 3.0"))
    assert passed(deep.check("http", {"url": f"http://127.0.0.1:{port}/-/ready"}, "status == 200"))
    assert passed(deep.check("tcp", {"host": "127.0.0.1", "port": port}))


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
def test_a_port_that_is_closed_there(deep: Deep, client: str) -> None:
    found = deep.check("tcp", {"host": "127.0.0.1", "port": 1}, client=client)
    assert (found.result, WHERE in found.request) == ("FAIL", True), found
    refused = deep.check("http", {"url": "http://127.0.0.1:1/"})
    assert refused.result == "ERROR", refused
    assert "refused" in refused.summary


def test_a_name_server(deep: Deep, dns_server: Dns) -> None:
    resolver = f"127.0.0.1:{deep.port(dns_server.port)}"
    spec = {"name": "www.lab.test", "type": "A", "resolvers": [resolver]}
    assert passed(deep.check("dns", spec, "'10.77.0.9' in records"))


def test_commands_files_and_facts_there(deep: Deep, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"mode": "production"}')
    assert passed(deep.check("command", {"run": "echo 3"}, "value == 3.0"))
    assert passed(deep.check("file", {"path": f"{tmp_path}/settings.json"}, "data.mode == 'production'"))
    assert passed(deep.check("host", {"listening": [22]}, "cores > 0"))
