"""Hosts behind one bastion and two, by `via`, by ProxyJump and by ProxyCommand."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.kinds import Field, Spec
from cockpit.checklist.model import Check
from cockpit.checks.kind import Reading, Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Program
from cockpit.connect.routes import HostRoutes
from tests.servers.ssh import Bastions, Sshd, StartSshd
from tests.support.hosts import refused, routed, run
from tests.support.measuring import ended_in_time, no_values

pytestmark = pytest.mark.server

ADDRESS = "ip -4 -o address | grep -o '198.19.[0-9]*.2' | head -1"


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
def test_via_leads_through_one_bastion_and_through_two(bastions: Bastions, client: str):
    hosts = [msgspec.structs.replace(host, client=client) for host in bastions.hosts]

    async def go() -> list[str]:
        async with routed(*hosts) as routes:
            ran = await asyncio.gather(
                *(routes.to(name).run(Program(ADDRESS), 20) for name in ("app1", "app2", "deep"))
            )
            return [each.output.decode().strip() for each in ran]

    assert asyncio.run(go()) == [bastions[name].address for name in ("app1", "app2", "deep")]


def test_each_host_is_logged_in_to_once_however_many_lie_behind_it(bastions: Bastions):
    before = {name: server.log.count("Accepted publickey") for name, server in bastions.servers.items()}

    async def go() -> None:
        async with routed(*bastions.hosts) as routes:
            await asyncio.gather(*(routes.to(n).run(Program("true"), 20) for n in ("app1", "app2", "deep", "app1")))

    asyncio.run(go())
    after = {name: server.log.count("Accepted publickey") for name, server in bastions.servers.items()}
    assert after == {name: count + 1 for name, count in before.items()}


def test_the_two_clients_can_stand_in_one_way(bastions: Bastions):
    ours, theirs = bastions.hosts, [msgspec.structs.replace(host, client="openssh") for host in bastions.hosts]
    by_name = {host.name: host for host in ours} | {"bastion": theirs[0]}
    assert by_name["bastion"].client == "openssh"
    others = [host for name, host in by_name.items() if name != "deep"]
    assert run(by_name["deep"], ADDRESS, *others).output.decode().strip() == bastions["deep"].address


def test_a_jump_of_the_configuration_leads_through_all_its_hops(bastions: Bastions):
    bastion, inner = bastions["bastion"].address, bastions["inner"].address
    jumps = {
        "app1": f"root@{bastion}",
        "deep": f"root@{bastion}:22,root@{inner}",
    }
    for name, jump in jumps.items():
        of_one = f"INFO\nMatch host {bastions[name].address}\n  ProxyJump {jump}"
        host = bastions.host(name, via="", LogLevel=of_one)
        assert run(host, ADDRESS).output.decode().strip() == bastions[name].address
        assert f"through {jump.rpartition('@')[2]}" in refused(
            msgspec.structs.replace(host, ssh=f"nobody@{bastions[name].address}")
        )


def test_via_wins_over_the_jump_of_the_configuration(bastions: Bastions):
    host = bastions.host("app1", ProxyJump="nowhere.invalid")
    assert run(host, ADDRESS, bastions.host("bastion")).output.decode().strip() == bastions["app1"].address


def test_a_jump_that_goes_round_in_a_circle_is_noticed(bastions: Bastions):
    host = bastions.host("app1", via="", LogLevel="INFO\nHost a\n ProxyJump b\nHost b\n ProxyJump a")
    words = refused(msgspec.structs.replace(host, ssh="a"))
    assert "ProxyJump of the SSH configuration goes round in a circle: b > a > b" in words


def test_a_proxy_command_leads_there_and_is_gone_afterwards(ssh_server: Sshd):
    relay = (
        f"import os, socket, threading; s = socket.create_connection(('127.0.0.1', {ssh_server.port}));"
        "up = lambda: [s.sendall(data) for data in iter(lambda: os.read(0, 65536), b'')];"
        "threading.Thread(target=up, daemon=True).start();"
        "[os.write(1, data) for data in iter(lambda: s.recv(65536), b'')]"
    )
    program = f"{shlex.quote(sys.executable)} -c {shlex.quote(relay)}"
    marker = f"marker-{time.time_ns()}"
    host = ssh_server.host(
        ProxyCommand=f"env MARKER={marker} {program}",
        HostKeyAlias="blue",
        known_hosts=f"blue {ssh_server.keys.public('host')}",
    )
    host = msgspec.structs.replace(host, ssh="root@does.not.resolve.invalid")
    assert run(host).output == b"hello\n"
    assert not [process for process in Path("/proc").glob("[0-9]*") if marker in _environment(process)]


def test_a_proxy_command_that_fails_is_quoted(ssh_server: Sshd):
    host = ssh_server.host(ProxyCommand="sh -c 'echo the tunnel is closed >&2; exit 1'")
    words = refused(host)
    assert "waiting for the SSH banner of app" in words
    assert "the ProxyCommand says: the tunnel is closed" in words


def _environment(process: Path) -> str:
    try:
        return (process / "environ").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def test_a_connection_from_the_last_host_leads_on(bastions: Bastions):
    async def go() -> bytes:
        async with routed(*bastions.hosts) as routes:
            door = await routes.to("inner").connect(bastions["deep"].address, 22)
            with door:
                return await asyncio.get_running_loop().sock_recv(door, 8)

    assert asyncio.run(go()) == b"SSH-2.0-"


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
def test_a_broken_bastion_is_named_and_not_what_lies_behind_it(bastions: Bastions, client: str):
    names = ("app1", "bastion")
    hosts = [msgspec.structs.replace(bastions.host(name, ConnectTimeout=1), client=client) for name in names]
    wrong = msgspec.structs.replace(hosts[1], ssh=f"root@{bastions['bastion'].address}:1")
    words = refused(hosts[0], wrong)
    assert f"connection refused by {bastions['bastion'].address}:1" in words
    assert bastions["app1"].address not in words
    with bastions["bastion"].dropped():
        words = refused(hosts[0], hosts[1])
    where = (
        f"bastion ({bastions['bastion'].address}:22)" if client == "paramiko" else f"{bastions['bastion'].address}:22"
    )
    assert f"timed out connecting to {where}" in words


def test_a_host_behind_a_bastion_that_does_not_answer_is_named_with_its_way(bastions: Bastions):
    with bastions["app1"].dropped():
        words = refused(bastions.host("app1"), bastions.host("bastion"), timeout=1.5)
    where = f"app1 ({bastions['app1'].address}:22, through bastion)"
    assert words.startswith(
        (f"timed out connecting to {bastions['app1'].address}:22 from bastion", f"timed out connecting to {where}")
    )


def test_a_dead_host_costs_the_others_behind_the_same_bastion_nothing(bastions: Bastions):
    async def go() -> float:
        async with routed(*bastions.hosts) as routes:
            dead = asyncio.create_task(routes.to("app1").run(Program("true"), 3))
            await asyncio.sleep(0.2)
            began = time.monotonic()
            for _ in range(5):
                await routes.to("app2").run(Program("true"), 10)
            took = time.monotonic() - began
            assert not dead.done()
            with pytest.raises(Unreachable, match="timed out"):
                await dead
            return took

    with bastions["app1"].dropped():
        assert asyncio.run(go()) < 2.5


def test_a_bastion_that_dies_is_what_everybody_behind_it_hears(start_sshd: StartSshd, ssh_server: Sshd):
    bastion = start_sshd(name="bastion")

    async def go() -> list[str]:
        async with routed(ssh_server.host(via="bastion"), bastion.host()) as routes:
            route = routes.to("app")
            await route.run(Program("true"), 20)
            waiting = [asyncio.create_task(route.run(Program("sleep 30"), 25)) for _ in range(3)]
            await asyncio.sleep(0.3)
            bastion.cut()
            said = await asyncio.gather(*waiting, return_exceptions=True)
            assert (await route.run(Program("echo again"), 20)).output == b"again\n"
            return [str(each) for each in said]

    said = asyncio.run(go())
    assert all(each.startswith(f"the connection to bastion (127.0.0.1:{bastion.port}) was lost") for each in said), said


def test_a_check_through_a_bastion_is_measured_and_says_from_where(bastions: Bastions, tmp_path):
    async def go(spec: dict, via: str):
        session = Session(HostRoutes(bastions.hosts))
        try:
            check = Check("probe", spec, ("answer == 'SSH-2.0-'",), via=via, timeout=20)
            return await measure("item", check, kinds=kinds() | {"probe": _PROBE}, values=no_values(), session=session)
        finally:
            await session.close()

    result = asyncio.run(go({"host": bastions["deep"].address}, "inner"))
    assert result.result == "PASS", result
    assert (
        result.request
        == f"probe {bastions['deep'].address} on inner (root@{bastions['inner'].address}, through bastion)"
    )


@pytest.mark.parametrize("timeout", [2.0])
def test_a_check_that_runs_out_of_time_says_what_it_waited_for(silent_port: int, ssh_server: Sshd, timeout: float):
    host = msgspec.structs.replace(ssh_server.host(), ssh=f"root@127.0.0.1:{silent_port}")

    async def go():
        session = Session(HostRoutes([host]))
        try:
            check = Check("probe", {"host": "127.0.0.1"}, ("answer == 'x'",), via="app", timeout=timeout)
            return await measure("item", check, kinds={"probe": _PROBE}, values=no_values(), session=session)
        finally:
            await session.close()

    result = asyncio.run(go())
    assert result.result == "ERROR"
    assert result.summary.startswith(f"timed out waiting for the SSH banner of app (127.0.0.1:{silent_port}) after ")
    assert ended_in_time(result, timeout)


class ProbeSpec(Spec):
    host: str


class _Probe:
    """A kind that reads the first bytes that a port says."""

    name, about, spec, implied, example, via = "probe", "", ProbeSpec, "", "", True
    fields = (Field("answer", "string", "The first bytes."),)

    def request(self, spec: ProbeSpec) -> str:
        return f"probe {spec.host}"

    async def read(self, spec: ProbeSpec, session: Session, timeout: float):
        async with asyncio.timeout(timeout):
            door = await session.route.connect(spec.host, 22)
            with door:
                return Reading({"answer": (await asyncio.get_running_loop().sock_recv(door, 8)).decode()}, "it answers")


_PROBE = _Probe()
