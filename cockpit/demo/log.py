"""The structured log of a part: one JSON object a line."""

from __future__ import annotations

import datetime as dt
import json
import logging
import logging.handlers
from pathlib import Path
from typing import Any

SIZE_LIMIT = 4 * 1024 * 1024
"""Bytes of a log file; then it becomes `NAME.1` and a new one begins, so that a forgotten sandbox fills no disk."""


class Log:
    """Writes events to a file; each line also says which part wrote it."""

    def __init__(self, path: Path, **part: str) -> None:
        """Append to `path`; `part` goes into every line."""
        self._part = part
        self._file = logging.handlers.RotatingFileHandler(path, maxBytes=SIZE_LIMIT, backupCount=1)

    def info(self, event: str, **facts: Any) -> None:
        """Record that something happened."""
        self._write("info", event, facts)

    def error(self, event: str, **facts: Any) -> None:
        """Record that something went wrong."""
        self._write("error", event, facts)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, level: str, event: str, facts: dict[str, Any]) -> None:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": level, "event": event, **self._part, **facts}
        self._file.handle(logging.makeLogRecord({"msg": json.dumps(line)}))
