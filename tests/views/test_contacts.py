"""Whom to call for what: roll calls, steps and items of each position, and the last call."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.model import Confirm, Contact
from cockpit.journal import event as ev
from cockpit.run import command as cmd
from cockpit.views.contacts import call_form, contact_lines, contact_row, duties, found_contacts
from cockpit.views.line import line_width, text_of
from cockpit.views.moment import Moment
from cockpit.views.run_view import Link
from tests.support.plans import Play, blue_green
from tests.support.runs import ADA, manual

TEAM = Contact("Security Team", "security", "+1 555 0102", "#security")
SUPPORT = Contact("Cloud Support", note="Account 12345")


def moment(*data: ev.Data, play: Play | None = None) -> Moment:
    of = blue_green()
    group = of.parts[0].children[0].children[0]
    asked = msgspec.structs.replace(manual("pen-test"), confirm=Confirm("When?", position="security"))
    children = (msgspec.structs.replace(group, children=(*group.children, asked)),)
    section = msgspec.structs.replace(of.parts[0].children[0], children=children)
    parts = (msgspec.structs.replace(of.parts[0], children=(section,)),)
    plan = msgspec.structs.replace(
        of.plan,
        steps=tuple(
            msgspec.structs.replace(each, second="security") if each.id == "drop" else each for each in of.plan.steps
        ),
    )
    play = Play(msgspec.structs.replace(of, parts=parts, plan=plan, contacts=(TEAM, SUPPORT)))
    play.happen(*data)
    now = play.state.at + dt.timedelta(seconds=90)
    return Moment(play.state, play.events, Link(connected=True, captain=True, you=ADA), now, zone=dt.UTC)


def told(contact: Contact, now: Moment) -> str:
    return "\n".join(text_of(each) for each in contact_lines(contact, now, 80))


def test_a_contact_is_shown_with_all_that_their_position_is_on_the_hook_for() -> None:
    text = told(TEAM, moment())
    for each in ("+1 555 0102", "#security", "grace", "Go or no-go: is asked GO or NO-GO, a NO-GO of theirs is final",
                 "a second person has to agree", "1 item to confirm, 1 left", "Pen-Test"):  # fmt: skip
        assert each in text
    assert "for nothing that the checklist names" in told(SUPPORT, moment())


def test_what_was_done_is_not_left_any_more() -> None:
    before = sum(duty.left for duty in duties("security", moment()))
    after = moment(ev.ItemConfirmed("pen-test", "12 May"), ev.SecondGiven("drop", "security"))
    assert sum(duty.left for duty in duties("security", after)) == before - 2


def test_a_filter_finds_names_numbers_holders_and_what_they_hold() -> None:
    now = moment()
    for words in ("security", "0102", "grace", "pen-test", "go no-go final"):
        assert found_contacts(now, words) == [TEAM], words
    assert found_contacts(now, "12345") == [SUPPORT]
    assert found_contacts(now, "nobody") == []
    assert found_contacts(now, "") == [TEAM, SUPPORT]


def test_a_call_is_shown_with_who_made_it_when_and_what_was_said() -> None:
    now = moment(ev.CallMade("Security Team", "security", "they look at it"))
    assert "called 1m ago" in text_of(contact_row(TEAM, now, 80))
    assert "1m ago by ada (you)" in told(TEAM, now)
    assert "they look at it" in told(TEAM, now)
    assert call_form(TEAM, now).make([" on it "]) == cmd.NoteCall("Security Team", "on it")


def test_rows_fit_the_screen() -> None:
    for cells in (60, 80, 120):
        assert all(line_width(contact_row(each, moment(), cells)) <= cells for each in (TEAM, SUPPORT))
