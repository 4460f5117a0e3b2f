"""The power of a real file system is cut under a writing journal: nothing that was acknowledged is lost.

The file system is ext4 in a file, shut down by its own ioctl without writing its log (see the program); that loses what
a power cut loses. It says nothing about a disk that lies about its flushes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cockpit
from tests.prove.finding import Cannot, Effort, Finding

PROGRAM = Path(__file__).parents[1] / "journal" / "power_cut_program.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cockpit.__file__).parents[1])}
ALONE = ("unshare", "--mount", "--propagation", "private")
TRIED = "the power cut (ext4 shut down without flushing)"


def prove(effort: Effort, work: Path) -> Iterator[Finding | Cannot]:
    """Cut it again and again."""
    if why := cannot(work):
        yield Cannot(TRIED, why)
        return
    times = effort.times(full=200, short=4)
    lost = [f"{said} acknowledged, {left} left" for said, left in cut(work / "cut", times) if left < said]
    control = cut(work / "control", effort.times(full=30, short=2), "--no-flush")
    bites = sum(left < said for said, left in control)
    yield Finding(TRIED, times, len(lost), "without the flush", bites, tuple(lost[:3]))


def cannot(work: Path) -> str:
    """Why the power of no file system can be cut here; nothing when it can."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4") or not shutil.which("unshare"):
        return "it takes root, mkfs.ext4 and unshare"
    image, there = work / "probe", work / "there"
    probe = f"truncate -s 4M {image} && mkfs.ext4 -q {image} && mkdir {there} && mount -o loop {image} {there}"
    tried = subprocess.run([*ALONE, "sh", "-c", probe], capture_output=True, check=False)
    return "this machine cannot mount a file system from a file" if tried.returncode else ""


def cut(work: Path, rounds: int, *options: str) -> list[tuple[int, int]]:
    """For each round: events acknowledged, and events left when the file system was mounted again."""
    work.mkdir()
    program = [*ALONE, sys.executable, PROGRAM, work, str(rounds), *options]
    limit = 60 + 10 * rounds
    done = subprocess.run(program, env=ENVIRONMENT, capture_output=True, text=True, timeout=limit, check=False)
    assert done.returncode == 0, done.stderr
    return [(int(said), int(left)) for said, left in map(str.split, done.stdout.splitlines())]
