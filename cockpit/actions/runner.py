"""Carrying one job out: its action, host by host, and what is written down of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Iterator

import pydantic

from cockpit.actions.folder import AttemptFolder, Ended, HostEnded
from cockpit.actions.job import Job
from cockpit.actions.kind import ActionKind, Outcome
from cockpit.actions.offspring import end_all, mark
from cockpit.actions.printed import Printed, redactor
from cockpit.actions.registry import find
from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.routes import HostRoutes
from cockpit.text import safe_line

GRACE = 5.0
"""Seconds beyond its time limit after which an action that does not end by itself is given up."""

SETTLING = 4.0
"""Seconds for what was cut off to end in order; after MERCY more it is killed."""

MERCY = 1.0

TRYING = 3600.0
"""Seconds for which a runner tries to write down how its action ended, when it cannot."""

SUMMARY, SUMMARY_OF_A_HOST = 300, 120
"""Characters."""


def carry_out(job: Job, attempt: AttemptFolder, printed: Printed) -> None:
    """Carry `job` out, and write down how it ended. SIGTERM, blocked until now, ends it."""
    mark(attempt.path)
    asyncio.run(_carry_out(job, attempt, printed))


async def _carry_out(job: Job, attempt: AttemptFolder, printed: Printed) -> None:
    loop, began = asyncio.get_running_loop(), time.monotonic()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    # A signal that came before is handled now: nothing is begun then.
    await asyncio.sleep(0)
    carrying = _Carrying(job, printed)
    outcome = await _outcome(carrying, told)
    await _settled()
    if outcome.unknown:
        await asyncio.to_thread(end_all, attempt.path, MERCY)
    printed.close()
    hide = redactor(job.secrets)
    ended = Ended(
        done=outcome.done,
        summary=safe_line(hide(outcome.summary), width=SUMMARY),
        status=outcome.status,
        took=time.monotonic() - began,
        unknown=outcome.unknown,
        nothing=outcome.nothing,
        hosts=tuple(
            HostEnded(host, each.done, safe_line(hide(each.summary), width=SUMMARY_OF_A_HOST), each.unknown)
            for host, each in carrying.on.items()
            if host
        ),
    )
    await _write_down(attempt, ended, told)


async def _outcome(carrying: _Carrying, told: asyncio.Event) -> Outcome:
    """How it ended by itself, or because it was told to."""
    if told.is_set():
        return Outcome(done=False, summary="ended on the captain's word before it was begun", nothing=True)
    working, ending = asyncio.create_task(carrying.everywhere()), asyncio.create_task(told.wait())
    await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=SETTLING)
    if not working.done() or working.cancelled():
        return carrying.cut_off()
    if (error := working.exception()) is not None:
        return Outcome(done=False, summary=f"its runner failed: {type(error).__name__}: {error}", unknown=True)
    return working.result()


async def _settled() -> None:
    """Wait for what goes on behind: programs that are being ended, connections that are being closed."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=SETTLING)


async def _write_down(attempt: AttemptFolder, ended: Ended, told: asyncio.Event) -> None:
    """Write down how it ended; where nothing can be written, try on while there is a folder: nobody else knows."""
    ends = time.monotonic() + TRYING
    while True:
        try:
            attempt.end(ended)
        except OSError:
            if told.is_set() or time.monotonic() > ends or not attempt.path.exists():
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await told.wait()
        else:
            return


class _Carrying:
    """The action, and how it stands on each host where it was begun; "" is this machine."""

    def __init__(self, job: Job, printed: Printed) -> None:
        self.on: dict[str, Outcome] = {}
        self._job = job
        self._printed = printed

    async def everywhere(self) -> Outcome:
        """Do it here, or on its hosts in turn: a batch at a time, and the first batch that fails is the last."""
        kind = find(self._job.kind)
        if kind is None:
            return Outcome(done=False, summary=f"there is no kind of action called {self._job.kind!r}", nothing=True)
        try:
            spec = kind.spec.model_validate(self._job.spec)
        except pydantic.ValidationError as error:
            said = error.errors(include_input=False, include_url=False)[0]
            words = ".".join(str(each) for each in ("", *said["loc"]))
            return Outcome(done=False, summary=f"`{kind.name}{words}`: {said['msg']}", nothing=True)
        routes = HostRoutes(self._job.known, passphrases=self._job.passphrases)
        try:
            for batch in _batches(self._job.hosts or ("",), self._job.batch):
                await asyncio.gather(*(self._at(host, kind, spec, routes) for host in batch))
                if not all(self.on[host].done for host in batch):
                    break
        finally:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(SETTLING):
                    await routes.close()
        return self._all_in_all()

    def cut_off(self) -> Outcome:
        """How it stands when it was ended from outside."""
        words = [f"ended on the captain's word; {_UNDER_WAY.summary}", *self._where()]
        return Outcome(done=False, summary="; ".join(words), unknown=True)

    async def _at(self, host: str, kind: ActionKind, spec: object, routes: HostRoutes) -> None:
        """Do it at one place."""
        self.on[host] = _UNDER_WAY
        output = self._printed.stream(host if len(self._job.hosts) > 1 else "")

        async def act() -> Outcome:
            return await kind.carry_out(spec, routes.to(host), output, self._job.timeout)

        try:
            self.on[host] = await _once(kind.name, act, self._job.timeout)
        finally:
            output.close()

    def _all_in_all(self) -> Outcome:
        if not self._job.hosts:
            return self.on[""]
        bad = {host: each for host, each in self.on.items() if not each.done}
        if not bad:
            return Outcome(done=True, summary=f"done on {', '.join(self.on)}", status=0)
        return Outcome(
            done=False,
            summary="; ".join([*(f"{host}: {each.summary}" for host, each in bad.items()), *self._where()]),
            status=next(iter(bad.values())).status,
            unknown=any(each.unknown for each in bad.values()),
            nothing=all(each.nothing for each in self.on.values()),
        )

    def _where(self) -> Iterator[str]:
        """On which hosts it is done, and which it has not come to."""
        if done := [host for host, each in self.on.items() if host and each.done]:
            yield f"done on {', '.join(done)}"
        if left := [host for host in self._job.hosts if host not in self.on]:
            yield f"not begun on {', '.join(left)}"


_UNDER_WAY = Outcome(done=False, summary="it may or may not have happened", unknown=True)


async def _once(name: str, act: Callable[[], Awaitable[Outcome]], limit: float) -> Outcome:
    try:
        async with asyncio.timeout(limit + GRACE):
            return await act()
    except CutOff as error:
        return Outcome(done=False, summary=str(error), unknown=True)
    except Unreachable as error:
        return Outcome(done=False, summary=str(error), nothing=True)
    except TimeoutError:
        return Outcome(done=False, summary=f"not over after {limit:g} s", unknown=True)
    except Exception as error:  # noqa: BLE001 - a library may raise anything, at any point of what it does
        return Outcome(done=False, summary=f"{name} failed: {type(error).__name__}: {error}", unknown=True)


def _batches(hosts: tuple[str, ...], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(hosts), max(1, size)):
        yield hosts[start : start + max(1, size)]
