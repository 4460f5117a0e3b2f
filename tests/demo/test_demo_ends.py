"""The stack ends, whatever happens, and leaves no process behind."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.calling import call
from cockpit.demo.stack import Stack, start
from cockpit.demo.supervisor import LockWatch

ROOT = Path(__file__).parents[2]

STARTER = """
import sys, time
from pathlib import Path
from cockpit.demo.stack import start
start(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None, free_for=1.0, held_within=3.0)
print("started", flush=True)
time.sleep(600)
"""


@contextmanager
def starter(*arguments: Path) -> Iterator[subprocess.Popen]:
    """A process that started a stack and lives on."""
    command = [sys.executable, "-c", STARTER, *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"started\n"
            yield process
        finally:
            process.kill()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_to_the_supervisor_ends_all(tmp_path, remaining, nothing_remains, number):
    stack = start(tmp_path)
    assert len(remaining(tmp_path)) == 4
    os.kill(stack.supervisor, number)
    assert nothing_remains(tmp_path)


def pause(pid: int) -> None:
    """Stop a process, and wait until it stands: until then the kernel does not take it for a stopped one."""
    os.kill(pid, signal.SIGSTOP)
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.01)


def test_killing_the_supervisor_ends_even_a_part_that_was_stopped(tmp_path, nothing_remains):
    stack = start(tmp_path)
    pause(stack.parts["blue"].pid)
    os.kill(stack.supervisor, signal.SIGKILL)
    assert nothing_remains(tmp_path)


def test_stop_ends_even_a_part_that_was_stopped(tmp_path, nothing_remains):
    stack = start(tmp_path)
    pause(stack.parts["blue"].pid)
    assert stack.stop()
    assert nothing_remains(tmp_path)


def test_without_a_lock_the_stack_ends_with_its_starter(tmp_path, nothing_remains):
    with starter(tmp_path) as process:
        assert Stack.read(tmp_path).is_up()
        process.kill()
        assert nothing_remains(tmp_path)


def test_with_a_lock_the_stack_outlives_its_starter_and_ends_with_the_lock(tmp_path, nothing_remains):
    lock = tmp_path / "lock"
    with locked(lock):
        with starter(tmp_path / "demo", lock) as process:
            process.kill()
        time.sleep(2.0)
        assert call("GET", Stack.read(tmp_path / "demo").parts["router"].url + "/health")[0] == 200
    assert nothing_remains(tmp_path / "demo")


def test_a_lock_that_nobody_takes_ends_the_stack(tmp_path, nothing_remains):
    start(tmp_path, tmp_path / "lock", held_within=0.5)
    assert nothing_remains(tmp_path)


def test_an_engine_that_restarts_keeps_its_stack(tmp_path):
    lock = tmp_path / "lock"
    with locked(lock):
        stack = start(tmp_path / "demo", lock, free_for=4.0)
        time.sleep(1.0)
    time.sleep(1.0)
    with locked(lock):
        time.sleep(4.0)
        assert stack.is_up()
    assert stack.stop()


def test_the_end_lets_a_request_under_way_finish(stack: Stack):
    blue = stack.parts["blue"]
    call("POST", f"{blue.url}/_fault", {"slow_ms": 800})
    script = f"from cockpit.demo.calling import call; print(call('GET', '{blue.url}/version')[0])"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as asking:
        time.sleep(0.5)
        os.kill(blue.pid, signal.SIGTERM)
        assert asking.stdout.read() == b"200\n"


@given(looks=st.lists(st.tuples(st.floats(0.01, 3), st.booleans()), max_size=60))
def test_a_watch_ends_only_after_the_lock_was_free_long_enough(looks):
    watch = LockWatch(since=0.0, held_within=10.0, free_for=5.0)
    now = last_held = 0.0
    was_held = False
    for pause, held in looks:
        now += pause
        if held:
            was_held, last_held = True, now
        ends = now - last_held >= (5.0 if was_held else 10.0)
        assert bool(watch.verdict(held, now)) is ends
