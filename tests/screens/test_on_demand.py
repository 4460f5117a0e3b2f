"""What changes something when it is measured: marked in the list, told before it is begun, and asked for by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from driving import cockpit, shown
from fake_run import FakeRun

from cockpit.cli.plain import PlainRoom
from cockpit.journal import event as ev
from cockpit.run import command as cmd
from cockpit.views.signs import ASCII
from tests.support.runs import T0, document, events, live, manual

SCRIPT = "\n".join(["command -v curl || exit 3", *(f"line {number} of a long script" for number in range(30))])
RESTORE = msgspec.structs.replace(
    live("restore", kind="command", spec={"run": "pg_restore -d scratch"}, on_demand=True, via="app1"),
    title="Backups can be restored",
    note="Restores into a scratch database, and drops it.",
)
LONG = live("routing", kind="command", spec={"argv": ["sh", "-c", SCRIPT]}, on_demand=True)


def run(*data: ev.Data, kind: str = "live") -> FakeRun:
    told = events(document(live("plain"), RESTORE, LONG, manual("owner")), *data)
    opened = msgspec.structs.replace(told[0], data=msgspec.structs.replace(told[0].data, run_kind=kind))
    view = FakeRun([opened, *told[1:]])
    view.time = T0 + (told[-1].at - T0) * 2
    return view


def row(screen: str, title: str) -> str:
    return next(line for line in screen.splitlines() if title in line)


@pytest.mark.parametrize(("glyphs", "encoding"), [("⊡", "utf-8"), ("&", "ascii")])
def test_it_has_a_sign_and_words_of_its_own_before_and_after_it_was_measured(glyphs: str, encoding: str) -> None:
    drawn = {"encoding": encoding, **({"glyphs": ASCII} if encoding == "ascii" else {})}
    unasked = row(shown(cockpit(run(), **drawn)), "Backups can be restored")
    assert f"{glyphs} unasked" in unasked
    assert "changes things" in unasked
    assert f"{glyphs}demand" in unasked
    screen = shown(cockpit(run(ev.CheckMeasured("restore", "PASS", "status 0")), **drawn))
    measured = row(screen, "Backups can be restored")
    assert "pass" in measured
    assert f"{glyphs}demand" in measured
    assert glyphs not in row(screen, "Owner")


def test_the_detail_says_what_it_does_and_where_and_that_nothing_does_it_unasked() -> None:
    screen = shown(cockpit(run()), "down", "d")
    for words in (
        "measured only when asked",
        "pg_restore -d scratch",
        "the host app1",
        "Restores into a scratch database",
    ):
        assert words in screen


def test_the_key_asks_first_with_all_that_will_be_done(same_screen: Callable[[str, str], None]) -> None:
    view = run()
    same_screen(shown(cockpit(view), "down", "r"), "on-demand-asked-80x24")
    assert view.sent == []
    view = run()
    assert "type run to run it" in shown(cockpit(view), "down", "r", "type:yes", "enter")
    assert view.sent == []
    view = run()
    assert "is being measured" in shown(cockpit(view), "down", "r", "type:run", "enter")
    assert view.sent == [cmd.Measure("restore")]


def test_what_is_too_long_for_the_screen_is_paged_through() -> None:
    first = shown(cockpit(run()), "down", "down", "r")
    assert "here, where the engine runs" in first
    assert "pgdn more" in first
    assert "line 29 of a long script" not in first
    assert "line 29 of a long script" in shown(cockpit(run()), "down", "down", "r", "pagedown")


@pytest.mark.parametrize("kind", ["rehearsal", "drill"])
def test_a_rehearsal_shows_it_and_does_not_do_it(kind: str) -> None:
    assert f"This is a {kind}: it is shown and recorded, and not done." in shown(cockpit(run(kind=kind)), "down", "r")
    view = run(kind=kind)
    shown(cockpit(view), "down", "r", "type:run", "enter")
    assert view.events[-1].data == ev.CheckAsked("restore", host="app1", rehearsed=True)


def test_what_came_of_it_is_in_doubt_when_the_engine_ended_meanwhile() -> None:
    asked = ev.CheckAsked("restore", "pg_restore -d scratch", "app1")
    assert "by ada" in shown(cockpit(run(asked)), "down", "d")
    died = ev.EngineStarted(2, "0.1.0", "died")
    assert "the engine ended meanwhile" in shown(cockpit(run(asked, died)), "down", "d")
    doubtful = row(shown(cockpit(run(asked, died))), "Backups can be restored")
    assert "ERROR" in doubtful
    assert "in doubt" in doubtful
    known = ev.CheckMeasured("restore", "PASS", "status 0")
    assert "the engine ended meanwhile" not in shown(cockpit(run(asked, died, known)), "down", "d")


def test_a_filter_finds_what_is_made_on_demand() -> None:
    screen = shown(cockpit(run()), "/", "type:demand", "enter")
    assert "Backups can be restored" in screen
    assert "Owner" not in screen


Talk = Callable[..., tuple[str, FakeRun]]


@pytest.fixture
def talk(loop: asyncio.AbstractEventLoop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talk:
    """Type a command, answer what is asked; what was said, and the run."""

    def typed(line: str, *answers: str) -> tuple[str, FakeRun]:
        view, left = run(), list(answers)
        monkeypatch.setattr("builtins.input", lambda _: left.pop(0))
        PlainRoom(view, loop).onecmd(line)
        return capsys.readouterr().out, view

    return typed


def test_line_by_line_it_is_asked_for_as_well(talk: Talk) -> None:
    said, view = talk("measure restore", "no")
    assert "pg_restore -d scratch" in said
    assert "the host app1" in said
    assert "Nothing was done" in said
    assert view.sent == []
    assert talk("measure restore", "run")[1].sent == [cmd.Measure("restore")]
    assert talk("measure plain")[1].sent == [cmd.Measure("plain")]
    assert talk("measure restor")[1].sent == []


def test_line_by_line_everything_is_without_what_changes_something_and_says_so(talk: Talk) -> None:
    said, view = talk("measure")
    assert view.sent == [cmd.Measure()]
    assert "Not among them, as they change something: restore, routing." in said
    assert "& unasked" in talk("list demand")[0]
