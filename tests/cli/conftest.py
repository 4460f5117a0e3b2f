"""The program as its users call it: `cockpit` on the path, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def program_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `cockpit` in it, to be put on the path."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "cockpit"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m cockpit "$@"\n')
    script.chmod(0o755)
    return folder


@pytest.fixture
def path(program_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The search path with `cockpit` first on it, and set so."""
    searched = f"{program_folder}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", searched)
    return searched


@pytest.fixture
def cockpit(path: str, tmp_path: Path) -> Run:
    """Call `cockpit` in `tmp_path`, with more environment variables if wanted, and get what it printed and returned."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["cockpit", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return call


CHECKLIST = """\
cockpit: 1
name: Launch of the bot
variables:
  base_url: {about: Where users reach it.}
  token: {env: BOT_TOKEN, secret: true, about: Who asks.}
parts:
  - id: before
    title: Before launch
    sections:
      - id: service
        title: Service
        groups:
          - id: health
            title: Health
            items:
              - id: healthy
                title: The back end is healthy
                check: {http: {url: "${base_url}/health"}, expect: [status == 200, body.status == 'ok'], timeout: 5s}
                confirm: {ask: What does /health answer?}
              - id: version
                title: It is the version to be released
                check:
                  http: {url: "${base_url}/version"}
                  expect: ["body.version == '2.4.0'"]
                  needs: [healthy]
                confirm: {ask: What does /version answer?}
              - id: authorised
                title: The token is accepted
                check: {http: {url: "${base_url}/private", auth: {bearer: "${token}"}}}
                confirm: {ask: Which token was used?}
  - id: people
    title: People
    items:
      - id: on-call
        title: Somebody is on call, früh und spät …
        confirm: {ask: Who is on call tonight?}
"""


@pytest.fixture
def checklist(tmp_path: Path) -> Path:
    """A small checklist, `launch.yaml`, whose live items wait for the variables `base_url` and `token`."""
    path = tmp_path / "launch.yaml"
    path.write_text(CHECKLIST, "utf-8")
    return path


class Backend(ThreadingHTTPServer):
    """A back end that answers what `answers` says; `/private` only to who knows the token."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        super().__init__(("127.0.0.1", 0), _Answering)


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.server.answers.get(self.path, "{}").encode()
        allowed = self.path != "/private" or self.headers.get("Authorization") == "Bearer correct-horse-battery"
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def answers() -> dict[str, str]:
    """What the back end answers to which path; a test may change it."""
    return {"/health": '{"status": "ok"}', "/version": '{"version": "2.3.9"}'}


@pytest.fixture
def base_url(answers: dict[str, str]) -> Iterator[str]:
    """Where the back end is."""
    with Backend(answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
