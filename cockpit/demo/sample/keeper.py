"""The process that removes a sample system when its run has ended: `python -m cockpit.demo.sample.keeper --folder DIR`.

It lives as long as the process that started it lives, or somebody holds the lock of the run; then it removes all that
is marked as the system's, unless that is to be kept, and ends. When it is killed, the next start of a demo finds by its
labels what is left.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import cockpit
from cockpit.demo.ending import Ending, say
from cockpit.demo.sample import labels
from cockpit.demo.sample.client import Failed
from cockpit.demo.stack import own, owning
from cockpit.demo.supervisor import LOOK_EVERY, LockWatch, held

FREE_FOR = 5.0
"""Seconds that the lock of the run must have been free: an engine that restarts keeps the system."""

TRIES, TRY_AGAIN = 20, 3.0
"""How often removing is tried when the daemon does not answer, and after how many seconds again."""


def keep(folder: Path, host: str, lock: Path) -> subprocess.Popen[bytes]:
    """Start the keeper of the system in `folder`, and return when it keeps it."""
    path = os.pathsep.join(filter(None, (str(Path(cockpit.__file__).parent.parent), os.environ.get("PYTHONPATH", ""))))
    command = [sys.executable, "-m", "cockpit.demo.sample.keeper", "--folder", str(folder)]
    command += ["--host", host, "--lock", str(lock)]
    folder.mkdir(parents=True, mode=0o711, exist_ok=True)
    with (folder / "keeper.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path},
        )
    _await_ready(process)
    return process


def main() -> int:
    """Keep the system until it must end, and remove it."""
    parser = argparse.ArgumentParser(
        prog="python -m cockpit.demo.sample.keeper", description="Removes a sample system."
    )
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--host", required=True, help="where its Docker daemon listens")
    parser.add_argument("--lock", required=True, type=Path, help="the lock of its run")
    wanted = parser.parse_args()
    ending = Ending(None)
    with owning(wanted.folder) as ours:
        if not ours:
            return 3
        own(wanted.folder)
        sys.stdout.write("ready\n")
        sys.stdout.close()
        say(f"ends: {_until_over(ending, wanted.lock)}")
        if (wanted.folder / labels.KEPT).exists():
            return 0
        for _ in range(TRIES):
            try:
                labels.remove(wanted.host, wanted.folder)
            except Failed as problem:
                say(f"not removed yet: {problem}")
                time.sleep(TRY_AGAIN)
            else:
                return 0
    return 3


def _await_ready(process: subprocess.Popen[bytes]) -> None:
    """Wait for the word of a keeper that it keeps its system. Raises Failed."""
    if process.stdout is None or process.stdout.readline() != b"ready\n":
        raise Failed("the process that is to remove the demo in the end does not start")


def _until_over(ending: Ending, lock: Path) -> str:
    """Wait until neither who started this nor the run is there any more; why, in words."""
    started_by = os.getppid()
    watch = LockWatch(time.monotonic(), FREE_FOR, FREE_FOR)
    while True:
        reason = ending.wait(LOOK_EVERY) or watch.verdict(os.getppid() == started_by or held(lock), time.monotonic())
        if reason:
            return reason


if __name__ == "__main__":
    sys.exit(main())
