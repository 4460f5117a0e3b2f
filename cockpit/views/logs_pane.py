"""The pane of logs: which lines are kept, which are shown, where one stands among them. Without I/O and clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cockpit.logs.buffer import LogBuffer
from cockpit.logs.line import LogLine
from cockpit.logs.selection import Selection, Wanted
from cockpit.logs.spool import Skipped

_CONTEXT = 2
"""Rows left in sight of those that the cursor came from."""


@dataclass(frozen=True)
class Showing:
    """What a person chose to see, and how; it outlives the pane."""

    wanted: Wanted = field(default_factory=Wanted)
    wrap: bool = False
    times: bool = True
    zoomed: bool = False
    listed: bool = False
    """The list of sources is shown where there is no room for it beside the lines."""


class LogPane:
    """Lines, a selection of them, and a cursor that follows the newest or stands still."""

    def __init__(self, sources: Sequence[str], showing: Showing | None = None) -> None:
        """Know the ids of the `sources` that can be chosen, in their order."""
        self.sources = tuple(sources)
        self.showing = showing or Showing()
        self.buffer = LogBuffer()
        self.selection = Selection(self.showing.wanted)
        self.at: int | None = None
        """The position of the line that the cursor stands on; None follows the newest."""
        self.anchor: int | None = None
        """The other end of what is selected; None when nothing is."""
        self._top = 0
        self._left = 0

    def take(self, lines: Sequence[LogLine], skipped: Sequence[Skipped], at: float) -> None:
        """Take in what has come by a time, in the order in which it was received."""
        for each in skipped:
            self.buffer.skipped(each.source, each.lines, each.received, each.errors, each.warnings)
        self.buffer.add(lines, at)

    def advance(self, portion: int) -> bool:
        """Look at the next lines, at most `portion`; whether all have been looked at."""
        return self.selection.advance(self.buffer, portion)

    # --- what is shown

    def show(self, showing: Showing) -> None:
        """Show it otherwise. Raises WrongPattern, and then shows it as before."""
        if showing.wanted != self.showing.wanted:
            self.selection = Selection(showing.wanted)
        self.showing = showing

    @property
    def narrowed(self) -> bool:
        """Whether some lines are left out, or something is looked for."""
        return replace(self.showing.wanted, sources=None) != Wanted()

    def shows(self, source: str) -> bool:
        """Whether lines of a source are shown."""
        chosen = self.showing.wanted.sources
        return chosen is None or source in chosen

    def toggle(self, source: str) -> None:
        """Show a source, or leave it out."""
        chosen = frozenset(each for each in self.sources if self.shows(each)) ^ {source}
        self.only(chosen)

    def only(self, sources: frozenset[str]) -> None:
        """Show these sources alone."""
        everything = sources.issuperset(self.sources)
        # What is said of no source, as that lines were skipped, is always seen.
        chosen = None if everything else sources | {""}
        self.show(replace(self.showing, wanted=replace(self.showing.wanted, sources=chosen)))

    # --- where one stands

    @property
    def follows(self) -> bool:
        """Whether the newest lines are shown as they come."""
        return self.at is None

    @property
    def index(self) -> int:
        """The place of the cursor among the lines chosen; -1 when there is none."""
        last = len(self.selection) - 1
        return last if self.at is None else min(self.selection.index(self.at), last)

    @property
    def line(self) -> LogLine | None:
        """The line that the cursor stands on."""
        return self.buffer.line(self.selection.at(self.index)) if self.index >= 0 else None

    @property
    def new(self) -> int:
        """How many of the lines chosen came since it stands still."""
        return 0 if self.at is None else len(self.selection) - self.selection.index(self._left)

    def follow(self) -> None:
        """Go to the newest line, and stay there."""
        self.at = None

    def pause(self) -> None:
        """Stand still."""
        if self.at is None:
            self._left = self.buffer.end
            self.at = self.selection.at(self.index) if self.index >= 0 else self.buffer.end

    def move(self, by: int) -> None:
        """Move the cursor by so many of the lines chosen; past the end it follows again."""
        target = self.index + by
        if target >= len(self.selection) - 1 and by > 0 and self.anchor is None:
            self.follow()
        elif len(self.selection):
            self.pause()
            self.at = self.selection.at(min(max(target, 0), len(self.selection) - 1))

    def seek(self, by: int, *, errors: bool) -> bool:
        """Go to the next error or match, or with -1 the one before; False when there is none."""
        found = self._next(errors=errors) if by > 0 else self._previous(errors=errors)
        if found is None:
            return False
        self.pause()
        self.at = found
        return True

    def _next(self, *, errors: bool) -> int | None:
        if self.at is None:
            return None
        return self.selection.next_error(self.at) if errors else self.selection.next_match(self.at)

    def _previous(self, *, errors: bool) -> int | None:
        # From the newest line, that line itself is one to go to.
        at = self.buffer.end if self.at is None else self.at
        return self.selection.previous_error(at) if errors else self.selection.previous_match(at)

    # --- what is selected

    def select(self) -> None:
        """Begin to select at the cursor, or select nothing any more."""
        if self.anchor is not None:
            self.anchor = None
        elif self.index >= 0:
            self.pause()
            self.anchor = self.at

    def is_selected(self, position: int) -> bool:
        """Whether the line at a position is among those selected."""
        if self.anchor is None or self.at is None:
            return False
        return min(self.anchor, self.at) <= position <= max(self.anchor, self.at)

    @property
    def selected(self) -> list[LogLine]:
        """The lines selected that are still kept; the one under the cursor when none are."""
        if self.anchor is None or self.at is None:
            return [self.line] if self.line is not None else []
        start, end = (self.selection.index(each) for each in sorted((self.anchor, self.at)))
        return [self.buffer.line(each) for each in self.selection.positions(start, end - start + 1)]

    @property
    def shown(self) -> list[LogLine]:
        """All lines chosen."""
        return [self.buffer.line(each) for each in self.selection.positions(0, len(self.selection))]

    # --- what is in sight

    def window(self, rows: int, tall: Callable[[int], int]) -> int:
        """The place among the lines chosen of the first one in sight; `tall` tells how many rows one takes.

        The window moves by nearly a page when the cursor leaves it, so that a key does not send all rows again.
        """
        count, cursor = len(self.selection), self.index
        if cursor < 0:
            return 0
        last = self._back(count - 1, rows, tall)
        if self.at is None:
            start = last
        else:
            start = min(self.selection.index(self._top), last)
            lead = min(_CONTEXT, rows // 3)
            if cursor < start:
                start = self._back(cursor, rows - lead if cursor > start - rows else rows // 2, tall)
            elif cursor > start and self._back(cursor, rows, tall) > start:
                start = self._back(cursor, lead + 1 if cursor < start + 2 * rows else rows // 2, tall)
            start = min(start, last)
        self._top = self.selection.at(start)
        return start

    def _back(self, index: int, rows: int, tall: Callable[[int], int]) -> int:
        """The first of the lines before `index` that fit into `rows` with it; itself when nothing else does."""
        left = rows - tall(self.selection.at(index))
        while index > 0 and left > 0:
            left -= tall(self.selection.at(index - 1))
            if left < 0:
                break
            index -= 1
        return index
