"""How a part of the stack is told to end: by a signal, or because the process that holds its lifeline is gone.

A lifeline is the reading end of a pipe on which nothing is ever written. When the process at its other end goes, even
by `kill -9`, the kernel closes the pipe, and that is the word to end.
"""

from __future__ import annotations

import os
import select
import signal
import sys

STDIN = 0


class Ending:
    """Waits for the word to end. Takes over SIGTERM, SIGINT and SIGHUP of this process; for its main thread only."""

    def __init__(self, lifeline: int | None = STDIN) -> None:
        """Watch the signals, and `lifeline` unless it is None."""
        self._lifeline = lifeline
        self._woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: None)

    def wait(self, seconds: float | None = None) -> str:
        """Wait up to `seconds` (None: for ever). Return why to end, in words; empty when nothing was said."""
        watched = [self._woken] if self._lifeline is None else [self._woken, self._lifeline]
        ready, _, _ = select.select(watched, [], [], seconds)
        if self._woken in ready:
            return signal.Signals(os.read(self._woken, 1)[0]).name
        if ready and not os.read(ready[0], 1):
            return "the process that started it is gone"
        return ""


def say(text: str) -> None:
    """Put one line on standard error, which is the log of the part."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
