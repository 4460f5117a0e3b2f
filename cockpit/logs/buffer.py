"""The lines that are kept to be looked at: merged by time, and bounded; what was dropped is counted.

Lines have positions: 0 is the first that was ever kept, and a line's position never changes. Those before `first` were
dropped again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cockpit.logs.line import Level, LogLine

LINES_LIMIT = 100_000
BYTES_LIMIT = 32 * 1024 * 1024

WINDOW = 0.5
"""Seconds for which lines are held back where there are several sources: what was printed before may come after."""

RATE_OVER = 5
"""Seconds over which lines a second are counted."""

_BYTES_OF_A_LINE = 160
"""What a line takes in memory beside its text."""


@dataclass
class Counts:
    """What came of one source, kept or not."""

    lines: int = 0
    errors: int = 0
    warnings: int = 0
    skipped: int = 0
    """Those among the lines that were never here: whoever reads was behind."""
    last: float | None = None
    """When the last line was received."""
    _recent: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, received: float, lines: int, errors: int = 0, warnings: int = 0) -> None:
        """Count `lines` more, received at a time."""
        self.lines += lines
        self.errors += errors
        self.warnings += warnings
        self.last = received
        second = int(received)
        if self._recent and self._recent[-1][0] == second:
            lines += self._recent.pop()[1]
        self._recent.append((second, lines))
        while self._recent[0][0] < second - RATE_OVER:
            self._recent.popleft()

    def rate(self, now: float) -> float:
        """Lines a second, over the last whole seconds."""
        last = int(now)
        return sum(lines for second, lines in self._recent if last - RATE_OVER <= second < last) / RATE_OVER


class LogBuffer:
    """The newest lines of all sources, in the order of time."""

    def __init__(self, lines: int = LINES_LIMIT, size: int = BYTES_LIMIT, window: float = WINDOW) -> None:
        """Keep at most `lines` lines that take `size` bytes; merge what comes within `window` seconds."""
        self.lines_limit, self.bytes_limit, self.window = lines, size, window
        self.first = 0
        """Position of the oldest line that is kept; as many were dropped."""
        self.bytes = 0
        """What the lines take in memory."""
        self.counts: dict[str, Counts] = {}
        """By source."""
        self.dropped: Counter[str] = Counter()
        """By source: lines that were kept and had to make room."""
        self._lines: list[LogLine] = []
        self._held: list[LogLine] = []

    @property
    def end(self) -> int:
        """The position after the newest line."""
        return self.first + len(self._lines)

    @property
    def held(self) -> int:
        """Lines that are held back at this moment."""
        return len(self._held)

    def line(self, position: int) -> LogLine:
        """The line at a position. Raises IndexError where none is kept."""
        if not self.first <= position < self.end:
            raise IndexError(position)
        return self._lines[position - self.first]

    def lines(self, start: int, end: int) -> Sequence[LogLine]:
        """The lines kept from position `start` to before `end`."""
        return self._lines[max(0, start - self.first) : max(0, end - self.first)]

    def add(self, lines: Iterable[LogLine], now: float) -> None:
        """Take lines in, in the order in which they were received, and bring into order what is old enough at `now`."""
        came = list(lines)
        self._count(came)
        self._held += came
        self.settle(now)

    def skipped(self, source: str, lines: int, received: float, errors: int = 0, warnings: int = 0) -> None:
        """Count lines that are not here, because whoever reads was behind."""
        counts = self._counts_of(source)
        counts.add(received, lines, errors, warnings)
        counts.skipped += lines

    def settle(self, now: float) -> None:
        """Bring the lines into order that have been held back for long enough at `now`."""
        if not self._held:
            return
        ready = len(self._held)
        if len(self.counts) > 1:
            ready = next((at for at, line in enumerate(self._held) if line.received > now - self.window), ready)
            # A flood is not held back: what is held is bounded, too.
            ready = max(ready, len(self._held) - self.lines_limit)
        if not ready:
            return
        settled, self._held = self._held[:ready], self._held[ready:]
        if len(self.counts) > 1:
            settled = _merged(settled)
        self._lines += settled
        self.bytes += sum(map(_size, settled))
        self._make_room()

    def _make_room(self) -> None:
        go = max(0, len(self._lines) - self.lines_limit)
        size = self.bytes - sum(map(_size, self._lines[:go]))
        while size > self.bytes_limit and go < len(self._lines) - 1:
            size -= _size(self._lines[go])
            go += 1
        if go:
            self.dropped.update(Counter(line.source for line in self._lines[:go]))
            del self._lines[:go]
            self.first += go
            self.bytes = size

    def _counts_of(self, source: str) -> Counts:
        if source not in self.counts:
            self.counts[source] = Counts()
        return self.counts[source]

    def _count(self, came: list[LogLine]) -> None:
        batches: dict[tuple[str, int], list[LogLine]] = {}
        for line in came:
            if line.kind == "line":
                batches.setdefault((line.source, int(line.received)), []).append(line)
        for (source, _), lines in batches.items():
            said = Counter(line.level for line in lines if not line.continues)
            errors = said[Level.ERROR] + said[Level.CRITICAL]
            self._counts_of(source).add(lines[-1].received, len(lines), errors, said[Level.WARNING])


def _merged(lines: list[LogLine]) -> list[LogLine]:
    """By time; the lines of one source stay in the order in which it printed them."""
    latest: dict[str, float] = {}
    keyed = []
    for line in lines:
        moment = line.moment
        if line.kind != "mark":
            before = latest.get(line.source, moment)
            # What has no time of its own, or an earlier one than the line before, stands with that one.
            moment = before if line.at is None and line.source in latest else max(moment, before)
            latest[line.source] = moment
        keyed.append(moment)
    order = sorted(range(len(lines)), key=keyed.__getitem__)
    return [lines[index] for index in order]


def _size(line: LogLine) -> int:
    text = line.text
    return _BYTES_OF_A_LINE + (len(text) if text.isascii() else 4 * len(text))
