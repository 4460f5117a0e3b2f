"""Nothing is left behind: threads, file handles, processes and channels, counted over many rounds."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Program
from cockpit.connect.routes import HostRoutes
from tests.servers.ssh import Sshd, StartSshd
from tests.support.hosts import routed

pytestmark = pytest.mark.server

Round = Callable[[HostRoutes], Awaitable[None]]


def held() -> dict[str, int]:
    """What this process holds."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {
        "threads": len(threading.enumerate()),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "children": len(children),
    }


async def settled(before: dict[str, int], within: float = 15.0) -> dict[str, int]:
    """What is held when all that ends has ended."""
    ends = time.monotonic() + within
    while any(count > before[name] for name, count in held().items()) and time.monotonic() < ends:
        gc.collect()
        await asyncio.sleep(0.05)
    return held()


async def use(routes: HostRoutes, port: int) -> None:
    """All that a route can do, and ways to give it up."""
    route = routes.to("app")
    assert (await route.run(Program("echo hello"), 20)).status == 0
    door = await route.connect("127.0.0.1", port)
    door.close()
    for wait in (0.001, 0.02):
        running = asyncio.create_task(route.run(Program("sleep 20"), 20))
        opening = asyncio.create_task(route.connect("127.0.0.1", port))
        await asyncio.sleep(wait)
        running.cancel()
        opening.cancel()
        for each in await asyncio.gather(running, opening, return_exceptions=True):
            if not isinstance(each, BaseException):
                each.close()
    with pytest.raises(Unreachable):
        await route.connect("127.0.0.1", 1)
    assert (await route.run(Program("sleep 20"), 0.05)).timed_out


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
def test_rounds_on_one_connection_leave_nothing(ssh_server: Sshd, silent_port: int, client: str):
    async def go() -> tuple[dict[str, int], dict[str, int]]:
        async with routed(ssh_server.host(client=client)) as routes:
            await use(routes, silent_port)
            await asyncio.sleep(2)
            before = await settled(held(), 1)
            for _ in range(10 if client == "paramiko" else 4):
                await use(routes, silent_port)
            return before, await settled(before)

    before, after = asyncio.run(go())
    assert after == {name: min(count, before[name]) for name, count in after.items()}, (before, after)


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
def test_connections_that_were_closed_leave_nothing(
    ssh_server: Sshd, silent_port: int, client: str, state_home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(state_home))

    async def go() -> tuple[dict[str, int], dict[str, int]]:
        hosts = [ssh_server.host(client=client), ssh_server.host("bastion"), ssh_server.host("inner", via="bastion")]
        before: dict[str, int] = {}
        for number in range(6 if client == "paramiko" else 3):
            async with routed(*hosts) as routes:
                await use(routes, silent_port)
                await routes.to("inner").run(Program("true"), 20)
            if number == 0:
                before = held()
        return before, await settled(before)

    before, after = asyncio.run(go())
    assert after == {name: min(count, before[name]) for name, count in after.items()}, (before, after)
    assert not [thread for thread in threading.enumerate() if thread.name == "cockpit ssh"]
    assert not list(state_home.iterdir())


def test_connections_that_fail_leave_nothing(ssh_server: Sshd, silent_port: int, refusing_port: int):
    hosts = [
        Host("silent", f"root@127.0.0.1:{silent_port}", config=str(ssh_server.config(ConnectTimeout=1))),
        Host("refusing", f"root@127.0.0.1:{refusing_port}", config=str(ssh_server.config())),
        ssh_server.host("unknown", known_hosts=""),
        ssh_server.host("stranger", IdentityFile=ssh_server.keys["stranger"]),
        ssh_server.host("proxied", ProxyCommand="sleep 100", ConnectTimeout=1),
    ]

    async def go() -> tuple[dict[str, int], dict[str, int]]:
        before: dict[str, int] = {}
        for number in range(4):
            async with routed(*hosts) as routes:
                ran = (routes.to(host.name).run(Program("true"), 20) for host in hosts)
                said = await asyncio.gather(*ran, return_exceptions=True)
                assert all(isinstance(each, Unreachable) for each in said), said
            if number == 0:
                before = held()
        return before, await settled(before)

    before, after = asyncio.run(go())
    assert after == {name: min(count, before[name]) for name, count in after.items()}, (before, after)


def test_the_server_sees_every_channel_and_connection_closed(start_sshd: StartSshd, silent_port: int):
    server = start_sshd()

    async def go() -> int:
        async with routed(server.host()) as routes:
            for _ in range(30):
                with contextlib.suppress(Unreachable):
                    door = await routes.to("app").connect("127.0.0.1", silent_port)
                    door.close()
            async with asyncio.timeout(20):
                while len(established(silent_port)) > 0:
                    await asyncio.sleep(0.1)
            return len(server.sessions())

    assert asyncio.run(go()) > 0
    ends = time.monotonic() + 15
    while server.sessions() and time.monotonic() < ends:
        time.sleep(0.05)
    assert server.sessions() == []


def established(port: int) -> list[str]:
    """Connections of this machine to a port that nobody has closed yet."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01"]
