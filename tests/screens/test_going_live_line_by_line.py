"""Going live in plain mode: the same flow, questions and refusals, line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import golive
import pytest
from golive import view_of

from cockpit.cli.plain import PlainRoom
from cockpit.run import command as cmd
from tests.support.plans import Play


@pytest.fixture
def talk(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[object]:
    """Type lines; what was said and sent."""

    def typed(play: Play, *lines: str) -> tuple[str, list[cmd.Command]]:
        view = view_of(play)
        left = iter(lines)
        monkeypatch.setattr("builtins.input", lambda _: next(left))
        room = PlainRoom(view, loop)
        for line in left:
            room.onecmd(line)
        return capsys.readouterr().out, view.sent

    return typed


def test_the_steps_are_listed_with_a_word_for_each_state(talk) -> None:
    said, _ = talk(golive.soaking(), "steps")
    assert "done     Migrate the database" in said
    assert "soaking  Send traffic to green" in said
    assert said.isascii()


def test_a_step_shows_what_it_does_and_waits_for_yes(talk) -> None:
    said, sent = talk(golive._till("migrate"), "go", "no")
    assert "./migrate --to 142" in said
    assert "Nothing was done." in said
    assert sent == []
    assert talk(golive._till("migrate"), "go", "yes")[1] == [cmd.Go("migrate")]


def test_a_refusal_is_the_rules_own_sentence(talk) -> None:
    said, sent = talk(golive.no_return(agreed=False), "go")
    assert "Not now: drop needs a second person" in said
    assert sent == []


def test_a_point_of_no_return_wants_the_release_typed(talk) -> None:
    said, sent = talk(golive.no_return(), "go", "yes")
    assert "POINT OF NO RETURN" in said
    assert sent == []
    assert talk(golive.no_return(), "go", "1.5.0")[1] == [cmd.Go("drop", typed="1.5.0")]


@pytest.mark.parametrize(
    ("make", "lines", "command"),
    [
        (golive.by_hand, ("tell", "posted"), cmd.Tell("freeze", "posted")),
        (golive.failed, ("retry", "yes"), cmd.Retry("migrate")),
        (golive.not_verified, ("verify",), cmd.Retry("migrate", verify_only=True)),
        (golive.running, ("stop", "too slow"), cmd.Stop("switch", "too slow")),
        (golive.doubt, ("settle", "no", "blue serves"), cmd.Settle("switch", happened=False, reason="blue serves")),
        (golive.gate_shut, ("poll", "yes"), cmd.OpenPoll("go-no-go")),
        (
            lambda: golive.poll(security=False),
            ("answer", "management", "go", "they called", "mary"),
            cmd.Answer("management", go=True, reason="they called", relayed="mary"),
        ),
        (golive.fired, ("veto", "a blip"), cmd.Veto("errors", "a blip")),
        (lambda: golive._till("notes"), ("skip", "later"), cmd.Skip("notes", "later")),
        (golive.soaking, ("rollback", "1.5.0", "errors"), cmd.RollBack("1.5.0", "errors")),
        (golive.rolled_back, ("clear", "looked at"), cmd.Clear("looked at")),
    ],
)
def test_each_command_asks_what_the_screen_asks(talk, make, lines: tuple[str, ...], command: cmd.Command) -> None:
    assert talk(make(), *lines)[1] == [command]


def test_a_failure_is_told_with_the_ways_on(talk) -> None:
    said, _ = talk(golive.failed(), "step")
    for words in ("exit status 3", "lock timeout", "R  retry", "not now: migrate is required", "b  roll back"):
        assert words in said


def test_the_way_back_and_the_output_are_told(talk) -> None:
    said, _ = talk(golive.soaking(), "wayback", "output switch")
    assert "undo Send traffic to green" in said
    assert "app2: upstream green is live" in said
