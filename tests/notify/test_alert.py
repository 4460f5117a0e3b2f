"""The bell, and desktop notifications, of whoever looks on at a terminal."""

from __future__ import annotations

import pytest

from cockpit.journal import event as ev
from cockpit.run.state import fold
from cockpit.screens.alerts import Alerts
from cockpit.views.alert import alert, news, ways_in
from cockpit.views.moment import Moment
from cockpit.views.notice import Notice
from cockpit.views.run_view import Link
from tests.support.runs import ADA, BOB, ENGINE, document, events, manual

HOLD = Notice("hold", "Shop: HOLD", "Shop: in hold.")
OF = document(manual("owner"))
BOTH = frozenset({"bell", "osc9"})


def test_a_bell_and_a_desktop_notification() -> None:
    assert alert(HOLD, frozenset({"bell"}), {}) == "\a"
    assert alert(HOLD, frozenset({"osc9"}), {}) == "\x1b]9;Shop: in hold.\a"
    assert alert(HOLD, frozenset(), {}) == ""


def test_inside_tmux_and_screen_it_is_handed_through() -> None:
    assert alert(HOLD, frozenset({"osc9"}), {"TMUX": "/tmp/x,1,0"}) == "\x1bPtmux;\x1b\x1b]9;Shop: in hold.\a\x1b\\"
    assert alert(HOLD, frozenset({"osc9"}), {"STY": "1.pts"}) == "\x1bP\x1b]9;Shop: in hold.\a\x1b\\"


@pytest.mark.parametrize("text", ["a\x07b", "a\x1b\\b", "a\x9cb", "a\u009cb\u202e", "\x1b]52;c;cm0=\x07"])
def test_no_text_ends_the_sequence_or_begins_another(text: str) -> None:
    written = alert(Notice("hold", "", text), frozenset({"osc9"}), {})
    inside = written.removeprefix("\x1b]9;").removesuffix("\a")
    assert inside.isascii()
    assert inside.isprintable()
    assert "\\" not in inside


def test_no_text_is_taken_for_another_command_of_osc_9() -> None:
    assert alert(Notice("hold", "", "4;1;50"), frozenset({"osc9"}), {}) == "\x1b]9;Cockpit: 4;1;50\a"


def test_news_is_what_others_did_since() -> None:
    happened = events(OF, (ADA, ev.HoldStarted("x")), (BOB, ev.HoldReleased("y")), (ENGINE, ev.ChecksAffirmed({})))
    state = fold(happened)
    found = news(happened, state, after=0, you=ADA)
    assert found is not None
    assert "bob released" in found.sentence
    assert news(happened, state, after=2, you=ADA) is None
    assert news(happened[:2], state, after=0, you=ADA) is None
    assert news(happened[:2], state, after=0, you=BOB) is not None


def test_what_happened_before_one_looked_on_is_no_news_and_each_rings_once() -> None:
    happened = events(OF, (BOB, ev.HoldStarted("old")), (BOB, ev.HoldReleased()), (BOB, ev.HoldStarted("new")))
    moments = [
        Moment(fold(happened[:count]), happened[:count], Link(you=ADA), happened[count - 1].at) for count in range(1, 5)
    ]
    written: list[str] = []
    alerts = Alerts(BOTH, written.append, moments[1])
    for moment in (moments[1], moments[2], moments[2], moments[3]):
        alerts.look(moment)
    assert [each.count("\a") for each in written] == [2, 2]
    assert "new" in written[-1]


def test_nothing_rings_unless_it_is_wanted() -> None:
    happened = events(OF, (BOB, ev.HoldStarted("x")))
    written: list[str] = []
    first = Moment(fold(happened[:1]), happened[:1], Link(), happened[0].at)
    Alerts(frozenset(), written.append, first).look(Moment(fold(happened), happened, Link(), happened[1].at))
    assert written == []


def test_the_setting_names_ways_that_there_are() -> None:
    assert ways_in("bell, osc9") == BOTH
    assert ways_in("none") == ways_in("") == frozenset()
    with pytest.raises(ValueError, match=r"'ring' is not one of bell, osc9, none"):
        ways_in("ring")
