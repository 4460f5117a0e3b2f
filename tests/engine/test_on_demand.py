"""A check that changes something is measured when it is asked for by name, and never by itself."""

from __future__ import annotations

import asyncio

from cockpit.checklist.model import Check, Item
from cockpit.checklist.source import Source
from cockpit.engine.scheduler import Scheduler
from cockpit.journal.event import CheckMeasured

NOWHERE = Source("x.yaml", 1, 1)


def item(name: str, *needs: str, on_demand: bool = False) -> Item:
    return Item(name, name, NOWHERE, check=Check("command", {}, needs=needs, on_demand=on_demand))


async def measured_after(*asked: str) -> list[str]:
    """What is measured when these are asked for, `` being everything."""
    seen: list[str] = []

    async def measure(each: Item) -> CheckMeasured:
        return CheckMeasured(each.id, "PASS")

    items = [item("plain"), item("restore", on_demand=True), item("after", "restore")]
    scheduler = Scheduler(items, measure, lambda result: seen.append(result.item))
    running = asyncio.create_task(scheduler.run())
    await asyncio.sleep(0.05)
    for each in asked:
        scheduler.ask(each)
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return sorted(seen)


def test_by_itself_it_is_not_measured_and_nothing_waits_for_it() -> None:
    assert asyncio.run(measured_after()) == ["after", "plain"]


def test_asking_for_everything_is_not_asking_for_it() -> None:
    assert asyncio.run(measured_after("")) == ["after", "after", "plain", "plain"]


def test_asked_for_while_it_is_blocked_it_is_not_made_by_itself_later() -> None:
    results = {"server": ["FAIL", "PASS"], "restore": ["PASS"]}
    seen: list[tuple[str, str]] = []

    async def measure(each: Item) -> CheckMeasured:
        return CheckMeasured(each.id, results[each.id].pop(0))

    async def play() -> None:
        items = [item("server"), item("restore", "server", on_demand=True)]
        scheduler = Scheduler(items, measure, lambda result: seen.append((result.item, result.result)))
        running = asyncio.create_task(scheduler.run())
        for asked in ("restore", "server"):
            await asyncio.sleep(0.1)
            scheduler.ask(asked)
        await asyncio.sleep(0.2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())
    assert seen == [("server", "FAIL"), ("restore", "BLOCKED"), ("server", "PASS")]


def test_asked_for_by_name_it_is_measured() -> None:
    assert asyncio.run(measured_after("restore")) == ["after", "plain", "restore"]
