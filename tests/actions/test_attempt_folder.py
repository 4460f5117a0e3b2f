"""The folder of an attempt: who carries it out, and how it ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cockpit.actions.folder import TAIL, AttemptFolder, Ended, HostEnded, Runner, attempt_folder, runner


@pytest.fixture
def attempt(tmp_path: Path) -> AttemptFolder:
    made = attempt_folder(tmp_path / "steps", "switch", 1, undo=True)
    made.make()
    return made


def myself() -> Runner:
    found = runner(os.getpid())
    assert found is not None
    return found


def test_an_attempt_is_not_begun_until_its_folder_is_there(tmp_path: Path) -> None:
    made = attempt_folder(tmp_path / "steps", "switch", 1, undo=False)
    assert made.progress().state == "not begun"
    made.make()
    assert made.path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileExistsError):
        made.make()


def test_an_attempt_runs_as_long_as_its_process_lives(attempt: AttemptFolder) -> None:
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = runner(program.pid)
    assert found is not None
    attempt.begun_by(found)
    assert attempt.progress().state == "running"
    program.kill()
    program.poll()  # a zombie, or gone: it carries nothing out any more
    while program.poll() is None:
        pass
    assert attempt.progress().state == "lost"
    assert attempt.runner() is None
    program.communicate()


def test_a_process_that_was_given_the_id_of_the_runner_is_not_taken_for_it(attempt: AttemptFolder) -> None:
    attempt.begun_by(msgspec.structs.replace(myself(), started=myself().started - 1))
    assert attempt.progress().state == "lost"


def test_a_process_of_another_boot_is_not_taken_for_the_runner(attempt: AttemptFolder) -> None:
    attempt.begun_by(msgspec.structs.replace(myself(), boot="4f7c2d0e-0000-0000-0000-000000000000"))
    assert attempt.progress().state == "lost"


def test_a_zombie_carries_nothing_out() -> None:
    program = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    assert runner(program.pid) is None
    program.wait()


def test_only_one_process_ever_gets_the_job(attempt: AttemptFolder) -> None:
    attempt.begun_by(myself())
    with pytest.raises(FileExistsError):
        attempt.begun_by(msgspec.structs.replace(myself(), pid=1))
    assert not attempt.take_back()
    assert attempt.runner() == myself()
    assert sorted(path.name for path in attempt.path.iterdir()) == ["runner"]


def test_a_job_that_was_taken_back_is_not_taken(attempt: AttemptFolder) -> None:
    assert attempt.take_back()
    with pytest.raises(FileExistsError):
        attempt.begun_by(myself())
    assert attempt.progress().state == "lost"


def test_how_it_ended_is_there_whole(attempt: AttemptFolder) -> None:
    how = Ended(done=False, summary="exit status 3", status=3, took=1.5, hosts=(HostEnded("app1", True, "done"),))
    attempt.begun_by(myself())
    attempt.reserve(4096)
    assert attempt.progress().state == "running"
    attempt.end(how)
    assert attempt.progress().state == "ended"
    assert attempt.progress().ended == how
    assert (attempt.path / "ended.json").stat().st_size < 200


def test_half_an_end_is_none(attempt: AttemptFolder) -> None:
    attempt.begun_by(msgspec.structs.replace(myself(), started=0))
    (attempt.path / "ended.json").write_bytes(b'{"done":tr')
    assert attempt.progress().state == "lost"


def test_the_end_of_the_output_begins_with_a_whole_character(attempt: AttemptFolder) -> None:
    assert attempt.tail() == ""
    attempt.output.write_text("ü" * TAIL + "x")
    tail = attempt.tail()
    assert set(tail) == {"ü", "x"}
    assert len(tail.encode()) <= TAIL
