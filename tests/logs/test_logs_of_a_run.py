"""Logs of a run: followed as long as somebody looks, by a process of their own; and in a plain terminal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.checklist.load import load
from cockpit.checklist.problem import ChecklistError
from cockpit.connect.values import Values
from cockpit.engine import following_logs
from cockpit.engine.client import Client, start_engine
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.logs.spool import SpoolReader

REPOSITORY = Path(__file__).parents[2]

CHECKLIST = """
cockpit: 1
name: Launch
variables: {container: {}, secret: {env: LOGS_TEST_SECRET, secret: true}, folder: FOLDER}
parts: [{id: a, title: A, items: [{id: x, title: X}]}]
logs:
  - {id: app, title: The application, file: "${folder}/app.log"}
  - {id: other, file: "${folder}/${secret}.log", zone: UTC}
  - {id: backend, docker: "${container}"}
  - {id: never, file: /dev/null, when: "folder == 'x'"}
"""


@pytest.fixture
def run(state_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunFolder]:
    """A run whose engine is killed in the end."""
    monkeypatch.setenv("LOGS_TEST_SECRET", "0123456789secret")
    path = tmp_path / "launch.yaml"
    path.write_text(CHECKLIST.replace("FOLDER", str(tmp_path)))
    loaded = load(path, kinds={}, actions={}, given={}, environ=os.environ)
    run = open_run(loaded.document, release="1", environment="production", run_kind="live")
    yield run
    holder = holder_of(run)
    if holder is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)


async def until(reader: SpoolReader, text: str) -> list[str]:
    """What the spool says until a line has this text."""
    said: list[str] = []
    async with asyncio.timeout(30):
        while not any(text in each for each in said):
            said += [f"{line.source}: {line.text}" for line in reader.read().lines]
            await asyncio.sleep(0.05)
    return said


def test_logs_are_followed_when_a_viewer_asks_and_say_what_cannot_be(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("2026-01-02 12:00:00 ERROR the key is 0123456789secret\n")

    async def look() -> list[str]:
        start_engine(run)
        client = await Client.connect(run, "observer")
        assert not run.logs.exists()
        client.follow_logs()
        reader = SpoolReader(run.logs)
        said = await until(reader, "***secret***.log cannot be read")
        with (tmp_path / "app.log").open("a") as log:
            log.write("more\n")
        said += await until(reader, "more")
        await client.close()
        return said

    said = asyncio.run(look())
    assert "app: 2026-01-02 12:00:00 ERROR the key is ***secret***" in said
    assert "backend: not followed: variable container is not set, which would wire it" in said
    assert not any("0123456789secret" in each or each.startswith("never") for each in said)
    assert not any(b"0123456789secret" in each.read_bytes() for each in run.logs.iterdir())


def test_the_process_that_follows_ends_when_its_engine_dies_and_no_secret_is_in_its_arguments(
    run: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "app.log").write_text("here\n")

    async def look() -> None:
        start_engine(run)
        client = await Client.connect(run, "observer")
        client.follow_logs()
        await until(SpoolReader(run.logs), "here")
        await client.close()

    asyncio.run(look())
    follower = follower_of(run)
    assert b"0123456789secret" not in Path(f"/proc/{follower}/cmdline").read_bytes()
    holder = holder_of(run)
    assert holder is not None
    os.kill(holder.pid, signal.SIGKILL)
    ends = time.monotonic() + 20
    while Path(f"/proc/{follower}").exists():
        assert time.monotonic() < ends, "it follows on"
        time.sleep(0.05)


def follower_of(run: RunFolder) -> int:
    """The process that follows the logs of a run."""
    found = [
        int(each.parent.name) for each in Path("/proc").glob("[0-9]*/cmdline") if str(run.logs).encode() in read(each)
    ]
    assert len(found) == 1
    return found[0]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_they_are_followed_no_more_a_while_after_the_last_viewer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(following_logs, "LINGER", 0.2)
    path = tmp_path / "launch.yaml"
    path.write_text("cockpit: 1\nname: L\nparts: [{id: a, title: A, items: [{id: x, title: X}]}]\n")
    document = load(path, kinds={}, actions={}, given={}, environ={}).document

    async def play() -> None:
        logs = following_logs.FollowingLogs(document, Values([], {}), tmp_path / "logs", None)
        running = asyncio.create_task(logs.run())
        logs.wanted(True)
        async with asyncio.timeout(20):
            while not (tmp_path / "logs").exists():
                await asyncio.sleep(0.02)
        logs.wanted(False)
        folder = RunFolder(tmp_path)
        async with asyncio.timeout(20):
            while any(str(folder.logs).encode() in read(each) for each in Path("/proc").glob("[0-9]*/cmdline")):
                await asyncio.sleep(0.05)
        running.cancel()

    asyncio.run(play())


# --- what is written of them


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{id: a}", "needs exactly one of `docker`, `compose`, `swarm`, `file`, `journald`"),
        ("{id: a, file: /x, docker: y}", "needs exactly one of"),
        ("{id: a, file: /x, via: nowhere}", "there is no host `nowhere`"),
        ("{id: a, file: /x, zone: Europe/Lundon}", "there is no time zone `Europe/Lundon`"),
        ("{id: a, fiel: /x}", "fiel"),
        ('{id: a, file: "${nothing}"}', "the variable `nothing` is not declared"),
        ("{id: a, docker: {container: x, tial: 3}}", "tial"),
        ("{id: a, file: /x}, {id: a, file: /y}", "the id `a` is used twice"),
    ],
)
def test_what_is_wrong_with_a_log_is_said(tmp_path: Path, written: str, said: str) -> None:
    path = tmp_path / "launch.yaml"
    path.write_text(
        f"cockpit: 1\nname: L\nparts: [{{id: p, title: A, items: [{{id: x, title: X}}]}}]\nlogs: [{written}]\n"
    )
    with pytest.raises(ChecklistError) as caught:
        load(path, kinds={}, actions={}, given={}, environ={})
    assert any(said in str(each) for each in caught.value.problems), caught.value.problems


# --- in a plain terminal


def cockpit(*arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_log_file_is_printed_chosen_and_told_apart_by_the_exit_status(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("2026-01-02T12:00:00Z INFO one\n2026-01-02T12:00:01Z ERROR two\n  at somewhere\nERROR three\n")
    status, lines = cockpit("logs", str(path), "--no-follow", "--level", "error", "--not", "THREE|three")
    assert (status, [line.split("  ", 1)[1] for line in lines]) == (
        0,
        ["2026-01-02T12:00:01Z ERROR two", "  at somewhere"],
    )
    status, lines = cockpit("logs", str(path), "--no-follow", "--grep", "one", "--json")
    (said,) = map(json.loads, lines)
    assert (said["level"], said["at"], said["kind"], said["number"]) == ("info", "2026-01-02T12:00:00.000Z", "line", 1)
    assert cockpit("logs", str(path), "--no-follow", "--grep", "four") == (1, [])
    assert cockpit("logs", str(path), "--grep", "(") == (2, [])
    assert cockpit("logs", str(tmp_path / "none.log")) == (2, [])


def test_the_logs_of_a_run_are_printed_by_whoever_asks(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("2026-01-02T12:00:00Z WARN look\n")
    start_engine(run)
    status, lines = cockpit("logs", run.id, "--no-follow")
    assert status == 0
    assert any(line.endswith("app      2026-01-02T12:00:00Z WARN look") for line in lines), lines
    assert cockpit("logs", run.id, "nothing") == (2, [])


def test_following_goes_on_in_a_pipe_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("first\n")
    command = [sys.executable, "-m", "cockpit", "logs", str(path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline().endswith("first\n")
        with path.open("a") as log:
            log.write("second\n")
        assert following.stdout.readline().endswith("second\n")
        following.send_signal(signal.SIGINT)
        assert following.wait(20) == 130
