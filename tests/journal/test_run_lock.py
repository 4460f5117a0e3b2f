"""One engine a run."""

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cockpit
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import Holder, LockHeld, RunLock, holder_of, unsafe_file_system

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cockpit.__file__).parents[1])}
HOLD = """
import sys, time, datetime as dt, os, pathlib, subprocess
from cockpit.journal.event import Actor
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import Holder, LockHeld, RunLock
since = dt.datetime(2026, 11, 24, 22, 1, tzinfo=dt.UTC)
try:
    lock = RunLock.acquire(RunFolder(pathlib.Path(sys.argv[1])), Holder(os.getpid(), Actor("grace", tty="pts/9"), since))
except LockHeld as held:
    print(f"held {held}", flush=True)
    sys.exit(4)
child = subprocess.Popen(["sleep", "60"], close_fds=False) if "--child" in sys.argv else None
print("mine", child.pid if child else 0, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "20261124-2201-v1-a1b2")
    folder.path.mkdir()
    return folder


def start(run, *options):
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, run.path, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def end(*processes):
    for process in processes:
        process.kill()
        process.communicate()


def me(sample):
    return Holder(os.getpid(), sample.ada, dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC))


def test_nobody_holds_a_run_that_nobody_took(run):
    assert holder_of(run) is None
    assert not run.lock.exists()


def test_a_second_start_is_told_who_holds_the_run_and_since_when(run, sample):
    holding = start(run)
    try:
        assert holding.stdout.readline().startswith("mine")
        with pytest.raises(LockHeld) as held:
            RunLock.acquire(run, me(sample))
        assert str(held.value) == (
            f"run 20261124-2201-v1-a1b2 is held by grace on pts/9 (process {holding.pid}) since 2026-11-24 22:01:00 UTC"
        )
        assert holder_of(run) == held.value.holder
        assert held.value.holder.pid == holding.pid
    finally:
        end(holding)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_holder_that_was_killed_holds_nothing_and_neither_does_its_child(run, sample, how):
    holding = start(run, "--child")
    child = int(holding.stdout.readline().split()[1])
    try:
        holding.send_signal(how)
        holding.wait()
        assert holder_of(run) is None
        with RunLock.acquire(run, me(sample)):
            assert holder_of(run) == me(sample)
    finally:
        os.kill(child, signal.SIGKILL)
        end(holding)


def test_a_holder_that_was_stopped_still_holds(run, sample):
    holding = start(run)
    try:
        holding.stdout.readline()
        holding.send_signal(signal.SIGSTOP)
        with pytest.raises(LockHeld):
            RunLock.acquire(run, me(sample))
    finally:
        end(holding)


def test_who_lets_go_leaves_the_file_and_no_name(run, sample):
    lock = RunLock.acquire(run, me(sample))
    lock.release()
    lock.release()
    assert holder_of(run) is None
    assert run.lock.read_bytes() == b""
    with RunLock.acquire(run, me(sample)):
        pass


def test_looking_who_holds_it_never_keeps_anyone_from_taking_it(run, sample):
    looking = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys,pathlib\nfrom cockpit.journal.folder import RunFolder\nfrom cockpit.journal.lock import holder_of\nprint('ready', flush=True)\nwhile True: holder_of(RunFolder(pathlib.Path(sys.argv[1])))",
                run.path,
            ],
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        for _ in range(2)
    ]
    try:
        for process in looking:
            process.stdout.readline()
        for _ in range(100):
            RunLock.acquire(run, me(sample)).release()
    finally:
        end(*looking)


def test_of_twelve_that_start_at_once_exactly_one_gets_it(run):
    for _ in range(3):
        starting = [start(run) for _ in range(12)]
        try:
            said = [process.stdout.readline() for process in starting]
            assert sum(line.startswith("mine") for line in said) == 1
            assert sum(line.startswith("held run") and "grace on pts/9" in line for line in said) == 11
        finally:
            end(*starting)


def test_a_lock_file_put_in_the_place_of_the_locked_one_is_noticed(run, sample):
    with RunLock.acquire(run, me(sample)):
        run.lock.unlink()
        run.lock.write_bytes(b"garbage")
        assert holder_of(run) is None


def test_a_holder_that_has_not_said_who_it_is_is_still_one(run, sample):
    with RunLock.acquire(run, me(sample)):
        run.lock.write_bytes(b"garbage")
        assert holder_of(run).who.user == "somebody"
        with pytest.raises(LockHeld, match="is held by somebody"):
            RunLock.acquire(run, me(sample))


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/ada/state", "nfs4"),
        ("/home", ""),
        ("/home/adam", ""),
        ("/srv/with space/x", "cifs"),
        ("/mnt/there", "fuse.sshfs"),
        ("/mnt/twice", ""),
    ],
)
def test_a_file_system_whose_locks_are_not_to_be_relied_on_is_named(tmp_path, place, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\n"
        "server:/ada /home/ada nfs4 rw 0 0\n"
        "//server/share /srv/with\\040space cifs rw 0 0\n"
        "ada@host: /mnt/there fuse.sshfs rw 0 0\n"
        "server:/x /mnt/twice nfs rw 0 0\n"
        "tmpfs /mnt/twice tmpfs rw 0 0\n"
    )
    assert unsafe_file_system(Path(place), mounts) == kind


def test_without_a_list_of_mounts_nothing_is_claimed(tmp_path):
    assert unsafe_file_system(tmp_path, tmp_path / "none") == ""
