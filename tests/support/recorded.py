"""A run that is on the disk, as the engine would have written it."""

from __future__ import annotations

import msgspec

from cockpit.checklist import model
from cockpit.journal import folder
from cockpit.journal.event import HoldReleased, HoldStarted, ItemConfirmed, RunClosed, RunOpened
from cockpit.journal.folder import RunFolder
from cockpit.journal.line import digest
from cockpit.journal.writer import Writer
from tests.support.runs import ADA, ENGINE, document, manual

RUN = "20261201-2130-2.4.0"


def begin() -> tuple[RunFolder, Writer]:
    """A run that has just been opened by ada, and what its journal is written with."""
    raw = model.encode(document(manual("backup-tested")))
    opened = RunOpened(RUN, "live", "2.4.0", "production", msgspec.Raw(raw), digest(raw), "0.1.0")
    run = folder.create(RUN)
    return run, Writer.create(run.journal, ADA, opened, engine=ENGINE)


def closed() -> RunFolder:
    """A run with five events: held, released, an item confirmed with a value that is no plain text, closed."""
    run, writer = begin()
    confirmed = ItemConfirmed("backup-tested", "restored \x1b[31m in 41 minutes")
    for data in (HoldStarted("database is slow"), HoldReleased("fixed"), confirmed, RunClosed("GOOD")):
        writer.append([(ADA, data)]).result()
    writer.close()
    return run
