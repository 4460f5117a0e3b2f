"""Following all sources of a job at once: none that hangs or fails holds another up."""

from __future__ import annotations

import asyncio
import contextlib
import time

from cockpit.connect.dial import Unreachable
from cockpit.connect.routes import HostRoutes
from cockpit.logs.intake import Intake, Sink
from cockpit.logs.job import Followed, Job
from cockpit.text import Redactor, safe_line

AGAIN_AFTER = 5.0
"""Seconds after which what failed in a way that nobody foresaw is begun again."""


async def follow(job: Job, sink: Sink) -> None:
    """Follow everything until cancelled."""
    redactor = Redactor()
    for name, value in job.secrets:
        with contextlib.suppress(ValueError):  # too short to be hidden: it was refused where it was read
            redactor.add(name, value)
    for id_, words in job.notices:
        sink.notice(id_, safe_line(redactor(words)), time.time())
    routes = HostRoutes(job.hosts, passphrases=job.passphrases)
    try:
        async with asyncio.TaskGroup() as group:
            for source in job.sources:
                group.create_task(_follow(source, routes, Intake(source.id, sink, redactor, source.zone)))
            group.create_task(asyncio.Event().wait())
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2):
                await routes.close()


async def _follow(source: Followed, routes: HostRoutes, intake: Intake) -> None:
    while True:
        try:
            await _of_its_kind(source, routes, intake)
        except Unreachable as error:
            intake.notice(f"{error}; trying again")
        except Exception as error:  # noqa: BLE001 - a library may raise anything; the others go on
            intake.notice(f"following failed: {type(error).__name__}: {error}; trying again")
        await asyncio.sleep(AGAIN_AFTER)


async def _of_its_kind(source: Followed, routes: HostRoutes, intake: Intake) -> None:
    """Each kind is imported where it is needed: what asks a Docker daemon is heavy."""
    match source.kind:
        case "docker" | "compose" | "swarm":
            from cockpit.logs import follow_docker  # noqa: PLC0415

            kinds = {
                "docker": follow_docker.follow_container,
                "compose": follow_docker.follow_compose,
                "swarm": follow_docker.follow_swarm,
            }
            await kinds[source.kind](source, routes, intake)
        case "file" if not source.via:
            from cockpit.logs.follow_file import follow_file  # noqa: PLC0415

            await follow_file(source, intake)
        case "file":
            from cockpit.logs.follow_program import follow_far_file  # noqa: PLC0415

            await follow_far_file(source, routes, intake)
        case "journald":
            from cockpit.logs.follow_program import follow_journald  # noqa: PLC0415

            await follow_journald(source, routes, intake)
