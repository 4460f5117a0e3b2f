"""What a route to a host does: programs, connections, Unix sockets; by our own client and by OpenSSH's."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Ended, Program, Route
from tests.servers.ssh import Sshd, StartSshd, wait_until
from tests.servers.web import Web, serving
from tests.support.hosts import routed, run

pytestmark = pytest.mark.server

CLIENTS = ("paramiko", "openssh")


@pytest.fixture(params=CLIENTS)
def host(request: pytest.FixtureRequest, ssh_server: Sshd) -> Host:
    return ssh_server.host(client=request.param)


def on(host: Host, *steps: Callable[[Route], object]) -> object:
    """What the last of the steps comes to, all on one route."""

    async def go() -> object:
        found: object = None
        async with routed(host) as routes:
            for step in steps:
                found = await step(routes.to(host.name))
        return found

    return asyncio.run(go())


def test_a_program_ends_with_status_output_and_errors(host: Host):
    ended = run(host, "echo out; echo err >&2; exit 3")
    assert (ended.status, ended.output, ended.errors) == (3, b"out\n", b"err\n")
    assert not ended.signal
    assert not ended.timed_out
    assert not ended.cut
    assert ended.took > 0


def test_every_exit_status_is_told_255_too(host: Host):
    assert [run(host, f"exit {status}").status for status in (0, 1, 126, 254, 255)] == [0, 1, 126, 254, 255]


def test_a_signal_that_ended_a_program_is_told(ssh_host: Host):
    ended = run(ssh_host, "kill -SEGV $$")
    assert (ended.status, ended.signal) == (None, "SEGV")


def test_arguments_are_seen_by_no_shell(host: Host):
    arguments = ("a b", "c'd", '"$HOME"', "*", "back\\slash", "", "new\nline", "-n", "ünï")
    ended = run(host, ("printf", "%s\\n", *arguments))
    assert ended.output.decode() == "".join(f"{each}\n" for each in arguments)


def test_a_shell_command_is_run_exactly_as_written(host: Host):
    assert run(host, "echo 'a  b' \"$((1 + 1))\" \\\\n\necho two # not this\n").output in (
        b"a  b 2 \\n\ntwo\n",
        b"a  b 2 \n\ntwo\n",
    )


def test_input_environment_and_folder_get_there(host: Host):
    ended = run(
        host,
        'cat; printf \'%s|\' "$ONE" "$TWO"; pwd',
        input=b"first\nsecond",
        environment={"ONE": "it's\n$HOME `x`\n", "TWO": ""},
        folder="/tmp",
    )
    assert ended.output == b"first\nsecondit's\n$HOME `x`\n||/tmp\n"


def test_without_input_a_program_sees_the_end_at_once(host: Host):
    assert run(host, "wc -c").output.strip() == b"0"


def test_much_input_and_much_output_at_once_go_through(host: Host):
    data = os.urandom(3_000_000)
    ended = run(host, "tee /dev/stderr | sha256sum", input=data)
    assert ended.output.split()[0].decode() == hashlib.sha256(data).hexdigest()
    assert ended.errors == data[: 1024 * 1024]
    assert ended.cut


def test_output_is_capped_and_read_to_its_end(host: Host):
    ended = run(host, "yes | head -c 5000000; echo done >&2; exit 7", limit=1000)
    assert (len(ended.output), ended.status, ended.cut) == (1000, 7, True)
    ended = run(host, "printf 12345; head -c 4000000 /dev/zero >&2; exit 5", limit=5)
    assert (ended.output, len(ended.errors), ended.status, ended.cut) == (b"12345", 5, 5, True)


def test_secrets_of_the_environment_stand_in_no_argument(host: Host):
    listed = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
    ended = run(host, listed, environment={"TOKEN": "a-secret-value"})
    assert b"/proc/[0-9]*/cmdline" in ended.output
    assert b"a-secret-value" not in ended.output
    assert run(host, "printenv TOKEN", environment={"TOKEN": "a-secret-value"}).output == b"a-secret-value\n"


def test_what_cannot_be_run_is_told_as_that(host: Host, ssh_server: Sshd):
    where = rf"app \(127.0.0.1:{ssh_server.port}\)"
    with pytest.raises(Unreachable, match=f"there is no program nosuch on {where}"):
        run(host, ("nosuch", "x"))
    with pytest.raises(Unreachable, match=f"there is no folder /no/such on {where}"):
        run(host, "true", folder="/no/such")
    with pytest.raises(Unreachable, match="cannot be a variable"):
        run(host, "true", environment={"a-b": "x"})
    with pytest.raises(Unreachable, match="NUL"):
        run(host, "echo \0")
    assert run(host, "nosuch").status == 127


def alive(marker: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[:2] == [b"sleep", marker.encode()]:
                found.append(process.name)
    return found


@pytest.mark.parametrize("command", ["echo begun; sleep {0}", "trap '' TERM; sleep {0} & echo begun; sleep {0}"])
def test_a_program_that_takes_too_long_is_ended_with_its_children(host: Host, command: str):
    marker = f"1{time.time_ns() % 10**9}"
    began = time.monotonic()
    ended = on(host, lambda route: route.run(Program(command.format(marker)), 1.5))
    assert isinstance(ended, Ended)
    assert (ended.status, ended.output, ended.timed_out) == (None, b"begun\n", True)
    assert 0.5 < ended.took < 10
    assert time.monotonic() - began < 20
    wait_until(lambda: not alive(marker), "the program is gone")


def test_what_a_program_leaves_running_is_ended_with_it(host: Host):
    marker = f"5{time.time_ns() % 10**9}"
    ended = on(host, lambda route: route.run(Program(f"sleep {marker} & echo begun; exit 3"), 30))
    assert isinstance(ended, Ended)
    assert (ended.status, ended.output, ended.timed_out) == (3, b"begun\n", False)
    assert ended.took < 20
    wait_until(lambda: not alive(marker), "it is gone")


def test_a_program_whose_caller_gives_up_is_ended_and_the_caller_is_free_at_once(host: Host):
    marker = f"2{time.time_ns() % 10**9}"

    async def give_up(route: Route) -> float:
        running = asyncio.create_task(route.run(Program(f"sleep {marker}"), 60))
        while not alive(marker):
            await asyncio.sleep(0.02)
        began = time.monotonic()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return time.monotonic() - began

    assert on(host, give_up) < 0.5  # type: ignore[operator]
    wait_until(lambda: not alive(marker), "the program is gone")


def test_a_program_that_was_given_up_before_it_had_begun_is_ended_too(host: Host):
    marker = f"6{time.time_ns() % 10**9}"

    async def give_up(route: Route) -> None:
        await route.run(Program("true"), 20)
        for wait in (0.0, 0.001, 0.003, 0.006, 0.01, 0.02):
            running = asyncio.create_task(route.run(Program(f"sleep {marker}"), 60))
            await asyncio.sleep(wait)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    on(host, give_up)
    wait_until(lambda: not alive(marker), "the programs are gone")


def test_a_host_ends_a_program_by_itself_when_nobody_is_there_any_more(ssh_server: Sshd):
    marker = f"3{time.time_ns() % 10**9}"

    async def cut(route: Route) -> str:
        running = asyncio.create_task(route.run(Program(f"sleep {marker}"), 1.0))
        while not alive(marker):
            await asyncio.sleep(0.02)
        for pid in server_processes(ssh_server):
            os.kill(pid, 9)
        with pytest.raises(Unreachable) as reason:
            await running
        return str(reason.value)

    assert "the connection to app" in str(on(ssh_server.host(), cut))
    assert alive(marker)
    wait_until(lambda: not alive(marker), "the program is gone")


def server_processes(server: Sshd) -> list[int]:
    return [pid for pid in server.sessions() if Path(f"/proc/{pid}/exe").resolve().name == "sshd"]


@pytest.mark.parametrize("shell", ["fish", "zsh", "csh-like"])
def test_it_does_not_matter_which_shell_the_user_has(start_sshd: StartSshd, shell: str):
    """sshd runs what is asked by the user's shell; here another shell is put before it."""
    quoted = {"fish": "fish -c", "zsh": "zsh -c", "csh-like": "bash --posix -c"}[shell]
    server = start_sshd(f'ForceCommand {quoted} "$SSH_ORIGINAL_COMMAND"')
    ended = run(server.host(), "printf '%s|' 'a\\b' \"it's\" '!' '\\\\' \"$X\"", environment={"X": "\\' $x !\n"})
    assert ended.output.decode() == "a\\b|it's|!|\\\\|\\' $x !\n|"


def test_what_a_login_prints_by_itself_does_no_harm(start_sshd: StartSshd):
    server = start_sshd('ForceCommand echo -n noise >&2; exec sh -c "$SSH_ORIGINAL_COMMAND"')
    ended = run(server.host(), "echo out; echo err >&2; exit 4")
    assert (ended.status, ended.output, ended.errors) == (4, b"out\n", b"noiseerr\n")


def test_a_host_without_timeout_still_ends_what_takes_too_long(start_sshd: StartSshd, tmp_path: Path):
    for name in ("sh", "sleep", "kill", "echo"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    server = start_sshd(f"SetEnv PATH={tmp_path}")
    marker = f"4{time.time_ns() % 10**9}"
    assert run(server.host(), "echo hello; exit 5").status == 5
    assert run(server.host(), f"sleep {marker}", timeout=1.0).timed_out
    wait_until(lambda: not alive(marker), "the program is gone")


def test_a_connection_goes_through_and_ends_pass_both_ways(host: Host):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read()
        writer.write(hashlib.sha256(data).digest())
        writer.close()

    async def go(route: Route) -> bytes:
        door = await route.connect("127.0.0.1", port)
        reader, writer = await asyncio.open_connection(sock=door)
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        found = await reader.read()
        writer.close()
        return found

    data = os.urandom(4_000_000)
    with serving(answer) as port:
        assert on(host, go) == hashlib.sha256(data).digest()


def test_one_end_that_does_not_read_holds_up_the_other_and_nobody_else(host: Host):
    sent = 0

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while sent < 100_000_000:
            writer.write(bytes(100_000))
            await writer.drain()
            sent += 100_000

    async def go(route: Route) -> int:
        door = await route.connect("127.0.0.1", port)
        before, now = -1, 0
        while now != before:
            await asyncio.sleep(0.3)
            before, now = now, sent
        assert (await route.run(Program("echo hello"), 10)).output == b"hello\n"
        door.close()
        return sent

    with serving(pour) as port:
        assert on(host, go) < 50_000_000  # type: ignore[operator]


def test_a_unix_socket_is_reached(host: Host, tmp_path: Path):
    path = tmp_path / "a socket"

    async def go(route: Route) -> bytes:
        server = await asyncio.start_unix_server(echo, path)
        async with server:
            door = await route.connect_unix(str(path))
            reader, writer = await asyncio.open_connection(sock=door)
            writer.write(b"hello")
            writer.write_eof()
            found = await reader.read()
            writer.close()
            return found

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    assert on(host, go) == b"hello"


def test_a_request_goes_through_a_route(host: Host, http_server: Web):
    async def go(route: Route) -> bytes:
        reader, writer = await asyncio.open_connection(sock=await route.connect("127.0.0.1", http_server.port))
        writer.write(b"GET /last HTTP/1.1\r\nHost: x\r\n\r\n")
        found = await reader.read()
        writer.close()
        return found

    assert b"and goodbye" in on(host, go)  # type: ignore[operator]


def test_a_connection_that_is_refused_says_so(host: Host, refusing_port: int, ssh_server: Sshd):
    where = rf"cannot be reached from app \(127.0.0.1:{ssh_server.port}\)"
    with pytest.raises(Unreachable, match=rf"127.0.0.1:{refusing_port} {where}: connection refused"):
        on(host, lambda route: route.connect("127.0.0.1", refusing_port))
    with pytest.raises(Unreachable, match=rf"nosuch.invalid:80 {where}: name or service not known"):
        on(host, lambda route: route.connect("nosuch.invalid", 80))


def test_a_unix_socket_that_is_not_there_says_so(host: Host):
    with pytest.raises(Unreachable, match=r"/no/such.* app \(127.0.0.1"):
        on(host, lambda route: route.connect_unix("/no/such"))


@pytest.mark.parametrize("client", CLIENTS)
def test_forwarding_that_is_forbidden_says_by_what(start_sshd: StartSshd, client: str):
    server = start_sshd("AllowTcpForwarding no", "AllowStreamLocalForwarding no")
    host = server.host(client=client)
    with pytest.raises(
        Unreachable, match=r"prohibited|forbids connections to 127.0.0.1:80 through it.*AllowTcpForwarding"
    ):
        on(host, lambda route: route.connect("127.0.0.1", 80))
    if client == "paramiko":
        with pytest.raises(Unreachable, match=r"/run/x cannot be reached from app .*AllowStreamLocalForwarding"):
            on(host, lambda route: route.connect_unix("/run/x"))


@pytest.mark.parametrize("client", CLIENTS)
def test_more_programs_than_the_host_allows_at_once_wait_for_one_another(start_sshd: StartSshd, client: str):
    server = start_sshd("MaxSessions 2")
    host = server.host(client=client)

    async def many(route: Route) -> list[Ended]:
        return await asyncio.gather(*(route.run(Program("sleep 0.05; echo hello"), 30) for _ in range(12)))

    ended = on(host, many)
    assert [each.output for each in ended] == [b"hello\n"] * 12  # type: ignore[attr-defined]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_host_that_opens_no_session_at_all_says_so(start_sshd: StartSshd, client: str):
    host = start_sshd("MaxSessions 0").host(client=client)
    with pytest.raises(Unreachable, match="opens no session"):
        run(host)


def test_many_things_at_once_share_one_connection(host: Host, ssh_server: Sshd, http_server: Web):
    before = ssh_server.log.count("Accepted publickey")

    async def many(route: Route) -> None:
        async def ask() -> None:
            door = await route.connect("127.0.0.1", http_server.port)
            await asyncio.get_running_loop().sock_sendall(door, b"GET /text HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"All systems go" in await asyncio.get_running_loop().sock_recv(door, 4096)
            door.close()

        await asyncio.gather(*(ask() for _ in range(20)), *(route.run(Program("true"), 30) for _ in range(20)))

    on(host, many)
    assert ssh_server.log.count("Accepted publickey") == before + 1


def test_words_say_where_a_route_starts(ssh_server: Sshd):
    async def words(*hosts: Host) -> list[str]:
        async with routed(*hosts) as routes:
            return [routes.to(host.name).words for host in hosts]

    written = [
        Host("bastion", "captain@bastion.example"),
        Host("app1", "deploy@10.0.0.5", via="bastion"),
        Host("app2", "app2"),
        Host("app3", "app3", via="bastion", client="openssh"),
    ]
    assert asyncio.run(words(*written)) == [
        " on bastion (captain@bastion.example)",
        " on app1 (deploy@10.0.0.5, through bastion)",
        " on app2",
        " on app3 (through bastion)",
    ]


def test_a_host_that_is_not_in_the_checklist_is_none():
    async def go() -> None:
        async with routed(Host("app1", "app1")) as routes:
            with pytest.raises(Unreachable, match="there is no host app2 in this checklist"):
                routes.to("app2")
            assert routes.to("").name == ""

    asyncio.run(go())


def test_sockets_are_what_a_kind_expects(host: Host, http_server: Web):
    async def look(route: Route) -> tuple[bool, bool]:
        door = await route.connect("127.0.0.1", http_server.port)
        try:
            return isinstance(door, socket.socket), door.getblocking()
        finally:
            door.close()

    assert on(host, look) == (True, False)
