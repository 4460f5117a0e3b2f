"""A running sandbox stack, and what is left of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.demo.stack import Stack, start


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack of its own for one test."""
    running = start(tmp_path / "demo")
    yield running
    assert running.stop()


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all tests of a file that leave it as it was."""
    running = start(tmp_path_factory.mktemp("demo"))
    yield running
    assert running.stop()


@pytest.fixture
def remaining() -> Callable[[Path], list[str]]:
    return _remaining


@pytest.fixture
def nothing_remains() -> Callable[[Path, float], bool]:
    return _nothing_remains


def _remaining(folder: Path) -> list[str]:
    """The command lines of all processes, zombies aside, that name `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "cockpit.demo" in line and str(folder) in line:
            found.append(f"{process.name} {line}")
    return found


def _nothing_remains(folder: Path, within: float = 8.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not _remaining(folder):
            return True
        time.sleep(0.05)
    raise AssertionError(_remaining(folder))
