"""The sample system: brought up once for the whole suite, whichever worker needs it first."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

import pytest

from tests.stack import daemon, system
from tests.stack.system import System

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
