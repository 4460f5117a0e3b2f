"""What is found out on a real machine: its disk, an agent, a daemon's socket, its runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.doctor import gather, gather_home
from cockpit.engine.client import start_engine
from cockpit.engine.opening import open_run
from cockpit.journal.lock import holder_of
from tests.servers.ssh import Agent, Keys
from tests.support.runs import document, manual

ENVIRON = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}


def test_the_state_home_is_tried_and_left_as_it_was(state_home: Path) -> None:
    found = gather_home.home()
    assert found.path == str(state_home)
    assert found.problem == ""
    assert found.locks is True
    assert found.flush is not None
    assert 0 < found.flush <= found.slowest
    assert found.free > 0
    assert list(state_home.iterdir()) == []


def test_a_state_home_that_is_not_there_yet_is_not_made(state_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_HOME", str(state_home / "a" / "b"))
    assert gather_home.home().locks is True
    assert list(state_home.iterdir()) == []
    monkeypatch.setenv("COCKPIT_HOME", "/proc/nowhere/b")
    assert gather_home.home().flush is None or gather_home.home().problem


def test_an_agent_says_how_many_keys_it_holds(ssh_agent: Agent, ssh_keys: Keys) -> None:
    path = str(ssh_agent.socket)
    before = gather._ssh({"SSH_AUTH_SOCK": path})
    ssh_agent.add(ssh_keys["user"])
    after = gather._ssh({"SSH_AUTH_SOCK": path, "SSH_CONNECTION": "10.0.0.7 1 10.0.0.1 22"})
    assert (before.agent_problem, before.keys, after.keys, after.forwarded) == ("", 0, 1, False)


def test_an_agent_that_is_gone_or_hangs_is_said_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "ASKED_WITHIN", 0.3)
    assert "no agent answers" in gather._ssh({"SSH_AUTH_SOCK": str(tmp_path / "gone")}).agent_problem
    with listening(tmp_path / "agent", b"") as path:
        assert gather._ssh({"SSH_AUTH_SOCK": path}).agent_problem


def test_a_docker_socket_is_asked_for_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "ASKED_WITHIN", 0.3)
    with listening(tmp_path / "docker", b'HTTP/1.0 200 OK\r\n\r\n{"ApiVersion":"1.41"}') as path:
        assert gather._docker({"DOCKER_HOST": f"unix://{path}"}).version == "1.41"
    with listening(tmp_path / "other", b"220 mail\r\n") as path:
        assert "does not answer as Docker" in gather._docker({"DOCKER_HOST": f"unix://{path}"}).problem
    with listening(tmp_path / "hangs", b"") as path:
        assert "did not answer within" in gather._docker({"DOCKER_HOST": f"unix://{path}"}).problem
    assert gather._docker({"DOCKER_HOST": f"unix://{tmp_path}/none"}).exists is False
    assert gather._docker({"DOCKER_HOST": "ssh://app1"}).host == "ssh://app1"


def test_a_run_whose_engine_died_is_found(state_home: Path) -> None:
    run = open_run(document(manual("owner")), release="1", environment="", run_kind="live")
    assert [(each.run, each.alive) for each in gather._engines()] == [(run.id, False)]
    start_engine(run)
    holder = holder_of(run)
    assert holder is not None
    assert [each.alive for each in gather._engines()] == [True]
    os.kill(holder.pid, signal.SIGTERM)


def test_the_clock_and_the_limits_are_those_of_this_machine() -> None:
    facts = gather.gather(ENVIRON)
    assert facts.clock.synchronised in (True, False)
    assert facts.clock.boot
    assert facts.files > 0
    assert facts.terminal.utf8
    assert facts.terminal.colours == "256 colours"


def test_the_command_says_it_all_and_its_exit_status_says_whether_anything_hurts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    states = {each["state"] for each in told["findings"]}
    assert told["format"] == 1
    assert {"Python", "state home", "clock", "ssh", "Docker"} <= {each["about"] for each in told["findings"]}
    assert status == (1 if "hurts" in states else 3 if "cannot tell" in states else 0)
    assert main(["doctor"]) == status
    printed = capsys.readouterr()
    assert "OK           Python" in printed.out
    assert printed.err.strip()


@contextmanager
def listening(path: Path, answer: bytes) -> Iterator[str]:
    """Something that listens at a Unix socket, and answers whatever it is asked; nothing: it hangs."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        kept: list[socket.socket] = []

        def serve() -> None:
            try:
                while True:
                    door, _ = server.accept()
                    kept.append(door)
                    if answer:
                        door.recv(4096)
                        door.sendall(answer)
                        door.close()
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield str(path)
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for door in kept:
                door.close()
