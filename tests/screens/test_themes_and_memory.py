"""Themes, and panes that are zoomed or hidden: what a person chose is there the next time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from driving import cockpit, drive, presses, text_of_screen
from fake_run import FakeRun
from textual.pilot import Pilot

from cockpit.cli import words
from cockpit.screens.app import CockpitApp
from cockpit.screens.palette import looks, paint
from cockpit.screens.remembered import Memory
from cockpit.views.line import line
from cockpit.views.themes import DEFAULT, THEMES, next_theme

SIXTEEN = {"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}


def seen(app: CockpitApp, *groups: str, size: tuple[int, int] = (80, 24)) -> list[str]:
    async def act(pilot: Pilot[object]) -> list[str]:
        texts = []
        for group in groups:
            await presses(*group.split())(pilot)
            texts.append(text_of_screen(app))
        return texts

    return drive(app, act, size)


def written(path: Path, what: str) -> bool:
    ends = time.monotonic() + 10
    while not (path.exists() and what in path.read_text()):
        assert time.monotonic() < ends
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_has_an_ink_for_each_look_of_sixteen_colours_and_no_two_that_matter_look_alike(name: str) -> None:
    inks = THEMES[name].inks
    assert inks.keys() == THEMES[DEFAULT].inks.keys()
    assert {
        each.removeprefix("bright_") for ink in inks.values() for each in (ink.colour, ink.ground) if each
    } <= SIXTEEN
    assert len({inks["good"], inks["bad"], inks["warn"], inks[""], inks["alarm"]}) == (4 if name == "mono" else 5)
    assert paint(line(("FAIL", "bad")), 8, theme=name).text == "FAIL    "


def test_high_contrast_is_bright_on_black_and_mono_has_no_colour() -> None:
    assert all(style.bgcolor.name == "black" and not style.dim for style in looks("high-contrast").values())
    assert all(style.color is None and style.bgcolor is None for style in looks("mono").values())


def test_the_command_line_knows_the_themes_and_a_key_goes_through_them() -> None:
    assert tuple(THEMES) == words.THEMES
    name = DEFAULT
    for expected in (*words.THEMES[1:], DEFAULT):
        name = next_theme(name).name
        assert name == expected
    assert next_theme("gone").name == DEFAULT


def test_a_theme_and_a_zoomed_pane_are_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "screen.json"
    app = cockpit(FakeRun(), memory=Memory(path))
    both, themed, zoomed = seen(app, "v escape", "%", "Z")
    assert "high-contrast" in themed
    assert "1 " in both
    assert "Pre-Deployment" in both
    assert "Pre-Deployment" not in zoomed
    assert written(path, "zoomed")
    again = cockpit(FakeRun(), memory=Memory(path))
    first, back = seen(again, "right", "Z")
    assert again.look_theme == "high-contrast"
    assert "Pre-Deployment" not in first
    assert "Pre-Deployment" in back


def test_a_pane_can_be_hidden_and_brought_back(tmp_path: Path) -> None:
    both, hidden, back = seen(cockpit(FakeRun(), memory=Memory(tmp_path / "screen.json")), "end home", "\\", "\\")
    assert hidden.count("\n") == both.count("\n")
    assert hidden != both == back


def test_what_cannot_be_read_or_kept_is_as_if_nothing_had_been(tmp_path: Path) -> None:
    path = tmp_path / "screen.json"
    path.write_text("{not json")
    memory = Memory(path)
    assert memory.now.theme == ""
    nowhere = Memory(Path("/proc/nowhere/screen.json"))
    nowhere.keep(theme="mono", run="hidden")
    assert (nowhere.now.theme, nowhere.now.panes) == ("mono", {"run": "hidden"})


def test_a_disk_that_hangs_holds_up_no_start(tmp_path: Path) -> None:
    path = tmp_path / "screen.json"
    os.mkfifo(path)
    began = time.monotonic()
    assert Memory(path).now.theme == ""
    assert time.monotonic() - began < 5
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
