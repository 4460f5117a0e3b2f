"""The board of logs: what it shows in each state, and what its keys do."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from driving import cockpit, drive, presses, shown, text_of_screen
from fake_run import FakeRun
from launch import GRACE, NOW
from logged import SOURCES, lines, story_with_logs, with_logs
from textual.events import Key
from textual.pilot import Pilot

from cockpit.engine.replayed import ReplayedRun
from cockpit.journal.event import Evidence
from cockpit.logs.spool import Skipped
from cockpit.logs.tap import Taken
from cockpit.run import command as cmd
from cockpit.screens.app import CockpitApp
from cockpit.screens.boards.logs import LogsBoard
from cockpit.views.signs import ASCII, UNICODE

Same = Callable[[str, str], None]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("follow", ()),
        ("paused", ("space", "up", "up")),
        ("only", ("/", "type:timeout|broker", "enter")),
        ("only-is-no-expression", ("/", "type:(")),
        ("not", ("-", "type:health", "enter", "e", "e")),
        ("found", ("g", "type:payments", "enter", "n", "N")),
        ("nothing-found", ("/", "type:nowhere", "enter")),
        ("selected", ("up", "up", "x", "up", "up")),
        ("wrapped", ("w", "u")),
        ("sources", ("tab", "1")),
        ("zoomed", ("z",)),
        ("whole-line", ("f", "F", "F", "enter")),
        ("attach", ("F", "x", "up", "a")),
        ("save", (">",)),
        ("help", ("?",)),
    ],
)
def test_the_logs_look_as_they_were_looked_at(same_screen: Same, name: str, keys: tuple[str, ...]) -> None:
    same_screen(shown(with_logs(), "l", "wait", *keys), f"logs-{name}-80x24")


def test_where_there_is_room_the_sources_stand_beside_the_lines(same_screen: Same) -> None:
    same_screen(shown(with_logs(lines(8)), "l", "wait", size=(120, 36)), "logs-follow-120x36")


def test_they_are_legible_in_ascii(same_screen: Same) -> None:
    app = with_logs(glyphs=ASCII, encoding="ascii")
    same_screen(shown(app, "l", "wait", "up", "up", "x", "up"), "logs-ascii-80x24")


def test_an_empty_pane_says_why(same_screen: Same) -> None:
    same_screen(shown(cockpit(), "l", "wait"), "logs-none-named-80x24")
    unwired = with_logs((), sources=SOURCES[2:])
    same_screen(shown(unwired, "l", "wait"), "logs-none-wired-80x24")


def test_a_replay_has_no_logs_and_shows_what_was_recorded_of_them(same_screen: Same) -> None:
    run = ReplayedRun(story_with_logs())
    run.go_to(run.tape.last)
    app = CockpitApp(run, replay=run, glyphs=UNICODE, zone=NOW.tzinfo, encoding="utf-8")
    same_screen(shown(app, "l"), "logs-replay-80x24")


def test_a_mark_is_recorded_and_stands_among_the_lines() -> None:
    app = with_logs()
    screen = shown(app, "l", "wait", "m", "type:all good again", "enter", "wait")
    assert app.view.sent == [cmd.AddNote("mark: all good again")]
    assert "ada: mark: all good again ──" in screen


def test_lines_are_attached_to_an_item_with_its_confirmation_or_as_a_note() -> None:
    item = "strong-secret-key-and-jwt-secret-key"
    app = with_logs()
    shown(app, "l", "wait", "F", "a", "ctrl+u", f"type:{item}", "enter")
    (note,) = app.view.sent
    text = "2026-11-24T10:02:39.000Z worker no connection to the broker is left"
    assert note == cmd.AddNote("1 line of the logs", item, (Evidence(text=text),))

    app = with_logs()
    shown(app, "l", "wait", "F", "a", "ctrl+u", f"type:{item}", "tab", "tab", "type:seen", "enter")
    assert app.view.sent == [cmd.Confirm(item, "seen", "", (Evidence(text=text),))]


def test_an_item_that_is_not_there_is_told_with_the_nearest_name() -> None:
    screen = shown(with_logs(), "l", "wait", "a", "ctrl+u", "type:debug-fals", "enter")
    assert "there is no item 'debug-fals': did you mean debug-false?" in screen


def test_what_is_shown_is_saved_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    screen = shown(with_logs(), "l", "wait", "/", "type:broker", "enter", ">", "enter", "wait")
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "no connection to the broker is left\n" in path.read_text()
    assert "saved, for you alone to read" in screen
    assert "is there already" in shown(with_logs(), "l", "wait", ">", "enter", "wait")


def test_who_looks_on_can_filter_and_not_mark() -> None:
    run = FakeRun(story_with_logs(), captain=False, you=GRACE)
    run.tap.ready.append(Taken(lines(), [], NOW.timestamp()))
    screen = shown(cockpit(run), "l", "wait", "m")
    assert "m: not captain" in screen
    assert run.sent == []


def test_how_it_was_shown_is_remembered_and_nobody_reads_on_when_it_is_left() -> None:
    app = with_logs()

    async def act(pilot: Pilot[Any]) -> str:
        await presses("l", "w", "/", "type:broker", "enter", "q")(pilot)
        assert app.view.tap.closed
        app.view.tap.ready.append(Taken(lines(), [], NOW.timestamp()))
        await presses("l", "wait")(pilot)
        return text_of_screen(app)

    screen = drive(app, act)
    assert "only broker" in screen
    assert "wrapped" in screen


def test_what_comes_while_it_is_paused_is_counted_and_moves_nothing() -> None:
    app = with_logs(lines(8))

    async def act(pilot: Pilot[Any]) -> tuple[str, str]:
        await presses("l", "wait", "up", "up")(pilot)
        before = text_of_screen(app)
        later = [msgspec.structs.replace(each, received=each.received + 60, at=None) for each in lines(500)]
        app.view.tap.ready.append(Taken(later, [], NOW.timestamp() + 60))
        await presses("wait", "wait")(pilot)
        return before, text_of_screen(app)

    before, after = drive(app, act)
    assert "PAUSED  3,501 new since" in after
    assert before.split("\n")[4:20] == after.split("\n")[4:20]


def test_a_key_does_not_wait_for_the_lines_that_have_come() -> None:
    app = with_logs([])
    assert isinstance(app.view, FakeRun)
    tap = app.view.tap

    async def act(pilot: Pilot[Any]) -> tuple[int, int]:
        await pilot.press("l")
        board = app.screen
        assert isinstance(board, LogsBoard)
        tap.ready.append(Taken(lines(4000), [], tap.at))
        marked = board.pane.buffer.end
        while board.pane.buffer.end == marked:
            await asyncio.sleep(0)
        before = board.pane.buffer.end
        app.post_message(Key("space", " "))
        while board.pane.follows:
            await asyncio.sleep(0)
        return before, board.pane.buffer.end

    before, after = drive(app, act)
    assert before < 20_000, "all lines had come before the key"
    assert after - before <= 200


def test_lines_that_were_skipped_are_told() -> None:
    app = with_logs()

    async def act(pilot: Pilot[Any]) -> str:
        app.view.tap.ready.append(Taken([], [Skipped("api-1", 12_345, NOW.timestamp(), 3, 0)], NOW.timestamp()))
        await presses("l", "wait", "wait")(pilot)
        return text_of_screen(app)

    screen = drive(app, act)
    assert "12k skipped" in screen
    assert "5 errors" in screen


def test_a_spool_that_cannot_be_read_is_told() -> None:
    app = with_logs()
    app.view.tap.problem = "the lines kept cannot be read: permission denied"
    assert "permission denied" in shown(app, "l", "wait")


def test_nothing_is_followed_before_it_is_asked_for() -> None:
    app = with_logs()

    async def act(pilot: Pilot[Any]) -> None:
        await asyncio.sleep(0.3)
        await pilot.pause()

    drive(app, act)
    assert len(app.view.tap.ready) == 1
