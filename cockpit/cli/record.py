"""A run or a journal named on the command line, found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli.exits import Ended, Exit

if TYPE_CHECKING:
    from cockpit.checklist.model import Document
    from cockpit.journal.event import Event
    from cockpit.journal.reader import JournalDamaged


def journal_path(name: str) -> Path:
    """The journal that `name` means: a journal file, the folder of a run, or a run by its id or how that begins.

    Raises Ended when there is no such file, NoSuchRun when there is no such run.
    """
    from cockpit.journal.folder import RunFolder, find

    path = Path(name)
    if path.is_dir():
        return RunFolder(path).journal
    if path.exists():
        return path
    if os.sep in name or name.endswith(".jsonl"):
        raise Ended(Exit.WRONG, f"{name}: there is no such file")
    return find(name).journal


def opened_document(name: str) -> Document:
    """The checklist of the run or journal that `name` means, from its first event."""
    from cockpit.checklist.model import decode
    from cockpit.journal.event import RunOpened
    from cockpit.journal.reader import read

    first = next(read(journal_path(name))).data
    assert isinstance(first, RunOpened)  # the reader accepts no other beginning
    return decode(bytes(first.document))


def events_of(path: Path) -> tuple[list[Event], JournalDamaged | None]:
    """The events of a journal; of a damaged one those before the damage, and that. Raises JournalUnreadable."""
    from cockpit.journal.reader import JournalDamaged, NotAJournal, read
    from cockpit.text import safe_line

    events: list[Event] = []
    try:
        for event in read(path):
            events.append(event)  # noqa: PERF402 - what came before the damage is kept
    except JournalDamaged as damage:
        if not events:
            raise
        return events, damage
    if not events:
        raise NotAJournal(f"{safe_line(str(path))} holds no whole event")
    return events, None
