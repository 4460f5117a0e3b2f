"""Logs in a plain terminal: the same lines in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from fake_run import FakeRun
from launch import NOW
from logged import lines, story_with_logs

from cockpit.cli.plain import PlainRoom
from cockpit.logs.tap import Taken
from cockpit.run import command as cmd

Talk = Callable[..., tuple[str, FakeRun]]


@pytest.fixture
def talk(loop: asyncio.AbstractEventLoop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talk:
    """Type a command over a run with logs; what was said, and the run."""
    monkeypatch.setattr("cockpit.cli.plain_logs._COMES_WITHIN", 0.5)

    def typed(line: str) -> tuple[str, FakeRun]:
        view = FakeRun(story_with_logs())
        view.tap.ready.append(Taken(lines(), [], NOW.timestamp()))
        PlainRoom(view, loop).onecmd(line)
        return capsys.readouterr().out, view

    return typed


def test_the_newest_lines_are_told_with_source_and_level_in_words(talk: Talk) -> None:
    said, view = talk("logs")
    assert "worker critical no connection to the broker is left" in said
    assert "mark ada: mark: api-1 is back in" in said
    assert "api-1 notice the connection to app1 was lost" in said
    assert view.tap.closed


def test_they_are_narrowed_by_source_level_and_expression(talk: Talk) -> None:
    said, _ = talk("logs error worker")
    assert "no connection" in said
    assert "timeout after" not in said
    said, _ = talk("logs /calling pay")
    assert "timeout after 3000 ms calling payments" in said
    assert "no connection" not in said


def test_a_wrong_word_and_a_wrong_expression_are_sentences(talk: Talk) -> None:
    assert "there is no source 'nowhere': there are api-1, worker, backend." in talk("logs nowhere")[0]
    assert "`(` is no regular expression" in talk("logs /(")[0]


def test_a_mark_is_one_command(talk: Talk) -> None:
    said, view = talk("mark api-1 is out")
    assert view.sent == [cmd.AddNote("mark: api-1 is out")]
    assert "recorded as event" in said
