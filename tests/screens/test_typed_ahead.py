"""Keys that come before what they are meant for stands: over a slow line a whole burst comes in one go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from driving import cockpit, drive, text_of_screen
from fake_run import FakeRun
from logged import with_logs
from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.pilot import Pilot

from cockpit.run import command as cmd
from cockpit.screens.app import CockpitApp
from tests.support.terminal import Terminal

PROGRAM = [sys.executable, str(Path(__file__).with_name("on_a_terminal.py"))]


def burst(app: CockpitApp, *bursts: Sequence[str | Paste]) -> str:
    """The screen after bursts of keys; within one, no key waits for what the one before did."""

    async def act(pilot: Pilot[Any]) -> str:
        for keys in bursts:
            for key in keys:
                app.post_message(_key(key) if isinstance(key, str) else key)
            await pilot.pause()
            await app.keyboard.at_rest()
        await pilot.pause(0.2)
        return text_of_screen(app)

    return drive(app, act)


def _key(name: str) -> Key:
    return Key(_character_to_key(name), name) if len(name) == 1 else Key(name, None)


@pytest.mark.parametrize("hostile", ["qhEw12", "jk?/!:", "nxau99"])
def test_a_filter_takes_all_that_is_typed_after_its_key_and_none_of_it_acts(hostile: str) -> None:
    view = FakeRun()
    screen = burst(cockpit(view), ["/", *hostile, "backspace", "left", "x", "enter"])
    assert f"filter {hostile[:-2]}x{hostile[-2]} " in screen
    assert view.sent == []


def test_what_follows_the_enter_of_a_filter_is_for_the_board_again() -> None:
    assert "Timeline" in burst(cockpit(), ["/", *"kms", "enter", "t"])


def test_a_paste_keeps_its_place_among_the_keys() -> None:
    assert "filter a-b-c " in burst(cockpit(), ["/", "a", Paste("-b-"), "c", "enter"])


@pytest.mark.parametrize(("key", "label"), [("/", "only"), ("-", "not"), ("g", "find")])
def test_an_expression_for_the_logs_may_begin_with_digits_and_with_their_keys(key: str, label: str) -> None:
    app = with_logs()
    screen = burst(app, ["l"], [key, *"12 zw|e"])
    assert f" {label}" in screen
    assert "12 zw|e" in screen
    assert app.showing_logs.wanted.sources is None
    assert not app.showing_logs.zoomed


def test_the_blanks_of_a_dialog_take_what_was_typed_for_them_before_it_stood() -> None:
    view = FakeRun()
    screen = burst(cockpit(view), ["n", "space", *"seen 14:00", "backspace", "9", "tab", *"asked her"])
    lines = [line.split() for line in screen.splitlines()]
    assert ["note", "asked", "her"] in lines, screen
    assert any(words[-2:] == ["seen", "14:09"] for words in lines), screen


def test_nothing_is_said_yes_to_before_it_was_seen() -> None:
    view = FakeRun()
    app = cockpit(view)
    screen = burst(app, ["!", "A", *"run", "enter"])
    assert "docker-compose restart" in screen
    assert " run" in screen
    assert view.sent == []
    seen = FakeRun()
    assert "begun" in burst(cockpit(seen), ["!", "A", *"run"], ["enter"])
    assert seen.sent == [cmd.RunCommand("restart")]


def test_escape_takes_back_what_was_typed_too_fast() -> None:
    view = FakeRun()
    assert "Timeline" in burst(cockpit(view), ["E", "escape", "t"])
    assert view.sent == []


def test_a_filter_that_comes_in_one_go_over_a_line_is_kept() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("leave")
        terminal.quiet(0.3)
        terminal.send("/abc\r")
        terminal.until("filter abc ")
        terminal.send("/\x7f\x7f\x7fkms 1\r")
        terminal.until("filter kms 1 ")
        terminal.send("\x1bt")
        terminal.until("Timeline")


def test_a_filter_of_logs_that_comes_in_one_go_over_a_line_is_kept(tmp_path: Path) -> None:
    with Terminal([*PROGRAM, "logs", str(tmp_path)]) as terminal:
        terminal.until("leave")
        terminal.quiet(0.3)
        terminal.send("l/42|z\r")
        terminal.until("only 42|z")
        terminal.send("-1q\r")
        terminal.until("not 1q")
        terminal.until("- not")
