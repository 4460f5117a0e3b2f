"""What earlier runs tell a new one of its plan."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cockpit.checklist.plan import Plan
from cockpit.checklist.source import Source
from cockpit.engine.earlier import earlier, plan_digest
from cockpit.engine.identity import myself
from cockpit.engine.opening import open_run
from cockpit.journal import event as ev
from cockpit.journal.reader import read
from cockpit.journal.writer import Writer
from tests.support.plans import step
from tests.support.runs import document, live, manual

PLAN = Plan((step("one"), step("two")))
OF = msgspec.structs.replace(document(manual("owner")), plan=PLAN)


def carried_out(run_kind: str, *events: ev.Data, of=OF) -> str:
    run = open_run(of, release="1", environment="staging", run_kind=run_kind)
    me = myself(engine=True)
    writer = Writer.resume(run.journal, engine=me)
    writer.append([(me, each) for each in events]).result()
    writer.close()
    return run.id


def whole(rehearsed: str = "") -> list[ev.Data]:
    return [
        each
        for name in ("one", "two")
        for each in (ev.StepBegun(name, rehearsed=rehearsed), ev.ActionEnded(name), ev.StepDone(name))
    ]


def test_a_rehearsal_of_this_very_plan_to_its_end_is_known(state_home: Path) -> None:
    carried_out("rehearsal", *whole("shown")[:3])
    assert earlier(OF).rehearsed == ()
    rehearsal = carried_out("rehearsal", *whole("shown"))
    carried_out("live", *whole())
    (told,) = earlier(OF).rehearsed
    assert (told.run, told.run_kind, told.by) == (rehearsal, "rehearsal", myself().user)
    assert told.verdict.startswith("not closed, NOT GOOD: 1 open")
    run = open_run(OF, release="2", environment="production", run_kind="live")
    opened = next(iter(read(run.journal))).data
    assert isinstance(opened, ev.RunOpened)
    assert opened.rehearsals == (rehearsal,)
    assert opened.rehearsed == (told,)


def test_another_plan_was_not_rehearsed_but_one_that_only_moved_in_its_file_was(state_home: Path) -> None:
    carried_out("drill", *whole("shown"))
    other = msgspec.structs.replace(OF, plan=Plan((step("one"), step("two", title="Another"))))
    assert earlier(other).rehearsed == ()
    measured_otherwise = msgspec.structs.replace(OF, plan_checks=(live("seen"),))
    assert earlier(measured_otherwise).rehearsed == ()
    moved = Plan(tuple(msgspec.structs.replace(each, source=Source("x.yaml", 99)) for each in PLAN.steps))
    assert plan_digest(msgspec.structs.replace(OF, plan=moved)) == plan_digest(OF)


def test_how_long_steps_took_is_taken_from_the_last_time_they_were_really_done(state_home: Path) -> None:
    carried_out("live", *whole(), ev.StepBegun("two", undo=True), ev.StepDone("two", undo=True))
    carried_out("rehearsal", *whole("shown"))
    assert set(earlier(OF).took) == {"one", "two", "undo two"}
    assert all(seconds >= 0 for seconds in earlier(OF).took.values())
