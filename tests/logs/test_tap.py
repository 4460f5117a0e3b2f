"""A spool read in a thread, and lines saved: nothing is lost uncounted, nothing is readable to others."""

from __future__ import annotations

import asyncio
import stat
import time
from pathlib import Path

import pytest

from cockpit.logs.line import Level, LogLine
from cockpit.logs.saving import NotSaved, as_text, save
from cockpit.logs.spool import SpoolWriter
from cockpit.logs.tap import LINES_AT_ONCE, SpoolTap, Taken

LINE = LogLine(1, "api", 1_764_000_000.25, 1_764_000_001.0, Level.ERROR, "timeout")


def taken(tap: SpoolTap, wanted: int) -> list[Taken]:
    """What is taken until so many lines came, or were counted."""
    found: list[Taken] = []
    until = time.monotonic() + 20
    while sum(len(each.lines) + sum(skip.lines for skip in each.skipped) for each in found) < wanted:
        assert time.monotonic() < until, found
        if (came := tap.take()) is not None:
            found.append(came)
        time.sleep(0.01)
    return found


def test_every_line_is_handed_over_or_counted(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path / "logs")
    tap = SpoolTap(tmp_path / "logs")
    writer.add("api", ["the first"], time.time())
    taken(tap, 1)
    found = []
    for _ in range(2):
        for _ in range(10):
            writer.add("api", ["x"] * 1000, time.time(), levels=bytes([Level.ERROR]) * 1000)
        found += taken(tap, 10_000)
    tap.close()
    lines = [line for each in found for line in each.lines if line.kind == "line"]
    skipped = [skip for each in found for skip in each.skipped]
    assert len(lines) + sum(each.lines for each in skipped) == 20_000
    assert sum(each.errors for each in skipped) == sum(each.lines for each in skipped)
    assert sum(line.kind == "notice" for each in found for line in each.lines) == 1
    assert max(len(each.lines) for each in found) <= LINES_AT_ONCE + 2


def test_what_is_not_taken_is_not_read_on(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path / "logs")
    writer.add("api", ["one"], time.time())
    tap = SpoolTap(tmp_path / "logs")
    taken(tap, 1)
    time.sleep(0.5)
    for _ in range(3):
        writer.add("api", ["more"], time.time())
        time.sleep(0.3)
    assert sum(len(each.lines) for each in taken(tap, 3)) == 3
    tap.close()


def test_whoever_follows_is_told_when_nobody_looks_any_more(tmp_path: Path) -> None:
    ended = []
    tap = SpoolTap(tmp_path / "none", lambda: ended.append(True))
    tap.close()
    assert ended == [True]


def test_a_spool_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "00000001.seg").mkdir()
    tap = SpoolTap(folder)
    until = time.monotonic() + 10
    while not tap.problem and time.monotonic() < until:
        time.sleep(0.01)
    tap.close()
    assert tap.problem == "the lines kept cannot be read: is a directory"


def test_saved_lines_are_their_owners_alone_and_overwrite_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lines.log"
    asyncio.run(save(path, [LINE, LINE]))
    assert path.read_text() == "2025-11-24T16:00:00.250Z api timeout\n" * 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(NotSaved, match="there already"):
        asyncio.run(save(path, [LINE]))
    with pytest.raises(NotSaved, match="no such file"):
        asyncio.run(save(tmp_path / "none" / "lines.log", [LINE]))
    assert as_text(LINE) in path.read_text()
