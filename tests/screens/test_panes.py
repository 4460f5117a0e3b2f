"""The boards of quick commands, contacts, watches and the timeline, as a captain uses them."""

from __future__ import annotations

import datetime as dt

import golive
import msgspec
import pytest
from driving import cockpit, drive, presses, shown, text_of_screen
from fake_run import FakeRun
from golive import replayed, view_of
from launch import NOW
from textual.pilot import Pilot

from cockpit.journal import event as ev
from cockpit.run import command as cmd
from cockpit.screens.app import CockpitApp
from cockpit.views.run_view import Look, Printed
from cockpit.views.signs import ASCII

TOP = """\
top - 13:05:21 up  5:12,  0 user,  load average: 3.06, 4.19, 2.99
  PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND
  900 bot       20   0  190516 158488  39848 S   1.0   0.2   1:04.93 gunicorn
   18 bot       20   0  440164  58052  26868 S  66.7   0.6   0:59.62 python
"""


def app(view: FakeRun) -> CockpitApp:
    return cockpit(view)


def ran(command: str, *lines: str, **changes: object) -> FakeRun:
    """A run in which a command that reads was run."""
    view = FakeRun()
    look = Look(command, 7, "ada", NOW - dt.timedelta(seconds=30), **changes)
    view.link = msgspec.structs.replace(view.link, looks=(look,))
    view.quick[(command, 7)] = Printed(lines)
    return view


def seen(app: CockpitApp, *groups: str, size: tuple[int, int] = (80, 24)) -> list[str]:
    """The screen after each group of keys, which blanks part."""

    async def act(pilot: Pilot[object]) -> list[str]:
        texts = []
        for group in groups:
            await presses(*group.split())(pilot)
            texts.append(text_of_screen(app))
        return texts

    return drive(app, act, size)


def test_a_key_runs_what_reads_and_the_output_is_shown() -> None:
    view = FakeRun()
    assert "begun; nothing is recorded of it" in seen(app(view), "! 1")[0]
    assert view.sent == [cmd.RunCommand("health")]
    screen = seen(app(ran("health", "healthy", over=True, done=True, summary="exit status 0 after 0.1 s")), "!")[0]
    assert "healthy" in screen
    assert "done: exit status 0 after 0.1 s" in screen


def test_what_changes_something_asks_first_with_the_exact_command_and_the_place() -> None:
    view = FakeRun()
    asked, refused, begun = seen(app(view), "! A", "enter", "type:run enter")
    assert "docker-compose restart" in asked
    assert "here, where the engine runs" in asked
    assert "type run to run it" in refused
    assert "begun" in begun
    assert view.sent == [cmd.RunCommand("restart")]


def test_an_observer_runs_what_reads_and_nothing_else() -> None:
    view = FakeRun(captain=False)
    assert "not captain" in seen(app(view), "! A", "1")[0]
    assert view.sent == [cmd.RunCommand("health")]


def test_the_output_can_have_the_whole_screen_and_is_scrolled_there() -> None:
    view = ran("health", *(f"line {number}" for number in range(100)))
    at_first, zoomed, back, top = seen(app(view), "!", "z", "pageup", "home")
    assert "line 99" in at_first
    assert "View recent logs" in at_first
    assert "View recent logs" not in zoomed
    assert "line 99" in zoomed
    assert "line 99" not in back
    assert "line 0" in top


def test_top_is_a_table_that_is_ordered() -> None:
    by_cpu, by_time = seen(app(ran("resources", *TOP.splitlines())), "! down down", "s s")
    assert by_cpu.index("python") < by_cpu.index("gunicorn")
    assert by_time.index("gunicorn") < by_time.index("python")


def test_the_record_tells_how_a_command_ended_without_any_other_file() -> None:
    view = FakeRun()
    view.add(ev.CommandBegun("restart", 1, "docker-compose restart"))
    view.add(ev.CommandEnded("restart", 1, done=False, summary="cut off", output="Restarting backend\n", unknown=True))
    screen = seen(app(view), "! down down down")[0]
    assert "IN DOUBT" in screen
    assert "Restarting backend" in screen


def test_one_key_records_a_call_and_the_timeline_shows_it() -> None:
    view = FakeRun()
    name = view.state.document.contacts[0].name
    called, timeline = seen(app(view), "c m", "t")
    assert f"the call to {name} is recorded" in called
    assert view.sent == [cmd.NoteCall(name)]
    assert f"called {name}" in timeline


def test_contacts_are_searched_by_what_they_hold() -> None:
    contacts = FakeRun().state.document.contacts
    screen = seen(app(FakeRun()), f"c / type:{contacts[-1].name.split()[0].casefold()}")[0]
    assert contacts[-1].name in screen
    assert contacts[0].name not in screen


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_wall_shows_every_watch(size: tuple[int, int]) -> None:
    screen = shown(app(FakeRun()), "W", size=size)
    assert "█" in screen
    for watch in FakeRun().state.document.watch:
        assert watch.title in screen
    plain = shown(cockpit(glyphs=ASCII, encoding="ascii"), "W", size=size)
    assert plain.isascii()


def test_the_timeline_is_narrowed_by_kind_person_and_item_with_a_key_each() -> None:
    kind, by, everybody, about = seen(app(FakeRun()), "t f", "b", "b", "end o")
    assert "filter of:people" in kind
    assert "of:people by:" in by
    assert "by:" not in everybody
    assert "of:people about:" in about


def test_from_an_event_to_its_item_and_back_and_from_an_item_to_its_events() -> None:
    view = FakeRun()
    item = next(event.data.item for event in reversed(view.events) if isinstance(event.data, ev.ItemConfirmed))
    title = view.state.document.find(item).title.replace("`", "")
    page, back, again = seen(app(view), f"t / type:about:{item} enter enter", "escape", "enter t")
    assert title[:30] in page
    assert "Timeline" in back
    assert f"filter about:{item}" in again


def test_planned_stands_beside_actual_and_leads_to_the_step() -> None:
    screen, step = seen(cockpit(view_of(golive.soaking())), "t p", "down down enter")
    assert "Planned and actual" in screen
    assert "Migrate the database" in screen
    assert "./migrate --to 142" in step
    assert "has no plan" in seen(app(FakeRun()), "t p")[0]


def test_a_replay_has_all_of_these_boards() -> None:
    replay = replayed(golive.soaking)
    screens = seen(CockpitApp(replay, replay=replay, zone=dt.UTC, encoding="utf-8"), "t", "c", "v", "!", "W")
    for screen, title in zip(screens, ("Timeline", "Contacts", "Watches", "Quick commands", "█"), strict=True):
        assert title in screen
