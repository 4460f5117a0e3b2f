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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
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

FORWARD, BACK = "the machine's clock set an hour forward", "the machine's clock set an hour back"
HUNG_UP, CUT = "the captain's terminal hung up", "SSH to the step's host cut"
FULL = "the disk full for a while"

ROUNDS = 5
"""How often each is tried at each moment."""


@dataclass(frozen=True)
class Launch:
    """A launch under way."""

    run: RunFolder
    place: Path
    """A folder of its own; what its actions did is in `log` there."""
    terminal: Terminal | None
    """Where the captain sits, if anywhere."""
    undone: contextlib.ExitStack
    """What is undone in the end."""


Break = Callable[[Launch, "Moment"], None]
"""Breaks something, once."""


@dataclass(frozen=True)
class Way:
    """What breaks, and what a launch has to have so that it can."""

    breaks: Break
    host: Host | None = None
    """Where its actions are carried out; nothing: here."""
    clock: bool = False
    """Its engine has a clock that can be set."""
    small: bool = False
    """Its folder lies on a disk of half a megabyte."""
    at_terminal: bool = False
    """The captain sits at a terminal."""


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


SHORT: Mapping[str, Moment] = {
    FORWARD: Moment(Phase.RUNNING, undo=False),
    CUT: Moment(Phase.RUNNING, undo=False, step="two"),
    FULL: Moment(Phase.RUNNING, undo=True),
}
"""What is broken in a short trial, all in one launch."""


def prove(effort: Effort, work: Path) -> Iterator[Finding | Cannot]:
    """Kill the engine, set the clock, hang up, cut SSH, fill the disk."""
    tries = effort.times(full=10, short=2)
    bites = until_it_bites(tries, lambda number: bool(_unguarded(work / f"control-{number}")))
    yield _killed(effort, work, bites)
    with contextlib.ExitStack() as stack:
        ways, cannot = _ways(stack)
        yield from cannot
        for what, way in ways.items() if effort.full else ():
            broken = []
            for number, moment in product(range(ROUNDS), MOMENTS):
                if words := _at({moment: way}, work):
                    broken.append(f"{moment}, round {number}: {words}")
            tried = f"{what} at each phase of a step"
            yield Finding(tried, ROUNDS * len(MOMENTS), len(broken), WITHOUT, bites, tuple(broken[:5]))
        if not effort.full:
            chosen = {moment: ways[what] for what, moment in SHORT.items() if what in ways}
            words = _at(chosen, work)
            tried = f"{', '.join(what for what in SHORT if what in ways)}: at three moments of one launch"
            yield Finding(tried, len(chosen), int(bool(words)), WITHOUT, bites, (words,) if words else ())


def _ways(stack: contextlib.ExitStack) -> tuple[dict[str, Way], list[Cannot]]:
    """How a launch can be broken; how it cannot here."""
    ways = {
        FORWARD: Way(_clock_set(HOUR), clock=True),
        BACK: Way(_clock_set(-HOUR), clock=True),
        HUNG_UP: Way(_hung_up, at_terminal=True),
    }
    cannot = []
    try:
        server = stack.enter_context(sshd(stack.enter_context(keys())))
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        cannot.append(Cannot(CUT, str(missing)))
    else:
        ways[CUT] = Way(_cut(server), host=server.host(ServerAliveInterval=1, ServerAliveCountMax=2))
    if os.geteuid() == 0:
        ways[FULL] = Way(_filled, small=True)
    else:
        cannot.append(Cannot(FULL, "it takes root to mount a small one"))
    return ways, cannot


def _killed(effort: Effort, work: Path, bites: int) -> Finding:
    points = [*(f"event:{number}" for number in range(1, EVENTS)), *STARTS]
    if not effort.full:
        points = ["event:8"]
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


def _at(ways: Mapping[Moment, Way], work: Path) -> str:
    """What is wrong when something breaks at each of these moments of a launch."""
    place, left = _place(work), dict(ways)
    hosts = [way.host for way in ways.values() if way.host is not None]
    with contextlib.ExitStack() as stack:
        stack.enter_context(_small_home(place) if any(way.small for way in ways.values()) else a_home())
        run = launch(place / "log", *hosts, slow=LEFT_OPEN, verified=True)
        if any(way.clock for way in ways.values()):
            stack.enter_context(_engine_with_a_clock(run, place))
        else:
            start_engine(run)
        terminal = None
        if any(way.at_terminal for way in ways.values()):
            terminal = stack.enter_context(Terminal([sys.executable, "-m", "cockpit", "attach", run.id]))
            terminal.until("captain", PATIENCE)
        going = Launch(run, place, terminal, stack.enter_context(contextlib.ExitStack()))

        def meanwhile(state: State) -> None:
            for moment in [each for each in left if each(state)]:
                left.pop(moment).breaks(going, moment)

        wrong = _goes_on(run, place / "log", meanwhile, start=False)
    return wrong or (f"it never came to {', '.join(map(str, left))}" if left else "")


@contextlib.contextmanager
def _small_home(place: Path) -> Iterator[None]:
    small = place / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(small)], check=True)
    try:
        with environment({"COCKPIT_HOME": str(small)}):
            yield
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


@contextlib.contextmanager
def _engine_with_a_clock(run: RunFolder, place: Path) -> Iterator[None]:
    set_clock(place / "clock", 0)
    with run.engine_log.open("ab") as log:
        command = [sys.executable, PROGRAM, run.path, place / "clock"]
        engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
    try:
        ends = time.monotonic() + PATIENCE
        while holder_of(run) is None and time.monotonic() < ends:
            time.sleep(0.02)
        yield
    finally:
        engine.kill()
        engine.wait()


def _clock_set(seconds: int) -> Break:
    return lambda going, _: set_clock(going.place / "clock", seconds)


def _hung_up(going: Launch, _: Moment) -> None:
    """The captain's terminal is gone from one moment to the next, and with it the viewer."""
    assert going.terminal is not None
    going.terminal.hangup()


def _cut(server: Sshd) -> Break:
    """Every connection ends, and with it what was carried out over it."""

    def cut(going: Launch, moment: Moment) -> None:
        log, ends = going.place / "log", time.monotonic() + 2
        word = f"undo-{moment.step}" if moment.undo else moment.step
        while time.monotonic() < ends and not (log.exists() and word in log.read_text().split()):
            time.sleep(0.02)  # so that it is in the midst of the action
        server.cut()

    return cut


def _filled(going: Launch, _: Moment) -> None:
    """The disk that the run lies on is full for a while."""
    _fill(going.run, going.place / "small" / "filler", going.undone)


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
