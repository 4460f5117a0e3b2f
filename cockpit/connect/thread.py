"""Blocking work in a thread that nobody waits for longer than they want to.

The threads of `asyncio.to_thread` are joined when the program ends, and there are few: one that hangs in a library
would hang the program, and some that hang would hold up all others. Here work never waits for a thread: it takes one
that is idle, or a new one. When its caller is cancelled the thread is left behind. How many may be left behind is
bounded for each subject (a database file, a daemon's socket), so that a stuck one takes no other down.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import threading
from collections import Counter
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

LEFT_BEHIND_LIMIT = 4
"""Threads of one subject that may hang before further work on it is refused."""

IDLE_SECONDS = 1.0
"""How long a thread waits for more work: long enough for the next of a hundred checks that begin together."""

_imported: set[str] = set()
_left_behind: Counter[str] = Counter()
_counting = threading.Lock()
_idle: list[_Thread] = []


class Stuck(Exception):
    """Earlier work on the same subject still hangs."""


async def in_thread(subject: str, work: Callable[[], T], *, interrupt: Callable[[], None] | None = None) -> T:
    """What `work` returns or raises, computed in a thread.

    When the caller is cancelled, `interrupt` is called to end the work early, and the thread is left to itself.
    Raises Stuck when too many threads of `subject` were left behind and have not ended.
    """
    if _left_behind[subject] >= LEFT_BEHIND_LIMIT:
        raise Stuck(f"{subject} hangs: {LEFT_BEHIND_LIMIT} earlier attempts have not come back")
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()
    state = _Work()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)  # type: ignore[arg-type]

    def run() -> Callable[[], None]:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - whatever it is, the caller gets it
            error = RuntimeError(repr(raised)) if isinstance(raised, StopIteration) else raised
        state.end(subject)
        return lambda: _call_in(loop, lambda: deliver(result, error))

    _idle_one().do(f"cockpit {subject}", run)
    try:
        return await outcome
    except asyncio.CancelledError:
        state.leave(subject)
        if interrupt is not None:
            interrupt()
        raise


async def imported(module: str) -> None:
    """Import a heavy module without holding up everything else meanwhile."""
    if module not in _imported:  # `sys.modules` has it as soon as somebody begins, who may take a second
        await in_thread(f"import of {module}", lambda: importlib.import_module(module))
        _imported.add(module)


def _call_in(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there any more
        loop.call_soon_threadsafe(what)


def _idle_one() -> _Thread:
    with _counting:
        return _idle.pop() if _idle else _Thread()


class _Thread:
    """A daemon thread that works, waits for more work for a while, and ends."""

    def __init__(self) -> None:
        self._given: SimpleQueue[tuple[str, Callable[[], Callable[[], None]]]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="cockpit", daemon=True)
        self._thread.start()

    def do(self, name: str, work: Callable[[], Callable[[], None]]) -> None:
        """Do `work` under a name. It returns how to tell its outcome: by then this thread is idle again."""
        self._given.put((name, work))

    def _work(self) -> None:
        while True:
            try:
                self._thread.name, work = self._given.get(timeout=IDLE_SECONDS)
            except Empty:
                with _counting:
                    if self in _idle:
                        _idle.remove(self)
                        return
                continue  # just taken, and about to be given something
            tell = work()
            self._thread.name = "cockpit idle"
            with _counting:
                _idle.append(self)
            tell()
            del work, tell  # or their result would be held as long as nothing else is to be done


os.register_at_fork(after_in_child=_idle.clear)


class _Work:
    """Whether a piece of work has ended, and whether it was left behind, whichever comes first."""

    def __init__(self) -> None:
        self._ended = False
        self._left = False

    def end(self, subject: str) -> None:
        with _counting:
            self._ended = True
            if self._left:
                _left_behind[subject] -= 1
                if not _left_behind[subject]:
                    del _left_behind[subject]

    def leave(self, subject: str) -> None:
        with _counting:
            if not self._ended:
                self._left = True
                _left_behind[subject] += 1
