"""Two runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from cockpit.journal import event as ev
from cockpit.report.comparison.model import Comparison, compare
from cockpit.report.comparison.writing import as_html, as_json, as_markdown, as_table, gained, summary
from cockpit.report.story.model import Story
from tests.support.launches import everything, plain_good, story
from tests.support.runs import document, events, live, manual
from tests.support.samples import assert_as_in

SAMPLES = Path(__file__).with_name("samples")


def measured(name: str, result: str = "PASS", took: float = 0.02, **found: str) -> ev.CheckMeasured:
    findings = tuple(ev.Finding(f"{key} == {value}", True, {key: value}) for key, value in found.items())
    return ev.CheckMeasured(name, result, f"it is {result}", took=took, findings=findings)


def told(*data: ev.Data, items: tuple[str, ...] = ("health", "owner")) -> Story:
    return story(events(document(*(manual(name) if name == "owner" else live(name) for name in items)), *data))


def both(before: Story, after: Story) -> Comparison:
    return compare(before, after)


def test_a_sample_of_each_format_is_kept() -> None:
    found = compare(story(everything(run_kind="rehearsal")), story(everything()))
    assert_as_in(SAMPLES / "comparison.txt", as_table(found))
    assert_as_in(SAMPLES / "comparison.md", as_markdown(found))
    assert_as_in(SAMPLES / "comparison.json", as_json(found))


def test_a_run_is_like_itself() -> None:
    for happened in (everything(), plain_good()):
        found = compare(story(happened), story(happened))
        assert not found.differ
        assert summary(found) == "nothing differs"
        assert "They are alike" in as_html(found)


def test_an_item_that_came_out_otherwise_is_told() -> None:
    found = both(told(measured("health")), told(measured("health", "FAIL")))
    (changed,) = found.changed
    assert (changed.id, changed.before.state, changed.after.state) == ("health", "pass", "fail")
    assert found.differ
    assert "pass: it is PASS -> fail: it is FAIL" in as_table(found)


def test_a_value_that_differs_is_told_and_one_that_varies_is_not() -> None:
    before = told(measured("health", version="2.3.9", latency="100ms"), ev.ItemConfirmed("owner", "ada"))
    after = told(measured("health", version="2.4.0", latency="120ms"), ev.ItemConfirmed("owner", "bob"))
    found = both(before, after)
    assert {
        each.id: [(change.name, change.before, change.now) for change in each.changes] for each in found.changed
    } == {
        "health": [("version", "2.3.9", "2.4.0")],
        "owner": [("word", "ada", "bob")],
    }


def test_new_items_and_those_that_are_gone_are_told() -> None:
    found = both(told(items=("health", "old")), told(items=("health", "new")))
    assert [each.id for each in found.added] == ["new"]
    assert [each.id for each in found.removed] == ["old"]
    assert not found.same_checklist
    assert "The checklists are not the same." in as_table(found)


def test_a_check_of_another_pace_is_told_and_decides_nothing() -> None:
    found = both(told(measured("health", took=0.1)), told(measured("health", took=2.1)))
    assert [(each.id, round(each.slower, 3)) for each in found.pace] == [("health", 2.0)]
    assert not found.differ
    assert not both(told(measured("health", took=0.01)), told(measured("health", took=0.1))).pace


def test_steps_stand_side_by_side_with_what_they_took() -> None:
    before, after = story(everything()), story(everything())
    steps = [
        msgspec.structs.replace(step, seconds=step.seconds + 30) if step.id == "switch" else step
        for step in after.golive.steps
    ]
    after = msgspec.structs.replace(after, golive=msgspec.structs.replace(after.golive, steps=tuple(steps)))
    found = compare(before, after)
    switch = next(each for each in found.steps if each.id == "switch")
    assert (switch.seconds, switch.another_length, switch.differs) == (30.0, True, False)
    assert not found.differ
    assert gained(switch.seconds) == "+30 s"


def test_a_verdict_that_turned_differs() -> None:
    good = story(plain_good())
    assert compare(
        good, msgspec.structs.replace(good, outcome=msgspec.structs.replace(good.outcome, good=False))
    ).differ


def test_the_json_says_whether_they_differ() -> None:
    read = json.loads(as_json(both(told(), told(measured("health")))))
    assert (read["format"], read["differ"]) == (1, True)
    assert read["before"]["run"] == "run-1"
