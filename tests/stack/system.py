"""The sample system on a daemon that is there, or on one of its own: up and down."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from cockpit.demo.sample import start
from cockpit.demo.sample.client import Failed, compose_program
from cockpit.demo.sample.images import lacking
from cockpit.demo.sample.system import WITH_HEALTH, System, attach
from cockpit.demo.sample.wiring import PROBE
from tests.servers.need import missing
from tests.stack import daemon

__all__ = ["CHECKLIST", "PROBE", "VERSIONS", "WITH_HEALTH", "System", "attach", "down", "up"]

CHECKLIST = Path(__file__).resolve().parents[2] / "checklists" / "production"
VERSIONS = (*start.RELEASES, "1.2.0-bad")
"""The last one starts, and its health says 503."""


def up(folder: Path, version: str = VERSIONS[0]) -> System:
    """Bring the system up in `folder`, which must not exist, and wait until all of it works."""
    program = compose_program()
    if program is None:
        missing("Compose", "install the package docker-compose")
    if packages := lacking():
        missing("what the sample system is made of", f"install the packages {' '.join(packages)}")
    folder.mkdir(parents=True, mode=0o711)
    try:
        host = daemon.find_or_start(folder / "docker")
        system = start.prepare(folder, host, version, program=program)
        daemon.forward(folder / "docker", system.ports.values())
        start.build(system, VERSIONS)
        daemon.keep_images(folder / "docker")
        start.bring_up(system)
    except BaseException:
        down(folder)
        raise
    return system


def down(folder: Path) -> None:
    """End the system in `folder` and remove all that is of it; nothing if there is none."""
    with contextlib.suppress(FileNotFoundError, Failed):
        system = attach(folder)
        if not (folder / "docker").exists():
            system.compose("down", "--timeout", "1", "--volumes", "--remove-orphans")
    daemon.stop(folder / "docker")
    shutil.rmtree(folder, ignore_errors=True)
