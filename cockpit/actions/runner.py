"""Carrying one job out: its action, host by host, and what is written down of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator

import msgspec
import pydantic

from cockpit.actions.folder import AttemptFolder, Ended, HostEnded
from cockpit.actions.job import Job
from cockpit.actions.kind import ActionKind, Outcome
from cockpit.actions.printed import Printed
from cockpit.actions.registry import kinds
from cockpit.connect.dial import Unreachable
from cockpit.connect.routes import HostRoutes
from cockpit.text import Redactor, safe_line

GRACE = 5.0
"""Seconds beyond its time limit after which an action that does not end by itself is given up."""


def carry_out(job: Job, attempt: AttemptFolder) -> None:
    """Carry `job` out, and write down how it ended."""
    redact = Redactor()
    for name, value in job.secrets:
        redact.add(name, value)
    with Printed(attempt.output, redact) as printed:
        ended = asyncio.run(_carry_out(job, printed))
    summary = safe_line(redact(ended.summary), width=300)
    attempt.end(msgspec.structs.replace(ended, summary=summary))


async def _carry_out(job: Job, printed: Printed) -> Ended:
    loop, started = asyncio.get_running_loop(), time.monotonic()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    working = asyncio.create_task(_everywhere(job, printed))
    loop.add_signal_handler(signal.SIGTERM, working.cancel)
    try:
        outcome, hosts = await working
    except asyncio.CancelledError:
        outcome, hosts = Outcome(done=False, summary="ended on the captain's word", unknown=True), ()
    return Ended(
        done=outcome.done,
        summary=outcome.summary,
        status=outcome.status,
        took=time.monotonic() - started,
        unknown=outcome.unknown,
        nothing=outcome.nothing and not any(each.done for each in hosts),
        hosts=hosts,
    )


async def _everywhere(job: Job, printed: Printed) -> tuple[Outcome, tuple[HostEnded, ...]]:
    kind = kinds().get(job.kind)
    if kind is None:
        return Outcome(done=False, summary=f"there is no kind of action called {job.kind!r}", nothing=True), ()
    routes = HostRoutes(job.known, passphrases=job.passphrases)
    try:
        if not job.hosts:
            return await _once(kind, job, routes, "", printed), ()
        return await _in_turn(kind, job, routes, printed)
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2):
                await routes.close()


async def _in_turn(
    kind: ActionKind, job: Job, routes: HostRoutes, printed: Printed
) -> tuple[Outcome, tuple[HostEnded, ...]]:
    """Host by host, a batch at a time; the first batch that fails is the last."""
    ended: list[HostEnded] = []
    for batch in _batches(job.hosts, job.batch):
        outcomes = await asyncio.gather(*(_once(kind, job, routes, host, printed) for host in batch))
        ended += [HostEnded(host, each.done, each.summary) for host, each in zip(batch, outcomes, strict=True)]
        bad = [(host, each) for host, each in zip(batch, outcomes, strict=True) if not each.done]
        if bad:
            words = "; ".join(f"{host}: {each.summary}" for host, each in bad)
            unknown = any(each.unknown for _, each in bad)
            nothing = all(each.nothing for each in outcomes)
            return Outcome(False, words, bad[0][1].status, unknown, nothing), tuple(ended)
    return Outcome(done=True, summary=f"done on {', '.join(job.hosts)}", status=0), tuple(ended)


async def _once(kind: ActionKind, job: Job, routes: HostRoutes, host: str, printed: Printed) -> Outcome:
    output = printed.of(host) if len(job.hosts) > 1 else printed.write
    try:
        spec = kind.spec.model_validate(job.spec)
        async with asyncio.timeout(job.timeout + GRACE):
            return await kind.carry_out(spec, routes.to(host), output, job.timeout)
    except pydantic.ValidationError as error:
        said = error.errors(include_input=False, include_url=False)[0]["msg"]
        return Outcome(done=False, summary=f"`{kind.name}`: {said}", nothing=True)
    except Unreachable as error:
        return Outcome(done=False, summary=str(error), nothing=True)
    except TimeoutError:
        return Outcome(done=False, summary=f"not over after {job.timeout:g} s", unknown=True)
    except Exception as error:  # noqa: BLE001 - a library may raise anything, at any point of what it does
        return Outcome(done=False, summary=f"{kind.name} failed: {type(error).__name__}: {error}", unknown=True)


def _batches(hosts: tuple[str, ...], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(hosts), max(1, size)):
        yield hosts[start : start + max(1, size)]
