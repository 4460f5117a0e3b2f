"""The spool: written by one, read by any number, bounded, and never torn."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.logs.line import Level
from cockpit.logs.spool import SpoolReader, SpoolWriter

TEXT = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20)
BATCHES = st.lists(st.tuples(st.sampled_from("ab"), st.lists(TEXT, min_size=1, max_size=8)), max_size=12)


@given(BATCHES, st.integers(100, 2000), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_whoever_reads_along_gets_every_line_once_and_in_order(
    tmp_path_factory, batches, segment: int, every: int
) -> None:
    folder = tmp_path_factory.mktemp("spool") / "logs"
    reader = SpoolReader(folder)
    writer = SpoolWriter(folder, segment=segment, segments=1000)
    got, wanted = [], []
    for at, (source, texts) in enumerate(batches):
        writer.add(source, texts, 1.0)
        wanted += [(source, text) for text in texts]
        if at % every == 0:
            got += reader.read().lines
    got += reader.read().lines
    assert [(line.source, line.text) for line in got] == wanted
    assert [line.number for line in got] == list(range(1, len(wanted) + 1))
    writer.close()
    reader.close()
    late = SpoolReader(folder, lines=3)
    newest = late.read().lines
    assert len(newest) >= min(3, len(got))
    assert newest == got[len(got) - len(newest) :]
    late.close()


def test_level_time_and_kind_come_back_as_they_were_written(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path / "logs")
    writer.add("a", ["x", "  y"], 5.0, levels=bytes([Level.ERROR, Level.ERROR | 0x80]), at=[4.5, math.nan])
    writer.notice("a", "gone", 6.0)
    first, second, notice = SpoolReader(tmp_path / "logs").read().lines
    assert (first.level, first.at, first.continues, first.received) == (Level.ERROR, 4.5, False, 5.0)
    assert (second.level, second.at, second.continues) == (Level.ERROR, None, True)
    assert (notice.kind, notice.text, notice.number) == ("notice", "gone", 3)


def test_a_reader_begins_near_the_end(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path / "logs", segment=1000)
    for number in range(100):
        writer.add("a", [f"line {number}"], 1.0)
    got = SpoolReader(tmp_path / "logs", lines=5).read().lines
    assert [line.text for line in got] == [f"line {number}" for number in range(95, 100)]


def test_a_reader_that_is_behind_is_given_the_newest_and_the_rest_is_counted_by_source(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path / "logs")
    reader = SpoolReader(tmp_path / "logs")
    for _ in range(10):
        writer.add("a", ["x"] * 100, 1.0, levels=bytes([Level.ERROR]) * 100)
    read = reader.read(limit=250)
    assert [line.kind for line in read.lines] == ["notice"] + ["line"] * 250
    assert read.lines[0].text == "750 lines skipped here: more came than can be shown"
    assert sum(each.lines for each in read.skipped) == sum(each.errors for each in read.skipped) == 750


@given(st.lists(TEXT, min_size=2, max_size=8), st.data())
@settings(max_examples=50, deadline=None)
def test_lines_that_are_read_in_part_are_the_newest_as_they_were_written(
    tmp_path_factory, texts: list[str], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("spool") / "logs"
    reader, writer = SpoolReader(folder), SpoolWriter(folder)
    levels = bytes(number % 8 for number in range(len(texts)))
    writer.add("a", texts, 1.0, levels=levels, at=[*map(float, range(len(texts)))])
    limit = data.draw(st.integers(1, len(texts) - 1))
    read = reader.read(limit)
    writer.close()
    reader.close()
    lines = [line for line in read.lines if line.kind == "line"]
    assert [line.text for line in lines] == texts[-limit:]
    assert [(line.number - 1, line.at, int(line.level or 0)) for line in lines] == [
        (number, float(number), levels[number]) for number in range(len(texts) - limit, len(texts))
    ]
    assert [(each.lines, each.errors) for each in read.skipped] == [
        (len(texts) - limit, sum(level >= Level.ERROR for level in levels[:-limit]))
    ]


def test_old_segments_go_and_a_reader_that_missed_them_is_told(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path / "logs", segment=1000, segments=3)
    reader = SpoolReader(tmp_path / "logs")
    writer.add("a", ["first"], 1.0)
    assert len(reader.read().lines) == 1
    for number in range(500):
        writer.add("a", [f"line {number}"], 1.0)
    assert sum(each.stat().st_size for each in (tmp_path / "logs").iterdir()) < 5000
    lines = reader.read().lines
    notice = next(line for line in lines if line.kind == "notice")
    assert "are gone here: the spool went round" in notice.text
    assert lines[-1].text == "line 499"
    assert int(notice.text.split()[0]) + sum(line.kind == "line" for line in lines) == 500


def test_what_a_writer_that_died_left_half_is_left_out_and_numbers_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    writer = SpoolWriter(folder)
    writer.add("a", ["whole"], 1.0)
    writer.add("a", ["torn"], 1.0)
    writer.close()
    (segment,) = folder.iterdir()
    os.truncate(segment, segment.stat().st_size - 3)
    again = SpoolWriter(folder)
    again.add("a", ["after"], 2.0)
    assert [(line.number, line.text) for line in SpoolReader(folder).read().lines][-1] == (2, "after")
    assert "torn" not in [line.text for line in SpoolReader(folder).read().lines]


def test_it_is_for_whoever_may_read_the_run(tmp_path: Path) -> None:
    SpoolWriter(tmp_path / "own").add("a", ["x"], 1.0)
    SpoolWriter(tmp_path / "shared", os.getgid()).add("a", ["x"], 1.0)
    for name, folder, file in (("own", 0o700, 0o600), ("shared", 0o750, 0o640)):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == folder
        assert {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / name).iterdir()} == {file}


def test_a_full_disk_loses_lines_and_says_how_many(tmp_path: Path) -> None:
    """`/dev/full` in place of a segment; the next write finds a disk with room again."""
    folder = tmp_path / "logs"
    writer = SpoolWriter(folder)
    good, writer._fd = writer._fd, os.open("/dev/full", os.O_WRONLY)
    writer.add("a", ["lost"] * 7, 1.0)
    os.close(writer._fd)
    writer._fd = good
    writer.add("a", ["kept"], 2.0)
    texts = [line.text for line in SpoolReader(folder).read().lines]
    assert texts == ["7 lines were lost here: the disk of the run took nothing", "kept"]
