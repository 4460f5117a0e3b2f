"""Logs: one JSON object a line, on standard output."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Put time, level and message first, then what the caller added."""
        line = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _KNOWN},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def logger(name: str) -> logging.Logger:
    """A logger that writes such lines."""
    made = logging.getLogger(name)
    if not made.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(Lines())
        made.addHandler(handler)
        made.setLevel((os.environ.get("LOG_LEVEL") or "INFO").upper())
        made.propagate = False
    return made
