"""Acts carried out in a process that is forked for them: what each takes of memory and time is bounded."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

Act = Callable[[], str]
"""Does something; says what is wrong with it, or nothing."""

AT_ONCE = 250
"""Acts of one process: a fork for each would cost more than what is tried."""

GRACE = 2.0
"""Seconds after its deadline that an act has to hear of it; one that is deaf to signals is killed then."""


class TooLong(BaseException):
    """The deadline of an act has come: nothing that it calls may take this for a failure of its own."""


def apart(acts: Sequence[Act], *, memory: int, seconds: float) -> list[str]:
    """What each of the acts says, none of which may take more bytes of address space than `memory` or so long."""
    said: list[str] = []
    while len(said) < len(acts):
        said += _some(acts[len(said) : len(said) + AT_ONCE], memory, seconds)
    return said


def _some(acts: Sequence[Act], memory: int, seconds: float) -> list[str]:
    """What they say, up to the first that takes the process down with it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            with open(writing, "w", encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
                _carry_out(acts, memory, seconds, pipe)
        finally:
            os._exit(0)
    os.close(writing)
    said, late = [], False
    with open(reading, "rb", buffering=0) as pipe:  # noqa: PTH123 - as above
        rest = b""
        while True:
            if not select.select([pipe], [], [], seconds + GRACE)[0]:
                late = True
                break
            data = pipe.read(1 << 16)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            said += [str(json.loads(line)) for line in whole]
    if late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if len(said) < len(acts):
        said.append("it took too long" if late else f"it ended the process: status {os.waitstatus_to_exitcode(status)}")
    return said


def _carry_out(acts: Sequence[Act], memory: int, seconds: float, pipe: IO[str]) -> None:
    """In the child: there are no other threads, and the limit is above what it has from its parent."""
    resource.setrlimit(resource.RLIMIT_AS, (_mapped() + memory, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _late)
    for act in acts:
        words = ""
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            words = act()
        except TooLong:
            words = "it took too long"
        except BaseException as problem:
            words = f"{type(problem).__name__}: {problem}"[:300]
        with contextlib.suppress(TooLong):
            signal.setitimer(signal.ITIMER_REAL, 0)
        pipe.write(json.dumps(words) + "\n")
        pipe.flush()


def _late(*_: Any) -> None:
    raise TooLong


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
