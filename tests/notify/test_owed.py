"""What an engine that takes over still has to tell."""

from __future__ import annotations

import msgspec

from cockpit.checklist.model import Addressee
from cockpit.engine.owed import owed
from cockpit.journal import event as ev
from cockpit.journal.event import Data
from cockpit.run.state import fold
from tests.support.runs import document, events, manual

CHAT = Addressee("chat", "json://h", ("hold",))
PAGER = Addressee("pager", "json://p", ("hold",))
OF = msgspec.structs.replace(document(manual("owner")), notify=(CHAT, PAGER))


def left(*data: Data) -> list[tuple[int, str, int, bool]]:
    """What is owed after these: event, to whom, attempts made, in doubt."""
    happened = events(OF, *data)
    return [(each.about.seq, each.to.id, each.attempts, each.doubt) for each in owed(happened, fold(happened))]


def test_everybody_is_owed_what_nobody_was_told() -> None:
    assert left(ev.HoldStarted("x")) == [(1, "chat", 0, False), (1, "pager", 0, False)]


def test_what_was_delivered_given_up_or_withheld_is_not_owed() -> None:
    assert (
        left(
            ev.HoldStarted("x"),
            ev.NoticeBegun(1, "chat"),
            ev.NoticeDelivered(1, "chat"),
            ev.NoticeFailed(1, "pager", "404"),
        )
        == []
    )
    assert left(ev.HoldStarted("x"), ev.NoticeWithheld(1, ("chat", "pager"), "x")) == []


def test_an_attempt_without_an_end_is_in_doubt() -> None:
    begun = ev.NoticeBegun(1, "chat", attempt=2)
    assert left(ev.HoldStarted("x"), begun)[0] == (1, "chat", 2, True)


def test_what_certainly_did_not_arrive_goes_on_with_its_count() -> None:
    tried = (ev.NoticeBegun(1, "chat"), ev.NoticeFailed(1, "chat", "refused", 1, again=True))
    assert left(ev.HoldStarted("x"), *tried)[0] == (1, "chat", 1, False)


def test_two_holds_are_two_notifications() -> None:
    told = (ev.NoticeBegun(1, "chat"), ev.NoticeDelivered(1, "chat"))
    again = left(ev.HoldStarted("x"), *told, ev.HoldReleased(), ev.HoldStarted("y"))
    assert [(about, to) for about, to, _, _ in again] == [
        (1, "pager"),
        (4, "chat"),
        (4, "pager"),
        (5, "chat"),
        (5, "pager"),
    ]
