"""Passphrases: asked for once, at a terminal, before anything is measured; handed on unseen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
from cockpit.connect.ssh.passphrases import needed, opens
from cockpit.connect.values import Values
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read
from cockpit.run.state import fold
from tests.servers.ssh import PASSPHRASE, Agent, Keys, Sshd, wait_until
from tests.support.measuring import no_values
from tests.support.terminal import Terminal

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]

KIND = '''
import asyncio
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Reading
from cockpit.connect.route import Program

class HelloSpec(Spec):
    """Nothing."""

class Hello:
    name, about, spec, implied, example, via = "hello", "Says hello.", HelloSpec, "said == 'hello'", "hello: {}", True
    fields = (Field("said", "string", "What it says."),)
    def request(self, spec):
        return "echo hello"
    async def read(self, spec, session, timeout):
        ended = await session.route.run(Program("echo hello; echo $$"), timeout)
        return Reading({"said": ended.output.decode().split()[0]}, "it says hello")

KIND = Hello()
'''


def asked(hosts: list[Host], *names: str) -> list[str]:
    return asyncio.run(needed(names or [host.name for host in hosts], hosts, no_values()))


def test_keys_that_are_encrypted_and_in_no_agent_are_named_once(ssh_server: Sshd, ssh_keys: Keys, ssh_agent: Agent):
    encrypted = str(ssh_keys["encrypted"])
    two = f"{encrypted}\n  IdentityFile {ssh_keys['user']}"
    hosts = [ssh_server.host("app1", IdentityFile=two), ssh_server.host("app2", IdentityFile=encrypted)]
    assert asked(hosts) == [encrypted]
    assert asked([ssh_server.host("app1")]) == []
    assert asked([*hosts, ssh_server.host("app3")], "app3") == []
    assert asked([ssh_server.host("app1", IdentityFile=encrypted, client="openssh")]) == []


def test_keys_of_bastions_are_among_them(ssh_server: Sshd, ssh_keys: Keys):
    encrypted = str(ssh_keys["encrypted"])
    bastion = ssh_server.host("bastion", IdentityFile=encrypted)
    assert asked([ssh_server.host("app1", via="bastion"), bastion], "app1") == [encrypted]
    jumping = ssh_server.host(
        "app1", LogLevel=f"INFO\nMatch originalhost 127.0.0.1\n ProxyJump b\nHost b\n IdentityFile {encrypted}"
    )
    assert asked([jumping]) == [encrypted]


def test_a_key_that_an_agent_holds_takes_no_passphrase(
    ssh_server: Sshd, ssh_keys: Keys, ssh_agent: Agent, tmp_path: Path
):
    ssh_agent.add(ssh_keys["user"])
    host = ssh_server.host(IdentityFile=tmp_path / "mine", IdentityAgent=ssh_agent.socket)
    (tmp_path / "mine").write_bytes(ssh_keys["encrypted"].read_bytes())
    (tmp_path / "mine").chmod(0o600)
    (tmp_path / "mine.pub").write_bytes(ssh_keys["user.pub"].read_bytes())
    assert asked([host]) == []
    (tmp_path / "mine.pub").write_bytes(ssh_keys["encrypted.pub"].read_bytes())
    assert asked([host]) == [str(tmp_path / "mine")]


def test_a_host_whose_configuration_cannot_be_read_has_none(tmp_path: Path):
    assert asked([Host("app1", "app1", config=str(tmp_path / "gone"))]) == []


def test_a_passphrase_is_tried_before_it_is_believed(ssh_keys: Keys):
    path = str(ssh_keys["encrypted"])
    assert opens(path, PASSPHRASE)
    assert not opens(path, "wrong")
    assert not opens("/nonexistent", PASSPHRASE)


def test_passphrases_are_redacted():
    values = Values((), {}, passphrases={"/home/ada/key": PASSPHRASE, "/home/ada/short": "abc"})
    assert values.redactor(f"it is {PASSPHRASE}!") == "it is ***passphrase of /home/ada/key***!"


@pytest.fixture
def checklist(ssh_server: Sshd, ssh_keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checklist with a check through a host that takes the encrypted key, and a kind that goes through hosts."""
    package = tmp_path / "kinds"
    (package / "cockpit_hello-1.dist-info").mkdir(parents=True)
    (package / "cockpit_hello.py").write_text(KIND)
    (package / "cockpit_hello-1.dist-info/METADATA").write_text("Name: cockpit-hello\nVersion: 1\n")
    (package / "cockpit_hello-1.dist-info/entry_points.txt").write_text(
        "[cockpit.checks]\nhello = cockpit_hello:KIND\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{package}")
    host = ssh_server.host(IdentityFile=ssh_keys["encrypted"])
    file = tmp_path / "launch.yaml"
    file.write_text(
        f"""
cockpit: 1
name: Launch
hosts:
  app1: {{ssh: "{host.ssh}", config: "{host.config}"}}
parts:
  - id: before
    title: Before
    items:
      - {{id: hello, title: It says hello, check: {{hello: {{}}, via: app1, timeout: 20s}}}}
"""
    )
    return file


@contextlib.contextmanager
def at_a_terminal(*arguments: object) -> Iterator[Terminal]:
    with Terminal([sys.executable, "-m", "cockpit", *map(str, arguments)]) as terminal:
        yield terminal


@pytest.fixture(autouse=True)
def no_engine_is_left(state_home: Path) -> Iterator[None]:
    yield
    for lock in state_home.glob("**/runs/*/lock"):
        holder = holder_of(RunFolder(lock.parent))
        if holder is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder.pid, signal.SIGKILL)


def test_check_asks_at_a_terminal_until_it_opens_the_key(checklist: Path, ssh_keys: Keys):
    with at_a_terminal("check", checklist) as terminal:
        terminal.until(f"Passphrase of {ssh_keys['encrypted']}")
        terminal.send("wrong\r")
        terminal.until("that does not open it")
        time.sleep(1)  # until it asks again, and what is typed is not shown
        terminal.send(f"{PASSPHRASE}\r")
        terminal.until("1 PASS")
        assert PASSPHRASE not in terminal.bytes_since(0).decode()


def test_check_without_a_terminal_says_what_to_do_and_measures_what_it_can(checklist: Path, ssh_keys: Keys):
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", "check", str(checklist)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert f"add it to an agent with `ssh-add {ssh_keys['encrypted']}`" in done.stderr
    assert "ERROR" in done.stdout
    assert "it is encrypted, and its passphrase was not given" in done.stdout


def test_open_asks_before_its_engine_starts_and_the_engine_can_use_the_key(
    checklist: Path, ssh_keys: Keys, state_home: Path
):
    with at_a_terminal("open", checklist, "--plain", "--run", "r1") as terminal:
        terminal.until(f"Passphrase of {ssh_keys['encrypted']}")
        terminal.send(f"{PASSPHRASE}\r")
        run = RunFolder(next(state_home.glob("**/runs/r1")))
        wait_until(lambda: holder_of(run) is not None, "the engine runs")

        def measured() -> bool:
            found = fold(read(run.journal)).item("hello").measurement
            return found is not None and found.result.result == "PASS"

        wait_until(measured, "the check passes")
    holder = holder_of(run)
    assert holder is not None
    engine = Path(f"/proc/{holder.pid}")
    for name in ("cmdline", "environ"):
        assert PASSPHRASE.encode() not in (engine / name).read_bytes()
    assert (engine / "fd/0").readlink() == Path("/dev/null")
    for file in state_home.rglob("*"):
        if file.is_file():
            assert PASSPHRASE.encode() not in file.read_bytes()


def test_an_engine_gets_along_without_any(checklist: Path, state_home: Path):
    opened = subprocess.run(
        [sys.executable, "-m", "cockpit", "open", str(checklist)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "add it to an agent" in opened.stderr
    run = RunFolder(next(state_home.glob(f"**/runs/{opened.stdout.strip()}")))

    def told() -> bool:
        found = fold(read(run.journal)).item("hello").measurement
        return found is not None and "its passphrase was not given" in found.result.summary

    wait_until(told, "the check says why it cannot be measured")
