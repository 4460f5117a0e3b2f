"""Which of the kept lines are to be seen, and where the next match and the next error are.

Lines are looked at once each, in portions, so that whoever draws is never held up: `advance` looks at what came since,
and at what is left over from before.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from cockpit.logs.buffer import LogBuffer
from cockpit.logs.line import Level, LogLine
from cockpit.logs.pattern import Pattern

PORTION = 10_000
"""Lines that are looked at at a time."""


@dataclass(frozen=True)
class Wanted:
    """What is to be seen. Notices and marks are seen whatever the patterns and the level say."""

    grep: str = ""
    """A regular expression that a line must match; nothing: every line does."""
    without: str = ""
    """One that it must not match; nothing: none does."""
    sources: frozenset[str] | None = None
    """Only these; None: all. Marks belong to no source, and are always seen."""
    level: Level | None = None
    """This bad or worse. Lines that do not say are left out; those of a stack trace go with the line before."""
    find: str = ""
    """A regular expression to jump to and to highlight; it hides nothing."""


class Selection:
    """The lines of a buffer that are wanted, by their positions, oldest first."""

    def __init__(self, wanted: Wanted | None = None) -> None:
        """Choose the lines that are `wanted`: all, unless said. Raises WrongPattern."""
        self.wanted = wanted or Wanted()
        self._grep = Pattern(self.wanted.grep) if self.wanted.grep else None
        self._without = Pattern(self.wanted.without) if self.wanted.without else None
        self._find = Pattern(self.wanted.find) if self.wanted.find else None
        self._chosen, self._found, self._errors = _Positions(), _Positions(), _Positions()
        self.seen = 0
        """The position up to which lines have been looked at."""

    def advance(self, buffer: LogBuffer, portion: int = PORTION) -> bool:
        """Look at the next lines of `buffer`, at most `portion`; whether all have been looked at now."""
        for positions in (self._chosen, self._found, self._errors):
            positions.forget_before(buffer.first)
        position = max(self.seen, buffer.first)
        for line in buffer.lines(position, position + portion):
            if self.wants(line):
                self._chosen.add(position)
                if self._find is not None and self._find.found_in(line.text):
                    self._found.add(position)
                if line.level is not None and line.level >= Level.ERROR and not line.continues:
                    self._errors.add(position)
            position += 1
        self.seen = position
        return position >= buffer.end

    def wants(self, line: LogLine) -> bool:
        """Whether a line is to be seen."""
        wanted = self.wanted
        if line.kind == "mark":
            return True
        if wanted.sources is not None and line.source not in wanted.sources:
            return False
        if line.kind == "notice":
            return True
        if wanted.level is not None and (line.level is None or line.level < wanted.level):
            return False
        if self._grep is not None and not self._grep.found_in(line.text):
            return False
        return self._without is None or not self._without.found_in(line.text)

    def __len__(self) -> int:
        return len(self._chosen)

    @property
    def matches(self) -> int:
        """How many of the lines match what is to be found."""
        return len(self._found)

    @property
    def errors(self) -> int:
        """How many of the lines are errors."""
        return len(self._errors)

    def at(self, index: int) -> int:
        """The position of the line that is the `index`th of those chosen. Raises IndexError."""
        return self._chosen[index]

    def index(self, position: int) -> int:
        """How many chosen lines stand before a position: the index of the line there, or of the next one."""
        return self._chosen.index(position)

    def positions(self, start: int, count: int) -> list[int]:
        """Positions of `count` chosen lines, from the `start`th."""
        return self._chosen.some(start, count)

    def next_match(self, position: int) -> int | None:
        """Where the first match after a position is."""
        return self._found.after(position)

    def previous_match(self, position: int) -> int | None:
        """Where the last match before a position is."""
        return self._found.before(position)

    def next_error(self, position: int) -> int | None:
        """Where the first error after a position is."""
        return self._errors.after(position)

    def previous_error(self, position: int) -> int | None:
        """Where the last error before a position is."""
        return self._errors.before(position)

    def highlights(self, text: str) -> list[tuple[int, int]]:
        """What to highlight in the text of a line, begin and end: what is to be found, or what it was chosen by."""
        pattern = self._find or self._grep
        return list(pattern.spans(text)) if pattern is not None else []


class _Positions:
    """Growing numbers of which the smallest are forgotten; in an array, which the garbage collector passes over."""

    _TIDY = 4096

    def __init__(self) -> None:
        self._all = array("q")
        self._start = 0

    def add(self, position: int) -> None:
        self._all.append(position)

    def forget_before(self, position: int) -> None:
        self._start = bisect_left(self._all, position, self._start)
        if self._start > self._TIDY and self._start * 4 > len(self._all):
            del self._all[: self._start]
            self._start = 0

    def __len__(self) -> int:
        return len(self._all) - self._start

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._all[self._start + index]

    def index(self, position: int) -> int:
        return bisect_left(self._all, position, self._start) - self._start

    def some(self, start: int, count: int) -> list[int]:
        start = self._start + max(0, start)
        return self._all[start : start + count].tolist()

    def after(self, position: int) -> int | None:
        at = bisect_right(self._all, position, self._start)
        return self._all[at] if at < len(self._all) else None

    def before(self, position: int) -> int | None:
        at = bisect_left(self._all, position, self._start)
        return self._all[at - 1] if at > self._start else None
