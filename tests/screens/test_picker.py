"""The picker: what is offered, and what is taken."""

from __future__ import annotations

from collections.abc import Callable

from choices import CHOICES
from driving import shown
from launch import NOW

from cockpit.screens.picker import PickerApp
from cockpit.views.signs import UNICODE


def picker(choices: object = CHOICES) -> PickerApp:
    return PickerApp(choices, NOW, glyphs=UNICODE, encoding="utf-8")


def test_runs_under_way_come_first(same_screen: Callable[[str, str], None]) -> None:
    same_screen(shown(picker()), "picker-80x24")


def test_enter_takes_the_row_of_the_cursor() -> None:
    app = picker()
    shown(app, "down", "down", "up", "enter")
    assert app.return_value == CHOICES[1]


def test_the_last_row_can_be_reached_and_not_passed() -> None:
    app = picker()
    shown(app, *["down"] * 20, "enter")
    assert app.return_value == CHOICES[-1]


def test_leaving_takes_nothing() -> None:
    for key in ("q", "escape", "ctrl+c"):
        app = picker()
        shown(app, key)
        assert app.return_value is None


def test_an_empty_picker_says_why_it_is_empty(same_screen: Callable[[str, str], None]) -> None:
    app = picker(())
    same_screen(shown(app, "enter", "down"), "picker-empty-80x24")
    assert app.return_value is None
