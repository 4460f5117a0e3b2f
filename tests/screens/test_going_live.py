"""Going live and the way back as text: what a captain reads at each point, at 80x24 and at 120x36."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import golive
import pytest
from driving import cockpit, shown
from golive import GRACE, view_of

from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.way import current
from cockpit.screens.app import CockpitApp
from cockpit.views.signs import ASCII
from tests.support.plans import Play

Same = Callable[[str, str], None]
BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


@BOTH
@pytest.mark.parametrize(
    ("name", "make", "keys"),
    [
        ("waiting", golive.waiting, ("s",)),
        ("by-hand", golive.by_hand, ("s",)),
        ("gate-shut", golive.gate_shut, ("s",)),
        ("gate-poll", lambda: golive.poll(security=False), ("s",)),
        ("gate-open", golive.poll, ("s",)),
        ("gate-stale", lambda: golive.poll(stale=True), ("s",)),
        ("gate-veto", lambda: golive.poll(no=True), ("s",)),
        ("running", golive.running, ("s", "tab")),
        ("failed", golive.failed, ("s",)),
        ("not-verified", golive.not_verified, ("s", "d")),
        ("doubt", golive.doubt, ("s",)),
        ("soaking", golive.soaking, ("s",)),
        ("no-return", golive.no_return, ("s", "G")),
        ("held", golive.held, ("s",)),
        ("fired", golive.fired, ("s",)),
        ("way-back-preview", golive.soaking, ("b",)),
        ("rolling-back", golive.rolling_back, ("b",)),
        ("rolling-back-steps", golive.rolling_back, ("s",)),
        ("undo-failed", golive.undo_failed, ("s",)),
        ("rolled-back", golive.rolled_back, ("b",)),
        ("rehearsal-go", golive.rehearsal, ("s", "G")),
        ("rehearsal-steps", golive.rehearsal, ("s",)),
    ],
)
def test_a_captain_reads_the_same_as_was_looked_at(
    same_screen: Same, name: str, make: Callable[[], Play], keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    same_screen(shown(cockpit(view_of(make())), *keys, size=size), f"golive-{name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize(
    ("name", "make", "keys"),
    [
        ("go", golive.running, ("s", "home", "down", "down", "G")),
        ("go-gate", golive.poll, ("s", "G")),
        ("retry", golive.failed, ("s", "R")),
        ("skip", lambda: golive._till("notes"), ("s", "S")),
        ("settle", golive.doubt, ("s", "D")),
        ("stop", golive.running, ("s", "X")),
        ("tell", golive.by_hand, ("s", "space")),
        ("answer", lambda: golive.poll(security=False), ("s", "A")),
        ("open-poll", golive.gate_shut, ("s", "P")),
        ("veto", golive.fired, ("s", "V")),
        ("roll-back", golive.soaking, ("b", "B")),
        ("clear", golive.rolled_back, ("b", "C")),
        ("help", golive.failed, ("s", "?")),
        ("run-board", golive.soaking, ()),
        ("timeline", golive.rolled_back, ("t",)),
        ("no-return-alone", lambda: golive.no_return(agreed=False), ("s",)),
    ],
)
def test_what_is_asked_before_anything_is_done(
    same_screen: Same, name: str, make: Callable[[], Play], keys: tuple[str, ...]
) -> None:
    same_screen(shown(cockpit(view_of(make())), *keys), f"golive-{name}-80x24")


@BOTH
def test_a_replay_shows_the_steps_as_they_stood(same_screen: Same, size: tuple[int, int]) -> None:
    run = golive.replayed(golive.failed)
    app = CockpitApp(run, replay=run, zone=cockpit().zone, glyphs=cockpit().glyphs, encoding="utf-8")
    same_screen(shown(app, "s", size=size), f"golive-replay-{size[0]}x{size[1]}")


def test_a_replay_moves_while_the_steps_are_looked_at() -> None:
    run = golive.replayed(golive.failed)
    app = CockpitApp(run, replay=run, zone=cockpit().zone, glyphs=cockpit().glyphs, encoding="utf-8")
    text = shown(app, "s", ",")
    assert "FAILED" not in text
    assert "running" in text


@pytest.mark.parametrize(
    ("make", "phase"),
    [(golive.failed, Phase.FAILED), (golive.doubt, Phase.DOUBT), (golive.not_verified, Phase.FAILED)],
)
def test_a_replay_goes_to_what_failed_of_the_plan(make: Callable[[], Play], phase: Phase) -> None:
    run = golive.replayed(make)
    run.go_to(0)
    phases = set()
    while run.next_failure(1):
        here = current(run.state)
        phases.add(here.doing.phase if here is not None else None)
    assert phase in phases


def test_ascii_draws_nothing_but_ascii() -> None:
    for make in (golive.failed, golive.poll, golive.soaking, golive.rolled_back, golive.doubt):
        for keys in (("s",), ("b",), ("s", "d")):
            assert shown(cockpit(view_of(make()), glyphs=ASCII, encoding="ascii"), *keys).isascii()


def sent(play: Play, *keys: str, **who: Any) -> list[cmd.Command]:
    view = view_of(play, **who)
    shown(cockpit(view), *keys)
    return view.sent


def test_a_step_is_begun_only_after_what_it_does_was_shown() -> None:
    play = golive._till("migrate")
    assert "./migrate --to 142" in shown(cockpit(view_of(play)), "s", "G")
    assert sent(golive._till("migrate"), "s", "G", "escape") == []
    assert sent(golive._till("migrate"), "s", "G", "enter") == [cmd.Go("migrate")]


def test_a_point_of_no_return_wants_the_release_typed() -> None:
    assert sent(golive.no_return(), "s", "G", "type:yes", "enter") == []
    assert sent(golive.no_return(), "s", "G", "type:1.5.0", "enter") == [cmd.Go("drop", typed="1.5.0")]


def test_a_grey_key_tells_the_reason_of_the_rules() -> None:
    text = shown(cockpit(view_of(golive.no_return(agreed=False))), "s", "G")
    assert "G: drop needs a second person: somebody of security has to agree" in text
    text = shown(cockpit(view_of(golive.failed())), "s", "S")
    assert "S: migrate is required: it cannot be left out; retry, hold or roll back" in text


@pytest.mark.parametrize(
    ("make", "keys", "command"),
    [
        (golive.by_hand, ("space", "type:posted 22:20", "enter"), cmd.Tell("freeze", "posted 22:20")),
        (golive.failed, ("R", "enter"), cmd.Retry("migrate")),
        (golive.not_verified, ("M",), cmd.Retry("migrate", verify_only=True)),
        (golive.running, ("X", "type:too slow", "enter"), cmd.Stop("switch", "too slow")),
        (
            golive.doubt,
            ("D", "type:no", "tab", "type:blue serves", "enter"),
            cmd.Settle("switch", False, "blue serves"),
        ),
        (golive.gate_shut, ("P", "enter"), cmd.OpenPoll("go-no-go")),
        (
            lambda: golive.poll(security=False),
            ("A", "tab", "type:no-go", "tab", "type:not ready", "enter"),
            cmd.Answer("operations", False, "not ready"),
        ),
        (golive.fired, ("V", "type:a known blip", "enter"), cmd.Veto("errors", "a known blip")),
        (lambda: golive._till("notes"), ("S", "type:later", "enter"), cmd.Skip("notes", "later")),
        (golive.rolled_back, ("C", "type:looked at", "enter"), cmd.Clear("looked at")),
    ],
)
def test_each_key_asks_and_then_sends_one_command(
    make: Callable[[], Play], keys: tuple[str, ...], command: cmd.Command
) -> None:
    assert sent(make(), "s", *keys) == [command]


def test_the_way_back_is_one_key_from_every_board_and_wants_the_release_and_a_reason_typed() -> None:
    for board in ((), ("s",), ("t",), ("c",), ("v",), ("s", "d")):
        text = shown(cockpit(view_of(golive.soaking())), *board, "b")
        assert "what a rollback would do" in text, board
        keys = ("b", "B", "type:1.5.0", "tab", "type:errors", "enter")
        assert sent(golive.soaking(), *board, *keys) == [cmd.RollBack("1.5.0", "errors")], board
    assert sent(golive.soaking(), "b", "B", "type:1.5", "tab", "type:errors", "enter") == []


def test_a_veto_is_one_key_from_every_board() -> None:
    for board in ((), ("s",), ("t",), ("c",), ("v",), ("b",), ("s", "d")):
        assert sent(golive.fired(), *board, "V", "type:a blip", "enter") == [cmd.Veto("errors", "a blip")], board


def test_who_answers_for_a_position_can_answer_and_agree_and_nothing_else(same_screen: Same) -> None:
    play = golive.poll(security=False)
    text = shown(cockpit(view_of(play, you=GRACE, position="security")), "s")
    same_screen(text, "golive-position-80x24")
    keys = ("s", "A", "tab", "type:GO", "tab", "type:clean", "enter")
    assert sent(play, *keys, you=GRACE, position="security") == [cmd.Answer("security", True, "clean")]
    assert sent(golive.no_return(agreed=False), "s", "Y", "enter", you=GRACE, position="security") == [
        cmd.Agree("drop")
    ]
    assert sent(golive.failed(), "s", "R", you=GRACE, position="security") == []


def test_a_checklist_without_a_plan_has_no_keys_for_one() -> None:
    assert "steps" not in shown(cockpit()).splitlines()[-2]
