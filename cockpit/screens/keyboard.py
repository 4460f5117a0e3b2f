"""Keys in the order in which they were typed, each for what stands when all before it are done.

Textual hands a key at once to the queue of whatever has the focus. In a burst, as a slow line makes of quick typing,
the letters after `/` would reach the board before its prompt stands, and act as its keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from textual.app import App
from textual.message_pump import MessagePump

from cockpit.screens.dialogs.sheet import Sheet
from cockpit.screens.pressed import Typed

_PATIENCE = 1.0
"""Seconds that a key waits for the one before: a widget that is stuck must not shut the keyboard."""


class Keyboard:
    """What was typed and is not yet done."""

    def __init__(self, app: App[Any], press: Callable[[Typed], Awaitable[None]]) -> None:
        """Keys are for whatever stands in `app`; `press` hands one on."""
        self._app = app
        self._press = press
        self._typed: asyncio.Queue[Typed] = asyncio.Queue()

    def put(self, typed: Typed) -> None:
        """Take a key, to be handed on when it is its turn."""
        self._typed.put_nowait(typed)

    def put_before(self, typed: Iterable[Typed]) -> None:
        """Take keys that were typed before all that wait."""
        later = []
        while not self._typed.empty():
            later.append(self._typed.get_nowait())
            self._typed.task_done()
        for each in (*typed, *later):
            self._typed.put_nowait(each)

    async def hand_on(self) -> None:
        """Hand on one key after another until it is cancelled."""
        while True:
            typed = await self._typed.get()
            screen = self._app.screen
            if not isinstance(screen, Sheet) or screen.takes(typed):
                addressed = self._app.focused or screen
                await self._press(typed)
                await self._done(addressed)
            self._typed.task_done()

    async def at_rest(self) -> None:
        """Wait until all that was typed is done."""
        await self._typed.join()

    async def _done(self, addressed: MessagePump) -> None:
        """Wait until what a key did is done: where it was sent, in all that heard of it, in a screen that it opened."""
        try:
            async with asyncio.timeout(_PATIENCE):
                pump: MessagePump | None = addressed
                while pump is not None:
                    await _idle(pump)
                    pump = pump._parent  # noqa: SLF001 - a message goes up this way, and no other name leads there
                for each in (self._app.screen, self._app):
                    await _idle(each)
        except TimeoutError:
            return


async def _idle(pump: MessagePump) -> None:
    """Wait until all that is in the queue of `pump` now is done."""
    reached = asyncio.Event()
    if pump.call_later(reached.set):
        await reached.wait()
