"""The quick commands of a run that change something: what was run, where, and how it ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.text import safe_line


class QuickStory(msgspec.Struct, frozen=True):
    """A quick command that was carried out."""

    command: str
    """Its id."""
    at: dt.datetime
    by: str
    exact: str
    """Exactly what was run, secrets hidden."""
    host: str
    """Where; empty: where the engine ran."""
    outcome: str = "under way"
    """`done`, `failed`, `in doubt`, `shown` (a rehearsal), or `under way`."""
    summary: str = ""
    seconds: float = 0.0


def quick_commands(events: Iterable[Event]) -> tuple[QuickStory, ...]:
    """Every one that was begun, in order."""
    found: dict[tuple[str, int], QuickStory] = {}
    for event in events:
        data = event.data
        if isinstance(data, ev.CommandBegun):
            found[data.command, data.number] = QuickStory(
                safe_line(data.command),
                event.at,
                safe_line(event.by.user),
                safe_line(data.action),
                safe_line(data.host),
                "shown" if data.rehearsed else "under way",
            )
        elif isinstance(data, ev.CommandEnded) and (begun := found.get((data.command, data.number))) is not None:
            found[data.command, data.number] = msgspec.structs.replace(
                begun,
                outcome=begun.outcome if begun.outcome == "shown" else _outcome(data),
                summary=safe_line(data.summary),
                seconds=data.took,
            )
    return tuple(found.values())


def _outcome(data: ev.CommandEnded) -> str:
    if data.unknown:
        return "in doubt"
    return "done" if data.done else "failed"
