"""The boards as text: what a captain reads at 80x24 and at 120x36."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from driving import cockpit, replayed, shown
from fake_run import FakeRun
from launch import GRACE, story

from cockpit.journal import event as ev
from cockpit.run.command import TakeCommand
from cockpit.views.signs import ASCII

Same = Callable[[str, str], None]
SMALL, LARGE = (80, 24), (120, 36)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("run", ()),
        ("run-next-open", ("n",)),
        ("run-next-failure", ("f", "f")),
        ("run-heading", ("1",)),
        ("run-folded", ("z",)),
        ("run-reference", ("9", "home", "end")),
        ("run-filtered", ("/", "type:@security", "enter")),
        ("run-filtered-to-nothing", ("/", "type:nowhere")),
        ("run-watches", ("tab",)),
        ("run-timeline", ("tab", "tab")),
        ("item", ("f", "d")),
        ("item-unwired", ("n", "d")),
        ("timeline", ("t",)),
        ("timeline-filtered", ("t", "/", "type:ada !noted")),
        ("contacts", ("c", "down")),
        ("watches", ("v",)),
        ("help", ("n", "?")),
        ("confirm", ("n", "space")),
        ("confirm-does-not-hold", ("n", "space", "type:rotate", "enter")),
        ("waive", ("n", "w")),
        ("rule-out-heading", ("1", "x")),
        ("note", ("n", "a", "type:seen", "tab")),
        ("take-back", ("up", "up", "u")),
        ("hold", ("h",)),
        ("close", ("E",)),
        ("leave", ("q",)),
    ],
)
def test_a_live_run_looks_the_same_as_it_was_looked_at(same_screen: Same, name: str, keys: tuple[str, ...]) -> None:
    same_screen(shown(cockpit(), *keys), f"{name}-80x24")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("run", ()),
        ("run-next-failure", ("f", "f")),
        ("run-reference", ("9", "home", "end")),
        ("run-timeline", ("tab", "tab")),
        ("item", ("f", "d")),
        ("timeline", ("t",)),
        ("confirm", ("n", "space")),
    ],
)
def test_a_large_terminal_shows_more(same_screen: Same, name: str, keys: tuple[str, ...]) -> None:
    same_screen(shown(cockpit(), *keys, size=LARGE), f"{name}-120x36")


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("replay", ()),
        ("replay-later", (".", ".", "f", "f")),
        ("replay-go-to", ("g", "type:10:00:20")),
        ("replay-help", ("?",)),
    ],
)
def test_a_replay_looks_the_same_as_it_was_looked_at(
    same_screen: Same, name: str, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    same_screen(shown(replayed(), *keys, size=size), f"{name}-{size[0]}x{size[1]}")


def test_a_rehearsal_cannot_be_taken_for_a_live_run_even_without_colours(same_screen: Same) -> None:
    text = shown(cockpit(FakeRun(story("rehearsal"))))
    same_screen(text, "rehearsal-80x24")
    assert "REHEARSAL" in text.splitlines()[0]
    assert "LIVE" not in text


def test_somebody_who_looks_on_is_told_who_is_captain_since_when_and_from_where(same_screen: Same) -> None:
    text = shown(cockpit(FakeRun(captain=False, you=GRACE)))
    same_screen(text, "observer-80x24")
    assert "captain ada on pts/3 from 10.0.0.7 since 09:58" in text
    assert "T take command" in text


def test_a_hold_and_its_reason_stand_in_the_head(same_screen: Same) -> None:
    view = FakeRun()
    view.add(ev.HoldStarted("the database team is not on the call yet, nobody answers in #db"))
    text = shown(cockpit(view))
    same_screen(text, "held-80x24")
    assert "HOLD now by ada: the database team is not on the call" in text


def test_what_cannot_be_recorded_is_loud(same_screen: Same) -> None:
    view = FakeRun()
    view.link = type(view.link)(
        connected=True, captain=True, you=view.link.you, recording=False, problem="no space left on device"
    )
    text = shown(cockpit(view))
    same_screen(text, "not-recorded-80x24")
    assert text.count("NOT RECORDED") == 2


def test_without_an_engine_the_record_is_shown_and_nothing_else_is_offered(same_screen: Same) -> None:
    view = FakeRun(connected=False, captain=False)
    same_screen(shown(cockpit(view)), "no-engine-80x24")


def test_a_closed_run_shows_its_verdict_and_can_only_be_read(same_screen: Same) -> None:
    view = FakeRun()
    view.add(ev.RunClosed("NOT GOOD: 1 fail, 206 open", "no go"))
    same_screen(shown(cockpit(view), "w"), "closed-80x24")


def test_ascii_draws_nothing_but_ascii(same_screen: Same) -> None:
    text = shown(cockpit(glyphs=ASCII, encoding="ascii"))
    same_screen(text, "ascii-80x24")
    assert text.isascii()


def test_what_the_encoding_lacks_keeps_its_width() -> None:
    view = FakeRun()
    view.add(ev.HoldStarted("Müller fehlt 日本"))
    text = shown(cockpit(view, glyphs=ASCII, encoding="ascii"))
    assert "M?ller fehlt ????" in text


@pytest.mark.parametrize("size", [(20, 5), (59, 24), (80, 14), (1, 1)])
def test_a_terminal_that_is_too_small_says_so_and_nothing_breaks(size: tuple[int, int]) -> None:
    text = shown(cockpit(), "n", "space", "escape", "t", size=size)
    assert size == (1, 1) or "Cockpit needs" in text
    assert "LIVE" not in text


def test_everything_measured_is_in_sight_while_it_is_measured() -> None:
    view = FakeRun()
    link = view.link
    view.link = type(link)(
        connected=True, captain=True, you=link.you, measuring=frozenset({"flask-env-production", "response-time"})
    )
    assert "↻ 2" in shown(cockpit(view)).splitlines()[0]


def test_taking_command_shows_who_has_it_and_wants_the_word_typed(same_screen: Same) -> None:
    view = FakeRun(captain=False, you=GRACE)
    text = shown(cockpit(view), "T", "type:yes", "enter")
    same_screen(text, "take-80x24")
    assert view.sent == []
    view = FakeRun(captain=False, you=GRACE)
    shown(cockpit(view), "T", "type:take", "tab", "type:ada is on a train", "enter")
    assert view.sent == [TakeCommand("ada is on a train")]
