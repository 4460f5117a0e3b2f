"""The state is a fold over events, and nothing else."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.run.state import apply, fold, open_state
from cockpit.run.tape import Tape
from tests.support.runs import ADA, BOB, ENGINE, T0, document, events, live, manual, opened

DOCUMENT = document(live("health"), manual("owner"), manual("backup"), watch=(live("errors"),))

_items = st.sampled_from(["health", "owner", "backup", "errors"])
_texts = st.text(max_size=20)
happenings = st.one_of(
    st.builds(ev.ItemConfirmed, item=_items, value=_texts, holds=st.booleans(), note=_texts),
    st.builds(ev.ItemWaived, item=_items, reason=_texts),
    st.builds(ev.ItemRuledOut, item=_items, reason=_texts),
    st.builds(ev.WordTakenBack, item=_items, event=st.integers(0, 40)),
    st.builds(ev.NoteAdded, text=_texts, item=st.sampled_from(["", "owner"])),
    st.builds(ev.HoldStarted, reason=_texts),
    st.builds(ev.HoldReleased),
    st.builds(ev.CommandTaken, before=_texts),
    st.builds(ev.CheckMeasured, item=_items, result=st.sampled_from(["PASS", "WARN", "FAIL", "ERROR", "BLOCKED"])),
    st.builds(ev.ChecksAffirmed, at=st.dictionaries(_items, st.just(T0 + dt.timedelta(hours=1)))),
    st.builds(ev.EngineStarted, pid=st.integers(1, 9), tool=_texts),
    st.builds(ev.EngineStopped, reason=_texts),
    st.builds(ev.ClockJumped, seconds=st.floats(-9, 9)),
    st.builds(
        ev.BaselineTaken,
        name=_texts,
        at=st.just(T0),
        host=_texts,
        items=st.dictionaries(_items, st.builds(ev.Remembered, result=st.just("PASS"), figure=st.floats(-9, 9))),
        more=st.booleans(),
    ),
    st.builds(ev.Unknown, name=_texts, raw=st.just(msgspec.Raw(b"{}"))),
)


@given(st.lists(happenings, max_size=40))
def test_the_state_at_any_event_is_the_fold_of_the_events_up_to_it(data: list[ev.Data]) -> None:
    journal = events(DOCUMENT, *data)
    tape = Tape(journal)
    for position in range(len(journal)):
        assert tape.state_at(position) == fold(journal[: position + 1])


@given(st.lists(happenings, max_size=30), st.integers(0, 30))
def test_folding_in_two_parts_gives_the_same_state_as_in_one(data: list[ev.Data], cut: int) -> None:
    journal = events(DOCUMENT, *data)
    cut = min(cut + 1, len(journal))
    assert fold(journal[cut:], fold(journal[:cut])) == fold(journal)


@given(st.lists(happenings, max_size=20), happenings)
def test_applying_an_event_leaves_the_state_before_it_as_it_was(data: list[ev.Data], last: ev.Data) -> None:
    journal = events(DOCUMENT, *data, last)
    before = fold(journal[:-1])
    apply(before, journal[-1])
    assert before == fold(journal[:-1])


def test_taking_a_word_back_brings_up_the_one_before_it() -> None:
    journal = events(
        DOCUMENT,
        ev.ItemConfirmed("owner", "ada"),
        ev.ItemWaived("owner", "on leave"),
        ev.WordTakenBack("owner", 2),
    )
    state = fold(journal)
    assert state.item("owner").word.said == ev.ItemConfirmed("owner", "ada")
    state = apply(state, events(DOCUMENT, *[j.data for j in journal[1:]], ev.WordTakenBack("owner", 1))[-1])
    assert state.item("owner").word is None


def test_a_result_keeps_the_time_it_began_while_it_stays_the_same() -> None:
    state = fold(
        events(
            DOCUMENT,
            (ENGINE, ev.CheckMeasured("health", "FAIL", "503")),
            (ENGINE, ev.CheckMeasured("health", "FAIL", "500")),
            (ENGINE, ev.ChecksAffirmed({"health": T0 + dt.timedelta(minutes=5)})),
        )
    )
    measurement = state.item("health").measurement
    assert measurement.since == T0 + dt.timedelta(seconds=1)
    assert measurement.at == T0 + dt.timedelta(minutes=5)
    assert [result for _, result, _ in state.item("health").history] == ["FAIL", "FAIL"]


def test_command_passes_to_whoever_took_it() -> None:
    state = fold(events(DOCUMENT, (BOB, ev.CommandTaken("ada is away", str(ADA)))))
    assert state.captain.who == BOB
    assert state.captain.since == T0 + dt.timedelta(seconds=1)


def test_a_baseline_of_several_events_is_one_and_a_new_one_takes_its_place() -> None:
    def remembered(figure: float) -> ev.Remembered:
        return ev.Remembered("PASS", figure)

    def taken(name: str, items: dict[str, ev.Remembered], *, more: bool) -> ev.BaselineTaken:
        return ev.BaselineTaken(name, T0, "bastion", items, more=more)

    first = taken("one", {"health": remembered(1.0)}, more=False)
    rest = taken("one", {"errors": remembered(2.0)}, more=True)
    other = taken("other", {"health": remembered(3.0)}, more=False)
    state = fold(events(DOCUMENT, first, rest))
    assert state.baseline.name == "one"
    assert dict(state.baseline.items) == {"health": remembered(1.0), "errors": remembered(2.0)}
    assert dict(fold(events(DOCUMENT, first, rest, other)).baseline.items) == {"health": remembered(3.0)}
    assert fold(events(DOCUMENT)).baseline is None


def test_an_event_of_an_unknown_kind_moves_only_the_place_reached() -> None:
    before = open_state(opened(DOCUMENT))
    unknown = Event(1, T0, "moon.risen", ADA, ev.Unknown("moon.risen", msgspec.Raw(b"{}")), h="ff")
    after = apply(before, unknown)
    assert after == msgspec.structs.replace(before, seq=1, at=T0, head="ff")


def test_a_journal_that_does_not_open_a_run_has_no_state() -> None:
    with pytest.raises(ValueError, match=r"begins with run\.opened"):
        fold([Event(0, T0, "hold.started", ADA, ev.HoldStarted("x"))])
    with pytest.raises(ValueError, match="without events"):
        fold([])
