"""Where notifications arrive, and a run that tells somebody."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.model import Addressee, Document, Variable
from cockpit.engine.client import start_engine
from cockpit.engine.opening import open_run
from cockpit.journal.event import Event
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read
from tests.servers.post import Mailbox, Receiver, mailbox, receiver
from tests.support.runs import document, manual

EVERYTHING = ("milestone", "hold", "failure", "poll", "doubt", "rollback", "abort", "command", "engine", "closed")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiver() as made:
        yield made


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    """A mail server."""
    with mailbox() as made:
        yield made


@pytest.fixture
def home(state_home: Path) -> Iterator[Path]:
    """The state home; engines that live on are killed after the test."""
    yield state_home
    for lock in state_home.glob("**/runs/*/lock"):
        end(RunFolder(lock.parent))


def telling(*told: Addressee, variables: tuple[Variable, ...] = ()) -> Document:
    """A checklist that tells somebody."""
    return msgspec.structs.replace(document(manual("owner")), notify=told, variables=variables)


def begin(of: Document, *, run_kind: str = "live") -> RunFolder:
    """A run with its engine."""
    run = open_run(of, release="1.5.0", environment="production", run_kind=run_kind)
    start_engine(run)
    return run


def end(run: RunFolder, how: signal.Signals = signal.SIGKILL) -> None:
    """End the engine of a run, if it lives, and wait for that."""
    holder = holder_of(run)
    if holder is None:
        return
    os.kill(holder.pid, how)
    until(lambda: holder_of(run) is None)


def until(holds: Callable[[], object], within: float = 20.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)


def events(run: RunFolder, kind: str) -> list[Event]:
    """The events of a kind that are on disk."""
    return [event for event in read(run.journal) if event.kind == kind]
