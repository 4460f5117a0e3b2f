"""Whether a watch does what it must not do."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.model import Item
from cockpit.checklist.plan import Abort, Criterion
from cockpit.run.state import ItemState

_BAD = frozenset({"FAIL"})
_ERRORS = frozenset({"ERROR", "BLOCKED"})


def fired(item: Item, known: ItemState, since: dt.datetime, now: dt.datetime) -> str:
    """The criterion that `item` meets at `now`, as it is written; empty when it meets none.

    Only measurements after `since` count: what has fired once fires again only on what came afterwards.
    """
    if item.abort is None:
        return ""
    results = [(at, result) for at, result, _ in known.history if at > since]
    return _of_the_measured(item.abort, results, now) or _of_the_errors(item.abort, results, now)


class Near(msgspec.Struct, frozen=True):
    """How near a watch is to what it must not do."""

    bad: int = 0
    """Of the last `of` measurements."""
    of: int = 0
    at: int = 0
    """So many of them meet the criterion; 0: it is one of time."""
    seconds: float = 0.0
    """For which it has been bad without a break."""
    limit: float = 0.0

    @property
    def part(self) -> float:
        """How much of the way is gone: 1 is there."""
        return min(1.0, self.bad / self.at if self.at else self.seconds / self.limit if self.limit else 0.0)


def near(item: Item, known: ItemState, since: dt.datetime | None, now: dt.datetime) -> Near | None:
    """How near `item` is to its criterion of bad measurements; None when it has none.

    Only measurements after `since` count; None: none counts yet.
    """
    if item.abort is None:
        return None
    when = item.abort.when
    bad = _BAD | (_ERRORS if item.abort.errors is None else frozenset())
    results = [(at, result) for at, result, _ in known.history if since is not None and at > since]
    if item.abort.errors is not None:
        results = [(at, result) for at, result in results if result not in _ERRORS]
    if when.of:
        last = results[-when.of :]
        return Near(sum(result in bad for _, result in last), when.of, when.bad)
    begun = None
    for at, result in reversed(results):
        if result not in bad:
            break
        begun = at
    return Near(seconds=(now - begun).total_seconds() if begun is not None else 0.0, limit=when.seconds)


def _of_the_measured(abort: Abort, results: list[tuple[dt.datetime, str]], now: dt.datetime) -> str:
    if abort.errors is None:
        return str(abort.when) if _meets(abort.when, results, _BAD | _ERRORS, now) else ""
    measured = [(at, result) for at, result in results if result not in _ERRORS]
    return str(abort.when) if _meets(abort.when, measured, _BAD, now) else ""


def _of_the_errors(abort: Abort, results: list[tuple[dt.datetime, str]], now: dt.datetime) -> str:
    if abort.errors is None or not _meets(abort.errors, results, _ERRORS, now):
        return ""
    return f"{abort.errors} could not be measured"


def _meets(criterion: Criterion, results: list[tuple[dt.datetime, str]], bad: frozenset[str], now: dt.datetime) -> bool:
    if criterion.of:
        return sum(result in bad for _, result in results[-criterion.of :]) >= criterion.bad
    begun = None
    for at, result in reversed(results):
        if result not in bad:
            break
        begun = at
    return begun is not None and (now - begun).total_seconds() >= criterion.seconds
