"""Drives the app in a test, and reads what it shows."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fake_run import FakeRun
from launch import story
from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot

from cockpit.engine.replayed import ReplayedRun
from cockpit.screens.app import CockpitApp
from cockpit.screens.remembered import Memory
from cockpit.views.signs import UNICODE, Glyphs

Shown = tuple[str, "App[Any]"]


def cockpit(
    view: FakeRun | None = None, *, glyphs: Glyphs = UNICODE, encoding: str = "utf-8", memory: Memory | None = None
) -> CockpitApp:
    """The app over a run, with a fixed zone and terminal."""
    return CockpitApp(view or FakeRun(), glyphs=glyphs, zone=dt.UTC, encoding=encoding, memory=memory)


def replayed() -> CockpitApp:
    """The app over a replay of the same run."""
    run = ReplayedRun(story())
    return CockpitApp(run, replay=run, glyphs=UNICODE, zone=dt.UTC, encoding="utf-8")


def text_of_screen(app: App[Any]) -> str:
    """What is on the screen, line by line. Textual has no public way to ask."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def presses(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press keys one after another, waiting for each; `type:...` types letters, `wait` lets things come."""

    async def press(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        for each in keys:
            key = each
            if key == "wait":
                await pilot.pause(0.4)
                continue
            if key.startswith("type:"):
                *before, last = key.removeprefix("type:")
                _types(pilot.app, before)
                key = "space" if last == " " else last
            await pilot.press(key)
            await pilot.pause(0.02)
        await _drawn(pilot)

    return press


async def _drawn(pilot: Pilot[Any]) -> None:
    """Wait until the screen stays as it is: on a busy machine what a key does may take a while."""
    shown, tries = "", 0
    while shown != (now := text_of_screen(pilot.app)) and tries < 40:
        shown, tries = now, tries + 1
        await pilot.pause(0.25)


def _types(app: App[Any], letters: Iterable[str]) -> None:
    """Type as fast as a terminal hands letters on. Textual's pilot waits after each until nothing is drawn any more."""
    driver = app._driver
    assert driver is not None
    for letter in letters:
        driver.send_message(events.Key(_character_to_key(letter), letter))


def shown(app: App[Any], *keys: str, size: tuple[int, int] = (80, 24)) -> str:
    """The text of the screen after `keys`."""

    async def drive() -> str:
        async with app.run_test(size=size) as pilot:
            await presses(*keys)(pilot)
            return text_of_screen(app)

    return asyncio.run(drive())


def drive(app: App[Any], act: Callable[[Pilot[Any]], Awaitable[Any]], size: tuple[int, int] = (80, 24)) -> Any:
    """Run `act` with a pilot, and hand on what it returns."""

    async def go() -> Any:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return await act(pilot)

    return asyncio.run(go())
