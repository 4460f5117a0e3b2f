"""Attempts at actions in a test: by a real runner, or by the kind alone."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.actions.folder import AttemptFolder, Ended
from cockpit.actions.job import Job
from cockpit.actions.kind import Outcome
from cockpit.actions.registry import find
from cockpit.actions.start import start
from cockpit.checklist.model import Host
from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.routes import HostRoutes

PATIENCE = 60.0
"""Seconds that a loaded machine may take."""


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends, f"{what}: never"
        time.sleep(0.02)


def attempt_in(folder: Path) -> AttemptFolder:
    """The folder of a new attempt."""
    return AttemptFolder(folder / "steps" / f"step-go-{uuid.uuid4().hex[:8]}")


def shell(run: str, timeout: float = 60.0, **more: Any) -> Job:
    """A shell command as a job; what belongs to the job itself goes there, the rest to the command."""
    own = {key: more.pop(key) for key in ("hosts", "batch", "known", "secrets") if key in more}
    return Job("command", {"run": run, **more}, timeout, **own)


def ended(attempt: AttemptFolder) -> Ended:
    """How an attempt ended, once it has."""
    until(lambda: attempt.progress().state == "ended", f"the end of {attempt.path.name}")
    found = attempt.progress().ended
    assert found is not None
    return found


def carried_out(job: Job, folder: Path) -> tuple[Ended, str]:
    """How a job ended that a runner carried out, and all that it printed."""
    attempt = attempt_in(folder)
    start(attempt, job)
    return ended(attempt), attempt.output.read_text()


@dataclass
class Acted:
    """What came of an action."""

    outcome: Outcome
    output: str
    kind: str = field(default="")


def act(kind: str, spec: dict[str, Any], *hosts: Host, timeout: float = 30.0) -> Acted:
    """Carry an action out by its kind alone, here or on the first of the hosts; what it raises is told as a runner does."""
    found, printed = find(kind), bytearray()
    assert found is not None

    async def once() -> Outcome:
        routes = HostRoutes(hosts)
        try:
            route = routes.to(hosts[0].name if hosts else "")
            return await found.carry_out(found.spec.model_validate(spec), route, printed.extend, timeout)
        except CutOff as error:
            return Outcome(done=False, summary=str(error), unknown=True)
        except Unreachable as error:
            return Outcome(done=False, summary=str(error), nothing=True)
        finally:
            await routes.close()

    return Acted(asyncio.run(once()), printed.decode())
