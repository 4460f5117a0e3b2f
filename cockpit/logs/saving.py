"""Lines saved to a file, for their owner alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

from cockpit.logs.line import LogLine


class NotSaved(Exception):
    """The file cannot be written. The message names it and says why."""


async def save(path: Path, lines: Sequence[LogLine]) -> None:
    """Write `lines` to a file that is not there yet, readable by its owner only; times are UTC. Raises NotSaved."""
    try:
        await asyncio.to_thread(_write, path, lines)
    except FileExistsError:
        raise NotSaved(f"not saved: {path} is there already") from None
    except OSError as error:
        raise NotSaved(f"not saved: {path}: {(error.strerror or str(error)).lower()}") from None


def as_text(line: LogLine) -> str:
    """A line as it is saved and attached: time (UTC), source, text."""
    at = dt.datetime.fromtimestamp(line.moment, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sign = "" if line.kind == "line" else "--- "
    return " ".join(each for each in (at, line.source, sign + line.text) if each)


def _write(path: Path, lines: Sequence[LogLine]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(f"{as_text(line)}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
