"""The place where runs are kept, tried: written to, flushed, locked. What is written is removed again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import statistics
import tempfile
import time
from pathlib import Path

from cockpit.doctor.facts import Home
from cockpit.journal.disk import UnsafePath, check_folders
from cockpit.journal.folder import state_home
from cockpit.journal.lock import unsafe_file_system

FLUSHES = 15
"""How often a flush is timed."""


def home() -> Home:
    """The state home as it is; when it is not there yet, the folder that it would be made in."""
    path = state_home()
    nearest = next(each for each in (path, *path.parents) if each.exists())
    if not nearest.is_dir():
        return Home(str(path), f"{nearest} is no folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Home(str(path), f"{nearest} cannot be written to")
    others = ""
    try:
        check_folders(nearest)
    except UnsafePath as problem:
        others = str(problem).partition(":")[0]
    room = os.statvfs(nearest)
    flush, slowest, locks = _tried(nearest)
    return Home(
        str(path),
        others=others,
        network=unsafe_file_system(nearest),
        free=room.f_bavail * room.f_frsize,
        flush=flush,
        slowest=slowest,
        locks=locks,
    )


def _tried(folder: Path) -> tuple[float | None, float, bool | None]:
    """How long a flush takes, at the median and at most, and whether locks work; None for what could not be tried."""
    with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        times = []
        for _ in range(FLUSHES):
            file.write(b"x" * 512)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
        return statistics.median(times), max(times), _locks(file.fileno(), Path(file.name))
    return None, 0.0, None


def _locks(held: int, path: Path) -> bool | None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    other = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(other)
