"""Killed at any moment, or with the power cut: nothing that was acknowledged is lost."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cockpit
from cockpit.journal import reader

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cockpit.__file__).parents[1])}


def killed(journal: Path) -> int:
    """Let a real process write, kill it at some moment, and say which event it acknowledged last."""
    program = [sys.executable, HERE / "acknowledging_program.py", journal]
    writing = subprocess.Popen(program, stdout=subprocess.PIPE, env=ENVIRONMENT)
    first = writing.stdout.readline()
    time.sleep(random.uniform(0, 0.06))
    writing.kill()
    said = first + writing.stdout.read()
    writing.wait()
    writing.stdout.close()
    return int(said[: said.rindex(b"\n")].splitlines()[-1])


def test_killed_again_and_again_it_keeps_all_that_was_acknowledged(journal):
    for _ in range(15):
        acknowledged = killed(journal)
        events = list(reader.read(journal))
        assert [event.seq for event in events] == list(range(len(events)))
        assert len(events) > acknowledged


def cut_the_power(work: Path, rounds: int, *options: str) -> list[tuple[int, int]]:
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4") or not shutil.which("unshare"):
        pytest.skip("cutting the power of a file system needs root, mkfs.ext4 and unshare")
    alone = ["unshare", "--mount", "--propagation", "private"]
    probe = f"truncate -s 4M {work}/probe && mkfs.ext4 -q {work}/probe && mkdir {work}/there && mount -o loop {work}/probe {work}/there"
    if subprocess.run([*alone, "sh", "-c", probe], capture_output=True, check=False).returncode:
        pytest.skip("this machine cannot mount a file system from a file")
    program = [*alone, sys.executable, HERE / "power_cut_program.py", work, str(rounds), *options]
    done = subprocess.run(program, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [(int(acknowledged), int(left)) for acknowledged, left in map(str.split, done.stdout.splitlines())]


def test_with_the_power_cut_it_keeps_all_that_was_acknowledged(tmp_path):
    rounds = cut_the_power(tmp_path, 6)
    assert len(rounds) == 6
    for acknowledged, left in rounds:
        assert left >= acknowledged >= 50


def test_the_power_cut_does_lose_what_was_never_flushed(tmp_path):
    """The control: without it, the test above would prove nothing."""
    rounds = cut_the_power(tmp_path, 3, "--no-flush")
    assert all(left < acknowledged for acknowledged, left in rounds), rounds
