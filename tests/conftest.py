"""What every test starts from: a state home of its own, and an environment that says nothing about the terminal."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = [  # each after those that it imports
    "tests.servers.aws",
    "tests.servers.certificates",
    "tests.servers.dns",
    "tests.servers.docker",
    "tests.servers.mariadb",
    "tests.servers.compose",
    "tests.servers.swarm",
    "tests.servers.kubernetes",
    "tests.servers.postgres",
    "tests.servers.redis",
    "tests.servers.ssh",
    "tests.servers.journal",
    "tests.servers.logins",
    "tests.servers.stack",
    "tests.servers.tls",
    "tests.servers.web",
    "tests.servers.prometheus",
    "tests.servers.upgrading",
    "tests.servers.websocket",
    "tests.support.spreading",
]

TERMINAL_SETTINGS = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "PAGER", "CLICOLOR", "CLICOLOR_FORCE")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as Cockpit does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def state_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep tests away from the state of whoever runs them, and from their terminal's settings.

    The state home's path is short because a Unix socket's has to be.
    """
    for name in TERMINAL_SETTINGS + tuple(filter(_is_setting, os.environ)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    with tempfile.TemporaryDirectory(prefix="ck-", ignore_cleanup_errors=True) as home:
        monkeypatch.setenv("COCKPIT_HOME", home)
        yield Path(home)


def _is_setting(name: str) -> bool:
    """Whether a variable would change what is drawn or completed; the one of the picture tests themselves does not."""
    return name.startswith(("TEXTUAL", "_ARGCOMPLETE")) and not name.startswith("TEXTUAL_SNAPSHOT")
