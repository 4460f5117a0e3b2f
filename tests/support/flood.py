"""Writes hostile lines into a spool, so many a second, until it is ended: `python flood.py FOLDER LINES SECONDS`."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.logs.intake import Intake
from cockpit.logs.spool import SpoolWriter
from cockpit.text import Redactor

HOSTILE = (
    b"\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x1b\\ title and clipboard",
    b"\x1b[2J\x1b[H\x1b[?1049l\x1b[6n\x1bc\x9b2J\x9d0;t\x9c cleared",
    "\u202egnp.exe\u2066\u2069\u200b\u2028\ufeff turned round".encode(),
    ("e" + "\u0301" * 400).encode(),
    bytes(range(256)).replace(b"\n", b""),
    b'{"level":"error","msg":"[red]not red[/red] [/x] [@click=app.quit]quit[/]"}',
    b"x" * 1_000_000,
    b"2026-01-02T10:00:00Z ERROR request failed: timeout after 3000 ms",
    "\u6f22\u5b57 \U0001f680 wide ones ".encode() * 30,
)
"""What reaches for the terminal, what is long, what piles up, and what is no text at all."""

EVERY = 0.05


def main(folder: Path, rate: int, seconds: float) -> None:
    """Write, and print how many lines were written."""
    writer = SpoolWriter(folder)
    count = int(rate * EVERY)
    cleaned = _Cleaned()
    Intake("", cleaned, Redactor()).lines(HOSTILE)
    texts = list(itertools.islice(itertools.cycle(cleaned.texts), count // 2))
    levels = bytes(itertools.islice(itertools.cycle(cleaned.levels), count // 2))
    began, written = time.monotonic(), 0
    for turn in itertools.count(1):
        for name in ("api-1", "worker"):
            writer.add(name, texts, time.time(), levels=levels)
            written += len(texts)
        ahead = began + turn * EVERY - time.monotonic()
        if time.monotonic() - began > seconds:
            break
        time.sleep(max(0.0, ahead))
    print(written)


class _Cleaned:
    """Keeps lines as they are spooled: cleaning them is not what is measured here."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.levels = b""

    def add(self, _: str, texts: list[str], __: float, *, levels: bytes = b"", at: object = ()) -> None:
        del at
        self.texts, self.levels = list(texts), levels

    def notice(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
