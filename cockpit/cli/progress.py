"""What a person is told while a checklist is measured: on standard error, so that the output stays clean."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence

from cockpit.cli import terminal
from cockpit.journal.event import CheckMeasured

FAILURES = 5
"""Lines of what came out badly that stand above the line of progress; the table has all."""

DRAW_EVERY = 0.15
"""Seconds between two drawings at least: few enough for a slow line."""

QUIET = 0.3
"""Seconds before anything is drawn: what is over by then needs no progress."""

SAY_EVERY = 10.0
"""Seconds between two lines of progress where nothing can be redrawn."""


class Progress:
    """Tells how far a measuring is. On a terminal a few lines in place, else a line for each failure."""

    def __init__(self, total: int) -> None:
        """Of `total` items none is measured yet."""
        self._total = total
        self._done = 0
        self._bad: list[CheckMeasured] = []
        self._under_way: frozenset[str] = frozenset()
        self._region = terminal.Region(sys.stderr) if terminal.can_redraw(sys.stderr) else None
        self._told_at = time.monotonic() + (QUIET - DRAW_EVERY if self._region else 0)
        self._later: asyncio.TimerHandle | None = None

    def measuring(self, items: frozenset[str]) -> None:
        """These are being measured."""
        self._under_way = items
        self._tell()

    def measured(self, result: CheckMeasured) -> None:
        """This is how one came out."""
        self._done += 1
        if result.result not in ("PASS", "WARN"):
            self._bad.append(result)
            if self._region is None:
                print(f"{result.result:7}  {result.item}  {result.summary}", file=sys.stderr, flush=True)
        self._tell()

    def end(self) -> None:
        """All is measured, or it was interrupted: what was drawn goes."""
        if self._later is not None:
            self._later.cancel()
        if self._region is not None:
            self._region.erase()

    def _tell(self) -> None:
        wait = self._told_at + (DRAW_EVERY if self._region else SAY_EVERY) - time.monotonic()
        if wait <= 0:
            self._tell_now()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(wait, self._tell_now)

    def _tell_now(self) -> None:
        self._told_at = time.monotonic()
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._region is not None:
            self._region.draw(self._lines())
        elif self._done < self._total:
            print(self._line(), file=sys.stderr, flush=True)
            self._later = asyncio.get_running_loop().call_later(SAY_EVERY, self._tell_now)

    def _lines(self) -> Sequence[tuple[str, str]]:
        shown = [(f"{bad.result:7}  {bad.item}  {bad.summary}", bad.result) for bad in self._bad[-FAILURES:]]
        hidden = len(self._bad) - len(shown)
        above = [(f"         {hidden} more not good", "dim")] if hidden else []
        return [*above, *shown, (self._line(), "")]

    def _line(self) -> str:
        bad = f", {len(self._bad)} not good" if self._bad else ""
        names = ", ".join(sorted(self._under_way))
        return f"{self._done} of {self._total} measured{bad}" + (f"; measuring {names}" if names else "")
