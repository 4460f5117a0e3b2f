"""The sample system: brought up once for the whole suite, whichever worker needs it first."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

import pytest

from tests.stack import daemon, system
from tests.stack.system import System

SUMMARY = "summary"
"""The property of a test whose value is printed when the suite ends."""

PLACE = Path("/tmp/cockpit-stack")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> System:
    """A system that works. Who damages it mends it; it is taken down when the suite ends, however it does."""
    distributed = hasattr(request.config, "workerinput")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if distributed else base
    suite = os.getppid() if distributed else os.getpid()
    folder = PLACE / f"suite-{hashlib.sha256(str(shared).encode()).hexdigest()[:8]}-{suite}"
    with (shared / "stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "system.json").exists():
            system.up(folder)
            daemon.end_after(suite, folder)
    return system.attach(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the proof of the items counted; reports of other workers carry it here."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == SUMMARY:
                terminalreporter.write_line(str(value))
