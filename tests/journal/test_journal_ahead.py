"""Two processes find what one finds."""

import os
import signal
import sys

import pytest

from cockpit.journal import ahead, reader
from cockpit.journal.chain import Chain


@pytest.fixture(scope="session")
def long_journal(sample, tmp_path_factory):
    """A journal of several blocks."""
    journal = tmp_path_factory.mktemp("ahead") / "journal.jsonl"
    with sample.create(journal) as writer:
        for _ in range(20):
            writer.append([(sample.engine, sample.measured)] * 200).result(10)
    return journal.read_bytes()


@pytest.fixture
def started(monkeypatch):
    """Makes every journal big enough; the second processes that were started."""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one core does it alone")
    processes = []

    class Watched(ahead.Ahead):
        def __init__(self, *args):
            super().__init__(*args)
            processes.append(self)

    monkeypatch.setattr(reader, "WORTH_IT", 0)
    monkeypatch.setattr(reader, "Ahead", Watched)
    return processes


def alone(path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "WORTH_IT", sys.maxsize)
        return reader.verify(path), reader.verify(path, typed=True)


def changed(content, place):
    at = int(len(content) * place)
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize("place", [None, 0.001, 0.2, 0.49, 0.501, 0.51, 0.7, 0.9999])
def test_damage_anywhere_is_found_at_the_same_place(long_journal, journal, started, place):
    journal.write_bytes(long_journal if place is None else changed(long_journal, place))
    expected = alone(journal)
    assert (reader.verify(journal), reader.verify(journal, typed=True)) == expected
    half, whole = started
    assert whole.place.offset == expected[0].size
    assert half.place.offset == expected[0].size or (place is not None and place < 0.5)
    reading = reader.read(journal)
    assert [next(reading).seq for _ in range(expected[0].events)] == list(range(expected[0].events))
    if place is None:
        assert next(reading, None) is None
    else:
        with pytest.raises(reader.JournalDamaged) as damaged:
            next(reading)
        assert damaged.value.damage == expected[0].problem


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_a_torn_end_is_found_the_same(long_journal, journal, started, cut):
    journal.write_bytes(long_journal[:-cut])
    assert (reader.verify(journal), reader.verify(journal, typed=True)) == alone(journal)
    assert reader.verify(journal).torn


def test_another_journal_for_a_second_half_is_found(sample, long_journal, journal, tmp_path, started):
    with sample.create(journal, opened=sample.opened(run="another")) as writer:
        for _ in range(20):
            writer.append([(sample.engine, sample.measured)] * 200).result(10)
    lines, others = long_journal.splitlines(keepends=True), journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:1500], *others[1500:]]))
    found = reader.verify(journal)
    assert (found.events, found.problem.seq) == (1500, 1500)


def test_a_small_journal_starts_no_process(sample, journal, started, monkeypatch):
    monkeypatch.setattr(reader, "WORTH_IT", 10_000_000)
    sample.written(journal, 3)
    assert reader.verify(journal).ok
    assert not started


def test_a_process_that_cannot_start_is_done_without(long_journal, journal, started, monkeypatch):
    journal.write_bytes(changed(long_journal, 0.7))
    expected = alone(journal)
    monkeypatch.setattr(sys, "executable", "/none")
    assert (reader.verify(journal), reader.verify(journal, typed=True)) == expected
    assert [process.place for process in started] == [None, None]


def test_a_process_that_is_killed_is_done_without(long_journal, journal, started):
    journal.write_bytes(changed(long_journal, 0.7))
    reading = reader.read(journal)
    first = next(reading)
    os.kill(started[0]._process.pid, signal.SIGKILL)
    events = [first]
    with pytest.raises(reader.JournalDamaged) as damaged:
        events.extend(reading)
    assert damaged.value.damage == alone(journal)[0].problem
    assert [event.seq for event in events] == list(range(damaged.value.damage.seq))


def test_the_word_of_a_process_that_began_elsewhere_is_not_taken(long_journal, journal):
    journal.write_bytes(long_journal)
    with ahead.Ahead(journal, len(long_journal) // 2) as process:
        assert process.place.seq > 1000
        for elsewhere in (Chain(), Chain(process.place.seq, process.place.offset, b"x" * 32)):
            assert not process.carry(elsewhere)


def test_no_process_is_left_behind(long_journal, journal, started):
    journal.write_bytes(long_journal)
    next(reader.read(journal))
    reader.verify(journal)
    assert [process._process.returncode is not None for process in started] == [True, True]
