"""The sandbox stack: starting it, and where everything in it is.

The stack lives in a folder: `stack.json` (what this module reads and writes), the database, a log for each part, and
`demo`, which calls the programs that change the stack: `demo switch green`, from wherever. A supervisor process, in a
session of its own, starts the parts and ends them; see `cockpit.demo.supervisor` for when.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cockpit

VERSIONS = {"blue": "1.4.2", "green": "1.5.0"}
"""Which version of the trading bot runs in which colour."""

START_TIMEOUT = 20.0
"""Seconds the stack gets to answer; it needs about half of one."""

STOP_TIMEOUT = 10.0
"""Seconds the stack gets to end."""


class NotStarted(Exception):
    """The stack could not be started. The message says why, and nothing of it is left running."""


@dataclass(frozen=True)
class Part:
    """One process of the stack."""

    pid: int
    url: str
    log: str
    ended: str = ""
    """How it ended, in words; empty while it runs. A part that ended stays so: that is a fault to practise on."""


@dataclass(frozen=True)
class Stack:
    """Where everything in a running stack is."""

    folder: Path
    supervisor: int
    """Process id."""
    started: str
    """UTC, ISO 8601."""
    parts: dict[str, Part] = field(default_factory=dict)
    """`blue`, `green` and `router`."""

    @property
    def database(self) -> Path:
        """The SQLite database that both colours share."""
        return self.folder / "bot.db"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the demo checklist, for `--var`."""
        return {
            "sandbox": str(self.folder),
            "base_url": self.parts["router"].url,
            "router_url": self.parts["router"].url,
            "database_path": str(self.database),
            **{f"{colour}_url": self.parts[colour].url for colour in VERSIONS},
            **{f"{name}_log": part.log for name, part in self.parts.items()},
        }

    def write(self) -> None:
        """Write `stack.json`, all of it or nothing."""
        written = self.folder / "stack.json.part"
        written.write_text(json.dumps({**dataclasses.asdict(self), "folder": str(self.folder)}, indent=2) + "\n")
        written.replace(self.folder / "stack.json")

    @classmethod
    def read(cls, folder: Path) -> Stack:
        """The stack as `stack.json` in `folder` tells it. Raises OSError or ValueError when there is none."""
        told: dict[str, Any] = json.loads((folder / "stack.json").read_text())
        try:
            parts = {name: Part(**part) for name, part in told["parts"].items()}
            return cls(folder, told["supervisor"], told["started"], parts)
        except (KeyError, TypeError, AttributeError) as problem:
            raise ValueError(f"{folder / 'stack.json'} does not describe a stack: {problem!r}") from None

    def is_up(self) -> bool:
        """Whether its supervisor lives."""
        with owning(self.folder) as ours:
            return not ours

    def stop(self) -> bool:
        """End the whole stack and wait until it has ended. False: it had not within `STOP_TIMEOUT`."""
        until = time.monotonic() + STOP_TIMEOUT
        while time.monotonic() < until:
            with owning(self.folder) as ours:
                if ours:
                    return True
                # While the lock is held, the process id in it is the supervisor's and nobody else's.
                with suppress(ValueError, ProcessLookupError):
                    os.kill(int(_lock(self.folder).read_text()), signal.SIGTERM)
            time.sleep(0.05)
        return False


def start(
    folder: Path, until_unlocked: Path | None = None, *, held_within: float = 30.0, free_for: float = 5.0
) -> Stack:
    """Start the stack in `folder` (made if missing) and return when everything answers.

    With `until_unlocked`, a file on which the engine of a run holds a `flock`, the stack lives as long as that lock is
    held; without, as long as this process. It outlives a lock that is free for less than `free_for` seconds (an engine
    that restarts), and ends when nobody took it within `held_within` seconds. A stack that was in the same folder
    before gives it its ports and data. Raises NotStarted.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _write_caller(folder)
    command = [sys.executable, "-m", "cockpit.demo.supervisor", "--folder", str(folder)]
    if until_unlocked is not None:
        command += ["--until-unlocked", str(until_unlocked.absolute())]
        command += ["--held-within", str(held_within), "--free-for", str(free_for)]
    with (folder / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            # Its reading end is the lifeline of a stack that lives as long as this process.
            stdin=subprocess.PIPE if until_unlocked is None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": _import_path()},
        )
    threading.Thread(target=_see_it_end, args=(process,), daemon=True).start()
    said = _first_line(process)
    if said != "ready":
        process.kill()
        raise NotStarted(f"the sandbox did not start: {said or 'no word'} (see {folder / 'supervisor.log'})")
    return Stack.read(folder)


@contextmanager
def owning(folder: Path) -> Iterator[bool]:
    """Hold the stack of `folder` as its supervisor does; False when another process holds it."""
    descriptor = os.open(_lock(folder), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def own(folder: Path) -> None:
    """Write down this process as the one that holds the stack of `folder`."""
    _lock(folder).write_text(str(os.getpid()))


def _lock(folder: Path) -> Path:
    return folder / "stack.lock"


def _write_caller(folder: Path) -> None:
    """Write `demo`: it calls a program of the sandbox with the very Python and package that run here."""
    path, python, sandbox = (shlex.quote(each) for each in (_import_path(), sys.executable, str(folder)))
    caller = folder / "demo"
    caller.write_text(
        "#!/bin/sh\n# demo PROGRAM [ARGUMENT...]: a program of this sandbox\nprogram=$1\nshift\n"
        f'PYTHONPATH={path} exec {python} -m "cockpit.demo.$program" --sandbox {sandbox} "$@"\n'
    )
    caller.chmod(0o700)


def _import_path() -> str:
    """A PYTHONPATH on which a child finds this very package, installed or not."""
    root = str(Path(cockpit.__file__).parent.parent)
    return os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))


def _see_it_end(process: subprocess.Popen[bytes]) -> None:
    """Take note of the supervisor's end when it comes, so that no zombie stays; hold its lifeline until then."""
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _first_line(process: subprocess.Popen[bytes]) -> str:
    """What the supervisor says of its start: `ready`, or what went wrong."""
    assert process.stdout is not None
    with process.stdout as said:
        ready, _, _ = select.select([said], [], [], START_TIMEOUT)
        return said.readline().decode().strip() if ready else f"no answer in {START_TIMEOUT:g} s"
