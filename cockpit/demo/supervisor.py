"""The process that keeps the sandbox stack: starts its parts, notes which of them end, and ends them all.

    python -m cockpit.demo.supervisor --folder DIR [--until-unlocked FILE]

A colour is started anew when `cockpit.demo.restart` asks for it. The supervisor ends when it is told to (SIGTERM,
SIGINT, SIGHUP), and

- with `--until-unlocked FILE`: when nobody holds a `flock` on FILE, once somebody has; or when nobody ever did;
- without: when the process that started it is gone.

Its parts read a pipe that only this process holds open, so that even `kill -9` of it ends them. A part that dies is
not started again: that is a fault for a captain to find.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import fcntl
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cockpit.demo import database
from cockpit.demo.calling import NotAnswered, call
from cockpit.demo.ending import STDIN, Ending, say
from cockpit.demo.restart import wish_for
from cockpit.demo.stack import VERSIONS, Part, Stack, own, owning
from cockpit.demo.trader import Trader

LOOK_EVERY = 0.5
"""Seconds between two looks at the lock and at the parts."""

ANSWER_TIMEOUT = 10.0
"""Seconds a part gets to answer for the first time."""

END_TIMEOUT = 3.0
"""Seconds a part gets to end; then it is killed."""

# Below the range from which Linux takes the ports of outgoing connections: no such connection can take the port of a
# back end that died, and answer in its place.
_PORTS = range(20_000, 32_768)


class CannotStart(Exception):
    """The stack cannot be started; the message says why."""


@dataclass
class LockWatch:
    """Says when a stack must end because of the lock that it depends on. Times are monotonic seconds."""

    since: float
    """When the watch began."""
    held_within: float
    """Seconds within which somebody must have held the lock."""
    free_for: float
    """Seconds that the lock must have been free, once it was held: an engine that restarts keeps the stack."""
    was_held: bool = False

    def verdict(self, held: bool, now: float) -> str:
        """Why to end, in words; empty when not to. `held`: whether somebody holds the lock at `now`."""
        if held:
            self.was_held = True
            self.since = now
        free = now - self.since
        if self.was_held and free >= self.free_for:
            return f"the run has ended: its lock has been free for {self.free_for:g} s"
        if not self.was_held and free >= self.held_within:
            return f"no run took the lock within {self.held_within:g} s"
        return ""


class Parts:
    """The processes of the stack. Leaves none behind, also when the start fails half way."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def spawn(self, name: str, listening: socket.socket, module: str, *arguments: str) -> int:
        """Start a part that serves on `listening`, which is closed here; return its process id."""
        with listening:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments, "--listen", str(listening.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[listening.fileno()],
                # When this process dies, its orphaned groups are continued by the kernel: also a part that was stopped
                # (SIGSTOP) for practice then hears that its lifeline is gone.
                process_group=0,
            )
        return self._processes[name].pid

    def ended(self) -> dict[str, str]:
        """The parts that have ended, and how."""
        statuses = {name: process.poll() for name, process in self._processes.items()}
        return {name: _how(status) for name, status in statuses.items() if status is not None}

    def end(self, *names: str) -> None:
        """End these, or all: those that answer others last, so that requests under way are answered."""
        for process in [self._processes[name] for name in names or tuple(self._processes)[::-1]]:
            process.terminate()
            # A part that was stopped (SIGSTOP) for practice hears nothing until it goes on.
            process.send_signal(signal.SIGCONT)
            try:
                process.wait(END_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()


def supervise(folder: Path, ending: Ending, lock: Path | None, watch: LockWatch) -> str:
    """Start the stack in `folder`, keep it until it must end, end it, and return why. Raises CannotStart."""
    parts = Parts()
    try:
        stack = _start(folder, parts, ending)
        trader = Trader(stack.parts["router"].url)
        _prove(trader)
        stack.write()
        _tell("ready")
        trader.start()
        reason = _keep(stack, parts, ending, lock, watch)
        trader.stop()
        return reason
    finally:
        parts.end()


def _start(folder: Path, parts: Parts, ending: Ending) -> Stack:
    applied = database.migrate(folder / "bot.db")
    say(f"migrations applied: {applied}")
    listening = _listen(folder)
    urls = {name: f"http://127.0.0.1:{end.getsockname()[1]}" for name, end in listening.items()}
    logs = {name: str(folder / f"{name}.log") for name in listening}
    pids = {}
    for colour in VERSIONS:
        pids[colour] = parts.spawn(colour, listening[colour], "cockpit.demo.bot", *_bot(folder, colour))
    targets = [word for colour in VERSIONS for word in (f"--{colour}", urls[colour])]
    routing = ("--to", "blue", *targets, "--log", logs["router"])
    pids["router"] = parts.spawn("router", listening["router"], "cockpit.demo.router", *routing)
    for colour in VERSIONS:
        _await(f"{urls[colour]}/health", parts, ending)
    _await(f"{urls['router']}/_router/status", parts, ending)
    started = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    return Stack(folder, os.getpid(), started, {name: Part(pids[name], urls[name], logs[name]) for name in listening})


def _bot(folder: Path, colour: str) -> tuple[str, ...]:
    """The arguments of the back end in a colour."""
    about = ("--colour", colour, "--version", VERSIONS[colour])
    return (*about, "--database", str(folder / "bot.db"), "--log", str(folder / f"{colour}.log"))


def _await(url: str, parts: Parts, ending: Ending) -> None:
    """Wait until `url` answers 200. Connections queue at its socket until the part is up; nothing is polled."""
    until = time.monotonic() + ANSWER_TIMEOUT
    problem = ""
    while not problem:
        try:
            status, _, told = call("GET", url, timeout=1.0)
            if status == 200:
                return
            problem = f"{url} answers {status}: {told}"
        except NotAnswered as late:
            if parts.ended() or time.monotonic() > until:
                problem = f"{late} {parts.ended() or ''}"
        problem = problem or ending.wait(0)
    raise CannotStart(problem)


def _prove(trader: Trader) -> None:
    """One trade all the way through: router, back end, database."""
    try:
        status = trader.trade()
    except NotAnswered as problem:
        raise CannotStart(str(problem)) from None
    if status != 201:
        raise CannotStart(f"the first trade was answered {status}")


def _keep(stack: Stack, parts: Parts, ending: Ending, lock: Path | None, watch: LockWatch) -> str:
    """Note which parts end, until there is a reason to end all; return it."""
    while True:
        reason = ending.wait(LOOK_EVERY)
        if not reason and lock is not None:
            reason = watch.verdict(held(lock), time.monotonic())
        if reason:
            return reason
        stack = _noted(_as_wished(stack, parts), parts.ended())


def _as_wished(stack: Stack, parts: Parts) -> Stack:
    """The stack after the colours were started anew that `cockpit.demo.restart` asks for."""
    for colour in VERSIONS:
        wish = wish_for(stack.folder, colour)
        try:
            fees = bool(json.loads(wish.read_text())["fees"])
        except FileNotFoundError:
            continue
        except (OSError, ValueError, LookupError, TypeError) as problem:
            say(f"not restarted: {wish}: {problem}")
            wish.unlink(missing_ok=True)
            continue
        parts.end(colour)
        url = stack.parts[colour].url
        words = (*_bot(stack.folder, colour), *(["--fees"] if fees else []))
        try:
            pid = parts.spawn(colour, _listening_at(int(url.rsplit(":", 1)[1])), "cockpit.demo.bot", *words)
        except OSError as problem:
            say(f"not restarted: {colour}: {problem}")
        else:
            say(f"restarted: {colour}, {'with' if fees else 'without'} fees")
            stack = dataclasses.replace(stack, parts={**stack.parts, colour: Part(pid, url, stack.parts[colour].log)})
            stack.write()
        wish.unlink(missing_ok=True)
    return stack


def _noted(stack: Stack, ended: dict[str, str]) -> Stack:
    """The stack with the parts that have ended marked, written down if that is new."""
    marked = {name: dataclasses.replace(part, ended=ended.get(name, "")) for name, part in stack.parts.items()}
    if marked == stack.parts:
        return stack
    say(f"ended: {ended}")
    stack = dataclasses.replace(stack, parts=marked)
    stack.write()
    return stack


def held(lock: Path) -> bool:
    """Whether some process holds a lock on the file. A shared lock is tried, and let go at once."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _listen(folder: Path) -> dict[str, socket.socket]:
    """A listening socket for each part, at the port that it had the last time if that is free."""
    try:
        before = {name: int(part.url.rsplit(":", 1)[1]) for name, part in Stack.read(folder).parts.items()}
    except (OSError, ValueError):
        before = {}
    return {name: _listening(before.get(name)) for name in (*VERSIONS, "router")}


def _listening(wanted: int | None) -> socket.socket:
    tried = [wanted] if wanted in _PORTS else []
    tried += [secrets.choice(_PORTS) for _ in range(100)]
    for port in filter(None, tried):
        with contextlib.suppress(OSError):
            return _listening_at(port)
    raise CannotStart(f"no free port among {_PORTS[0]} to {_PORTS[-1]}")


def _listening_at(port: int) -> socket.socket:
    """A socket that listens at a port. Raises OSError when it is taken."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _tell(text: str) -> None:
    """Tell the process that started this one; it may be gone."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)


def _how(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def main() -> int:
    """Keep the stack until it must end. Exit status 3 when it cannot be started."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.supervisor", description="Keeps the sandbox stack.")
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--until-unlocked", type=Path, metavar="FILE", help="live as long as FILE is locked")
    parser.add_argument("--held-within", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--free-for", type=float, default=5.0, metavar="SECONDS")
    wanted = parser.parse_args()
    ending = Ending(STDIN if wanted.until_unlocked is None else None)
    with owning(wanted.folder) as ours:
        if not ours:
            _tell(f"a stack is already running in {wanted.folder}")
            return 3
        own(wanted.folder)
        watch = LockWatch(time.monotonic(), wanted.held_within, wanted.free_for)
        try:
            say(f"ended: {supervise(wanted.folder, ending, wanted.until_unlocked, watch)}")
        except (CannotStart, OSError, sqlite3.Error) as problem:
            _tell(str(problem))
            say(f"not started: {problem}")
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
