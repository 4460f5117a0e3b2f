"""`cockpit check --watch`: measured again and again, and told when something changes."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from cockpit.checklist.model import Document, Item
from cockpit.cli import terminal
from cockpit.cli.exits import Ended, Exit
from cockpit.journal.event import CheckMeasured
from cockpit.report.measured import RESULTS, Row, headings

EVERY = 10.0
"""Seconds between two measurements of an item that says nothing of it."""

DRAW_EVERY = 0.25
"""Seconds between two drawings at least."""


def watch(document: Document, items: Sequence[Item], args: argparse.Namespace) -> int:
    """Measure until Ctrl-C or SIGTERM; the exit status is that of the last state."""
    if args.format not in ("table", "json"):
        raise Ended(Exit.WRONG, f"--watch tells changes one by one: --format {args.format} is one whole report")
    if args.baseline or args.changed_since or args.within:
        raise Ended(Exit.WRONG, "--watch compares with the measurement before: leave --baseline and --within out")
    for item in items:
        if item.check is not None and item.check.on_demand:
            raise Ended(Exit.WRONG, f"{item.id} changes something: --watch would do that again and again")
    kept = [_with_interval(item, args.every) for item in items]
    in_place = args.format == "table" and terminal.can_redraw(sys.stdout)
    only_failed = args.only == "failed"
    told: _Told
    if in_place:
        told = _InPlace(document, kept, only_failed=only_failed)
    else:
        told = _LineByLine(document, kept, _json_line if args.format == "json" else _text_line, only_failed=only_failed)
    asyncio.run(_until_told_to_stop(document, kept, told))
    return told.status()


def _with_interval(item: Item, every: float | None) -> Item:
    """The item as it is measured while it is watched."""
    assert item.check is not None  # only such items are measured
    interval = every or item.check.every or EVERY
    return msgspec.structs.replace(item, check=msgspec.structs.replace(item.check, every=interval))


async def _until_told_to_stop(document: Document, items: Sequence[Item], told: _Told) -> None:
    from cockpit.cli.measuring import Measured, again_and_again

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    measuring = asyncio.create_task(again_and_again(document, items, Measured(remember=False), told.hear))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({measuring, stopping}, return_when=asyncio.FIRST_COMPLETED)
    told.end()
    for task in (measuring, stopping):
        task.cancel()
    ended, _ = await asyncio.gather(measuring, stopping, return_exceptions=True)
    while isinstance(ended, BaseExceptionGroup):
        ended = ended.exceptions[0]
    if isinstance(ended, Exception):
        raise ended  # whoever reads the output stopped reading


@dataclass(frozen=True)
class _Standing:
    """How an item stands, since when, and how it stood before that."""

    row: Row
    since: dt.datetime
    before: str = ""


class _Told:
    """What is known of every item, and how its changes are told."""

    def __init__(self, document: Document, items: Sequence[Item], *, only_failed: bool) -> None:
        self.items = {item.id: item for item in items}
        self.standing: dict[str, _Standing] = {}
        self.only_failed = only_failed
        self._above = headings(document)

    def hear(self, result: CheckMeasured) -> None:
        """Take note of a measurement."""
        row = Row(self.items[result.item], result, self._above.get(result.item, ()))
        known = self.standing.get(result.item)
        if known is not None and known.row.result.result == result.result:
            self.standing[result.item] = _Standing(row, known.since, known.before)
            self.heard(self.standing[result.item], changed=False)
            return
        before = known.row.result.result if known else ""
        self.standing[result.item] = _Standing(row, dt.datetime.now(dt.UTC), before)
        self.heard(self.standing[result.item], changed=True)

    def heard(self, standing: _Standing, *, changed: bool) -> None:
        """An item was measured."""
        raise NotImplementedError

    def end(self) -> None:
        """No more will come."""

    def status(self) -> Exit:
        """What the last state comes to; nothing is good as long as something was not measured at all."""
        from cockpit.cli.check import status

        known = status(each.row for each in self.standing.values())
        return Exit.UNDONE if known is Exit.GOOD and len(self.standing) < len(self.items) else known


class _LineByLine(_Told):
    """A line for each change of a result, the first ones among them."""

    def __init__(
        self, document: Document, items: Sequence[Item], line: Callable[[_Standing], str], *, only_failed: bool
    ) -> None:
        super().__init__(document, items, only_failed=only_failed)
        self._line = line

    def heard(self, standing: _Standing, *, changed: bool) -> None:
        silent = self.only_failed and standing.row.good and standing.before in ("", "PASS", "WARN")
        if changed and not silent:
            print(self._line(standing), flush=True)


def _text_line(standing: _Standing) -> str:
    result = standing.row.result
    before = f" (was {standing.before})" if standing.before else ""
    return f"{standing.since:%Y-%m-%dT%H:%M:%SZ}  {result.result:7}  {result.item}  {result.summary}{before}"


def _json_line(standing: _Standing) -> str:
    from cockpit.report.json import FORMAT, row_as_json

    told = {"format": FORMAT, "at": standing.since.isoformat(), "before": standing.before or None}
    return json.dumps(told | row_as_json(standing.row)).replace("\x7f", "\\u007f")


class _InPlace(_Told):
    """The table on a terminal, drawn again where it stands."""

    def __init__(self, document: Document, items: Sequence[Item], *, only_failed: bool) -> None:
        super().__init__(document, items, only_failed=only_failed)
        self._region = terminal.Region(sys.stdout)
        self._later: asyncio.TimerHandle | None = None
        self._width = max((len(item.id) for item in items), default=0)

    def heard(self, standing: _Standing, *, changed: bool) -> None:  # noqa: ARG002 - figures move too
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(DRAW_EVERY, self._draw)

    def end(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self._region.draw([*self._lines(terminal.rows() - 2), (self._counts(), "")])
        self._region.leave()

    def _draw(self) -> None:
        self._later = None
        self._region.draw([*self._lines(terminal.rows() - 2), (f"{self._counts()}; Ctrl-C ends", "")])

    def _lines(self, room: int) -> list[tuple[str, str]]:
        """As many items as there is room for: all, or those that are not good or have changed."""
        known = [self.standing[item] for item in self.items if item in self.standing]
        shown = known
        if self.only_failed or len(known) > room:
            shown = [each for each in known if not each.row.good or (each.before and not self.only_failed)]
        hidden = len(known) - len(shown)
        if len(shown) > room or (hidden and not self.only_failed):
            shown = shown[: room - 1]
            hidden = len(known) - len(shown)
        since = max((len(_since(each)) for each in shown), default=0)
        lines = [(self._line(each, since), each.row.result.result) for each in shown]
        return [*lines, (f"          {hidden} more", "dim")] if hidden and not self.only_failed else lines

    def _line(self, standing: _Standing, since: int) -> str:
        """A changed item says since when, and what it was, before anything that may be cut."""
        row = standing.row
        mark = "*" if standing.before else " "
        head = f"{row.result.result:7} {mark} {row.item.id:{self._width}}"
        return f"{head}  {_since(standing):{since}}  {row.result.summary}{row.marks}"

    def _counts(self) -> str:
        results = [each.row.result.result for each in self.standing.values()]
        told = [f"{results.count(name)} {name}" for name in RESULTS if name in results]
        waiting = len(self.items) - len(results)
        return ", ".join([*told, f"{waiting} not measured yet"] if waiting else told)


def _since(standing: _Standing) -> str:
    before = f", was {standing.before}" if standing.before else ""
    return f"since {standing.since.astimezone():%H:%M:%S}{before}"
