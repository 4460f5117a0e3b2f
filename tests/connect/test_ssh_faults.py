"""Servers that are silent, refuse, freeze, break: noticed in time, told in one sentence, and nobody else is held up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from cockpit.checklist.model import Host
from cockpit.connect import deadline
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Program
from tests.servers.ssh import Bastions, Sshd, StartSshd
from tests.servers.web import serving
from tests.support.hosts import refused, routed, run

pytestmark = pytest.mark.server

CLIENTS = ("paramiko", "openssh")


def moved(server: Sshd, port: int, **options: object) -> Host:
    """A host whose server is somebody else."""
    return msgspec.structs.replace(server.host(**options), ssh=f"root@127.0.0.1:{port}")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_refused_connection_says_so(ssh_server: Sshd, refusing_port: int, client: str):
    assert f"connection refused by 127.0.0.1:{refusing_port}" in refused(
        moved(ssh_server, refusing_port, client=client)
    )


def test_a_name_that_is_not_there_says_so(ssh_server: Sshd):
    host = msgspec.structs.replace(ssh_server.host(), ssh="nosuch.invalid")
    assert "name not found: nosuch.invalid" in refused(host)
    assert "name not found: nosuch.invalid" in refused(msgspec.structs.replace(host, client="openssh"))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_silent_server_costs_the_time_of_the_configuration(ssh_server: Sshd, silent_port: int, client: str):
    began = time.monotonic()
    words = refused(moved(ssh_server, silent_port, client=client, ConnectTimeout=1))
    assert f"timed out waiting for the SSH banner of app (127.0.0.1:{silent_port})" in words
    assert 0.9 < time.monotonic() - began < 8


def test_a_silent_server_costs_no_more_than_the_callers_time(ssh_server: Sshd, silent_port: int):
    began = time.monotonic()
    words = refused(moved(ssh_server, silent_port), timeout=3.0)
    assert words.startswith(f"timed out waiting for the SSH banner of app (127.0.0.1:{silent_port}) after ")
    assert time.monotonic() - began < 9


def test_a_server_that_stops_in_the_key_exchange_is_told_as_that(ssh_server: Sshd):
    with answering(b"SSH-2.0-Stuck\r\n") as port:
        words = refused(moved(ssh_server, port, ConnectTimeout=1))
    assert words == f"timed out in the SSH key exchange with app (127.0.0.1:{port}) after 1.0 s"


def test_what_does_not_speak_ssh_is_told_as_that(ssh_server: Sshd):
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200) as port:
        words = refused(moved(ssh_server, port))
    assert "what answers does not speak SSH" in words


def test_a_server_that_hangs_up_is_told_as_that(ssh_server: Sshd):
    for said, phase in ((b"", "waiting for the SSH banner of"), (b"SSH-2.0-Brief\r\n", "in the SSH key exchange with")):
        with answering(said, hang_up=True) as port:
            words = refused(moved(ssh_server, port))
        assert words.startswith(("the server closed the connection", "the connection was reset")), words
        assert f"{phase} app (127.0.0.1:{port})" in words


@contextlib.contextmanager
def answering(said: bytes, *, hang_up: bool = False) -> Iterator[int]:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(said)
            if not hang_up:
                await asyncio.sleep(60)
        finally:
            writer.close()

    with serving(answer) as port:
        yield port


def test_a_caller_that_gives_up_is_free_at_once_at_every_phase(ssh_server: Sshd, silent_port: int, black_hole: int):
    async def go(host: Host, wait: float) -> float:
        async with routed(host) as routes:
            task = asyncio.create_task(routes.to("app").run(Program("sleep 30"), 60))
            await asyncio.sleep(wait)
            began = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - began

    with answering(b"SSH-2.0-Stuck\r\n") as stuck:
        hosts = [moved(ssh_server, port) for port in (silent_port, black_hole, stuck)] + [ssh_server.host()]
        for host in hosts:
            for wait in (0.0, 0.01, 0.4):
                assert asyncio.run(go(host, wait)) < 0.5
    assert not [thread for thread in threading.enumerate() if thread.name == "cockpit ssh"]


def test_one_caller_that_gives_up_takes_nothing_from_the_others(ssh_server: Sshd):
    async def go() -> bytes:
        async with routed(ssh_server.host()) as routes:
            first, second = (asyncio.create_task(routes.to("app").run(Program("echo hello"), 20)) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            return (await second).output

    assert asyncio.run(go()) == b"hello\n"


def test_a_short_deadline_of_one_is_not_that_of_the_others(ssh_server: Sshd, silent_port: int):
    async def go() -> tuple[float, str]:
        async with routed(moved(ssh_server, silent_port, ConnectTimeout=5)) as routes:
            began = time.monotonic()
            hasty = asyncio.create_task(routes.to("app").run(Program("true"), 2.0))
            await asyncio.sleep(0.05)
            patient = asyncio.create_task(routes.to("app").run(Program("true"), 30))
            with pytest.raises(Unreachable, match="timed out waiting for the SSH banner"):
                await hasty
            hasty_took = time.monotonic() - began
            with pytest.raises(Unreachable, match=r"after 5\.\d s"):
                await patient
            return hasty_took, ""

    assert asyncio.run(go())[0] < 4.5


@pytest.mark.parametrize("client", CLIENTS)
def test_a_frozen_host_is_noticed_and_everybody_who_waits_is_told(start_sshd: StartSshd, client: str):
    server = start_sshd()
    host = server.host(client=client, ServerAliveInterval=1, ServerAliveCountMax=2)

    async def go() -> tuple[list[BaseException], float]:
        async with routed(host) as routes:
            route = routes.to("app")
            await route.run(Program("true"), 20)
            running = [asyncio.create_task(route.run(Program("sleep 40"), 30)) for _ in range(3)]
            await asyncio.sleep(0.5)
            with server.frozen():
                began = time.monotonic()
                opening = asyncio.create_task(route.run(Program("true"), 30))
                said = await asyncio.gather(*running, opening, return_exceptions=True)
                took = time.monotonic() - began
            assert (await route.run(Program("echo again"), 20)).output == b"again\n"
            return said, took

    said, took = asyncio.run(go())
    assert all(isinstance(each, Unreachable) for each in said), said
    assert took < 10
    words = str(said[0])
    assert f"app (127.0.0.1:{server.port})" in words
    assert "was given up" in words
    assert {str(each) for each in said[:3]} == {words}


def test_a_frozen_host_costs_a_check_no_more_than_its_time(start_sshd: StartSshd):
    server = start_sshd()

    async def go() -> float:
        async with routed(server.host()) as routes:
            route = routes.to("app")
            await route.run(Program("true"), 20)
            with server.frozen():
                began = time.monotonic()
                with pytest.raises(Unreachable, match="timed out opening a session on app"):
                    await route.run(Program("true"), 0.6)
                with (
                    deadline.within(0.6),
                    pytest.raises(Unreachable, match=r"timed out connecting to 127.0.0.1:80 from"),
                ):
                    await route.connect("127.0.0.1", 80)
                return time.monotonic() - began

    assert asyncio.run(go()) < 3


@pytest.mark.parametrize("client", CLIENTS)
def test_a_network_that_drops_everything_mid_session_is_noticed(bastions: Bastions, client: str):
    options = {"client": client, "ServerAliveInterval": 1, "ServerAliveCountMax": 2}
    hosts = [bastions.host(name, **options) for name in ("app2", "bastion")]

    async def go() -> str:
        async with routed(*hosts) as routes:
            route = routes.to("app2")
            await route.run(Program("true"), 20)
            running = asyncio.create_task(route.run(Program("sleep 20"), 30))
            await asyncio.sleep(0.3)
            with bastions["app2"].dropped(), pytest.raises(Unreachable) as reason:
                await running
            return str(reason.value)

    words = asyncio.run(go())
    assert f"app2 ({bastions['app2'].address}:22, through bastion)" in words
    # Whichever notices first: the client that counts unanswered questions, or its end.
    assert "was given up" in words or "ended the session" in words


@pytest.mark.parametrize("client", CLIENTS)
def test_a_connection_that_broke_is_opened_anew(start_sshd: StartSshd, client: str):
    server = start_sshd()

    async def go() -> list[bytes]:
        async with routed(server.host(client=client)) as routes:
            route, outputs = routes.to("app"), []
            for _ in range(3):
                outputs.append((await route.run(Program("echo hello"), 20)).output)
                running = asyncio.create_task(route.run(Program("sleep 20"), 20))
                await asyncio.sleep(0.3)
                server.cut()
                with pytest.raises(Unreachable, match=r"the connection to app \(127.0.0.1:\d+\) was lost"):
                    await running
            return outputs

    assert asyncio.run(go()) == [b"hello\n"] * 3


def test_an_open_forwarding_ends_with_the_connection(start_sshd: StartSshd, silent_port: int):
    server = start_sshd()

    async def go() -> bytes:
        async with routed(server.host()) as routes:
            door = await routes.to("app").connect("127.0.0.1", silent_port)
            server.cut()
            async with asyncio.timeout(5):
                with door:
                    return await asyncio.get_running_loop().sock_recv(door, 100)

    assert asyncio.run(go()) == b""


def test_new_keys_in_the_middle_of_a_lot_of_data_disturb_nothing(start_sshd: StartSshd):
    server = start_sshd("RekeyLimit 300K")
    data = bytes(range(256)) * 8000
    ended = run(server.host(), "cat", input=data, limit=len(data))
    assert ended.output == data


def test_when_a_server_takes_in_nothing_what_is_written_is_held_back(start_sshd: StartSshd, silent_port: int):
    """The event loop never waits in a write, and does not pile up what cannot be sent."""
    server = start_sshd()

    async def go() -> int:
        loop = asyncio.get_running_loop()
        async with routed(server.host()) as routes:
            doors = [await routes.to("app").connect("127.0.0.1", silent_port) for _ in range(8)]
            with server.frozen():
                sent, longest = 0, 0.0
                ends = time.monotonic() + 1.0
                while time.monotonic() < ends:
                    began = time.monotonic()
                    for door in doors:
                        with contextlib.suppress(BlockingIOError):
                            sent += door.send(bytes(65536))
                    await asyncio.sleep(0.01)
                    longest = max(longest, time.monotonic() - began)
                assert longest < 0.9
            for door in doors:
                door.close()
            assert loop.is_running()
            return sent

    assert asyncio.run(go()) < 40_000_000


def test_the_sockets_of_a_route_that_was_closed_are_at_their_end(ssh_server: Sshd, silent_port: int):
    async def go() -> tuple[socket.socket, str]:
        async with routed(ssh_server.host()) as routes:
            route = routes.to("app")
            door = await route.connect("127.0.0.1", silent_port)
        with pytest.raises(Unreachable, match="are closed") as reason:
            await route.run(Program("true"), 5)
        return door, str(reason.value)

    door, _ = asyncio.run(go())
    with door:
        assert door.recv(10) == b""
