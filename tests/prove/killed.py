"""A process that writes a journal is killed at random moments, and goes on with it: nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cockpit
from cockpit.journal import reader
from tests.prove.finding import Effort, Finding, until_it_bites

PROGRAM = Path(__file__).parents[1] / "journal" / "acknowledging_program.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cockpit.__file__).parents[1])}
LONGEST = 0.06
"""Seconds that it is left to write after its first word."""

JOURNAL_LASTS = 20
"""Kills of one journal, which is taken up after each, before another is begun: it must not get long."""


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Kill it again and again."""
    times = effort.times(full=1000, short=20)
    lost = [words for number in range(times) if (words := kept(work / f"{number // JOURNAL_LASTS}.jsonl"))]
    control = effort.times(full=100, short=40)
    bites = until_it_bites(control, lambda number: bool(kept(work / f"control-{number}.jsonl", "--early")))
    yield Finding(
        "kill -9 of the writing process at a random moment",
        times,
        len(lost),
        "acknowledged before it is written",
        bites,
        tuple(lost[:3]),
    )


def kept(journal: Path, *options: str) -> str:
    """Let a real process write, kill it at some moment; what is wrong with what it left, or nothing."""
    program = [sys.executable, str(PROGRAM), str(journal), *options]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=ENVIRONMENT) as writing:
        assert writing.stdout is not None
        first = writing.stdout.readline()
        time.sleep(random.uniform(0, LONGEST))
        writing.kill()
        said = first + writing.stdout.read()
    acknowledged = int(said[: said.rindex(b"\n")].splitlines()[-1])
    seqs = [event.seq for event in reader.read(journal)]
    if seqs != list(range(len(seqs))):
        return f"{journal.name}: events are missing in the middle"
    return (
        "" if len(seqs) > acknowledged else f"{journal.name}: event {acknowledged} was acknowledged, {len(seqs)} left"
    )
