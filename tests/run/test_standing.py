"""How items stand, and what a run comes to."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from cockpit.checklist.model import Confirm
from cockpit.journal import event as ev
from cockpit.run.standing import Standing, group_standing, standing, tally, verdict
from cockpit.run.state import State, fold
from tests.support.runs import ENGINE, T0, document, events, live, manual

LATER = T0 + dt.timedelta(minutes=1)


def stands(item, *data: ev.Data, now: dt.datetime = LATER) -> Standing:
    state = fold(events(document(item), *data))
    return standing(item, state.item(item.id), now)


def result(which: str, item: str = "it") -> tuple:
    return (ENGINE, ev.CheckMeasured(item, which))


def test_an_item_without_a_word_or_a_measurement_is_open() -> None:
    assert stands(manual("it")) is Standing.OPEN
    assert stands(live("it")) is Standing.OPEN


@pytest.mark.parametrize("which", ["PASS", "WARN", "FAIL", "ERROR", "BLOCKED"])
def test_a_live_item_stands_as_its_check_does(which: str) -> None:
    assert stands(live("it"), result(which)) is Standing(which.lower())


def test_a_measurement_older_than_its_greatest_age_is_stale() -> None:
    aged = live("it", max_age=30.0)
    assert stands(aged, result("PASS"), now=T0 + dt.timedelta(seconds=31)) is Standing.PASS
    assert stands(aged, result("PASS"), now=T0 + dt.timedelta(seconds=32)) is Standing.STALE


def test_a_check_that_was_asked_for_is_in_doubt_when_the_engine_died_before_its_result() -> None:
    changing = live("it", on_demand=True)
    asked, died = ev.CheckAsked("it", "pg_restore"), (ENGINE, ev.EngineStarted(2, "1", "died"))
    assert stands(changing, asked) is Standing.OPEN
    assert stands(changing, asked, died) is Standing.ERROR
    assert stands(changing, result("PASS"), asked, died) is Standing.ERROR
    assert stands(changing, asked, died, result("PASS")) is Standing.PASS
    assert stands(changing, asked, result("PASS"), died) is Standing.PASS
    assert stands(changing, ev.CheckAsked("it", rehearsed=True), died) is Standing.OPEN


def test_a_confirmation_whose_value_does_not_hold_is_a_failure() -> None:
    assert stands(manual("it"), ev.ItemConfirmed("it", "30", holds=False)) is Standing.FAIL
    assert stands(manual("it"), ev.ItemConfirmed("it", "1", holds=True)) is Standing.PASS


def test_a_waiver_counts_until_it_expires() -> None:
    waived = ev.ItemWaived("it", "known", T0 + dt.timedelta(seconds=30))
    assert stands(live("it"), result("FAIL"), waived, now=T0 + dt.timedelta(seconds=29)) is Standing.WAIVED
    assert stands(live("it"), result("FAIL"), waived, now=T0 + dt.timedelta(seconds=30)) is Standing.FAIL


def test_an_item_that_needs_both_stands_as_the_worse_of_the_two() -> None:
    both = msgspec.structs.replace(live("it"), confirm=Confirm("Seen?", always=True))
    assert stands(both, result("PASS")) is Standing.OPEN
    assert stands(both, result("PASS"), ev.ItemConfirmed("it", "yes")) is Standing.PASS
    assert stands(both, result("FAIL"), ev.ItemConfirmed("it", "yes")) is Standing.FAIL


def run(*data: ev.Data | tuple, items: tuple = (), excluded: tuple = ()) -> State:
    return fold(events(document(*(items or (live("a"), manual("b"))), excluded=excluded), *data))


def test_items_of_another_platform_are_not_counted() -> None:
    out = msgspec.structs.replace(manual("c"), excluded="not for this run")
    counted = tally(run(excluded=(out,)).document.items(), run(excluded=(out,)), LATER)
    assert (counted.total, counted[Standing.EXCLUDED]) == (2, 1)


def test_a_run_is_good_when_nothing_blocks_it_and_says_what_makes_it_less_than_plain() -> None:
    state = run((ENGINE, ev.CheckMeasured("a", "PASS", flaky=True)), ev.ItemWaived("b", "later"))
    assert str(verdict(state, LATER)) == "GOOD, with 1 waived, 1 flaky"


def test_a_run_with_something_open_or_failing_is_not_good() -> None:
    assert str(verdict(run(), LATER)) == "NOT GOOD: 2 open"
    assert str(verdict(run(result("FAIL", "a"), ev.ItemConfirmed("b", "x")), LATER)) == "NOT GOOD: 1 fail"


def test_a_run_in_hold_is_not_good() -> None:
    state = run(result("PASS", "a"), ev.ItemConfirmed("b", "x"), ev.HoldStarted("wait"))
    assert str(verdict(state, LATER)) == "NOT GOOD: in hold"


def test_advisory_and_optional_items_block_nothing_and_are_named() -> None:
    items = (live("a", advisory=True), manual("b", required=False))
    state = run(result("FAIL", "a"), items=items)
    assert str(verdict(state, LATER)) == "GOOD, with 1 advisory not good, 1 optional open"


def test_a_waiver_that_expired_is_no_asterisk_but_a_blocker() -> None:
    state = run(result("PASS", "a"), ev.ItemWaived("b", "until noon", T0 + dt.timedelta(seconds=10)))
    assert verdict(state, LATER).blockers == ("1 open",)


def test_a_heading_follows_from_its_items_the_worst_first() -> None:
    def heading(*data: ev.Data | tuple) -> Standing:
        state = run(*data)
        return group_standing(state.document.parts[0], state, LATER)

    assert heading() is Standing.OPEN
    assert heading(result("FAIL", "a")) is Standing.FAIL
    assert heading(result("PASS", "a"), ev.ItemConfirmed("b", "x")) is Standing.PASS
    assert heading(ev.ItemRuledOut("a"), ev.ItemRuledOut("b")) is Standing.RULED_OUT
