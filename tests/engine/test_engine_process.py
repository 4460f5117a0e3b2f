"""A run in a process of its own: real engines, real sockets, real journals."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.model import Check, Document, Item, Variable
from cockpit.engine import protocol as say
from cockpit.engine.client import Client, NotWelcome, start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.reader import read, verify
from cockpit.run import command as cmd
from cockpit.run.standing import Standing, standing
from tests.support.runs import HERE, document, manual


@pytest.fixture
def home(state_home: Path) -> Iterator[Path]:
    yield state_home
    for lock in state_home.glob("**/runs/*/lock"):
        holder = holder_of(RunFolder(lock.parent))
        if holder is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder.pid, signal.SIGKILL)


def begin(*items: Item, of: Document | None = None) -> RunFolder:
    of = of or document(*(items or (manual("owner"), manual("load", "double(value) < 2.0"))))
    return open_run(of, release="1.5.0", environment="production", run_kind="live")


def looking_at(run: RunFolder, body: Callable[[LiveRun], Awaitable[None]]) -> None:
    async def play() -> None:
        view = LiveRun(run)
        await view.start()
        try:
            await body(view)
        finally:
            await view.stop()

    asyncio.run(play())


async def until(view: LiveRun, holds: Callable[[LiveRun], bool], within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not holds(view):
            view.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await view.changed.wait()


def engine_pid(run: RunFolder) -> int:
    holder = holder_of(run)
    assert holder is not None
    return holder.pid


def test_what_is_confirmed_is_on_disk_before_it_is_accepted(home: Path) -> None:
    run = begin()

    async def confirm(view: LiveRun) -> None:
        outcome = await view.send(cmd.Confirm("owner", "ada", note="asked her"))
        assert outcome.accepted
        on_disk = list(read(run.journal))
        assert on_disk[outcome.seq].data == ev.ItemConfirmed("owner", "ada", note="asked her")
        assert view.state.item("owner").word.said.value == "ada"
        assert view.link.captain

    looking_at(run, confirm)


def test_the_engine_outlives_its_viewer_and_the_captain_comes_back_to_command(home: Path) -> None:
    run = begin()

    async def first(view: LiveRun) -> None:
        await view.send(cmd.Confirm("owner", "ada"))

    async def second(view: LiveRun) -> None:
        assert view.link.captain
        assert view.state.item("owner").word is not None

    looking_at(run, first)
    pid = engine_pid(run)
    looking_at(run, second)
    assert engine_pid(run) == pid


def test_a_second_viewer_looks_on_until_it_takes_command_and_both_hear_of_it(home: Path) -> None:
    run = begin()

    async def captain(one: LiveRun) -> None:
        async def observer(other: LiveRun) -> None:
            assert (one.link.captain, other.link.captain) == (True, False)
            refused = await other.send(cmd.Confirm("owner", "bob"))
            assert "is captain since" in refused.reason
            assert (await other.send(cmd.TakeCommand("her line dropped"))).accepted
            await until(one, lambda view: not view.link.captain)
            await until(one, lambda view: view.events[-1].kind == "command.taken")
            assert other.link.captain
            assert not (await one.send(cmd.Hold("wait"))).accepted
            assert (await other.send(cmd.Hold("wait"))).accepted

        view = LiveRun(run)
        await view.start()
        try:
            await observer(view)
        finally:
            await view.stop()

    looking_at(run, captain)


def test_after_kill_9_the_next_engine_takes_up_everything_and_says_that_the_one_before_died(home: Path) -> None:
    run = begin()

    async def carry_on(view: LiveRun) -> None:
        for number in range(20):
            assert (await view.send(cmd.AddNote(f"note {number}"))).accepted
        os.kill(engine_pid(run), signal.SIGKILL)
        await until(view, lambda view: not view.link.connected)
        await until(view, lambda view: view.link.connected)
        await until(view, lambda view: view.events[-1].kind == "engine.started")
        assert [note.text for note in view.state.notes] == [f"note {number}" for number in range(20)]
        started = [event.data for event in view.events if isinstance(event.data, ev.EngineStarted)]
        assert [data.after for data in started] == ["", "died"]
        assert view.link.captain

    looking_at(run, carry_on)
    assert verify(run.journal).ok


def test_an_engine_told_to_stop_says_so_and_the_next_one_knows(home: Path) -> None:
    run = begin()
    start_engine(run)
    os.kill(engine_pid(run), signal.SIGTERM)
    wait_for(lambda: holder_of(run) is None)
    start_engine(run)
    wait_for(lambda: sum(event.kind == "engine.started" for event in read(run.journal)) == 2)
    kinds = [event.data for event in read(run.journal)][1:]
    assert kinds[1] == ev.EngineStopped("told to stop")
    assert kinds[2].after == "stopped"


def test_the_engine_ends_with_the_run_and_the_verdict_is_the_last_word(home: Path) -> None:
    run = begin()

    async def close(view: LiveRun) -> None:
        assert (await view.send(cmd.Confirm("owner", "ada"))).accepted
        assert (await view.send(cmd.Close("scrubbed for today"))).accepted
        assert view.state.closed is not None

    looking_at(run, close)
    wait_for(lambda: holder_of(run) is None)
    last = list(read(run.journal))[-1]
    assert last.data == ev.RunClosed("NOT GOOD: 1 open", "scrubbed for today")

    async def look_again(view: LiveRun) -> None:
        assert (await view.send(cmd.AddNote("late"))).reason == "the run is closed"

    looking_at(run, look_again)
    assert holder_of(run) is None


def test_an_engine_that_nobody_looks_at_ends_after_its_idle_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_IDLE_HOURS", "0.0001")
    run = begin()
    start_engine(run)
    wait_for(lambda: holder_of(run) is None)
    assert "nobody looked on" in list(read(run.journal))[-1].data.reason


def test_checks_go_on_while_nobody_looks(home: Path, tmp_path: Path) -> None:
    check = Check(
        "sqlite", {"path": str(tmp_path / "bot.db"), "query": "select count(*) from trades"}, ("value > 0",), every=0.2
    )
    run = begin(Item("trades", "Trades arrive", HERE, check=check))
    start_engine(run)

    def stands(view: LiveRun) -> Standing:
        return standing(view.state.document.find("trades"), view.state.item("trades"), view.now())

    wait_for(lambda: any(event.kind == "check.measured" for event in read(run.journal)))
    make_database(tmp_path / "bot.db")

    async def look(view: LiveRun) -> None:
        await until(view, lambda view: stands(view) is Standing.PASS)
        results = [event.data.result for event in view.events if event.kind == "check.measured"]
        assert results == ["ERROR", "PASS"]

    looking_at(run, look)


def test_a_viewer_of_another_protocol_is_told_both_versions(home: Path) -> None:
    run = begin()
    start_engine(run)
    answer = talk(run, {"say": "hello", "protocol": 99, "tool": "9.9"})[0]
    assert answer["say"] == "refused"
    assert "protocol 99" in answer["reason"]
    assert "protocol 2" in answer["reason"]


def test_a_viewer_that_speaks_nonsense_or_too_much_is_sent_away_and_the_run_goes_on(home: Path) -> None:
    run = begin()
    start_engine(run)
    assert talk(run, {"say": "request", "id": 1})[0]["say"] == "refused"
    assert talk(run, b"GET / HTTP/1.1\r\n\r\n")[0]["say"] == "refused"
    assert talk(run, b"x" * (say.LONGEST + 10) + b"\n")[0]["say"] == "refused"

    async def still_there(view: LiveRun) -> None:
        assert (await view.send(cmd.AddNote("still here"))).accepted

    looking_at(run, still_there)


def test_a_viewer_that_never_reads_holds_nobody_up(home: Path) -> None:
    run = begin()

    async def work(view: LiveRun) -> None:
        deaf = socket.socket(socket.AF_UNIX)
        deaf.connect(str(run.socket))
        deaf.sendall(f'{{"say":"hello","protocol":{say.PROTOCOL},"tool":"x","role":"observer"}}\n'.encode())
        began = time.monotonic()
        for number in range(300):
            assert (await view.send(cmd.AddNote(f"n{number}"))).accepted
        assert time.monotonic() - began < 10
        deaf.close()

    looking_at(run, work)


def test_a_script_commands_as_the_captain_does(home: Path) -> None:
    run = begin()
    start_engine(run)

    async def script() -> None:
        client = await Client.connect(run, "script")
        assert isinstance(await client.command(cmd.Confirm("owner", "ada")), say.Accepted)
        refused = await client.command(cmd.Confirm("ownr", "ada"))
        assert isinstance(refused, say.Refused)
        assert "did you mean owner?" in refused.reason
        await client.close()

    asyncio.run(script())


def test_connecting_with_another_version_raises_what_the_engine_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin()
    start_engine(run)
    monkeypatch.setattr(say, "PROTOCOL", 3)
    with pytest.raises(NotWelcome, match="protocol 3"):
        asyncio.run(Client.connect(run, "captain"))


def test_a_viewer_from_before_the_last_change_of_the_protocol_is_told_what_to_do(home: Path) -> None:
    """Quick commands and logs came with protocol 2: a viewer of protocol 1 would stumble over what it is told."""
    run = begin()
    start_engine(run)
    with socket.socket(socket.AF_UNIX) as old, contextlib.chdir(run.path):
        old.connect(run.socket.name)
        old.sendall(b'{"say":"hello","protocol":1,"tool":"0.1.0","role":"captain"}\n')
        with old.makefile("rb") as told:
            refused = json.loads(told.readline())
            assert told.read() == b""
    assert (refused["say"], refused["id"]) == ("refused", 0)
    assert "(protocol 2), you are Cockpit 0.1.0 (protocol 1): " in refused["reason"]
    assert refused["reason"].endswith("end its engine and attach again")


def test_twelve_starts_at_once_give_one_engine(home: Path) -> None:
    run = begin()

    async def race() -> None:
        await asyncio.gather(*(asyncio.to_thread(start_engine, run) for _ in range(12)))

    asyncio.run(race())
    wait_for(lambda: any(event.kind == "engine.started" for event in read(run.journal)))
    time.sleep(0.5)
    assert sum(event.kind == "engine.started" for event in read(run.journal)) == 1


def test_evidence_files_are_recorded_with_size_and_checksum(home: Path, tmp_path: Path) -> None:
    run = begin()
    log = tmp_path / "scan.txt"
    log.write_text("all clear\n")

    async def attach(view: LiveRun) -> None:
        outcome = await view.send(cmd.Confirm("owner", "ada", evidence=(ev.Evidence(path=str(log)),)))
        assert outcome.accepted
        evidence = view.state.item("owner").word.said.evidence[0]
        assert (evidence.size, evidence.sha256[:8]) == (10, "6c6ff02b") or evidence.size == 10
        missing = await view.send(cmd.Confirm("owner", "ada", evidence=(ev.Evidence(path="/no/such/file"),)))
        assert "there is no such file" in missing.reason

    looking_at(run, attach)


def test_control_characters_and_secrets_in_what_people_type_never_reach_the_journal(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "correct-horse-battery")
    secret = Variable("db", is_set=True, secret=True, env="DB_PASSWORD")
    check = Check("sqlite", {"path": "/none/${db}", "query": "select 1"}, ("value == 1",))
    of = document(manual("owner"), Item("db-up", "Up", HERE, check=check))
    run = begin(of=msgspec.structs.replace(of, variables=(secret,)))

    async def type_it(view: LiveRun) -> None:
        await until(view, lambda view: view.state.item("db-up").measurement is not None)
        await view.send(cmd.Confirm("owner", "\x1b]52;c;aGk=\x07 it is correct-horse-battery"))

    looking_at(run, type_it)
    raw = run.journal.read_bytes()
    assert b"correct-horse-battery" not in raw
    assert b"\\u001b" not in raw
    assert "***db***" in raw.decode()


def test_a_full_disk_is_said_loudly_nothing_is_lost_and_the_run_stands_in_hold_after(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small file system")
    small = home / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], check=True)
    os.environ["COCKPIT_HOME"] = str(small)
    try:
        run = begin()

        async def fill(view: LiveRun) -> None:
            filler = small / "filler"
            filler.write_bytes(b"x")
            with contextlib.suppress(OSError), filler.open("ab") as file:
                while True:
                    file.write(b"x" * 4096)
                    file.flush()
            refused = None
            for number in range(200):
                outcome = await view.send(cmd.AddNote(f"{number} " + "n" * 3000))
                if not outcome.accepted:
                    refused = outcome
                    break
            assert refused is not None
            assert "NOT RECORDED" in refused.reason
            await until(view, lambda view: not view.link.recording)
            filler.unlink()
            await until(view, lambda view: view.link.recording and view.state.hold is not None, within=15)
            assert "could not be written" in view.state.hold.reason
            assert len(view.state.notes) == number

        looking_at(run, fill)
        assert verify(run.journal).ok
        os.kill(engine_pid(run), signal.SIGTERM)
        wait_for(lambda: holder_of(run) is None)
    finally:
        os.environ["COCKPIT_HOME"] = str(home)
        subprocess.run(["umount", "-l", str(small)], check=True)


def make_database(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("create table trades (id integer)")
        database.execute("insert into trades values (1)")
        database.commit()


def talk(run: RunFolder, message: object) -> list[dict]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(run.socket))
        raw = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(raw)
        if isinstance(message, bytes):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            while chunk := connection.recv(65536):
                answer += chunk
    return [json.loads(line) for line in answer.splitlines()]


def wait_for(holds: Callable[[], bool], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def test_a_view_reads_anew_what_the_writer_took_back_and_says_when_a_journal_is_damaged(home: Path) -> None:
    run = begin()

    async def look(view: LiveRun) -> None:
        assert (await view.send(cmd.AddNote("first"))).accepted
        os.kill(engine_pid(run), signal.SIGSTOP)
        size = run.journal.stat().st_size
        last = run.journal.read_bytes().splitlines(keepends=True)[-1]
        os.truncate(run.journal, size - len(last))
        await until(view, lambda view: view.state.notes == ())
        assert view.events[-1].kind != "note.added"
        assert view.link.problem == ""
        with run.journal.open("ab") as journal:
            journal.write(last.replace(b"first", b"forge"))
        await until(view, lambda view: "journal.jsonl" in view.link.problem)
        os.kill(engine_pid(run), signal.SIGKILL)

    looking_at(run, look)


STARTED_WHERE_NOBODY_REAPS = """
import ctypes, sys
from pathlib import Path
from cockpit.engine import client
from cockpit.journal.folder import RunFolder
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
client.START_WITHIN = 3600
try:
    client.start_engine(RunFolder(Path(sys.argv[1])))
except client.NoEngine as problem:
    print(problem)
"""


def test_an_engine_that_ends_at_once_is_not_waited_for_where_nobody_looks_after_processes(home: Path) -> None:
    run = open_run(document(manual("owner")), release="1.5.0", environment="production", run_kind="live")
    os.link(run.journal, home / "its-other-name")
    command = [sys.executable, "-c", STARTED_WHERE_NOBODY_REAPS, run.path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "the run cannot be taken up" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a moment")
def test_a_run_opened_to_a_group_shows_itself_to_its_members_and_to_nobody_else(home: Path) -> None:
    home.chmod(0o711)
    run = open_run(document(manual("owner")), release="1.5.0", environment="production", run_kind="live", group="users")
    start_engine(run)
    members = grp.getgrnam("users").gr_gid

    def visit() -> str:
        async def look() -> str:
            client = await Client.connect(run, "captain")
            answer = await client.command(cmd.Hold("mine"))
            await client.close()
            who, captain = client.welcome.you, client.welcome.captain
            return f"{who.uid} {captain} {isinstance(answer, say.Refused)} {len(list(read(run.journal)))}"

        return asyncio.run(look())

    assert as_somebody_else([members], visit) == "65534 False True 2"
    assert "PermissionError" in as_somebody_else([], visit)
    assert "PermissionError" in as_somebody_else([members], lambda: run.engine_log.read_text() or "nothing in it")


def as_somebody_else(groups: list[int], act: Callable[[], str]) -> str:
    """What `act` says when user 65534, in these groups alone, does it."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.setgroups(groups)
        os.setgid(65534)
        os.setuid(65534)
        try:
            said = act()
        except Exception as problem:
            said = repr(problem)
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()
