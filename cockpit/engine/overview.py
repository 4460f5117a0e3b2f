"""What runs there are, at a glance: from the first and the last line of each journal, and whether its lock is held."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import msgspec

from cockpit.journal import event as ev
from cockpit.journal import folder
from cockpit.journal.event import Actor, Event
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of

_TAIL = 128 * 1024
"""Bytes that surely hold the last line: twice the longest line but the first."""


class _Name(msgspec.Struct, frozen=True):
    name: str


class RunSummary(msgspec.Struct, frozen=True):
    """One run, as a list shows it."""

    folder: RunFolder
    release: str = ""
    environment: str = ""
    run_kind: str = ""
    checklist: str = ""
    digest: str = ""
    opened: dt.datetime | None = None
    opened_by: Actor | None = None
    last: dt.datetime | None = None
    """When something was last recorded."""
    closed: bool = False
    verdict: str = ""
    engine_alive: bool = False
    problem: str = ""
    """Why no more can be told: the journal is empty or damaged at an end."""

    @property
    def under_way(self) -> bool:
        """It can be gone on with."""
        return not self.closed and not self.problem


def summaries() -> list[RunSummary]:
    """Every run here, newest first."""
    return [summarise(run) for run in folder.runs()]


def summarise(run: RunFolder) -> RunSummary:
    """One run at a glance."""
    try:
        first, last = _ends(run.journal)
    except (OSError, ValueError, msgspec.DecodeError) as problem:
        return RunSummary(run, problem=f"its journal cannot be read: {problem}")
    opened = first.data
    if not isinstance(opened, ev.RunOpened):
        return RunSummary(run, problem="its journal does not open a run")
    return RunSummary(
        folder=run,
        release=opened.release,
        environment=opened.environment,
        run_kind=opened.run_kind,
        checklist=msgspec.json.decode(opened.document, type=_Name).name,
        digest=opened.digest,
        opened=first.at,
        opened_by=first.by,
        last=last.at,
        closed=isinstance(last.data, ev.RunClosed),
        verdict=last.data.verdict if isinstance(last.data, ev.RunClosed) else "",
        engine_alive=holder_of(run) is not None,
    )


def _ends(journal: Path) -> tuple[Event, Event]:
    """The first and the last whole event. Raises ValueError when there is none."""
    with journal.open("rb") as file:
        first = file.readline()
        if not first.endswith(b"\n"):
            raise ValueError("it is empty")
        size = file.seek(0, os.SEEK_END)
        file.seek(max(len(first), size - _TAIL))
        whole = file.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
    return ev.decode(first), ev.decode(whole or first)
