"""A roll call that two users of the machine answer, each from their own login: who is who, the kernel says."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import grp
import os
import pwd
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.plan import Gate, Plan, Poll, Step
from cockpit.engine.client import Client, start_engine
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import Refused
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read
from cockpit.run import command as cmd
from tests.engine.test_engine_process import as_somebody_else
from tests.support.runs import HERE, document, manual

NOBODY = pwd.getpwuid(65534).pw_name

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act as another user")


@pytest.fixture
def run(state_home: Path) -> Iterator[RunFolder]:
    state_home.chmod(0o711)
    gate = Step("gate", "Go or no-go", HERE, gate=Gate((), Poll(("operations", "security"), 2)))
    of = msgspec.structs.replace(
        document(manual("owner")),
        plan=Plan((gate,)),
        positions={"operations": (getpass.getuser(),), "security": (NOBODY,), "management": ("ada",)},
    )
    opened = open_run(of, release="1.5.0", environment="production", run_kind="live", group="users")
    start_engine(opened)
    yield opened
    if (holder := holder_of(opened)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)


def ask(run: RunFolder, *commands: cmd.Command) -> str:
    """What the engine answers to a script of this user."""

    async def asked() -> list[str]:
        client = await Client.connect(run, "script")
        answers = [await client.command(command) for command in commands]
        await client.close()
        return [answer.reason if isinstance(answer, Refused) else "accepted" for answer in answers]

    return " | ".join(asyncio.run(asked()))


def test_each_position_answers_from_its_own_login_and_the_gate_opens_on_both(run: RunFolder) -> None:
    assert ask(run, cmd.OpenPoll("gate"), cmd.Answer("operations", True, "on call is there")) == "accepted | accepted"
    members = [grp.getgrnam("users").gr_gid]
    said = as_somebody_else(
        members,
        lambda: ask(
            run,
            cmd.Answer("operations", False, "not mine to say"),
            cmd.Answer("security", True, "keys rotated"),
            cmd.Answer("security", True, "for grace", relayed="grace"),
            cmd.Go("gate"),
        ),
    )
    refused_position, accepted, refused_relay, refused_go = said.split(" | ")
    assert refused_position.startswith(f"{NOBODY} does not hold the position operations")
    assert accepted == "accepted"
    assert refused_relay == "only the captain records the voice of somebody else"
    assert "is captain since" in refused_go
    assert ask(run, cmd.Go("gate")) == "accepted"
    events = list(read(run.journal))
    voices = {event.data.position: event.by.uid for event in events if isinstance(event.data, ev.PollAnswered)}
    assert voices == {"operations": 0, "security": 65534}
    opened = next(event.data for event in events if isinstance(event.data, ev.GateOpened))
    assert opened.go == {"operations": getpass.getuser(), "security": NOBODY}
