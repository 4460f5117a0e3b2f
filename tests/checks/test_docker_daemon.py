"""Docker daemons that are reached in every way there is, and those that cannot be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.dial import Unreachable
from tests.servers.certificates import Authority
from tests.servers.docker import Containers, led_to
from tests.servers.web import Web, serving
from tests.support.measuring import Measure, ended_in_time, no_values
from tests.support.routes import Detour

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def idle(containers: Containers) -> str:
    """A container that said a word."""
    return containers.run("echo hello; exec sleep 600")


@pytest.fixture(scope="module")
def tls_port(containers: Containers, authority: Authority) -> Iterator[int]:
    """A port of `localhost` that leads to the daemon for those who have a certificate of `authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.sign("docker", "localhost"))
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(led_to(containers.host), tls=context) as port:
        yield port


@pytest.fixture(scope="module")
def client(authority: Authority) -> str:
    """A file with our certificate and its key."""
    return str(authority.sign("client", "cockpit"))


def spec(containers: Containers, name: str, **more: Any) -> dict[str, Any]:
    return {"container": name, "host": containers.host, **more}


def test_a_daemon_is_reached_over_tcp(measured: Measure, containers: Containers, idle: str) -> None:
    with serving(led_to(containers.host)) as port:
        found = measured("docker", {"container": idle, "host": f"tcp://127.0.0.1:{port}"})
        assert found.result == "PASS", found
        detour = Detour(names={"docker.internal": "127.0.0.1"})
        host = f"tcp://docker.internal:{port}"
        found = measured("docker", {"container": idle, "host": host}, via="detour", routes=detour)
    assert found.result == "PASS", found
    assert set(detour.went) == {f"docker.internal:{port}"}


def test_a_daemon_is_reached_over_tls(
    measured: Measure, tls_port: int, authority: Authority, client: str, idle: str
) -> None:
    asked = {"container": idle, "host": f"tcp://localhost:{tls_port}"}
    tls = {"ca": str(authority.file), "cert": client, "key": client}
    found = measured("docker", {**asked, "tls": tls})
    assert found.result == "PASS", found
    through = measured("docker", {**asked, "tls": tls}, via="detour", routes=Detour(names={"localhost": "127.0.0.1"}))
    assert through.result == "PASS", through
    unverified = {"cert": client, "key": client, "verify": False}
    elsewhere = {**asked, "host": f"tcp://127.0.0.1:{tls_port}", "tls": unverified}
    found = measured("docker", elsewhere)
    assert found.result == "PASS", found


def test_tls_is_configured_as_for_dockers_own_client(
    measured: Measure,
    tls_port: int,
    authority: Authority,
    client: str,
    idle: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, file in (("ca", authority.file), ("cert", client), ("key", client)):
        (tmp_path / f"{name}.pem").symlink_to(file)
    monkeypatch.setenv("DOCKER_HOST", f"tcp://localhost:{tls_port}")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    assert measured("docker", {"container": idle}).result == "PASS"
    (tmp_path / "ca.pem").unlink()
    found = measured("docker", {"container": idle})
    assert found.result == "ERROR"
    assert found.summary == f"the file under `tls.ca` cannot be read: {tmp_path}/ca.pem: No such file or directory"


def test_what_is_wrong_with_tls_is_said(
    measured: Measure, tls_port: int, authority: Authority, client: str, idle: str, containers: Containers
) -> None:
    def said(host: str, **tls: str) -> str:
        found = measured("docker", {"container": idle, "host": host, "tls": tls})
        assert found.result == "ERROR"
        return found.summary

    host, ours = f"tcp://localhost:{tls_port}", {"cert": client, "key": client}
    trusting = {**ours, "ca": str(authority.file)}
    unknown = f"certificate of the Docker daemon at {host} refused: self-signed certificate in certificate chain"
    assert said(host, **ours) == f"{unknown} (`tls.ca` says whom to trust)"
    assert "refused: IP address mismatch" in said(f"tcp://127.0.0.1:{tls_port}", **trusting)
    assert ": give a certificate that it trusts under `tls.cert` and `tls.key`" in said(host, ca=str(authority.file))
    with serving(led_to(containers.host)) as port:
        assert said(f"tcp://127.0.0.1:{port}", **trusting).endswith(": does this port speak TLS?")


def test_what_is_no_docker_daemon_is_called_so(measured: Measure, http_server: Web, containers: Containers) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n" * 3)
        writer.close()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    words = "what listens at {host} is no Docker daemon: it does not answer as one"
    web = measured("docker", {"container": "bot", "host": f"tcp://127.0.0.1:{http_server.port}"})
    not_found = f"{words.format(host=f'tcp://127.0.0.1:{http_server.port}')} (status 404)"
    assert (web.result, web.summary) == ("ERROR", not_found)
    for answer in (babble, hang_up):
        with serving(answer) as port:
            found = measured("docker", {"container": "bot", "host": f"tcp://127.0.0.1:{port}"})
            assert (found.result, found.summary) == ("ERROR", words.format(host=f"tcp://127.0.0.1:{port}"))


def test_what_was_waited_for_is_said_when_time_runs_out(silent_socket: Path) -> None:
    spec = kinds()["docker"].spec(container="bot", host=str(silent_socket))
    words = f"timed out waiting for the Docker daemon at unix://{silent_socket} after 0.3 s"
    with pytest.raises(Unreachable, match=re.escape(words)):
        asyncio.run(kinds()["docker"].read(spec, Session(), 0.3))


def test_a_daemon_that_dribbles_is_given_up_in_time(measured: Measure) -> None:
    async def dribble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"{")
                await writer.drain()
                await asyncio.sleep(0.05)

    with serving(dribble) as port:
        found = measured("docker", {"container": "bot", "host": f"tcp://127.0.0.1:{port}"}, timeout=0.5)
        assert found.result == "ERROR"
        assert ended_in_time(found, 0.5)
        assert not [thread for thread in _threads() if f"127.0.0.1:{port}" in thread]


def test_a_host_that_only_ssh_leads_to_says_how_to_write_it(measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://deploy@app1")
    found = measured("docker", {"container": "bot"})
    words = "DOCKER_HOST is ssh://deploy@app1: name that machine under `hosts`, and say `via: ITS NAME` here"
    assert (found.result, found.summary) == ("ERROR", words)


def test_this_machines_settings_say_nothing_of_a_host(measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    detour = Detour()
    measured("docker", {"container": "bot"}, via="detour", routes=detour)
    assert set(detour.went) == {"/var/run/docker.sock"}


def test_a_daemon_is_reached_through_a_host(measured: Measure, containers: Containers, idle: str) -> None:
    detour = Detour()
    found = measured("docker", spec(containers, idle, logs={"tail": 5}), "logs.lines <= 1", via="detour", routes=detour)
    assert found.result == "PASS", found
    assert found.request.endswith(f"(at {containers.host}) on detour")
    assert set(detour.went) == {containers.host.removeprefix("unix://")}


def test_a_daemon_that_is_not_there_on_a_host_is_named(measured: Measure, tmp_path: Path) -> None:
    found = measured("docker", {"container": "bot", "host": f"{tmp_path}/none"}, via="detour", routes=Detour())
    assert (found.result, found.summary) == ("ERROR", f"{tmp_path}/none does not exist")


def test_a_daemon_that_is_not_there_is_named(measured: Measure, tmp_path: Path, refusing_port: int) -> None:
    none = measured("docker", {"container": "bot", "host": f"unix://{tmp_path}/none.sock"})
    words = f"Docker's socket unix://{tmp_path}/none.sock does not exist: is Docker installed and running?"
    assert (none.result, none.summary) == ("ERROR", words)
    refused = measured("docker", {"container": "bot", "host": f"tcp://127.0.0.1:{refusing_port}"})
    words = f"connection refused by Docker's socket tcp://127.0.0.1:{refusing_port}: its daemon does not run"
    assert (refused.result, refused.summary) == ("ERROR", words)


def test_a_socket_that_this_user_may_not_open_says_what_to_do(silent_socket: Path) -> None:
    silent_socket.parent.chmod(0o755)
    silent_socket.chmod(stat.S_IRUSR | stat.S_IWUSR)
    if os.geteuid() != 0:
        pytest.skip("only root can ask as somebody else")
    program = (
        "import asyncio, os\n"
        "from cockpit.checks.docker import KIND\n"
        "from cockpit.checks.kind import Session\n"
        "import cockpit.connect.docker, requests, re2\n"
        "os.setgid(65534); os.setuid(65534)\n"
        f"spec = KIND.spec(container='bot', host='unix://{silent_socket}')\n"
        "try: asyncio.run(KIND.read(spec, Session(), 2.0))\n"
        "except Exception as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    words = f"permission denied for Docker's socket unix://{silent_socket}: put this user into the group that owns it"
    assert said.stdout.startswith(words), said


def test_a_silent_daemon_is_given_up_in_time_and_delays_no_other(
    silent_socket: Path, http_server: Web, containers: Containers, idle: str
) -> None:
    async def run() -> None:
        session, values = Session(), no_values()
        checks = [
            Check("docker", {"container": "bot", "host": f"unix://{silent_socket}"}, timeout=2.0),
            Check("docker", spec(containers, idle), timeout=5.0),
            Check("http", {"url": f"{http_server.url}/health"}, timeout=5.0),
        ]
        silent, *others = await asyncio.gather(
            *(measure("item", check, kinds=kinds(), values=values, session=session) for check in checks)
        )
        await session.close()
        assert silent.result == "ERROR"
        assert silent.summary.startswith("timed out")
        assert ended_in_time(silent, 2.0)
        assert [other.result for other in others] == ["PASS", "PASS"]
        assert max(other.took for other in others) < silent.took

    asyncio.run(run())


def _threads() -> list[str]:
    """The names of the threads that run, after a moment in which what was told to end may do so."""
    time.sleep(0.2)
    return [thread.name for thread in threading.enumerate()]
