"""How a run begins: its folder, and the first event with the whole checklist in it."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterable, Sequence

import msgspec

from cockpit import __version__
from cockpit.checklist import drill, model
from cockpit.engine.earlier import earlier
from cockpit.engine.identity import myself
from cockpit.journal import folder
from cockpit.journal.event import BaselineTaken, Fault, RunOpened
from cockpit.journal.folder import RunFolder
from cockpit.journal.line import digest
from cockpit.journal.lock import Holder, RunLock
from cockpit.journal.writer import Writer


def open_run(
    document: model.Document,
    *,
    release: str,
    environment: str,
    run_kind: str,
    run_id: str = "",
    group: str = "",
    baseline: Iterable[BaselineTaken] = (),
    faults: Sequence[drill.Fault] = (),
) -> RunFolder:
    """Begin a run of `document`; whoever this process belongs to is captain from then on.

    Without `run_id` it gets one from the time and the release. With `group` the members of that Unix group may look
    on. `baseline` is what the run is compared with, `faults` what goes wrong in a drill.
    Raises ValueError when the id cannot be had, StateHomeUnusable or
    NotRecorded when the run cannot be kept, and GroupUnusable: then the run is there, for its owner alone.
    """
    if group:
        folder.group_id(group)
    now = dt.datetime.now(dt.UTC)
    name = run_id or folder.new_run_id(release or document.name, now, secrets.token_hex(2))
    run = folder.create(name)
    who = myself()
    lock = RunLock.acquire(run, Holder(os.getpid(), who, now))
    try:
        encoded = model.encode(document)
        known = earlier(document)
        opened = RunOpened(
            run=run.id,
            run_kind=run_kind,
            release=release,
            environment=environment,
            document=msgspec.Raw(encoded),
            digest=digest(encoded),
            tool=__version__,
            rehearsals=tuple(each.run for each in known.rehearsed),
            rehearsed=known.rehearsed,
            took=known.took,
            faults=tuple(_recorded(fault) for fault in faults),
        )
        writer = Writer.create(run.journal, who, opened, engine=myself(engine=True))
        try:
            if compared := [(who, each) for each in baseline]:
                writer.append(compared).result()
        finally:
            writer.close()
        if group:
            folder.share(run, group)
    finally:
        lock.release()
    return run


def _recorded(fault: drill.Fault) -> Fault:
    written = fault.model_dump(exclude={"unreachable", "for_"}, exclude_none=True)
    return msgspec.convert({**written, "lasts": fault.for_}, Fault)
