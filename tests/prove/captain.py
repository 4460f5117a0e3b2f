"""Many start, look, answer and command at once, some are dead, stopped or deaf: one engine, one captain, nobody slowed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from cockpit.checklist.plan import Gate, Plan, Poll, Step
from cockpit.engine.client import Client, NoEngine, start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import PROTOCOL, Refused
from cockpit.journal.event import EngineStarted, PollAnswered
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import JournalDamaged, read, verify
from cockpit.run import command as cmd
from tests.prove.finding import Effort, Finding
from tests.prove.surroundings import a_home, beginning_with
from tests.support.engines import answers
from tests.support.runs import HERE, document, manual

AT_ONCE = 12
VIEWERS = 10
POSITIONS = ("operations", "development", "security")

SLOW = 3.0
"""Seconds for a command from which on somebody was slowed, even on a machine that does much else."""

WITHOUT_LOCK = "import fcntl\nfcntl.flock = lambda *_: None\n"
WAITING_FOR_VIEWERS = """\
import os, socket, msgspec, cockpit.engine.server as server
def send(self, message):
    door = self._writer.get_extra_info("socket")
    door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    os.set_blocking(door.fileno(), True)
    os.write(door.fileno(), msgspec.json.encode(message) + b"\\n")
server._Viewer._send = send
"""


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Start, take over, look on."""
    with a_home():
        starts = _starts(effort, work)
        yield starts
        yield _takeovers(effort, starts.bites)
        yield _crowded(effort, work)


def _starts(effort: Effort, work: Path) -> Finding:
    rounds, at_once = effort.times(full=30, short=1), effort.times(full=AT_ONCE, short=5)
    broken = [words for _ in range(rounds) if (words := _one_engine(at_once))]
    with beginning_with(WITHOUT_LOCK, work / "unlocked"):
        bites = bool(_one_engine(3))
    return Finding(f"{at_once} starts at once", rounds, len(broken), "without the lock", int(bites), tuple(broken[:3]))


def _one_engine(starts: int) -> str:
    """What is wrong after so many starts at once; nothing when there is one engine, and all were content with it."""
    run = _begun()
    refused = asyncio.run(_started(run, starts))
    living = _engines(run)
    try:
        begun = sum(isinstance(event.data, EngineStarted) for event in read(run.journal))
    except JournalDamaged as damage:
        return str(damage)
    finally:
        _end(run)
    good = (len(living), begun, refused) == (1, 1, [])
    return "" if good else f"{len(living)} engines live, {begun} began; {'; '.join(refused)}"


async def _started(run: RunFolder, starts: int) -> list[str]:
    def start() -> str:
        try:
            start_engine(run)
        except NoEngine as problem:
            return str(problem)
        return ""

    said = await asyncio.gather(*(asyncio.to_thread(start) for _ in range(starts)))
    await asyncio.sleep(0.3)  # one too many would begin by then
    return [words for words in said if words]


def _takeovers(effort: Effort, bites: int) -> Finding:
    """From an engine that died, one that stands still, and one that lives; the control is that of starts at once."""
    rounds = effort.times(full=20, short=1)
    ways: tuple[Callable[[RunFolder], str], ...] = (_from_the_dead, _from_the_stopped, _from_the_living)
    broken = []
    for _ in range(rounds):
        run = _begun()
        start_engine(run)
        for way in ways:
            if words := way(run) or ("" if verify(run.journal).ok else "its chain is broken"):
                broken.append(f"{way.__name__}: {words}")
        _end(run)
    return Finding(
        "taken over from a dead, a stopped, a living holder", rounds * len(ways), len(broken), "without the lock",
        bites, tuple(broken),
    )  # fmt: skip


def _from_the_dead(run: RunFolder) -> str:
    holder = holder_of(run)
    assert holder is not None
    os.kill(holder.pid, signal.SIGKILL)
    while holder_of(run) is not None:
        time.sleep(0.01)
    refused = asyncio.run(_started(run, 2))
    last = [event.data for event in read(run.journal) if isinstance(event.data, EngineStarted)][-1]
    if refused or len(_engines(run)) != 1 or last.after != "died":
        return f"{len(_engines(run))} engines, the last came after {last.after!r}; {refused}"
    return ""


def _from_the_stopped(run: RunFolder) -> str:
    """Nobody takes over while it may go on at any moment; who asks is told, and does not hang."""
    holder = holder_of(run)
    assert holder is not None
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        said = asyncio.run(_looked(run))
        took, engines = time.monotonic() - began, len(_engines(run))
    finally:
        os.kill(holder.pid, signal.SIGCONT)
    if engines != 1 or took > 20 or not said:
        return f"{engines} engines; a viewer heard {said!r} after {took:.0f} s"
    return "; ".join(filter(None, answers(run, cmd.AddNote("it goes on"))))


async def _looked(run: RunFolder) -> str:
    """What somebody is told who wants to look on."""
    view = LiveRun(run, "observer")
    try:
        async with asyncio.timeout(25):
            await view.start()
    except TimeoutError:
        return ""
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await view.stop()
    return view.link.problem


def _from_the_living(run: RunFolder) -> str:
    """Command changes hands while the engine goes on: one captain before, one after."""

    async def changed() -> str:
        first, second = await Client.connect(run, "captain"), await Client.connect(run, "captain")
        try:
            if (first.welcome.captain, second.welcome.captain) != (True, False):
                return "two captains, or none"
            await second.command(cmd.TakeCommand("her line dropped"))
            said = [isinstance(await each.command(cmd.Hold("wait")), Refused) for each in (first, second)]
            await second.command(cmd.Release("go on"))
            return "" if said == [True, False] else f"refused: {said}"
        finally:
            await first.close()
            await second.close()

    words = asyncio.run(changed())
    return words or ("" if len(_engines(run)) == 1 else f"{len(_engines(run))} engines")


def _crowded(effort: Effort, work: Path) -> Finding:
    commands = effort.times(full=3000, short=150)
    took, broken = asyncio.run(_commanded(commands))
    with beginning_with(WAITING_FOR_VIEWERS, work / "waiting"):
        _, held_up = asyncio.run(_commanded(200, alone=True))
    p99 = took[int(len(took) * 0.99)] * 1000
    return Finding(
        f"commands beside {VIEWERS} viewers, {len(POSITIONS)} positions and one who never reads (p99 {p99:.0f} ms)",
        commands, len(broken), "an engine that waits for its viewers", len(held_up), tuple(broken[:5]),
    )  # fmt: skip


async def _commanded(commands: int, *, alone: bool = False) -> tuple[list[float], list[str]]:
    """How long each command took, sorted, and what went wrong."""
    run = _begun()
    await asyncio.to_thread(start_engine, run)
    took, broken = [], []
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.connect(str(run.socket))
        deaf.sendall(f'{{"say":"hello","protocol":{PROTOCOL},"tool":"x","role":"observer"}}\n'.encode())
        views = [LiveRun(run, "observer") for _ in range(0 if alone else VIEWERS)]
        for view in views:
            await view.start()
        captain = await Client.connect(run, "captain")
        voices = [] if alone else [await Client.connect(run, "observer") for _ in POSITIONS]
        await captain.command(cmd.OpenPoll("gate"))
        voting = [
            asyncio.create_task(voice.command(cmd.Answer(position, go=True, reason="all is well")))
            for voice, position in zip(voices, POSITIONS, strict=False)
        ]
        for number in range(commands):
            began = time.monotonic()
            try:
                async with asyncio.timeout(SLOW):
                    answer = await captain.command(cmd.AddNote(f"note {number}"))
            except TimeoutError:
                broken.append(f"command {number} took more than {SLOW:g} s")
                break
            took.append(time.monotonic() - began)
            if isinstance(answer, Refused):
                broken.append(f"command {number}: {answer.reason}")
            if alone:
                await asyncio.sleep(0.02)  # so that news are told, which follow each other closely only once
        if not alone:
            said = [each.reason for each in await asyncio.gather(*voting) if isinstance(each, Refused)]
            broken += said
            seen = {event.data.position for event in read(run.journal) if isinstance(event.data, PollAnswered)}
            broken += [f"{position} was not heard" for position in POSITIONS if position not in seen and not said]
            broken += await _behind(run, views)
        for view in views:
            await view.stop()
        for client in (captain, *voices):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await client.close()
    _end(run)
    return sorted(took) or [0.0], broken


async def _behind(run: RunFolder, views: list[LiveRun]) -> list[str]:
    """The viewers that do not come to see all."""
    last = list(read(run.journal))[-1].seq
    ends = time.monotonic() + 15
    while any(view.state.seq < last for view in views) and time.monotonic() < ends:
        await asyncio.sleep(0.05)
    return [f"a viewer is at event {view.state.seq} of {last}" for view in views if view.state.seq < last]


def _begun() -> RunFolder:
    gate = Step("gate", "Go or no-go", HERE, gate=Gate((), Poll(POSITIONS, 3)))
    of = msgspec.structs.replace(document(manual("owner")), plan=Plan((gate,)), positions=dict.fromkeys(POSITIONS, ()))
    return open_run(of, release="1.5.0", environment="production", run_kind="live")


def _engines(run: RunFolder) -> list[int]:
    """The processes that carry a run, or would like to."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if str(run.path).encode() in words and b"cockpit.engine" in words and state != "Z":
                found.append(int(process.name))
    return found


def _end(run: RunFolder) -> None:
    while living := _engines(run):
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
