"""A real engine makes a check that changes something when the captain asks, and records that before it begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.engine.client import start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.journal.event import CheckAsked, CheckMeasured, Event
from cockpit.journal.folder import RunFolder
from cockpit.journal.reader import read
from cockpit.run import command as cmd
from tests.support.engines import kill_engine
from tests.support.runs import document, live, manual


@pytest.fixture
def open_one(state_home: Path) -> Iterator[Callable[[str, str], RunFolder]]:
    """Opens a run with a check that changes something, and ends its engine."""
    opened: list[RunFolder] = []

    def open_it(run_kind: str, does: str) -> RunFolder:
        changing = live("restore", kind="command", spec={"run": does}, expect=(), on_demand=True)
        plain = live("plain", kind="command", spec={"run": "true"}, expect=())
        run = open_run(document(plain, changing, manual("owner")), release="1.0", environment="test", run_kind=run_kind)
        opened.append(run)
        start_engine(run)
        return run

    yield open_it
    for run in opened:
        kill_engine(run)


def told(run: RunFolder, *asked: str) -> list[Event]:
    """What the journal says of `restore` after these were asked for and `plain` has been measured since."""

    async def play() -> None:
        view = LiveRun(run)
        await view.start()
        try:
            for each in asked:
                assert (await view.send(cmd.Measure(each))).accepted
            before = view.state.seq
            assert (await view.send(cmd.Measure("plain"))).accepted
            async with asyncio.timeout(30):
                while not _over(view, before) or view.link.measuring:
                    await asyncio.sleep(0.05)
        finally:
            await view.stop()

    def _over(view: LiveRun, before: int) -> bool:
        since = [event for event in view.events if event.seq > before]
        return any(event.kind.startswith("check") for event in since) and (
            "restore" not in asked
            or view.state.run_kind != "live"
            or view.state.item("restore").measurement is not None
        )

    asyncio.run(play())
    return [event for event in read(run.journal) if getattr(event.data, "item", "") == "restore"]


def test_it_is_begun_when_the_captain_asks_and_that_is_recorded_before(open_one, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run = open_one("live", f"touch {mark}")
    assert told(run, "") == []
    assert not mark.exists()
    asked, measured = told(run, "restore")
    assert asked.data == CheckAsked("restore", f"touch {mark}")
    assert not asked.by.engine
    assert isinstance(measured.data, CheckMeasured)
    assert measured.data.result == "PASS"
    assert mark.exists()


def test_a_rehearsal_records_that_it_was_shown_and_does_nothing(open_one, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (asked,) = told(open_one("rehearsal", f"touch {mark}"), "restore")
    assert asked.data.rehearsed
    assert not mark.exists()
