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
from cockpit.actions.offspring import end_all

STARTED_WITHIN = 20.0
"""Seconds in which a runner must have written down that it carries the job out."""

PATIENCE = 10.0
"""Seconds that a runner has to end its action before it is killed, and all that the action started here."""


class NotStarted(Exception):
    """The runner could not be started: nothing was done. The message says why."""


def start(attempt: AttemptFolder, job: Job) -> None:
    """Start the runner of an attempt; returns when it has taken the job. Blocks for as long as a start takes.

    Raises NotStarted: then nothing was done, and nothing will be.
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
    try:
        # The runner proper is its child, and nobody's.
        said, _ = process.communicate(jobs.encode(job), timeout=STARTED_WITHIN)
    except subprocess.TimeoutExpired:
        said = f"its runner did not start within {STARTED_WITHIN:g} s".encode()
        _let_go(process)
    if said != b"taken" and _nobody_has_taken(attempt):
        raise NotStarted(said.decode("utf-8", "replace").strip() or "its runner ended before it had taken the job")


def stop(attempt: AttemptFolder) -> None:
    """End the action that is under way with its runner: whether it happened, is then not known. Blocks for seconds."""
    process = attempt.runner()
    if process is None:
        return
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        ends = time.monotonic() + PATIENCE
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.lives:  # so that it is this process that the handle holds, and no later one
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, number)
            while process.lives and time.monotonic() < ends:
                time.sleep(0.05)
    finally:
        os.close(handle)
    if attempt.progress().state != "ended":
        end_all(attempt.path, mercy=0)


def _nobody_has_taken(attempt: AttemptFolder) -> bool:
    """Whether no runner has the job; from now on none will."""
    try:
        return attempt.take_back()
    except OSError:  # a full disk: no runner can write down that it has the job, either
        return attempt.runner() is None


def _let_go(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
