"""The line for the bridge call, on the screen."""

from __future__ import annotations

import golive
from driving import cockpit, replayed, shown
from test_going_live import view_of


def test_the_line_is_shown_whole_and_any_key_goes_back() -> None:
    text = shown(cockpit(view_of(golive.soaking())), "s", "i")
    assert "For the bridge call" in text
    whole = "".join(text.split("For the bridge call")[1].split()).replace("─", "")
    assert "soaking" in whole
    assert "holdnone,captainada" in whole
    assert "For the bridge call" not in shown(cockpit(view_of(golive.soaking())), "s", "i", "x")


def test_a_replay_has_it_too() -> None:
    assert "For the bridge call" in shown(replayed(), "i")
