"""What happened meanwhile, told in a plain terminal: what is bad one by one, a hundred checks that pass in one line."""

from __future__ import annotations

import asyncio

import pytest
from fake_run import FakeRun

from cockpit.cli.plain import PlainRoom
from cockpit.journal import event as ev
from tests.support.runs import document, events, live


@pytest.mark.parametrize("passing", [3, 30])
def test_checks_that_pass_are_summed_up_when_they_are_many(
    passing: int, loop: asyncio.AbstractEventLoop, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"check-{number}" for number in range(passing)]
    view = FakeRun(events(document(*map(live, names), live("down"), live("shaky"))))
    room = PlainRoom(view, loop)
    for name in names:
        view.add(ev.CheckMeasured(name, "PASS", "200 in 3 ms"))
    view.add(ev.CheckMeasured("down", "FAIL", "503 in 9 ms"))
    view.add(ev.CheckMeasured("shaky", "PASS", "200 in 3 ms", flaky=True))
    room.do_news("")
    said = capsys.readouterr().out
    assert 'FAIL "Down": 503 in 9 ms' in said
    assert 'PASS after a retry "Shaky"' in said
    many = passing > 10
    assert said.count('PASS "Check-') == (0 if many else passing)
    assert (f"{passing} checks pass: `timeline of:checks` tells each." in said) is many
