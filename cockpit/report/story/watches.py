"""The watches: each figure over time, the threshold it is held to, and the worst that it came to."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence

from cockpit.journal import event as ev
from cockpit.journal.event import CheckMeasured, Event
from cockpit.report.story.items import item_story
from cockpit.report.story.model import WatchStory
from cockpit.run.difference import number_of
from cockpit.run.state import State
from cockpit.text import safe_line

_COMPARISON = re.compile(
    r"""\s*(?P<name>[\w.\[\]'"-]+)\s*(?P<bound><=|<|>=|>)\s*(?P<limit>\d+(?:\.\d+)?|duration\(['"][^'"]+['"]\))\s*"""
)
_LARGEST = 1e100
"""No figure that means anything is larger, and the geometry of a larger one overflows."""

_NEAR = 0.02
"""How far, as a part of it, the shown value of a name may be from the figure that it is: it is shown rounded."""


def watches(events: Iterable[Event], state: State, now: dt.datetime) -> tuple[WatchStory, ...]:
    """Every watch that counts in this run, as it stands at `now`."""
    measured: dict[str, list[tuple[dt.datetime, CheckMeasured]]] = {}
    wanted = {item.id for item in state.document.watch if not item.excluded}
    for event in events:
        data = event.data
        if isinstance(data, ev.CheckMeasured) and data.item in wanted:
            measured.setdefault(data.item, []).append((event.at, data))
    stories = []
    for item in state.document.watch:
        if item.excluded:
            continue
        mine = measured.get(item.id, [])
        limit, bound, unit = _threshold([result for _, result in mine])
        unit = unit or next((result.unit for _, result in reversed(mine) if result.unit), "")
        series = tuple((at, result.value, result.result) for at, result in mine if _plottable(result.value))
        stories.append(
            WatchStory(
                item_story(item, state, now),
                series,  # type: ignore[arg-type] # each value is a number: _plottable says so
                safe_line(item.target),
                limit,
                bound,
                _worst([value for _, value, _ in series if value is not None], bound),
                unit,
            )
        )
    return tuple(stories)


def _plottable(value: float | None) -> bool:
    return value is not None and abs(value) < _LARGEST


def _worst(values: Sequence[float], bound: str) -> float | None:
    if not values:
        return None
    return min(values) if bound.startswith(">") else max(values)


def _threshold(results: Sequence[CheckMeasured]) -> tuple[float | None, str, str]:
    """The number that the figure is compared with by a condition, how, and its unit.

    A condition is about the figure when what was found for its name is the figure.
    """
    for result in reversed(results):
        if result.value is None:
            continue
        for finding in result.findings:
            match = _COMPARISON.fullmatch(finding.condition)
            if match is None:
                continue
            shown = finding.found.get(match["name"], "")
            found = number_of(shown)
            text = re.sub(r"^duration\(['\"]|['\"]\)$", "", match["limit"])
            limit = number_of(text)
            if found is not None and limit is not None and math.isclose(found, result.value, rel_tol=_NEAR):
                return limit, match["bound"], "s" if text != match["limit"] or shown.endswith("s") else ""
    return None, "", ""
