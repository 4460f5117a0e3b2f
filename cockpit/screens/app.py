"""The app: one view, the boards over it, and how it ends.

It looks at the run again whenever the view says that something changed, at most a few times a second, and every few
seconds for what time alone changes. It holds no truth of its own, so ending it, in whatever way, harms nothing: the
run goes on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import os
import signal
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType

from cockpit.screens import terminal
from cockpit.screens.alerts import Alerts
from cockpit.screens.boards.board import Board
from cockpit.screens.keyboard import Keyboard
from cockpit.screens.remembered import Memory
from cockpit.screens.widgets.line_list import LineList
from cockpit.views.logs_pane import Showing
from cockpit.views.moment import Moment, moment, told_by_others
from cockpit.views.picker import Choice
from cockpit.views.run_view import ReplayControls, RunView
from cockpit.views.signs import Glyphs
from cockpit.views.themes import DEFAULT, Theme, next_theme

_LOOK_EVERY = 5
"""Seconds between two looks at what time alone changes: ages, results that go stale, waivers that run out."""

_SETTLE = 0.2
"""Seconds between two looks at a run in which much happens: a slow link must not be flooded."""

_LAST_MOMENT = 2.0
"""Seconds that an orderly end may take after a signal: a terminal that stopped reading would never let it."""


class CockpitApp(App[int], inherit_bindings=False):
    """A run on the screen, live or replayed."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c,ctrl+q", "leave", "Leave", show=False, priority=True)]
    CSS = "App { background: ansi_default; color: ansi_default; }"

    def __init__(
        self,
        view: RunView,
        *,
        replay: ReplayControls | None = None,
        glyphs: Glyphs | None = None,
        zone: dt.tzinfo | None = None,
        encoding: str | None = None,
        ways: frozenset[str] = frozenset(),
        theme: str = "",
        memory: Memory | None = None,
    ) -> None:
        """Show `view`; when it is a replay, hand it in as `replay` too. The rest is found out from the terminal.

        `ways` are those of `cockpit.views.alert.WAYS` by which the terminal tells of news. `theme` is one of
        `cockpit.views.themes`; without one the screen is as `memory` has it.
        """
        super().__init__(ansi_color=True)
        self.view = view
        self.replay = replay
        self.memory = memory or Memory()
        self.look_theme = theme or self.memory.now.theme or DEFAULT
        self.encoding = encoding or terminal.encoding()
        self.glyphs = glyphs or terminal.glyphs(os.environ)
        self.zone = zone
        self.showing_logs = Showing()
        """How the logs were shown the last time."""
        self.now = self._look()
        self._alerts = Alerts(ways, self._to_terminal, self.now)
        self._ticks = 0
        self.keyboard = Keyboard(self, super().on_event)

    def on_mount(self) -> None:
        """Put the first board up, and begin to follow the run."""
        self._heed_signals()
        self.push_screen(self._first_board())
        self.run_worker(self.keyboard.hand_on())
        self.run_worker(self._follow())
        if not self.is_headless:
            # What stands from the beginning is never garbage. To look through it again takes longer than a key may.
            self.call_after_refresh(gc.freeze)
        self.set_interval(1.0, self._tick)
        if self.replay is not None:
            self.set_interval(0.25, self._play_on)

    async def on_event(self, event: events.Event) -> None:
        """Put what is typed in its order; everything else is Textual's."""
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            self.keyboard.put(event)
        else:
            await super().on_event(event)

    def look_again(self) -> None:
        """Draw what changed since the last look."""
        before, self.now = self.now, self._look()
        for screen in self.screen_stack:
            if isinstance(screen, Board) and (screen.is_current or self.screen.is_modal):
                screen.redraw()
                if news := told_by_others(before, self.now):
                    screen.say((news, "warn"))
        self._alerts.look(self.now)

    def turn_theme(self) -> Theme:
        """Draw everything in the next theme, and remember it."""
        theme = next_theme(self.look_theme)
        self.look_theme = theme.name
        self.memory.keep(theme=theme.name)
        for screen in self.screen_stack:
            for pane in screen.query(LineList):
                pane.redraw()
        return theme

    def _to_terminal(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def _tick(self) -> None:
        """Move the clock on; look at everything that depends on the time every few seconds."""
        self._ticks = (self._ticks + 1) % _LOOK_EVERY
        if self._ticks == 0:
            self.look_again()
            return
        self.now = self.now.later(self.view.now())
        for screen in self.screen_stack:
            if isinstance(screen, Board):
                screen.redraw_head()

    def action_leave(self) -> None:
        """What control-c does: back out of a dialog, or ask to leave."""
        board = self.screen
        if isinstance(board, Board):
            leave = getattr(board, "do_leave", board.do_back)
            leave()
        else:
            board.dismiss(None)

    def _look(self) -> Moment:
        return moment(self.view, glyphs=self.glyphs, zone=self.zone, replay=self.replay)

    def _first_board(self) -> Board:
        if self.replay is not None:
            from cockpit.screens.boards.replay import ReplayBoard

            return ReplayBoard()
        from cockpit.screens.boards.run import RunBoard

        return RunBoard()

    async def _follow(self) -> None:
        while True:
            await self.view.changed.wait()
            self.view.changed.clear()
            self.look_again()
            await asyncio.sleep(_SETTLE)

    def _play_on(self) -> None:
        if self.replay is not None and self.replay.playing:
            self.replay.advance(0.25)

    def _heed_signals(self) -> None:
        if threading.current_thread() is threading.main_thread() and not self.is_headless:
            self._orderly_loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._end)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        """End in order if the loop lives, and hard when it does not: it stands while the terminal stops reading."""
        hard = threading.Timer(_LAST_MOMENT, os._exit, (128 + number,))
        hard.daemon = True
        hard.start()
        self._orderly_loop.call_soon_threadsafe(lambda: self.exit(return_code=128 + number))

    def _handle_exception(self, error: Exception) -> None:
        """End with one line. Textual would print all local variables, and a secret may be among them."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        where = traceback.extract_tb(error.__traceback__)[-1:]
        place = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in where)
        message = f"The screen stopped: {type(error).__name__}{place}. The run goes on: cockpit brings you back."
        self.exit(return_code=70, message=message)


def show_run(
    view: RunView,
    *,
    before: Callable[[], Awaitable[None]] | None = None,
    after: Callable[[], Awaitable[None]] | None = None,
    ways: frozenset[str] = frozenset(),
    theme: str = "",
) -> int:
    """Show a run until the person leaves; the exit status. The terminal tells of news by `ways`.

    `before` is awaited in the same loop before anything is drawn, `after` when all is over, whatever happened.
    """
    return asyncio.run(_show(view, None, before=before, after=after, ways=ways, theme=theme))


def show_replay(replay: ReplayControls, *, theme: str = "") -> int:
    """Show a run played back until the person leaves; the exit status."""
    return asyncio.run(_show(replay, replay, theme=theme))


def pick(choices: Sequence[Choice], now: dt.datetime | None = None) -> Choice | None:
    """Let a person choose among runs and checklists; None when they leave. Ages are told against `now`."""
    from cockpit.screens.picker import PickerApp

    return PickerApp(choices, now or dt.datetime.now(dt.UTC)).run(mouse=False)


async def _show(
    view: RunView,
    replay: ReplayControls | None,
    *,
    before: Callable[[], Awaitable[None]] | None = None,
    after: Callable[[], Awaitable[None]] | None = None,
    ways: frozenset[str] = frozenset(),
    theme: str = "",
) -> int:
    try:
        if before is not None:
            await before()
        app = CockpitApp(view, replay=replay, ways=ways, theme=theme)
        result = await app.run_async(mouse=False)
        return result or app.return_code or 0
    finally:
        if after is not None:
            await after()
