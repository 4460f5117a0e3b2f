"""Blocking work in a thread that nobody waits for longer than they want to.

The threads of `asyncio.to_thread` are joined when the program ends: one that hangs in a library would hang the program.
Here each piece of work has a daemon thread; when its caller is cancelled the thread is left behind. How many may be
left behind is bounded for each subject (a database file, a daemon's socket), so that a stuck one takes no other down.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import threading
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LEFT_BEHIND_LIMIT = 4
"""Threads of one subject that may hang before further work on it is refused."""

_imported: set[str] = set()
_left_behind: Counter[str] = Counter()
_counting = threading.Lock()


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

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - whatever it is, the caller gets it
            error = RuntimeError(repr(raised)) if isinstance(raised, StopIteration) else raised
        state.end(subject)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there any more
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=run, name=f"cockpit {subject}", daemon=True).start()
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
