"""Logs line by line: the same lines, merged and filtered, and marks among them."""

from __future__ import annotations

import datetime as dt
import time
from abc import abstractmethod

from cockpit.cli.plain_talk import PlainTalk
from cockpit.logs.line import Level, LogLine
from cockpit.logs.pattern import WrongPattern
from cockpit.logs.selection import Wanted
from cockpit.views.ages import clock
from cockpit.views.line import text_of
from cockpit.views.logs_forms import mark_form
from cockpit.views.logs_marks import marks, recorded_rows
from cockpit.views.logs_pane import LogPane, Showing
from cockpit.views.logs_rows import empty_rows
from cockpit.views.moment import Moment
from cockpit.views.run_view import LogTap
from cockpit.views.timeline import titles

_LATEST = 20
"""Lines shown at first."""

_COMES_WITHIN = 2.0
"""Seconds in which what is kept has been read, and what is followed anew has begun to come."""

_LOOK_EVERY = 0.2


class PlainLogs(PlainTalk):
    """The commands on logs."""

    @abstractmethod
    def _tap(self) -> LogTap | None:
        """Begin to follow."""

    @abstractmethod
    def _untap(self, tap: LogTap) -> None:
        """End to follow."""

    def do_logs(self, text: str) -> None:
        """Logs [follow] [error|warning] [SOURCE...] [/REGEX]: the newest lines; follow goes on until control-c."""
        known = [each.id for each in self._now.state.document.logs if not each.excluded]
        try:
            pane = LogPane(known, Showing(_wanted(text, known)))
        except (WrongPattern, ValueError) as wrong:
            self._say(f"{wrong}.")
            return
        tap = self._tap()
        if tap is None:
            for each in recorded_rows(self._now, titles(self._now)):
                self._say(text_of(each))
            return
        try:
            self._print(pane, tap, follow="follow" in text.partition("/")[0].split())
        except KeyboardInterrupt:
            self._say("No longer followed.")
        finally:
            self._untap(tap)

    def do_mark(self, text: str) -> None:
        """Mark [TEXT]: a mark at this moment, in the timeline and among the logs."""
        command = mark_form().make([text])
        if command is not None and self._may(command):
            self._send(command)

    def _print(self, pane: LogPane, tap: LogTap, *, follow: bool) -> None:
        noted, told, until = 0, -1, time.monotonic() + _COMES_WITHIN
        while follow or time.monotonic() < until:
            time.sleep(_LOOK_EVERY)
            now = self._now
            taken = tap.take()
            if taken is None:
                continue
            lines = sorted([*marks(now.events[noted:]), *taken.lines], key=lambda each: each.received)
            noted = len(now.events)
            pane.take(lines, taken.skipped, taken.at if follow else float("inf"))
            pane.advance(10**9)
            if follow and time.monotonic() >= until:
                told = self._tell(pane, told)
        self._tell(pane, told)
        if tap.problem:
            self._say(tap.problem)
        if not len(pane.selection):
            for each in empty_rows(pane, self._now, self._width):
                self._say(text_of(each).strip())

    def _tell(self, pane: LogPane, told: int) -> int:
        """Print what came after the position `told`; of much that came, the newest. The position told now."""
        chosen = pane.selection
        first = max(chosen.index(told + 1), len(chosen) - _LATEST)
        if told >= 0 and (left_out := first - chosen.index(told + 1)) > 0:
            self._say(f"({left_out:,} lines before these are not shown)")
        new = chosen.positions(first, _LATEST)
        for position in new:
            self._say(_words(pane.buffer.line(position), self._now))
        return new[-1] if new else told


def _wanted(text: str, known: list[str]) -> Wanted:
    """What is asked for. Raises ValueError with a sentence."""
    words, slash, grep = text.partition("/")
    sources: set[str] = set()
    level = None
    for word in words.split():
        if word in ("error", "warning", "notice"):
            level = Level[word.upper()]
        elif word in known:
            sources.add(word)
        elif word != "follow":
            raise ValueError(f"there is no source {word!r}: there are {', '.join(known) or 'none'}")
    return Wanted(grep=grep if slash else "", sources=frozenset(("", *sources)) if sources else None, level=level)


def _words(of: LogLine, now: Moment) -> str:
    at = clock(dt.datetime.fromtimestamp(of.moment, dt.UTC), now.zone, seconds=True)
    level = of.level.word if of.level is not None and of.level >= Level.WARNING and not of.continues else ""
    kind = "" if of.kind == "line" else of.kind
    return " ".join(each for each in (at, of.source, kind, level, of.text) if each)
