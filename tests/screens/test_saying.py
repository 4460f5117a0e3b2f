"""What keys come to: the commands that are sent, and what the screen says of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from driving import cockpit, drive, presses, shown, text_of_screen
from fake_run import FakeRun
from launch import GRACE, NOW, story
from textual.events import Key
from textual.pilot import Pilot

from cockpit.journal import event as ev
from cockpit.journal.event import Evidence
from cockpit.run import command as cmd

KEYS = "api-keys-for-exchanges-encrypted"
IMAGES = "docker-base-images-with-specific-tags"


def sent(*keys: str, view: FakeRun | None = None) -> list[cmd.Command]:
    run = view or FakeRun()
    shown(cockpit(run), *keys)
    return run.sent


def test_one_key_an_item_besides_what_is_typed() -> None:
    commands = sent(
        "n", "space", "type:arn:aws:kms:eu-1:key/7", "enter", "type:digest 9f3c", "enter", "type:none", "enter"
    )
    assert [command.item for command in commands if isinstance(command, cmd.Confirm)] == [
        KEYS,
        IMAGES,
        "no-development-dependencies-in-production",
    ]
    assert commands[0] == cmd.Confirm(KEYS, "arn:aws:kms:eu-1:key/7")


def test_what_was_typed_before_the_dialog_stood_is_neither_lost_nor_obeyed() -> None:
    async def burst(pilot: Pilot[Any]) -> str:
        app = pilot.app
        for key, character in (("n", "n"), ("space", " "), ("w", "w"), ("a", "a"), ("q", "q")):
            app.post_message(Key(key, character))
        await pilot.pause()
        await app.keyboard.at_rest()
        await pilot.pause(0.2)
        return text_of_screen(app)

    text = drive(cockpit(), burst)
    assert "value    waq" in text


def test_a_value_that_does_not_hold_is_told_before_it_is_recorded_and_recorded_by_a_second_enter() -> None:
    view = FakeRun()
    text = shown(cockpit(view), "n", "space", "type:rotate", "enter")
    assert "value.startsWith('arn:aws:kms:') does not" in text
    assert view.sent == []
    view = FakeRun()
    shown(cockpit(view), "n", "space", "type:rotate", "enter", "enter")
    assert view.sent == [cmd.Confirm(KEYS, "rotate")]
    assert not view.state.item(KEYS).word.said.holds


def test_a_changed_value_is_judged_anew() -> None:
    assert sent("n", "space", "type:rotate", "enter", "type:s", "enter") == []


def test_an_empty_value_is_no_confirmation() -> None:
    view = FakeRun()
    assert "an empty value is no confirmation" in shown(cockpit(view), "n", "space", "enter")
    assert view.sent == []


@pytest.mark.parametrize(
    ("written", "evidence"),
    [
        ("https://vault.example/k", Evidence(link="https://vault.example/k")),
        ("./plan.txt", Evidence(path="./plan.txt")),
        ("seen in the console", Evidence(text="seen in the console")),
    ],
)
def test_a_note_and_evidence_go_with_a_confirmation(written: str, evidence: Evidence) -> None:
    keys = ("n", "space", "type:arn:aws:kms:1", "tab", "type:rotates in March", "tab", f"type:{written}", "enter")
    assert sent(*keys) == [cmd.Confirm(KEYS, "arn:aws:kms:1", "rotates in March", (evidence,))]


def test_the_page_keys_skip_an_item_without_an_answer() -> None:
    assert sent("n", "space", "pagedown", "type:digest", "enter") == [cmd.Confirm(IMAGES, "digest")]


def test_what_is_recorded_is_said_only_when_it_is_on_disk() -> None:
    view = FakeRun()
    view.delay = 0.6

    async def act(pilot: Pilot[Any]) -> tuple[str, str]:
        await presses("n", "space", "type:arn:aws:kms:1", "enter")(pilot)
        before = text_of_screen(pilot.app)
        await pilot.pause(0.6)
        return before, text_of_screen(pilot.app)

    before, after = drive(cockpit(view), act)
    assert "recording..." in before
    assert "recorded (event" not in before
    assert "recorded (event 27)" in after


def test_what_is_typed_while_a_value_is_being_recorded_is_for_the_next_item_and_answers_nothing() -> None:
    view = FakeRun()
    view.delay = 0.6

    async def act(pilot: Pilot[Any]) -> str:
        await presses("n", "space", "type:arn:aws:kms:1", "enter", "type:9f3d", "backspace", "c", "enter", "x")(pilot)
        await pilot.pause(0.8)
        return text_of_screen(pilot.app)

    text = drive(cockpit(view), act)
    assert "value    9f3c\n" in text
    assert view.sent == [cmd.Confirm(KEYS, "arn:aws:kms:1")]


@pytest.mark.parametrize("refuse", ["", "NOT RECORDED: no space left on device"])
def test_what_is_typed_while_it_is_recorded_is_for_nothing_else_when_nothing_is_asked_next(refuse: str) -> None:
    view = FakeRun()
    view.delay, view.refuse = 0.6, refuse

    async def act(pilot: Pilot[Any]) -> str:
        await presses("n", "a", "type:all is well", "enter", "type:Et")(pilot)
        await pilot.pause(0.8)
        return text_of_screen(pilot.app)

    text = drive(cockpit(view), act)
    assert len(view.sent) == 1
    assert (" all is well\n" in text) == bool(refuse)
    assert "Timeline" not in text


def test_escape_leads_back_while_an_answer_is_being_recorded() -> None:
    view = FakeRun()
    view.delay = 30.0
    assert "recording..." not in shown(cockpit(view), "n", "space", "type:arn:aws:kms:1", "enter", "type:ab", "escape")


def test_a_refusal_is_shown_as_it_is_and_what_was_typed_stays() -> None:
    view = FakeRun()
    view.refuse = "NOT RECORDED: no space left on device"
    text = shown(cockpit(view), "n", "space", "type:arn:aws:kms:1", "enter")
    assert "NOT RECORDED: no space left on device" in text
    assert "value    arn:aws:kms:1" in text


def test_a_waiver_has_a_reason_and_an_expiry() -> None:
    assert sent("n", "w", "type:vendor is down", "tab", "type:2h", "enter") == [
        cmd.Waive(KEYS, "vendor is down", NOW + dt.timedelta(hours=2))
    ]
    assert sent("n", "w", "enter") == []
    assert "is no time" in shown(cockpit(), "n", "w", "type:x", "tab", "type:soon", "enter")


def test_an_optional_item_is_ruled_out_without_a_reason_and_a_required_one_is_not() -> None:
    assert sent("/", "type:multi-factor", "enter", "x", "enter") == [
        cmd.RuleOut("multi-factor-authentication-optional")
    ]
    assert sent("n", "x", "enter") == []
    assert sent("n", "x", "type:no exchange here", "enter") == [cmd.RuleOut(KEYS, "no exchange here")]


def test_a_heading_is_ruled_out_as_a_whole() -> None:
    assert sent("1", "x", "type:not this time", "enter") == [cmd.RuleOut("pre-deployment-checklist", "not this time")]


def test_notes_go_to_the_item_or_on_a_heading_to_the_run() -> None:
    assert sent("n", "a", "type:seen", "enter") == [cmd.AddNote("seen", KEYS)]
    assert sent("1", "a", "type:late start", "enter") == [cmd.AddNote("late start")]


def test_taking_back_shows_what_is_taken_back() -> None:
    view = FakeRun()
    text = shown(cockpit(view), "up", "up", "u")
    assert '"256 bits, made 2026-11-20"' in text
    assert sent("up", "up", "u", "type:wrong key", "enter") == [
        cmd.TakeBack("strong-secret-key-and-jwt-secret-key", "wrong key")
    ]


def test_hold_is_one_key_from_every_board_and_release_the_same_key() -> None:
    for board in ((), ("t",), ("c",), ("v",), ("f", "d")):
        view = FakeRun()
        shown(cockpit(view), *board, "h", "type:wait", "enter", "h", "type:go on", "enter")
        assert view.sent == [cmd.Hold("wait"), cmd.Release("go on")], board


def test_measuring_again_is_asked_for_where_there_is_a_check() -> None:
    assert sent("f", "r") == [cmd.Measure("health-checks-implemented")]
    view = FakeRun()
    assert "it has no check: a person confirms it" in shown(cockpit(view), "n", "r")
    assert view.sent == []


def test_a_live_run_ends_only_when_its_release_is_typed() -> None:
    assert sent("E", "type:yes", "enter") == []
    assert sent("E", "type:2026.11.3", "tab", "type:no go", "enter") == [cmd.Close("no go")]
    assert sent("E", "type:done", "enter", view=FakeRun(story("rehearsal"))) == [cmd.Close("done")]


@pytest.mark.parametrize("key", ["space", "r", "w", "x", "a", "u", "h", "E"])
def test_who_looks_on_is_told_why_a_key_does_nothing(key: str) -> None:
    view = FakeRun(captain=False, you=GRACE)
    text = shown(cockpit(view), "n", "n", key)
    assert f"{key}: not captain: ada on pts/3 from 10.0.0.7 since 09:58" in text
    assert view.sent == []


def test_what_others_do_appears_by_itself() -> None:
    view = FakeRun(captain=False, you=GRACE)

    async def act(pilot: Pilot[Any]) -> str:
        view.add(ev.HoldStarted("stop"), by=GRACE)
        await pilot.pause(0.3)
        return text_of_screen(pilot.app)

    assert "HOLD now by grace: stop" in drive(cockpit(view), act)


def test_leaving_asks_a_captain_and_lets_an_observer_go() -> None:
    app = cockpit()
    shown(app, "q", "escape")
    assert app.return_value is None
    app = cockpit()
    shown(app, "q", "enter")
    assert app.return_value == 0
    app = cockpit(FakeRun(captain=False, you=GRACE))
    shown(app, "ctrl+c")
    assert app.return_value == 0


def test_a_command_is_copied_as_it_is_written() -> None:
    app = cockpit()
    text = shown(app, "!", "down", "y")
    assert app.clipboard == "docker logs -f --tail 100 trading-bot-backend"
    assert "the command was sent to the terminal's clipboard" in text


def test_who_answers_for_a_position_confirms_its_items_without_being_captain() -> None:
    view = FakeRun(captain=False, you=GRACE)
    shown(cockpit(view), "n", "space", "type:arn:aws:kms:1", "enter")
    assert view.sent == [cmd.Confirm(KEYS, "arn:aws:kms:1")]
    assert view.state.item(KEYS).word.by == GRACE
    view = FakeRun(captain=False, you=GRACE)
    assert "not captain" in shown(cockpit(view), "n", "n", "space")
    assert view.sent == []


def test_a_captain_whose_command_was_taken_is_told_at_once() -> None:
    view = FakeRun()

    async def act(pilot: Pilot[Any]) -> str:
        view.link = type(view.link)(connected=True, captain=False, you=view.link.you)
        view.add(ev.CommandTaken("", "ada"), by=GRACE)
        await pilot.pause(0.3)
        return text_of_screen(pilot.app)

    text = drive(cockpit(view), act)
    assert "grace on pts/5 from 10.0.0.9 took command: you look on" in text
    assert "captain grace on pts/5" in text
