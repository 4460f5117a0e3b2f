"""Whether a watch does what it must not do."""

from __future__ import annotations

import datetime as dt

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
