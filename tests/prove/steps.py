"""A go-live and its rollback, broken at every point in every way: no step is done twice, none is guessed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from cockpit.engine.client import start_engine
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.state import State
from cockpit.run.way import current
from tests.prove.finding import Cannot, Effort, Finding, until_it_bites
from tests.prove.surroundings import a_home, environment
from tests.servers.ssh import Sshd, keys, sshd
from tests.support.careful import captain, dying, everything_happened_once, launch
from tests.support.engines import PATIENCE, answers, kill_engine
from tests.support.terminal import Terminal
from tests.support.wrong_clock import PROGRAM, set_clock

EVENTS = 25
"""Of the whole story: as `tests/engine/test_plan_crashes.py` makes sure."""

STARTS = ("folder", "spawned", "taken")
"""Moments in the start of an action at which `dying_engine.py` dies."""

HOUR = 3600
WITHOUT = "an action whose intent is not kept"
FULL_FOR = 1.5
"""Seconds for which a disk stays full: more than an engine takes between two tries to write."""

LEFT_OPEN = 0.4
"""Seconds that an action takes: it is in the midst of them that it is broken."""

Way = Callable[[Path, "Moment"], str]
"""Lets a launch break at a moment, in a folder of its own; what is wrong with how it went on."""

Break = Callable[[RunFolder, contextlib.ExitStack], None]
"""Breaks something, once; what it puts on the stack is undone in the end."""


@dataclass(frozen=True)
class Moment:
    """When something breaks: as soon as the step, or its compensation, is seen to stand so."""

    phase: Phase
    undo: bool
    step: str = "one"

    def __call__(self, state: State) -> bool:
        """Whether it is there."""
        here = current(state)
        wanted = (self.step, self.undo, self.phase)
        return here is not None and (here.step.id, here.undo, here.doing.phase) == wanted

    def __str__(self) -> str:
        """In words."""
        return f"{'the undo of ' if self.undo else ''}{self.step} {self.phase.name.lower()}"


PHASES = (Phase.RUNNING, Phase.VERIFYING, Phase.SOAKING)
MOMENTS = (*(Moment(phase, undo=False) for phase in PHASES), Moment(Phase.RUNNING, undo=True))


def prove(effort: Effort, work: Path) -> Iterator[Finding | Cannot]:
    """Kill the engine, set the clock, hang up, cut SSH, fill the disk."""
    tries = effort.times(full=10, short=2)
    bites = until_it_bites(tries, lambda number: bool(_unguarded(work / f"control-{number}")))
    yield _killed(effort, work, bites)
    moments = MOMENTS if effort.full else MOMENTS[:1]
    rounds = effort.times(full=5, short=1)
    with contextlib.ExitStack() as stack:
        for what, way in _ways(stack, full=effort.full):
            tried = f"{what} at each phase of a step"
            if isinstance(way, str):
                yield Cannot(tried, way)
                continue
            broken = []
            for number, moment in product(range(rounds), moments):
                if words := way(_place(work), moment):
                    broken.append(f"{moment}, round {number}: {words}")
            yield Finding(tried, rounds * len(moments), len(broken), WITHOUT, bites, tuple(broken[:5]))


def _ways(stack: contextlib.ExitStack, *, full: bool) -> Iterator[tuple[str, Way | str]]:
    """What is done at a moment of a launch, and how, or why that cannot be done here; in a short trial not all."""
    yield "the machine's clock set an hour forward", lambda place, moment: _clock_set(place, moment, HOUR)
    if full:
        yield "the machine's clock set an hour back", lambda place, moment: _clock_set(place, moment, -HOUR)
        yield "the captain's terminal hung up", _hung_up
    try:
        server = stack.enter_context(sshd(stack.enter_context(keys())))
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        yield "SSH cut", str(missing)
    else:
        yield "SSH to the step's host cut", lambda place, moment: _cut(place, moment, server)
    yield "the disk full for a while", _full if os.geteuid() == 0 else "it takes root to mount a small one"


def _killed(effort: Effort, work: Path, bites: int) -> Finding:
    points = [*(f"event:{number}" for number in range(1, EVENTS)), *STARTS]
    if not effort.full:
        points = ["event:8", "taken"]
    rounds = effort.times(full=10, short=1)
    broken = []
    for number, point in product(range(rounds), points):
        with a_home():
            place = _place(work)
            if words := _dies(launch(place / "log"), point, place / "log"):
                broken.append(f"{point}, round {number}: {words}")
    return Finding(
        "the engine killed between any two events of a go-live and its rollback, and in the start of an action",
        rounds * len(points), len(broken), WITHOUT, bites, tuple(broken[:5]),
    )  # fmt: skip


def _unguarded(place: Path) -> str:
    """What goes wrong when neither the intent nor the folder of an attempt is on disk as its engine dies."""
    place.mkdir()

    def forget(run: RunFolder) -> None:
        log, ends = place / "log", time.monotonic() + PATIENCE
        while not log.exists() and time.monotonic() < ends:
            time.sleep(0.02)
        lines = run.journal.read_bytes().splitlines(keepends=True)
        begun = max(number for number, line in enumerate(lines) if b'"kind":"step.begun"' in line)
        run.journal.write_bytes(b"".join(lines[:begun]))
        shutil.rmtree(run.steps / "one-go-1")

    with a_home():
        return _dies(launch(place / "log"), "taken", place / "log", forget)


def _dies(run: RunFolder, point: str, log: Path, afterwards: Callable[[RunFolder], None] = lambda _: None) -> str:
    """What is wrong after the engine died at a point, and another took up what it left."""
    engine = dying(run, point)
    try:
        if asyncio.run(captain(run, engine, log)):
            engine.wait(10)  # at the last event the captain may see the end before the engine dies of it
    except AssertionError as problem:
        return str(problem)
    finally:
        engine.kill()
        engine.wait()
    afterwards(run)
    return _goes_on(run, log)


def _goes_on(
    run: RunFolder, log: Path, meanwhile: Callable[[State], None] = lambda _: None, *, start: bool = True
) -> str:
    """What is wrong with how the launch comes to its end; nothing when all of it happened once."""
    try:
        if start:
            start_engine(run)
        asyncio.run(captain(run, None, log, meanwhile))
        everything_happened_once(run, log)
    except AssertionError as problem:
        return str(problem)
    finally:
        kill_engine(run)
    return ""


def _at(moment: Moment, run: RunFolder, breaks: Break, log: Path, *, start: bool = True) -> str:
    """What is wrong when something breaks at a moment of a launch."""
    broken = False

    def meanwhile(state: State) -> None:
        nonlocal broken
        if not broken and moment(state):
            broken = True
            breaks(run, undone)

    with contextlib.ExitStack() as undone:
        wrong = _goes_on(run, log, meanwhile, start=start)
    return wrong or ("" if broken else "the moment never came")


def _clock_set(place: Path, moment: Moment, seconds: int) -> str:
    clock = place / "clock"
    set_clock(clock, 0)
    with a_home():
        run = launch(place / "log", slow=LEFT_OPEN, verified=True)
        with run.engine_log.open("ab") as log:
            engine = subprocess.Popen([sys.executable, PROGRAM, run.path, clock], stdin=subprocess.DEVNULL, stderr=log)
        try:
            ends = time.monotonic() + PATIENCE
            while holder_of(run) is None and time.monotonic() < ends:
                time.sleep(0.02)
            return _at(moment, run, lambda *_: set_clock(clock, seconds), place / "log")
        finally:
            engine.kill()
            engine.wait()


def _hung_up(place: Path, moment: Moment) -> str:
    """The captain sits at a terminal that is gone from one moment to the next, and with it the viewer."""
    with a_home(), contextlib.ExitStack() as stack:
        run = launch(place / "log", slow=LEFT_OPEN, verified=True)
        start_engine(run)
        terminal = stack.enter_context(Terminal([sys.executable, "-m", "cockpit", "attach", run.id]))
        terminal.until("captain", PATIENCE)
        return _at(moment, run, lambda *_: terminal.hangup(), place / "log")


def _cut(place: Path, moment: Moment, server: Sshd) -> str:
    """Every connection ends, and with it what was carried out over it."""
    host = server.host(ServerAliveInterval=1, ServerAliveCountMax=2)

    def cut(run: RunFolder, undone: contextlib.ExitStack) -> None:
        del run, undone
        log, ends = place / "log", time.monotonic() + 2
        word = "undo-one" if moment.undo else "one"
        while time.monotonic() < ends and not (log.exists() and word in log.read_text().split()):
            time.sleep(0.02)  # so that it is in the midst of the action
        server.cut()

    with a_home():
        return _at(moment, launch(place / "log", host, slow=LEFT_OPEN, verified=True), cut, place / "log")


def _full(place: Path, moment: Moment) -> str:
    """The run's folder lies on a disk of half a megabyte, which is full for a while."""
    small = place / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(small)], check=True)
    try:
        with environment({"COCKPIT_HOME": str(small)}):
            run = launch(place / "log", slow=LEFT_OPEN, verified=True)
            return _at(moment, run, lambda run, undone: _fill(run, small / "filler", undone), place / "log")
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def _fill(run: RunFolder, filler: Path, undone: contextlib.ExitStack) -> None:
    """Take all the room there is, to the last note that fits; give it back a while later."""
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))

    def fill_up() -> None:
        while not answers(run, cmd.AddNote("room?"))[0]:
            pass

    noting = threading.Thread(target=fill_up)  # whoever calls has a loop of its own under way
    noting.start()
    noting.join()
    room = threading.Timer(FULL_FOR, filler.unlink)
    room.start()
    undone.callback(room.join)


def _place(work: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=work))
