"""What `cockpit demo --docker` says where it cannot start, before it makes anything."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.cli.exits import Exit
from cockpit.demo.sample import start
from cockpit.demo.sample.client import Failed
from cockpit.demo.sample.needs import Lacking, look

ROOT = Path(__file__).parents[2]
DOCKER = shutil.which("docker")


def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, path: Path | None = None, host: str = "") -> str:
    """What is lacking, in words. Nothing was made."""
    if path is not None:
        monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", host or "unix:///var/run/docker.sock")
    with pytest.raises(Lacking) as lacking:
        look(tmp_path / "home")
    assert not (tmp_path / "home").exists()
    return str(lacking.value)


@contextmanager
def daemon_that(socket_file: Path, answer: bytes) -> Iterator[str]:
    """Something that gives every client the same answer; where it listens. A fake: a real one has no such moods."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_file))
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    client.recv(65536)
                    client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"unix://{socket_file}"
        listening.shutdown(socket.SHUT_RDWR)


def programs(folder: Path, *names: str, **scripts: str) -> Path:
    """A folder with these programs alone, and with shell scripts under these names."""
    folder.mkdir()
    for name in ("sh", "cat", *names):
        (folder / name).symlink_to(shutil.which(name) or "/nowhere")
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


needs_docker = pytest.mark.skipif(DOCKER is None, reason="Docker's client is not here: install the package docker.io")

ANSWERS = 'case "$*" in *version*) echo linux ;; esac'
"""A client whose daemon is there and has nothing."""


def test_the_command_says_what_is_lacking_and_makes_nothing(tmp_path):
    environ = {**os.environ, "COCKPIT_HOME": str(tmp_path / "home"), "PATH": str(programs(tmp_path / "bin"))}
    command = [sys.executable, "-m", "cockpit", "demo", "--docker", "--headless"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "cockpit: the sample system cannot be started here: there is no program `docker`: install Docker, or try "
        "`cockpit demo`, which needs none\n"
    )
    assert not (tmp_path / "home" / "demo").exists()


def test_only_the_sample_system_can_be_kept(capsys):
    assert main(["demo", "--keep"]) == Exit.WRONG
    assert "only the sample system of `--docker` can be kept" in capsys.readouterr().err


@needs_docker
def test_without_a_daemon_it_says_where_it_looked(tmp_path, monkeypatch):
    said = refused(tmp_path, monkeypatch, host=f"unix://{tmp_path}/none.sock")
    assert f"no Docker daemon answers at unix://{tmp_path}/none.sock: start it" in said


def test_without_the_right_to_use_it_it_says_whose_it_is(tmp_path, monkeypatch):
    client = 'echo "permission denied while trying to connect to the Docker daemon socket" >&2; exit 1'
    said = refused(
        tmp_path, monkeypatch, path=programs(tmp_path / "bin", docker=client), host="unix:///var/run/docker.sock"
    )
    assert "you may not use Docker at unix:///var/run/docker.sock: be a member of its group (usually `docker`)" in said


@needs_docker
def test_a_daemon_that_fails_is_quoted(tmp_path, monkeypatch):
    answer = b'HTTP/1.1 500 Oh no\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{"message":"oh no"}'
    with daemon_that(tmp_path / "d.sock", answer) as host:
        said = refused(tmp_path, monkeypatch, host=host)
    assert f"Docker at {host} cannot be used:" in said
    assert "oh no" in said


def test_a_daemon_elsewhere_is_refused(tmp_path, monkeypatch):
    said = refused(tmp_path, monkeypatch, path=programs(tmp_path / "bin", docker=ANSWERS), host="tcp://10.0.0.5:2376")
    assert "Docker is at tcp://10.0.0.5:2376: the sample system shares files with its containers" in said


def test_without_compose_it_says_which_package_has_it(tmp_path, monkeypatch):
    client = 'case "$*" in *compose*) exit 1 ;; *version*) echo linux ;; esac'
    said = refused(tmp_path, monkeypatch, path=programs(tmp_path / "bin", docker=client), host="unix:///d")
    assert "Docker Compose is not here: install its plugin (docker-compose-plugin" in said


def test_without_git_it_says_so(tmp_path, monkeypatch):
    said = refused(tmp_path, monkeypatch, path=programs(tmp_path / "bin", docker=ANSWERS), host="unix:///d")
    assert "there is no program `git`: install git" in said


def test_without_a_base_image_it_says_how_to_have_one(tmp_path, monkeypatch):
    client = 'case "$*" in *pull*) echo "no such host" >&2; exit 1 ;; *version*) echo linux ;; esac'
    said = refused(tmp_path, monkeypatch, path=programs(tmp_path / "bin", "git", docker=client), host="unix:///d")
    assert "there is no base image to be had: debian:bookworm-slim is not on this daemon and cannot be pulled" in said
    assert "no such host" in said
    assert "install these packages of Debian 12" in said
    assert "postgresql-15" in said


def test_images_of_somebody_else_under_the_same_names_are_left_alone(tmp_path, monkeypatch):
    client = 'case "$*" in *label*) ;; *reference*) echo cockpit-demo/mine:1 ;; *version*) echo linux ;; esac'
    said = refused(tmp_path, monkeypatch, path=programs(tmp_path / "bin", "git", docker=client), host="unix:///d")
    assert "there are images called cockpit-demo/mine:1 that this demo did not make" in said


def test_without_free_ports_it_says_how_many_it_needs(tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(start, "_PORTS", range(port, port + 1))
        with pytest.raises(Failed, match=f"too few ports of 127.0.0.1 are free between {port} and {port}"):
            start.prepare(tmp_path / "system", "unix:///d")
