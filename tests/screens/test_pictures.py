"""Colours: pictures of the boards, compared with the ones that were looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import golive
import pytest
from choices import CHOICES
from driving import cockpit, presses, replayed
from fake_run import FakeRun
from golive import view_of
from launch import GRACE, NOW, story
from logged import lines, with_logs

from cockpit.journal import event as ev
from cockpit.screens.app import CockpitApp
from cockpit.screens.picker import PickerApp
from cockpit.views.signs import ASCII, UNICODE


def _held() -> CockpitApp:
    view = FakeRun(captain=False, you=GRACE)
    view.add(ev.HoldStarted("the database team is not on the call"))
    return cockpit(view)


def _not_recorded() -> CockpitApp:
    view = FakeRun()
    view.link = type(view.link)(
        connected=True, captain=True, you=view.link.you, recording=False, problem="no space left"
    )
    return cockpit(view)


@pytest.mark.parametrize(
    ("make", "size", "keys"),
    [
        pytest.param(cockpit, (80, 24), (), id="run-80x24"),
        pytest.param(cockpit, (120, 36), ("f",), id="run-120x36"),
        pytest.param(cockpit, (80, 24), ("n", "space", "type:rotate", "enter"), id="confirm"),
        pytest.param(lambda: cockpit(FakeRun(story("rehearsal"))), (80, 24), ("h",), id="rehearsal"),
        pytest.param(_held, (80, 24), (), id="observer-in-hold"),
        pytest.param(_not_recorded, (80, 24), (), id="not-recorded"),
        pytest.param(replayed, (120, 36), (".", "f", "f"), id="replay-120x36"),
        pytest.param(lambda: cockpit(glyphs=ASCII, encoding="ascii"), (80, 24), (), id="ascii"),
        pytest.param(lambda: cockpit(view_of(golive.failed())), (80, 24), ("s",), id="golive-failed"),
        pytest.param(lambda: cockpit(view_of(golive.soaking())), (120, 36), ("s",), id="golive-soaking-120x36"),
        pytest.param(lambda: cockpit(view_of(golive.fired())), (80, 24), ("s", "V"), id="golive-fired"),
        pytest.param(lambda: cockpit(view_of(golive.rehearsal())), (80, 24), ("s", "G"), id="golive-rehearsal"),
        pytest.param(with_logs, (80, 24), ("l", "wait", "/", "type:timeout|broker", "enter", "up"), id="logs"),
        pytest.param(
            lambda: with_logs(lines(8)),
            (120, 36),
            ("l", "wait", "g", "type:payments", "enter", "F", "x", "up"),
            id="logs-120x36",
        ),
        pytest.param(lambda: PickerApp(CHOICES, NOW, glyphs=UNICODE, encoding="utf-8"), (80, 24), (), id="picker"),
    ],
)
def test_the_picture_is_the_one_that_was_looked_at(
    snap_compare: Callable[..., bool], make: Callable[[], Any], size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    assert snap_compare(make(), terminal_size=size, run_before=presses(*keys))


def test_without_colours_the_picture_still_tells_everything_apart(
    snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(_held(), terminal_size=(80, 24), run_before=presses())
