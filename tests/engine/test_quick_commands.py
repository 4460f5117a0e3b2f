"""Quick commands by a real engine: what reads leaves no event, what changes something is recorded before and after."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.model import Command, Host, Variable
from cockpit.engine.client import start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.journal.event import CommandBegun, CommandEnded
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read
from cockpit.run import command as cmd
from cockpit.run.standing import verdict
from cockpit.run.state import fold
from cockpit.views.run_view import Look
from tests.servers.ssh import Sshd
from tests.support.engines import kill_engine
from tests.support.runs import document, manual

SECRET = "sesame-open-1234"

Open = Callable[..., RunFolder]


@pytest.fixture
def open_one(state_home: Path) -> Iterator[Open]:
    """Opens a run with quick commands, and ends its engine."""
    opened: list[RunFolder] = []

    def open_it(*commands: Command, run_kind: str = "live", hosts: tuple[Host, ...] = ()) -> RunFolder:
        of = msgspec.structs.replace(
            document(manual("owner")),
            commands=commands,
            hosts=hosts,
            variables=(Variable("token", secret=True, is_set=True, env="TOKEN_OF_TEST"),),
        )
        run = open_run(of, release="1.0", environment="test", run_kind=run_kind)
        opened.append(run)
        start_engine(run)
        return run

    yield open_it
    for run in opened:
        kill_engine(run)


async def until(view: LiveRun, holds: Callable[[], object], within: float = 20.0) -> None:
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.05)


def looking(run: RunFolder, body: Callable[[LiveRun], object], role: str = "captain") -> None:
    async def play() -> None:
        view = LiveRun(run, role)
        await view.start()
        try:
            await body(view)
        finally:
            await view.stop()

    asyncio.run(play())


def look_of(view: LiveRun, command: str) -> Look | None:
    return next((look for look in view.link.looks if look.command == command), None)


def over(view: LiveRun, command: str) -> bool:
    look = look_of(view, command)
    return look is not None and look.over


def test_what_reads_is_open_to_an_observer_leaves_no_event_and_shows_its_output_without_the_secret(
    open_one: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", SECRET)
    run = open_one(Command("show", "Show", 'echo "<${token}>"; test "${token}" = sesame-open-1234 && echo same'))

    async def look(view: LiveRun) -> None:
        before = view.state.seq
        assert (await view.send(cmd.RunCommand("show"))).accepted
        await until(view, lambda: over(view, "show"))
        found = look_of(view, "show")
        assert found.done, found.summary
        await until(view, lambda: (seen := view.printed_by("show", found.number)) is not None and len(seen.lines) > 1)
        assert view.printed_by("show", found.number).lines == ("<***token***>", "same")
        assert not [event for event in read(run.journal) if event.seq > before and "command" in event.kind]

    looking(run, look, "observer")


def test_a_secret_stands_in_no_argument_of_the_shell(open_one: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", SECRET)
    run = open_one(Command("wait", "Wait", 'echo "${token}" > /dev/null; echo begun; sleep 60'))

    async def look(view: LiveRun) -> None:
        await view.send(cmd.RunCommand("wait"))
        await until(view, lambda: look_of(view, "wait") is not None)
        number = look_of(view, "wait").number
        await until(view, lambda: (seen := view.printed_by("wait", number)) is not None and seen.lines)
        listed = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, encoding="utf-8", check=True).stdout
        assert "echo begun; sleep 60" in listed
        assert SECRET not in listed

    looking(run, look)


def test_what_reads_is_ended_on_demand_and_when_nobody_looks_on(open_one: Open) -> None:
    run = open_one(Command("follow", "Follow", "echo $$; while sleep 0.1; do echo line; done"))
    pids: list[int] = []

    async def begun(view: LiveRun) -> None:
        await view.send(cmd.RunCommand("follow"))
        await until(view, lambda: (known := look_of(view, "follow")) is not None and not known.over)
        number = look_of(view, "follow").number
        await until(view, lambda: (seen := view.printed_by("follow", number)) is not None and len(seen.lines) > 1)
        pids.append(int(view.printed_by("follow", number).lines[0]))

    async def first(view: LiveRun) -> None:
        await begun(view)
        await view.send(cmd.StopCommand("follow"))
        await until(view, lambda: over(view, "follow"))
        assert look_of(view, "follow").stopped
        await begun(view)

    looking(run, first)  # and leaves
    ends = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_what_changes_something_is_recorded_before_and_after_by_the_captain_alone(
    open_one: Open, tmp_path: Path
) -> None:
    run = open_one(Command("restart", "Restart", f"echo restarting; echo x >> {tmp_path / 'done'}", changes=True))

    async def onlooker(view: LiveRun) -> None:
        assert "captain" in (await view.send(cmd.RunCommand("restart"))).reason

    async def captain(view: LiveRun) -> None:
        looking_on = LiveRun(run, "observer")
        await looking_on.start()
        await onlooker(looking_on)
        await looking_on.stop()
        assert (await view.send(cmd.RunCommand("restart"))).accepted
        await until(view, lambda: view.state.commands["restart"].ended)

    looking(run, captain)
    begun, ended = [event.data for event in read(run.journal) if isinstance(event.data, CommandBegun | CommandEnded)]
    assert begun == CommandBegun("restart", 1, f"echo restarting; echo x >> {tmp_path / 'done'}")
    assert (ended.done, ended.status, ended.output) == (True, 0, "restarting\n")
    assert (tmp_path / "done").read_text() == "x\n"


def test_in_a_rehearsal_what_changes_something_is_shown_and_not_done(open_one: Open, tmp_path: Path) -> None:
    run = open_one(Command("restart", "Restart", f"touch {tmp_path / 'done'}", changes=True), run_kind="rehearsal")

    async def captain(view: LiveRun) -> None:
        assert (await view.send(cmd.RunCommand("restart"))).accepted
        assert view.state.commands["restart"].ended.summary == "shown, and not done: a rehearsal"
        await asyncio.sleep(0.5)

    looking(run, captain)
    assert not (tmp_path / "done").exists()


def test_what_changes_something_outlives_its_engine_and_is_never_run_again(open_one: Open, tmp_path: Path) -> None:
    log = tmp_path / "log"
    run = open_one(Command("slow", "Slow", f"echo begun >> {log}; sleep 2; echo over >> {log}", changes=True))

    async def begin(view: LiveRun) -> None:
        await view.send(cmd.RunCommand("slow"))
        await until(view, log.exists)

    looking(run, begin)
    os.kill(holder_of(run).pid, signal.SIGKILL)

    async def come_back(view: LiveRun) -> None:
        await until(view, lambda: view.state.commands["slow"].ended)
        assert view.state.commands["slow"].ended.done

    looking(run, come_back)
    assert log.read_text().split() == ["begun", "over"]


def test_what_was_cut_off_is_in_doubt(open_one: Open) -> None:
    run = open_one(Command("slow", "Slow", "echo begun; sleep 60", changes=True))

    async def cut_off(view: LiveRun) -> None:
        await view.send(cmd.RunCommand("slow"))
        await until(view, lambda: (seen := view.printed_by("slow", 1)) is not None and seen.lines)
        assert (await view.send(cmd.StopCommand("slow"))).accepted
        await until(view, lambda: view.state.commands["slow"].ended)
        ended = view.state.commands["slow"].ended
        assert ended.unknown
        assert "may or may not have happened" in ended.summary

    looking(run, cut_off)
    told = subprocess.run(
        [sys.executable, "-m", "cockpit", "status", run.id, "--json"], capture_output=True, text=True, check=True
    )
    (ran,) = json.loads(told.stdout)["commands"]
    assert (ran["id"], ran["done"], ran["doubt"], ran["doubts"]) == ("slow", None, True, 1)
    assert "1 quick command in doubt" in verdict(fold(read(run.journal)), dt.datetime.now(dt.UTC)).asterisks


def test_a_command_whose_secret_is_missing_is_not_started_and_says_why(open_one: Open) -> None:
    run = open_one(Command("show", "Show", 'echo "${token}"'))

    async def look(view: LiveRun) -> None:
        await view.send(cmd.RunCommand("show"))
        await until(view, lambda: over(view, "show"))
        assert look_of(view, "show").summary.startswith("not started: variable token")
        assert not look_of(view, "show").done

    looking(run, look)


def test_an_engine_that_was_killed_leaves_no_reading_command_behind(open_one: Open) -> None:
    run = open_one(Command("follow", "Follow", "echo $$; sleep 300"))
    pids: list[int] = []

    async def begin(view: LiveRun) -> None:
        await view.send(cmd.RunCommand("follow"))
        await until(view, lambda: look_of(view, "follow") is not None)
        number = look_of(view, "follow").number
        await until(view, lambda: (seen := view.printed_by("follow", number)) is not None and seen.lines)
        pids.append(int(view.printed_by("follow", number).lines[0]))
        os.kill(holder_of(run).pid, signal.SIGKILL)
        await until(view, lambda: not Path(f"/proc/{pids[0]}").exists(), within=30)

    looking(run, begin)


@pytest.mark.server
def test_a_command_runs_on_its_host(open_one: Open, ssh_server: Sshd) -> None:
    host = ssh_server.host("app1")
    run = open_one(Command("where", "Where", 'echo "from ${SSH_CONNECTION%% *}"', host="app1"), hosts=(host,))

    async def look(view: LiveRun) -> None:
        await view.send(cmd.RunCommand("where"))
        await until(view, lambda: over(view, "where"))
        found = look_of(view, "where")
        assert found.done, found.summary
        await until(view, lambda: (seen := view.printed_by("where", found.number)) is not None and seen.lines)
        assert view.printed_by("where", found.number).lines[0].startswith("from ")

    looking(run, look)
