"""A notification that did not arrive is seen: on the message line, in the verdict's line, among the contacts."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.model import Addressee
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.run.state import fold
from cockpit.views.addressees import addressee_lines, addressee_row, found_addressees
from cockpit.views.line import text_of
from cockpit.views.moment import Moment, told_by_others
from cockpit.views.run_view import Link
from cockpit.views.status import verdict_line
from tests.support.runs import document, events, manual

OF = msgspec.structs.replace(
    document(manual("owner")),
    notify=(Addressee("chat", "slack://T0KEN/x/y", ("hold",)), Addressee("pager", "${pager_url}", ("hold", "poll"))),
)
HELD = (ev.HoldStarted("slow"), ev.NoticeBegun(1, "chat", "..."), ev.NoticeDelivered(1, "chat"))
REFUSED = ev.NoticeFailed(1, "pager", "connection refused", 1, again=True)
LOST = ev.NoticeFailed(1, "pager", "connection refused", 4)


def at(happened: list[Event]) -> Moment:
    """The moment after these."""
    return Moment(fold(happened), happened, Link(connected=True), happened[-1].at, zone=dt.UTC)


def seen(*data: ev.Data) -> str:
    """What the page of contacts says of those who are told, spaces squeezed."""
    now = at(events(OF, *data))
    lines = [
        line
        for told in found_addressees(now, "")
        for line in (addressee_row(told, now, 120), *addressee_lines(told, now))
    ]
    return "\n".join(" ".join(text_of(line).split()) for line in lines)


def test_the_contacts_say_who_is_told_how_and_what_did_not_arrive() -> None:
    page = seen(*HELD, LOST)
    assert "chat slack:// 1 delivered, the last at 22:00" in page
    assert "pager ${pager_url} nothing delivered yet" in page
    assert "event 1 at 22:00: not delivered, connection refused" in page
    assert "T0KEN" not in page
    assert "tried again" in seen(*HELD, REFUSED)
    assert "may have arrived" in seen(ev.HoldStarted("x"), ev.NoticeFailed(1, "pager", "no answer", 1, doubt=True))


def test_the_line_of_the_verdict_counts_what_was_given_up_until_it_arrives_after_all() -> None:
    assert "1 notice not delivered" in text_of(verdict_line(at(events(OF, *HELD, LOST)), 80))
    assert "notice" not in text_of(verdict_line(at(events(OF, *HELD, REFUSED)), 80))
    assert "notice" not in text_of(verdict_line(at(events(OF, *HELD, LOST, ev.NoticeDelivered(1, "pager"))), 80))
    closed = at(events(OF, *HELD, ev.RunClosed("GOOD"), LOST))
    assert "1 notice not delivered" in text_of(verdict_line(closed, 80))


def test_it_is_said_once_when_it_happens() -> None:
    happened = events(OF, *HELD, LOST, ev.HoldReleased())
    before, after, later = at(happened[:-2]), at(happened[:-1]), at(happened)
    assert told_by_others(before, after) == "pager may not know of event 1: connection refused"
    assert told_by_others(after, later) == ""
