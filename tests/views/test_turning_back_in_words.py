"""The last moment to turn back, and the rehearsal, in words."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.plan import Plan, Undo, Window
from cockpit.journal.event import Rehearsal
from cockpit.views.header import header
from cockpit.views.line import text_of
from cockpit.views.moment import Moment
from cockpit.views.rehearsed import rehearsed_entry
from cockpit.views.run_view import Link
from cockpit.views.turning_back import turning_words
from tests.support.plans import Play, command, step
from tests.support.runs import T0, document, live


def moment(minutes: float, *, undo: float = 1080.0, **changes: object) -> Moment:
    one = step("one", undo=Undo(command("./undo"), takes=undo))
    plan = Plan((one, step("drop", undo=None, takes=30.0)), window=Window("22:00", "23:30", "UTC", "2026-11-24"))
    run = Play(msgspec.structs.replace(document(live("health")), plan=plan))
    run.run_through(until="drop")
    state = msgspec.structs.replace(run.state, **changes)
    now = T0 + dt.timedelta(minutes=minutes)
    return Moment(state, run.events, Link(connected=True, captain=True, you=run.events[0].by), now, zone=dt.UTC)


def test_the_board_says_until_when_and_the_head_warns_before_that_moment_passes() -> None:
    assert turning_words(moment(10)) == "way back 1 part, 18:00, by 23:12"
    assert "TURN BACK" not in text_of(header(moment(10), 80)[1])
    assert "TURN BACK BY 23:12:00 to be done by 23:30" in text_of(header(moment(65), 80)[1])
    assert "TURNING BACK takes 18:00: not within the window, until 23:30" in text_of(header(moment(73), 80)[1])
    assert turning_words(moment(73)) == "way back 1 part, 18:00, TOO LONG"


def test_a_time_that_nobody_knows_is_not_made_up() -> None:
    assert turning_words(moment(10, undo=0.0)) == "way back 1 part, time not known"


def test_who_rehearsed_the_plan_when_and_how_that_ended_is_told() -> None:
    rehearsed = Rehearsal("r-1", "rehearsal", T0 - dt.timedelta(days=1), "grace", "GOOD")
    told = rehearsed_entry(moment(10, rehearsed=(rehearsed,), rehearsals=("r-1",)))
    assert told is not None
    assert told.text == "rehearsed 2026-11-23 22:00 by grace, rehearsal: GOOD"
    told = rehearsed_entry(moment(10))
    assert told is not None
    assert told.text == "this very plan was not rehearsed"
    assert rehearsed_entry(moment(10, run_kind="rehearsal")) is None
