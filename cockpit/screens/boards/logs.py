"""The logs: all sources merged by time, followed until one looks back, filtered, marked, attached.

What comes is read in a thread and taken in by portions, each after the keys that were typed by then: a flood holds up
no key. It is drawn a few times a second at most, and more seldom the more bytes it takes: a slow link must not be
flooded, however much is printed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from textual import events
from textual.widget import Widget

from cockpit.logs.line import Level, LogLine
from cockpit.logs.pattern import WrongPattern
from cockpit.screens.boards.board import Board
from cockpit.screens.boards.filtering import FilteringBoard
from cockpit.screens.boards.walking import WalkingBoard
from cockpit.screens.widgets.line_list import LineList, Rows
from cockpit.screens.widgets.pane import Pane
from cockpit.views.key import Key
from cockpit.views.keys import logs_keys
from cockpit.views.line import Line, cut_line, line
from cockpit.views.logs_marks import marks, recorded_rows
from cockpit.views.logs_pane import LogPane, Showing
from cockpit.views.logs_rows import empty_rows, head_rows, log_rows, source_rows, tall
from cockpit.views.run_view import LogTap
from cockpit.views.timeline import titles
from cockpit.views.words import plural

_LOOK_EVERY = 0.25
"""Seconds between two looks at what has come."""

_BYTES_A_SECOND = 8_000
"""What may be sent to the terminal while lines are followed; keys and the rows over the lines come on top."""

_PORTION = 100
"""Lines taken in, or looked through, between two looks at the keyboard."""

_AT_ONCE = 0.005
"""Seconds for which lines are looked through before the rest gives way to keys: most logs are done by then."""

_LEVELS = (None, Level.NOTICE, Level.WARNING, Level.ERROR)


class LogsBoard(FilteringBoard, WalkingBoard):
    """The pane of logs; in a replay, what is recorded of them."""

    DEFAULT_CSS = """
    LogsBoard #log-head { height: 2; }
    LogsBoard #log-body { layout: vertical; }
    LogsBoard #sources { display: none; }
    LogsBoard.-listed #sources { display: block; }
    LogsBoard.-wide #log-body { layout: horizontal; }
    LogsBoard.-wide.-listed #sources { width: 36; }
    LogsBoard.-zoomed #keys, LogsBoard.-zoomed #sources { display: none; }
    """

    WALKED = "#log"
    HINT = "a regular expression, as timeout|refused; small letters find capitals, too"

    def __init__(self, item: str = "") -> None:
        """Lines are attached to `item` unless another one is said."""
        super().__init__()
        self._item = item
        self._pane: LogPane | None = None
        self._tap: LogTap | None = None
        self._edited: Literal["grep", "without", "find"] = "grep"
        self._wrong = ""
        self._marked = 0
        self._at = 0.0
        self._wake = asyncio.Event()
        self._due = 0.0
        self._drawn: tuple[int, ...] = ()
        self._filled = False
        """The lines took all rows when they were drawn."""

    @property
    def pane(self) -> LogPane:
        """The lines and where one stands among them. Raises TypeError in a replay."""
        if self._pane is None:
            raise TypeError("a replay has no logs")
        return self._pane

    def on_mount(self) -> None:
        """Begin to follow, showing what was shown the last time."""
        self._tap = self.cockpit.view.logs()
        if self._tap is None:
            return
        sources = [each.id for each in self.now.state.document.logs if not each.excluded]
        self._pane = LogPane(sources, self.cockpit.showing_logs)
        self._arrange()
        self.run_worker(self._follow(self._pane, self._tap))

    def on_unmount(self) -> None:
        """Follow no more."""
        if self._tap is not None:
            self._tap.close()

    def body(self) -> Iterable[Widget]:
        """The rows over the lines, the sources, the lines."""
        yield self.lines(self._head, "log-head")
        yield Pane(self.lines(self._sources, "sources"), self.lines(self._lines, "log"), id="log-body")

    def keys(self) -> Sequence[Key]:
        """The keys of the logs."""
        return logs_keys(self.now, self._pane)

    def redraw(self) -> None:
        """Draw what changed around the lines; those are drawn when they are due."""
        self.redraw_panes("#head, #message, #keys")
        self._wake.set()

    def message(self, cells: int) -> Line:
        """The rows over the lines say what is left out; here is what was said, or the verdict."""
        return Board.message(self, cells)

    # --- following

    async def _follow(self, pane: LogPane, tap: LogTap) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if self.is_current or self.app.screen.is_modal:
                await self._take_in(pane, tap)
                await self._look_through(pane)
                if loop.time() >= self._due:
                    self._draw_what_came(pane)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._wake.wait()

    async def _look_through(self, pane: LogPane) -> None:
        while not pane.advance(_PORTION):
            await self._keys_first()

    async def _keys_first(self) -> None:
        """Let all be done that was typed by now."""
        await asyncio.sleep(0)
        await self.cockpit.keyboard.at_rest()

    async def _take_in(self, pane: LogPane, tap: LogTap) -> None:
        taken = tap.take()
        if taken is None:
            return
        lines: Sequence[LogLine] = taken.lines
        if found := marks(self.now.events[self._marked :]):
            lines = sorted([*found, *lines], key=lambda each: each.received)
        self._marked = len(self.now.events)
        pane.take(lines[:_PORTION], taken.skipped, taken.at)
        for start in range(_PORTION, len(lines), _PORTION):
            await self._keys_first()
            pane.take(lines[start : start + _PORTION], (), taken.at)
        self._at = taken.at

    def _draw_what_came(self, pane: LogPane) -> None:
        """While one stands still, lines that come below those in sight change only what is said over them."""
        drawn = (pane.buffer.first, pane.selection.seen, int(self._at))
        if drawn == self._drawn:
            return
        still = not pane.follows and self._filled and drawn[:1] == self._drawn[:1]
        self._drawn = drawn
        if still:
            self.redraw_panes("#log-head, #sources")
        else:
            self._draw()

    def _draw(self) -> None:
        """Draw the lines and what is said of them now."""
        self.redraw_panes("#log-head, #sources, #log")

    # --- drawing

    def _head(self, cells: int, _: int) -> Rows:
        if self._pane is None:
            return Rows([line((" logs", "strong"))])
        problem = self._wrong or (self._tap.problem if self._tap is not None else "")
        return Rows(head_rows(self._pane, self.now, cells, at=self._at, problem=problem))

    def _sources(self, cells: int, _: int) -> Rows:
        return Rows(source_rows(self._pane, self.now, cells, at=self._at) if self._pane is not None else ())

    def _lines(self, cells: int, rows: int) -> Rows:
        pane = self._pane
        if pane is None:
            return Rows(recorded_rows(self.now, titles(self.now)))
        if not len(pane.selection):
            return Rows([(), *empty_rows(pane, self.now, cells)])
        made, cursor = self._made(pane, cells, rows)
        if not pane.buffer.counts:
            made += [(), *empty_rows(pane, self.now, cells)]
        kept = [cut_line(each, cells, self.now.glyphs.mark) for each in made[:rows]]
        sent = sum(len(piece.text.encode(errors="replace")) + 8 for each in kept for piece in each)
        self._due = asyncio.get_running_loop().time() + max(_LOOK_EVERY, sent / _BYTES_A_SECOND)
        return Rows(kept, None if pane.follows else cursor)

    def _made(self, pane: LogPane, cells: int, rows: int) -> tuple[list[Line], int]:
        """The rows in sight, and which of them is the cursor's."""
        start = pane.window(rows, lambda position: tall(pane.buffer.line(position), pane, self.now, cells))
        made: list[Line] = []
        cursor = 0
        for index, position in enumerate(pane.selection.positions(start, rows), start):
            if index == pane.index:
                cursor = len(made)
            of = pane.buffer.line(position)
            made += log_rows(of, pane, self.now, cells, selected=pane.is_selected(position))
            if len(made) >= rows:
                break
        self._filled = len(made) >= rows
        return made, cursor

    def _show(self, showing: Showing) -> None:
        """Show otherwise, and remember it for the next time."""
        self.pane.show(showing)
        self._look_through_what_is_soon_done()
        self.cockpit.showing_logs = showing
        self._arrange()
        self._drawn = ()
        self._wake.set()
        self._moved()

    def _look_through_what_is_soon_done(self) -> None:
        ends = time.monotonic() + _AT_ONCE
        while not self.pane.advance(_PORTION) and time.monotonic() < ends:
            pass

    def _arrange(self) -> None:
        showing = self.pane.showing
        wide = self.app.size.width >= _WIDE
        self.query_one("#sources").styles.height = "1fr" if wide else min(_LISTED, len(self.pane.sources)) + 1
        self.set_class(showing.listed != wide, "-listed")
        self.set_class(showing.zoomed, "-zoomed")

    def on_resize(self) -> None:
        """Where there is room, the sources stand beside the lines."""
        if self._pane is not None:
            self._arrange()

    def _moved(self) -> None:
        self._draw()
        self.redraw_panes("#keys")

    # --- filters

    def take_key(self, event: events.Key) -> bool:
        """Escape drops what is selected, then what narrows the lines, before it leads back."""
        if event.key == "escape" and self._prompt is None and self._pane is not None:
            if self._pane.anchor is not None:
                self._pane.anchor = None
                self._moved()
                return True
            if self._pane.narrowed:
                sources = self._pane.showing.wanted.sources
                self._show(replace(self._pane.showing, wanted=replace(Showing().wanted, sources=sources)))
                return True
            self.wanted = ""
        return super().take_key(event)

    def press(self, key: Key, name: str) -> None:
        """Digits are sources."""
        if key.does != "source":
            super().press(key, name)
        elif int(name) <= len(self.pane.sources):
            self.pane.toggle(self.pane.sources[int(name) - 1])
            self._show(self.pane.showing)

    def do_filter(self) -> None:
        """Ask what lines must match."""
        self._edit("grep", "only")

    def do_without(self) -> None:
        """Ask what lines must not match."""
        self._edit("without", "not")

    def do_find(self) -> None:
        """Ask what to look for."""
        self._edit("find", "find")

    def _edit(self, what: Literal["grep", "without", "find"], label: str) -> None:
        self._edited, self.LABEL = what, label
        self.wanted = getattr(self.pane.showing.wanted, what)
        super().do_filter()

    def filter_changed(self) -> None:
        """Narrow down, or say what is wrong with the expression."""
        self._wrong = ""
        wanted = self.pane.showing.wanted
        try:
            match self._edited:
                case "grep":
                    wanted = replace(wanted, grep=self.wanted)
                case "without":
                    wanted = replace(wanted, without=self.wanted)
                case "find":
                    wanted = replace(wanted, find=self.wanted)
            self._show(replace(self.pane.showing, wanted=wanted))
        except WrongPattern as wrong:
            self._wrong = str(wrong)
            self.redraw_panes("#log-head")

    def _close(self, *, keep: bool) -> None:
        super()._close(keep=keep)
        if self._wrong:
            self.say((self._wrong, "bad"))
            self._wrong = ""
            self.redraw_panes("#log-head")

    def do_level(self) -> None:
        """The next minimum level."""
        level = self.pane.showing.wanted.level
        place = _LEVELS.index(level) if level in _LEVELS else 0
        following = _LEVELS[(place + 1) % len(_LEVELS)]
        self._show(replace(self.pane.showing, wanted=replace(self.pane.showing.wanted, level=following)))

    def do_all_sources(self) -> None:
        """Show all sources."""
        self._only(frozenset(self.pane.sources))

    def do_only(self) -> None:
        """Ask for the names of the sources to show."""
        from cockpit.views.logs_forms import sources_form

        self.ask(sources_form(self.pane.sources, self._only))

    def _only(self, sources: frozenset[str]) -> None:
        self.pane.only(sources)
        self._show(self.pane.showing)

    # --- how lines are shown

    def do_list(self) -> None:
        """Show the list of sources, or hide it."""
        self._show(replace(self.pane.showing, listed=not self.pane.showing.listed))

    def do_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self._show(replace(self.pane.showing, wrap=not self.pane.showing.wrap))

    def do_times(self) -> None:
        """Show times, or not."""
        self._show(replace(self.pane.showing, times=not self.pane.showing.times))

    def do_zoom(self) -> None:
        """Fill the screen, or show keys and sources again."""
        self._show(replace(self.pane.showing, zoomed=not self.pane.showing.zoomed))

    def do_enter(self) -> None:
        """Show the whole line."""
        from cockpit.screens.boards.log_line import LogLineBoard

        if self.pane.line is not None:
            self.pane.pause()
            self._moved()
            self.app.push_screen(LogLineBoard(self.pane.line))

    # --- moving

    def do_pause(self) -> None:
        """Stand still, or follow."""
        if self.pane.follows:
            self.pane.pause()
        else:
            self.pane.anchor = None
            self.pane.follow()
        self._moved()

    def do_next_match(self) -> None:
        """To the next match."""
        self._seek(1, errors=False)

    def do_last_match(self) -> None:
        """To the one before."""
        self._seek(-1, errors=False)

    def do_next_error(self) -> None:
        """To the next error."""
        self._seek(1, errors=True)

    def do_last_error(self) -> None:
        """To the one before."""
        self._seek(-1, errors=True)

    def _seek(self, by: int, *, errors: bool) -> None:
        if not self.pane.seek(by, errors=errors):
            what, where = "error" if errors else "match", "after this line" if by > 0 else "before this line"
            self.say((f"there is no {what} {where}", "warn"))
        self._moved()

    def walk_by(self, rows: int) -> None:
        """Go to other lines: the newest one is followed, unless lines are selected."""
        if self._pane is None:
            self.query_one("#log", LineList).scroll_rows(rows)
        else:
            self._pane.move(rows)
            self._moved()

    # --- what is done with lines

    def do_select(self) -> None:
        """Select from here, or nothing any more."""
        self.pane.select()
        self._moved()

    def do_copy(self) -> None:
        """Hand what is selected to the terminal's clipboard; whether it took it, only the terminal knows."""
        from cockpit.views.logs_forms import attached

        lines = self.pane.selected
        text, left_out = attached(lines)
        self.app.copy_to_clipboard(text)
        more = f"; {left_out:,} more were too much for it: > saves them" if left_out else ""
        self.say((f"{plural(len(lines) - left_out, 'line')} sent to the terminal's clipboard{more}", "good"))

    def do_mark(self) -> None:
        """Ask what happens now."""
        from cockpit.views.logs_forms import mark_form

        self.ask(mark_form())

    def do_attach(self) -> None:
        """Ask to which item what is selected is attached."""
        from cockpit.views.logs_forms import attach_form

        self.pane.pause()
        self._moved()
        self.ask(attach_form(self.pane.selected, self.now.state.document, self._item))

    def do_save(self) -> None:
        """Ask for a file, and save what is shown now."""
        from cockpit.views.logs_forms import save_form

        lines = self.pane.shown
        path = f"./{self.now.state.run}-logs-{self.now.now:%H%M%S}.log"
        self.ask(save_form(len(lines), path, lambda asked: self._save(asked, lines)))

    def _save(self, path: Path, lines: Sequence[LogLine]) -> None:
        self.say(("saving...", "busy"))
        self.run_worker(self._saved(path, lines), exclusive=False)

    async def _saved(self, path: Path, lines: Sequence[LogLine]) -> None:
        from cockpit.logs.saving import NotSaved, save

        try:
            await save(path, lines)
        except NotSaved as problem:
            self.say((str(problem), "bad"))
        else:
            self.say((f"{plural(len(lines), 'line')} saved, for you alone to read: {path}", "good"))


_WIDE = 110
"""Cells from which on the sources stand beside the lines."""

_LISTED = 9
"""Sources listed over the lines at most."""
