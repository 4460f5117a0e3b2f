"""Runners: real processes, which outlive whoever started them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from cockpit.actions import printed
from cockpit.actions import start as starting
from cockpit.actions.folder import AttemptFolder, runner
from cockpit.actions.job import Job, encode
from cockpit.actions.start import NotStarted, start, stop
from tests.servers.need import missing
from tests.support.attempts import attempt_in, carried_out, ended, shell, until

STARTER = Path(__file__).with_name("starter.py")
SECRET = ("token", "s3cret-t0ken-value")


def lives(pid: int) -> bool:
    return runner(pid) is not None


def pid_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().strip(), f"a process id in {path.name}")
    return int(path.read_text())


@contextlib.contextmanager
def starter(attempt: AttemptFolder, job: Job) -> Iterator[subprocess.Popen[bytes]]:
    program = subprocess.Popen(
        [sys.executable, STARTER, attempt.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(encode(job))
    program.stdin.close()
    try:
        assert program.stdout.readline() == b"ready\n"
        yield program
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        program.stdout.close()


def test_an_action_that_succeeds(tmp_path: Path) -> None:
    how, output = carried_out(shell("echo out; echo err >&2; echo end"), tmp_path)
    assert (how.done, how.status, how.unknown, how.nothing) == (True, 0, False, False)
    assert how.summary.startswith("exit status 0 after ")
    assert output == "out\nerr\nend\n"


def test_an_action_that_fails_says_the_last_that_it_printed(tmp_path: Path) -> None:
    how, output = carried_out(shell("echo one; echo no such table: orders >&2; exit 3"), tmp_path)
    assert (how.done, how.status, how.unknown, how.nothing) == (False, 3, False, False)
    assert how.summary.endswith(" s: no such table: orders")
    assert output == "one\nno such table: orders\n"


def test_a_kind_that_there_is_not_and_a_spec_that_is_wrong_change_nothing(tmp_path: Path) -> None:
    how, _ = carried_out(Job("teleport", {}, 10), tmp_path)
    assert (how.nothing, how.summary) == (True, "there is no kind of action called 'teleport'")
    how, _ = carried_out(Job("command", {"run": "true", "fodler": "/"}, 10), tmp_path)
    assert (how.nothing, how.summary) == (True, "`command.fodler`: Extra inputs are not permitted")


def test_output_is_there_while_the_action_runs(tmp_path: Path) -> None:
    attempt, gate = attempt_in(tmp_path), tmp_path / "gate"
    start(attempt, shell(f"echo first; until [ -e {gate} ]; do sleep 0.02; done; echo last"))
    until(lambda: attempt.progress().output == "first\n", "the first line")
    assert attempt.progress().state == "running"
    gate.touch()
    assert ended(attempt).done
    assert attempt.output.read_text() == "first\nlast\n"


def test_a_runner_has_a_session_of_its_own_and_is_nobodys_child(tmp_path: Path) -> None:
    attempt = attempt_in(tmp_path)
    start(attempt, shell("sleep 60"))
    process = attempt.runner()
    assert process is not None
    assert os.getsid(process.pid) == process.pid
    assert Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[1] != str(os.getpid())
    stop(attempt)


def test_a_runner_outlives_its_starter(tmp_path: Path) -> None:
    attempt, gate = attempt_in(tmp_path), tmp_path / "gate"
    with starter(attempt, shell(f"until [ -e {gate} ]; do sleep 0.02; done; echo done")) as program:
        until(lambda: attempt.progress().state == "running", "a runner")
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    assert attempt.progress().state == "running"
    gate.touch()
    assert ended(attempt).done
    assert attempt.output.read_text() == "done\n"


def test_a_starter_that_is_killed_at_any_moment_leaves_no_lie(tmp_path: Path) -> None:
    """Whatever stands in the folder is what happened; and it happened once at most."""
    choose, found = random.Random(4), set()
    for number in range(24):
        attempt, happened = attempt_in(tmp_path), tmp_path / f"happened-{number}"
        with starter(attempt, shell(f"echo once >> {happened}; sleep 0.05")) as program:
            time.sleep(choose.uniform(0, 0.6))
            program.kill()
        until(lambda a=attempt: a.progress().state in ("not begun", "ended") or settled(a), "an end")
        progress = attempt.progress()
        found.add(progress.state)
        count = len(happened.read_text().split()) if happened.exists() else 0
        if progress.state == "ended":
            assert progress.ended is not None
            assert (count, progress.ended.done, progress.ended.nothing) in ((1, True, False), (0, False, True))
        else:
            assert count == 0
    assert "ended" in found


def settled(attempt: AttemptFolder) -> bool:
    """Whether an attempt whose starter is dead will change no more: no process knows its folder."""
    time.sleep(0.1)
    wanted = str(attempt.path).encode()
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdecimal() and wanted in (process / "cmdline").read_bytes():
                return False
    return True


def test_half_a_job_is_not_carried_out(tmp_path: Path) -> None:
    attempt, happened = attempt_in(tmp_path), tmp_path / "happened"
    attempt.make()
    job = encode(shell(f"touch {happened}"))
    said = subprocess.run(
        [sys.executable, "-m", "cockpit.actions", attempt.path], input=job[:-1], capture_output=True, check=False
    )
    assert said.stdout == b"not started: the engine ended before it had told what to do"
    assert ended(attempt).nothing
    assert not happened.exists()


def test_a_runner_survives_the_hang_up_of_its_terminal(tmp_path: Path) -> None:
    attempt, gate, job = attempt_in(tmp_path), tmp_path / "gate", tmp_path / "job"
    job.write_bytes(encode(shell(f"until [ -e {gate} ]; do sleep 0.02; done")))
    terminal = pexpect.spawn("/bin/sh", ["-c", f"{sys.executable} {STARTER} {attempt.path} < {job}"], timeout=60)
    terminal.expect("taken")
    terminal.close(force=True)
    process = attempt.runner()
    assert process is not None
    os.kill(process.pid, signal.SIGHUP)
    gate.touch()
    assert ended(attempt).done


def test_a_runner_that_is_killed_leaves_its_attempt_lost(tmp_path: Path) -> None:
    attempt, child = attempt_in(tmp_path), tmp_path / "child"
    start(attempt, shell(f"echo begun; echo $$ > {child}; sleep 60"))
    pid = pid_in(child)
    process = attempt.runner()
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: attempt.progress().state == "lost", "the loss")
    assert attempt.progress().output == "begun\n"
    assert lives(pid), "the action goes on: that is what in doubt means"
    os.killpg(pid, signal.SIGKILL)


FAMILY = "echo $$ > {0}/leader; (setsid sh -c 'echo $$ > {0}/free; exec sleep 300' &); trap '' HUP; sleep 300 & echo $! > {0}/child; wait"
"""A program with a child, and with one that it has set free."""


def test_stopping_ends_the_action_with_all_that_it_started_and_leaves_it_unknown(tmp_path: Path) -> None:
    attempt = attempt_in(tmp_path)
    start(attempt, shell(f"echo begun; {FAMILY.format(tmp_path)}"))
    pids = [pid_in(tmp_path / name) for name in ("leader", "free", "child")]
    stop(attempt)
    how = ended(attempt)
    assert (how.done, how.unknown, how.nothing) == (False, True, False)
    assert how.summary == "ended on the captain's word; it may or may not have happened"
    assert attempt.output.read_text() == "begun\n"
    assert not any(map(lives, pids))
    stop(attempt)


def test_a_program_that_is_stopped_may_tidy_up_and_say_so(tmp_path: Path) -> None:
    attempt = attempt_in(tmp_path)
    start(attempt, shell("trap 'echo tidied; exit 0' TERM; echo begun; while :; do sleep 0.02; done"))
    until(lambda: attempt.tail() == "begun\n", "its begin")
    stop(attempt)
    assert ended(attempt).unknown
    assert attempt.output.read_text().endswith("tidied\n")


def test_stopping_a_runner_that_heeds_nothing_kills_it_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "PATIENCE", 0.3)
    attempt = attempt_in(tmp_path)
    start(attempt, shell(FAMILY.format(tmp_path)))
    pids = [pid_in(tmp_path / name) for name in ("leader", "free", "child")]
    process = attempt.runner()
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    stop(attempt)
    assert attempt.progress().state == "lost"
    until(lambda: not any(map(lives, pids)), "the end of what it had started")


def test_a_time_limit_ends_the_action_with_all_that_it_started(tmp_path: Path) -> None:
    how, output = carried_out(shell(f"echo begun; {FAMILY.format(tmp_path)}", timeout=1.5), tmp_path)
    assert (how.done, how.unknown) == (False, True)
    assert how.summary == "not over after 1.5 s: it was ended: begun"
    assert output == "begun\n"
    assert not any(lives(pid_in(tmp_path / name)) for name in ("leader", "free", "child"))


def test_what_an_action_sets_free_goes_on_when_it_ends_well(tmp_path: Path) -> None:
    free = tmp_path / "free"
    run = f"setsid sh -c 'echo $$ > {free}; exec sleep 300' > /dev/null 2>&1 & until [ -s {free} ]; do sleep 0.02; done"
    how, _ = carried_out(shell(run), tmp_path)
    assert how.done
    pid = pid_in(free)
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)


def test_secrets_are_hidden_across_pieces_in_every_stream_and_in_the_summary(tmp_path: Path) -> None:
    run = """printf 'a s3cret-t0k'; sleep 0.2; printf 'en-value b\\n'; printf '%s' "$TOKEN" | base64; echo "$TOKEN" >&2; exit 1"""
    how, output = carried_out(shell(run, environment={"TOKEN": SECRET[1]}, secrets=(SECRET,)), tmp_path)
    assert output == "a ***token*** b\n***token***\n***token***\n"
    assert how.summary.endswith(": ***token***")


def test_secrets_are_in_no_argument_and_no_file(tmp_path: Path) -> None:
    attempt, gate = attempt_in(tmp_path), tmp_path / "gate"
    run = f"until [ -e {gate} ]; do sleep 0.02; done"
    start(attempt, shell(run, environment={"TOKEN": SECRET[1]}, secrets=(SECRET,)))
    process = attempt.runner()
    assert process is not None
    for name in ("cmdline", "environ"):
        assert SECRET[1].encode() not in Path(f"/proc/{process.pid}/{name}").read_bytes()
    gate.touch()
    ended(attempt)
    assert all(SECRET[1].encode() not in path.read_bytes() for path in attempt.path.iterdir())


def test_a_hundred_megabytes_of_output_are_read_and_their_ends_kept(tmp_path: Path) -> None:
    how, output = carried_out(
        shell("echo first; yes 'a line of some length, as they are printed' | head -c 100000000; echo; echo last",
              secrets=(SECRET,), timeout=300), tmp_path)  # fmt: skip
    assert how.done
    left = 100_000_000 + len("first\n") + len("\nlast\n") - printed.FIRST - printed.LAST
    assert output.startswith("first\na line")
    assert output.endswith("\nlast\n")
    assert f"[{left} bytes left out]" in output
    assert len(output) < 1024 * 1024 + 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        missing("a file system of the test's own", "run the tests as root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path) -> None:
    with (disk / "other").open("wb", buffering=0) as other, contextlib.suppress(OSError):
        while True:
            other.write(bytes(4096))


def test_a_disk_that_fills_during_an_action_costs_output_and_not_its_end(small_disk: Path, tmp_path: Path) -> None:
    attempt, gate = attempt_in(small_disk), tmp_path / "gate"
    run = f"echo first; until [ -e {gate} ]; do sleep 0.02; done; seq 20000; echo it ended >&2; exit 7"
    start(attempt, shell(run))
    until(lambda: attempt.tail() == "first\n", "its begin")
    fill(small_disk)
    gate.touch()
    how = ended(attempt)
    assert (how.done, how.status, how.unknown) == (False, 7, False)
    assert how.summary.endswith(": it ended")
    assert attempt.output.read_text().startswith("first\n")


def test_on_a_full_disk_nothing_is_begun(small_disk: Path, tmp_path: Path) -> None:
    attempt, happened = attempt_in(small_disk), tmp_path / "happened"
    fill(small_disk)
    with pytest.raises(NotStarted, match="no space left on device"):
        start(attempt, shell(f"touch {happened}"))
    assert not happened.exists()


def test_a_runner_that_does_not_start_in_time_never_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "STARTED_WITHIN", 0.0)
    attempt, happened = attempt_in(tmp_path), tmp_path / "happened"
    with pytest.raises(NotStarted, match="its runner did not start within 0 s"):
        start(attempt, shell(f"touch {happened}"))
    until(lambda: settled(attempt), "the end of its runner")
    assert not happened.exists()


def test_an_attempt_is_started_once(tmp_path: Path) -> None:
    attempt = attempt_in(tmp_path)
    start(attempt, shell("true"))
    with pytest.raises(NotStarted, match="cannot be made: File exists"):
        start(attempt, shell("true"))
    assert ended(attempt).done


def test_how_it_ended_is_written_as_it_is_documented(tmp_path: Path) -> None:
    attempt = attempt_in(tmp_path)
    start(attempt, shell("exit 3"))
    ended(attempt)
    written = json.loads((attempt.path / "ended.json").read_text())
    assert written.keys() == {"done", "summary", "status", "took"}
