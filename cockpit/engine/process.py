"""The engine process, from taking the run's lock to letting go of it.

It is started on demand by a viewer, in its own session, and outlives the terminal. It ends when the run is closed, on
SIGTERM, or after an idle time with no viewer.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from cockpit import __version__
from cockpit.actions.registry import kinds as actions
from cockpit.checks.registry import kinds
from cockpit.connect import open_files
from cockpit.connect.memory import keep_private
from cockpit.engine.conductor import Conductor
from cockpit.engine.identity import myself
from cockpit.engine.record import RunRecord
from cockpit.engine.server import Server
from cockpit.journal.disk import UnsafePath
from cockpit.journal.event import EngineStarted, EngineStopped
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import Holder, LockHeld, RunLock
from cockpit.journal.reader import JournalUnreadable
from cockpit.journal.writer import NotRecorded, Writer
from cockpit.run.procedure import Phase
from cockpit.run.state import State
from cockpit.run.way import action_of, current
from cockpit.text import without_secrets

IDLE_HOURS = 12.0
"""How long an engine waits with no viewer; the environment variable COCKPIT_IDLE_HOURS sets another time."""

TELL_AFTER_CLOSE = 60.0
"""Seconds in which people are told of what happened last, once the run is closed."""

TELL_BEFORE_STOP = 5.0
"""Seconds for what is being sent, when the engine is to stop: the next one goes on with what is left."""

LET_GO_AFTER_CLOSE = 1.0
"""Seconds for viewers to hear of the last event before the socket goes."""


def carry(folder: Path, passphrases: Mapping[str, str]) -> int:
    """Carry the run in `folder` to its end; the exit status says how: 0 well, 3 could not, 4 another engine does.

    `passphrases` are those of SSH keys, by the path of the key.
    """
    os.umask(0o077)
    os.chdir("/")
    open_files.allow_many()
    keep_private()
    _log_without_secrets()
    run = RunFolder(folder)
    try:
        lock = RunLock.acquire(run, Holder(os.getpid(), myself(engine=True), dt.datetime.now(dt.UTC)))
    except LockHeld:
        return 4
    try:
        writer = Writer.resume(run.journal, engine=myself(engine=True))
    except (JournalUnreadable, UnsafePath, NotRecorded, OSError) as problem:
        logging.getLogger(__name__).error("the run cannot be taken up: %s", problem)  # noqa: TRY400 - no traceback
        return 3
    try:
        asyncio.run(_carry(run, writer, passphrases))
    except Exception:
        logging.getLogger(__name__).exception("the engine stumbled")
        return 3
    finally:
        lock.release()
    return 0


def _log_without_secrets() -> None:
    class WithoutSecrets(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return without_secrets(super().format(record))

    said = logging.StreamHandler()
    said.setFormatter(WithoutSecrets("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[said])


async def _carry(run: RunFolder, writer: Writer, passphrases: Mapping[str, str]) -> None:
    told = _told_to_stop()
    record = RunRecord(writer)
    before = record.state.engine
    after = "" if before is None else ("stopped" if before.stopped else "died")
    if record.state.closed is None:
        with contextlib.suppress(NotRecorded):  # a full disk: the run can still be looked at, and says so
            await record.record(record.engine, EngineStarted(os.getpid(), __version__, after))
    conductor = Conductor(record, kinds(), os.environ, actions=actions(), run=run, passphrases=passphrases)
    await conductor.learn()
    server = Server(conductor)
    await server.start(run)
    measuring = asyncio.create_task(conductor.run())
    reason = await _end(record, server, measuring, told)
    await conductor.telling.rest(TELL_BEFORE_STOP if record.state.closed is None else TELL_AFTER_CLOSE)
    measuring.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await measuring
    if record.state.closed is None:
        with contextlib.suppress(NotRecorded):
            await record.record(record.engine, EngineStopped(reason))
    await asyncio.sleep(LET_GO_AFTER_CLOSE if record.state.closed else 0)
    await server.stop()
    run.socket.unlink(missing_ok=True)
    record.close()


def _works(state: State) -> bool:
    """Whether an action is under way, is verified or soaks: somebody has to see to its end. A person's act can wait."""
    here = current(state)
    if here is None or here.doing.phase not in (Phase.RUNNING, Phase.VERIFYING, Phase.SOAKING):
        return False
    action = action_of(here)
    return action is not None and action.kind != "manual"


def _told_to_stop() -> asyncio.Event:
    """Set on SIGTERM and SIGINT from now on; a terminal that hangs up is no concern of ours."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return told


async def _end(record: RunRecord, server: Server, measuring: asyncio.Task[None], told: asyncio.Event) -> str:
    """Wait for a reason to end, and return it."""
    loop = asyncio.get_running_loop()
    idle = float(os.environ.get("COCKPIT_IDLE_HOURS") or IDLE_HOURS) * 3600
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await told.wait()
        if told.is_set():
            return "told to stop"
        if record.state.closed is not None:
            return "the run was closed"
        if loop.time() - server.idle_since > idle and not _works(record.state):
            return f"nobody looked on for {idle / 3600:g} hours"
        if measuring.done():
            measuring.result()
