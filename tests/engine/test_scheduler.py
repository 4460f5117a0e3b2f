"""When each check is measured."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

import msgspec

from cockpit.checklist.kinds import DocumentedKind, Spec
from cockpit.checklist.model import Item
from cockpit.engine import scheduler
from cockpit.engine.scheduler import Scheduler
from cockpit.journal.event import CheckMeasured
from tests.support.runs import live, manual


class Probe:
    """Stands for the measurements: results as told, and what was measured when."""

    def __init__(self, results: dict[str, str] | None = None, takes: float = 0.0) -> None:
        self.results = results or {}
        self.takes = takes
        self.order: list[str] = []
        self.reported: list[CheckMeasured] = []
        self.at_once = 0
        self.most_at_once = 0

    async def measure(self, item: Item) -> CheckMeasured:
        self.order.append(item.id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes)
        self.at_once -= 1
        return CheckMeasured(item.id, self.results.get(item.id, "PASS"))

    def result(self, item: str) -> str:
        return next(result.result for result in reversed(self.reported) if result.item == item)


def keep(probe: Probe, *items: Item, during: float, then: Callable[[Scheduler], None] = lambda _: None) -> Scheduler:
    async def play() -> Scheduler:
        kept = Scheduler(items, probe.measure, probe.reported.append)
        running = asyncio.create_task(kept.run())
        await asyncio.sleep(during)
        then(kept)
        await asyncio.sleep(during)
        running.cancel()
        await asyncio.wait([running])
        return kept

    return asyncio.run(play())


def once(probe: Probe, *items: Item, kinds: Mapping[str, DocumentedKind] | None = None) -> None:
    async def play() -> None:
        await Scheduler(items, probe.measure, probe.reported.append, kinds=kinds or {}).once()

    asyncio.run(play())


def test_only_checks_that_count_are_measured() -> None:
    probe = Probe()
    once(probe, live("a"), manual("b"), msgspec.structs.replace(live("c"), excluded="not here"))
    assert probe.order == ["a"]


def test_what_a_check_needs_is_measured_first() -> None:
    probe = Probe(takes=0.01)
    once(probe, live("last", needs=("middle",)), live("middle", needs=("first",)), live("first"))
    assert probe.order == ["first", "middle", "last"]


def test_a_check_whose_need_is_not_good_is_blocked_and_not_measured() -> None:
    probe = Probe({"database": "ERROR"})
    once(probe, live("rows", needs=("database",)), live("database"), live("deep", needs=("rows",)))
    assert probe.order == ["database"]
    assert {result.item: (result.result, result.summary) for result in probe.reported} == {
        "database": ("ERROR", ""),
        "rows": ("BLOCKED", "needs database (ERROR)"),
        "deep": ("BLOCKED", "needs rows (BLOCKED)"),
    }


def test_a_need_that_is_not_measured_in_this_run_blocks_nothing() -> None:
    probe = Probe()
    once(probe, live("rows", needs=("database",)), manual("database"))
    assert probe.result("rows") == "PASS"


def test_a_blocked_check_is_measured_as_soon_as_its_need_is_good_again() -> None:
    probe = Probe({"database": "ERROR"})

    def mend(kept: Scheduler) -> None:
        probe.results["database"] = "PASS"
        kept.ask("database")

    keep(probe, live("database"), live("rows", needs=("database",)), during=0.05, then=mend)
    assert probe.result("rows") == "PASS"


class Limited:
    """A kind that lets few checks ask one server at once; the rest of it is not used here."""

    name = "limited"
    about = implied = example = ""
    spec = Spec
    fields = ()
    server = ("host",)
    at_once = 2


def test_no_more_checks_ask_one_server_at_once_than_its_kind_allows() -> None:
    probe = Probe(takes=0.01)
    items = [live(f"c{number}", kind="limited", spec={"host": "a"}) for number in range(6)]
    once(probe, *items, kinds={"limited": Limited()})
    assert probe.most_at_once == 2


def test_a_server_that_hangs_holds_up_no_check_of_another_server_or_through_another_host() -> None:
    done: list[str] = []

    async def measure(item: Item) -> CheckMeasured:
        await asyncio.sleep(0.3 if item.id.startswith("stuck") else 0)
        done.append(item.id)
        return CheckMeasured(item.id, "PASS")

    stuck = [live(f"stuck{number}", kind="limited", spec={"host": "a"}) for number in range(4)]
    other = live("other", kind="limited", spec={"host": "b"})
    through = live("through", kind="limited", spec={"host": "a"}, via="bastion")

    async def play() -> None:
        await Scheduler([*stuck, other, through], measure, lambda _: None, kinds={"limited": Limited()}).once()

    asyncio.run(play())
    assert done[:2] == ["other", "through"]


def test_a_kind_that_names_no_limit_has_one() -> None:
    probe = Probe(takes=0.01)
    once(probe, *(live(f"c{number}") for number in range(scheduler.AT_ONCE + 20)))
    assert probe.most_at_once == scheduler.AT_ONCE


def test_a_slow_check_delays_no_other() -> None:
    slow, quick = Probe(takes=0.3), Probe()

    async def measure(item: Item) -> CheckMeasured:
        return await (slow if item.id == "slow" else quick).measure(item)

    async def play() -> None:
        kept = Scheduler([live("slow", every=0.02), live("quick", every=0.02)], measure, quick.reported.append)
        running = asyncio.create_task(kept.run())
        await asyncio.sleep(0.25)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(play())
    assert Counter(quick.order)["quick"] >= 5
    assert slow.order == ["slow"]


def test_a_check_is_measured_again_every_interval() -> None:
    probe = Probe()
    keep(probe, live("a", every=0.03), live("b"), during=0.15)
    assert Counter(probe.order)["a"] >= 5
    assert Counter(probe.order)["b"] == 1


def test_a_check_that_is_asked_for_while_it_is_measured_is_measured_once() -> None:
    probe = Probe(takes=0.1)

    def ask(kept: Scheduler) -> None:
        for _ in range(5):
            kept.ask("a")

    keep(probe, live("a"), during=0.05, then=ask)
    assert probe.order == ["a"]


def test_asking_for_everything_measures_everything_again() -> None:
    probe = Probe()
    keep(probe, live("a"), live("b"), during=0.02, then=Scheduler.ask)
    assert Counter(probe.order) == {"a": 2, "b": 2}


def test_whoever_listens_hears_what_is_being_measured() -> None:
    probe, heard = Probe(takes=0.01), []

    async def play() -> None:
        await Scheduler([live("a"), live("b")], probe.measure, probe.reported.append, measuring=heard.append).once()

    asyncio.run(play())
    assert frozenset({"a", "b"}) in heard
    assert heard[-1] == frozenset()
