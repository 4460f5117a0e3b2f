"""Starting and ending the runner of an attempt, from the engine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cockpit
from cockpit.actions import job as jobs
from cockpit.actions.folder import AttemptFolder
from cockpit.actions.job import Job

STARTED_WITHIN = 20.0
"""Seconds in which a runner must have written down that it carries the job out."""

PATIENCE = 5.0
"""Seconds that a runner has to end its action before it is killed with it."""


class NotStarted(Exception):
    """The runner could not be started: nothing was done. The message says why."""


def start(attempt: AttemptFolder, job: Job) -> None:
    """Start the runner of an attempt; returns when it has taken the job. Blocks for as long as a start takes.

    Raises NotStarted: then nothing was done. When it is not known, whether the runner took the job, it raises
    OSError or TimeoutError: what the folder says counts.
    """
    try:
        attempt.make()
    except OSError as error:
        raise NotStarted(f"{attempt.path} cannot be made: {error.strerror}") from None
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "cockpit.actions", str(attempt.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=Path(cockpit.__file__).parents[1],  # so that it is this Cockpit that starts, installed or not
        )
    except OSError as error:
        raise NotStarted(f"its runner cannot be started: {error.strerror}") from None
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(jobs.encode(job))
            process.stdin.close()
        said = process.stdout.read()
    process.wait()  # the runner proper is its child, and nobody's
    if said.strip() != b"taken":
        raise NotStarted(said.decode("utf-8", "replace").strip() or "its runner ended before it had taken the job")


def stop(attempt: AttemptFolder) -> None:
    """End the action that is under way with its runner: whether it happened, is then not known. Blocks for seconds."""
    process = attempt.runner()
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    ends = time.monotonic() + PATIENCE
    while process.lives and time.monotonic() < ends:
        time.sleep(0.05)
    if process.lives:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
