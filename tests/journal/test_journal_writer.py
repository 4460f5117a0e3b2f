"""Writing, and going on after an end of any kind."""

import datetime as dt
import os
import stat
import threading
import time
from concurrent.futures import wait

import msgspec
import pytest

from cockpit.journal import disk as disks
from cockpit.journal import line, reader
from cockpit.journal import writer as writing
from cockpit.journal.event import ClockJumped, JournalRecovered, RunOpened
from cockpit.journal.writer import NotRecorded, Writer


class HandClock:
    """A clock that is set by hand."""

    def __init__(self):
        self.at = dt.datetime(2026, 11, 24, 3, 0, tzinfo=dt.UTC)
        self.mono = 1_000_000
        self.boot = "boot-1"

    def stamp(self):
        return line.Stamp(self.at, self.mono, self.boot)

    def pass_(self, seconds, wall=None):
        self.mono += int(seconds * 1e6)
        self.at += dt.timedelta(seconds=seconds if wall is None else wall)


class CountingDisk(disks.SystemDisk):
    """Counts flushes, and makes each take a while."""

    def __init__(self, takes=0.0):
        self.flushes = 0
        self.takes = takes

    def fdatasync(self, fd):
        self.flushes += 1
        time.sleep(self.takes)
        super().fdatasync(fd)


def test_what_the_future_holds_is_in_the_file(sample, journal):
    with sample.create(journal) as writer:
        events = writer.append([(sample.ada, sample.note("a")), (sample.engine, sample.measured)]).result(5)
        assert [event.kind for event in events] == ["note.added", "check.measured"]
        assert list(reader.read(journal)) == writer.events + events


@pytest.mark.parametrize("umask", [0, 0o777])
def test_its_owner_can_read_it_and_nobody_else_whatever_the_umask(sample, journal, umask):
    before = os.umask(umask)
    try:
        sample.written(journal, 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_there_is_one_first_event(sample, journal):
    content = sample.written(journal, 1) and journal.read_bytes()
    with pytest.raises(NotRecorded, match="File exists"):
        sample.create(journal)
    assert journal.read_bytes() == content


def test_a_digest_of_something_else_is_refused_before_anything_is_made(sample, journal):
    opened = msgspec.structs.replace(sample.opened(), digest="0" * 64)
    with pytest.raises(ValueError, match="digest"):
        sample.create(journal, opened=opened)
    assert not journal.exists()


def test_a_first_event_that_cannot_be_recorded_leaves_no_journal(sample, journal):
    with pytest.raises(line.Unrecordable, match="4194304 is the most"):
        sample.create(journal, opened=sample.opened(document=b'"' + b"x" * 5_000_000 + b'"'))
    assert not journal.exists()


def test_a_refused_event_takes_its_own_call_down_and_no_other(sample, journal):
    with sample.create(journal) as writer:
        good = writer.append([(sample.ada, sample.note("good"))])
        bad = writer.append([(sample.ada, sample.note("first of two")), (sample.ada, sample.note("x" * 70_000))])
        after = writer.append([(sample.ada, sample.note("after"))])
        with pytest.raises(line.Unrecordable, match="65536 is the most; shorten its text"):
            bad.result(5)
        assert (good.result(5)[0].seq, after.result(5)[0].seq) == (1, 2)
        assert writer.recording
    assert reader.verify(journal).events == 3


def test_calls_from_many_threads_are_each_recorded_once_and_in_their_own_order(sample, journal):
    with sample.create(journal) as writer:

        def work(name):
            for number in range(50):
                writer.append([(sample.ada, sample.note(f"{name}:{number}"))], soon=bool(number % 2))

        threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    said = [event.data.text.split(":") for event in list(reader.read(journal))[1:]]
    assert len(said) == 400
    for name in range(8):
        assert [int(number) for who, number in said if who == str(name)] == list(range(50))


def test_what_gathers_during_a_flush_shares_the_next(sample, journal):
    disk = CountingDisk(takes=0.05)
    with sample.create(journal, disk=disk) as writer:
        before = disk.flushes
        wait([writer.append([(sample.engine, sample.measured)]) for _ in range(200)], timeout=10)
        assert disk.flushes - before <= 3


def test_events_that_may_wait_share_a_flush_and_are_not_kept_waiting_long(sample, journal):
    disk = CountingDisk()
    with sample.create(journal, disk=disk) as writer:
        before = disk.flushes
        futures = []
        for _ in range(5):
            futures.append(writer.append([(sample.engine, sample.measured)], soon=True))
            time.sleep(0.002)
        assert disk.flushes == before
        started = time.monotonic()
        wait(futures, timeout=5)
        assert disk.flushes == before + 1
        assert time.monotonic() - started < 20 * writing.GROUPING


def test_an_urgent_event_waits_for_nobody_and_takes_those_before_it_along(sample, journal, monkeypatch):
    monkeypatch.setattr(writing, "GROUPING", 60.0)
    with sample.create(journal) as writer:
        waiting = [writer.append([(sample.engine, sample.measured)], soon=True) for _ in range(3)]
        time.sleep(0.05)
        assert not any(future.done() for future in waiting)
        (urgent,) = writer.append([(sample.ada, sample.note("go"))]).result(5)
        assert [future.result(5)[0].seq for future in waiting] == [1, 2, 3]
        assert urgent.seq == 4


def test_closing_writes_what_was_given_and_refuses_what_comes_later(sample, journal, monkeypatch):
    monkeypatch.setattr(writing, "GROUPING", 60.0)
    writer = sample.create(journal)
    last = writer.append([(sample.engine, sample.measured)], soon=True)
    writer.close()
    writer.close()
    assert last.result(0)[0].seq == 1
    with pytest.raises(NotRecorded, match="closed"):
        writer.append([(sample.ada, sample.note())]).result(5)
    assert reader.verify(journal).events == 2


def test_a_future_cancelled_in_time_is_not_recorded(sample, journal, monkeypatch):
    monkeypatch.setattr(writing, "GROUPING", 0.2)
    with sample.create(journal) as writer:
        cancelled = writer.append([(sample.engine, sample.measured)], soon=True)
        assert cancelled.cancel()
        assert writer.append([(sample.ada, sample.note())]).result(5)[0].seq == 1


def test_a_clock_that_was_set_is_recorded_before_the_event_that_noticed(sample, journal):
    clock = HandClock()
    with sample.create(journal, clock=clock) as writer:
        clock.pass_(3600)
        assert len(writer.append([(sample.ada, sample.note())]).result(5)) == 1
        clock.pass_(10, wall=-3590)
        writer.append([(sample.ada, sample.note())]).result(5)
        clock.pass_(1, wall=1.9)
        writer.append([(sample.ada, sample.note())]).result(5)
    events = list(reader.read(journal))
    assert [event.kind for event in events] == ["run.opened", "note.added", "clock.jumped", "note.added", "note.added"]
    assert events[2].data == ClockJumped(-3600.0)
    assert events[2].by == sample.engine
    assert (events[2].mono, events[2].boot) == (3_611_000_000, "boot-1")


def test_a_clock_that_was_set_is_recorded_with_the_next_event_that_can_be(sample, journal):
    clock = HandClock()
    with sample.create(journal, clock=clock) as writer:
        clock.pass_(1, wall=100)
        with pytest.raises(line.Unrecordable):
            writer.append([(sample.ada, sample.note("x" * 70_000))]).result(5)
        clock.pass_(1)
        writer.append([(sample.ada, sample.note())]).result(5)
    assert [event.kind for event in reader.read(journal)] == ["run.opened", "clock.jumped", "note.added"]


def test_a_clock_set_while_no_engine_ran_is_recorded_too_but_not_across_a_boot(sample, journal):
    clock = HandClock()
    sample.written(journal, 0, clock=clock)
    clock.pass_(60, wall=7260)
    with sample.resume(journal, clock=clock) as writer:
        writer.append([(sample.ada, sample.note())]).result(5)
    clock.boot = "boot-2"
    clock.pass_(5, wall=-9000)
    with sample.resume(journal, clock=clock) as writer:
        writer.append([(sample.ada, sample.note())]).result(5)
    kinds = [event.kind for event in reader.read(journal)]
    assert kinds == ["run.opened", "clock.jumped", "note.added", "note.added"]


def test_going_on_continues_the_chain(sample, journal):
    events = sample.written(journal, 4)
    with sample.resume(journal) as writer:
        assert writer.events == events
        (added,) = writer.append([(sample.ada, sample.note())]).result(5)
    assert list(reader.read(journal)) == [*events, added]


@pytest.mark.parametrize("cut", [1, 2, 80, 150])
def test_a_torn_last_line_is_set_aside_and_recorded(sample, journal, cut):
    events = sample.written(journal, 4)
    content = journal.read_bytes()
    journal.write_bytes(content[:-cut])
    start = content.rindex(b"\n", 0, -1) + 1
    with sample.resume(journal) as writer:
        assert writer.events[:-1] == events[:-1]
        recovered = writer.events[-1].data
    aside = journal.with_name(f"journal.jsonl.torn-{start}")
    assert recovered.kept_as == aside.name
    assert (recovered.offset, recovered.size) == (start, len(content) - cut - start)
    assert aside.read_bytes() == content[start:-cut]
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert reader.verify(journal, typed=True).events == 5
    with sample.resume(journal) as writer:
        assert sum(isinstance(event.data, JournalRecovered) for event in writer.events) == 1


def test_a_crash_between_setting_aside_and_saying_so_is_made_up_for(sample, journal):
    sample.written(journal, 2)
    size = journal.stat().st_size
    journal.with_name(f"journal.jsonl.torn-{size}").write_bytes(b'{"at":"20')
    with sample.resume(journal) as writer:
        assert writer.events[-1].data.kept_as == f"journal.jsonl.torn-{size}"


def test_two_torn_lines_at_one_place_are_both_kept(sample, journal):
    sample.written(journal, 2)
    size = journal.stat().st_size
    journal.with_name(f"journal.jsonl.torn-{size}").write_bytes(b"something else")
    with journal.open("ab") as file:
        file.write(b'{"at":"20')
    with sample.resume(journal) as writer:
        kept = [event.data.kept_as for event in writer.events[3:]]
    assert kept == [f"journal.jsonl.torn-{size}", f"journal.jsonl.torn-{size}-2"]
    assert journal.with_name(kept[1]).read_bytes() == b'{"at":"20'


def test_a_damaged_journal_is_not_gone_on_with_and_not_touched(sample, journal):
    sample.written(journal, 4)
    content = journal.read_bytes().replace(b"number 3", b"number 4")
    journal.write_bytes(content)
    with pytest.raises(reader.JournalDamaged, match="line 5"):
        sample.resume(journal)
    assert journal.read_bytes() == content
    assert list(journal.parent.iterdir()) == [journal]


def test_a_journal_without_a_whole_first_line_was_never_opened(sample, journal):
    journal.write_bytes(b'{"at":"2026-11-24T03')
    with pytest.raises(reader.NotAJournal, match="never opened"):
        sample.resume(journal)


def test_a_file_under_two_names_is_refused(sample, journal):
    sample.written(journal, 1)
    os.link(journal, journal.with_name("copy"))
    with pytest.raises(disks.UnsafePath, match="has 2 names"):
        sample.resume(journal)


def test_a_symbolic_link_is_refused(sample, journal, tmp_path):
    sample.written(tmp_path / "elsewhere", 1)
    journal.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotRecorded, match="cannot be gone on with: Too many levels of symbolic links"):
        sample.resume(journal)
    with pytest.raises(NotRecorded):
        sample.create(journal)


@pytest.mark.parametrize("above", [False, True])
def test_a_folder_that_anyone_can_write_to_is_refused(sample, tmp_path, above):
    open_to_all = tmp_path / "open"
    folder = open_to_all / "run" if above else open_to_all
    folder.mkdir(parents=True)
    open_to_all.chmod(0o777)
    with pytest.raises(disks.UnsafePath, match=r"open is writable for everyone: .*chmod o-w"):
        sample.create(folder / "journal.jsonl")
    open_to_all.chmod(0o1777)
    sample.create(folder / "journal.jsonl").close()


def test_a_folder_that_is_not_there_is_said_in_words(sample, tmp_path):
    with pytest.raises((NotRecorded, disks.UnsafePath), match="No such file"):
        sample.create(tmp_path / "none" / "journal.jsonl")


def test_many_check_results_at_once_are_written_in_pieces_of_bounded_size(sample, journal):
    sizes = []

    class Disk(disks.SystemDisk):
        def write(self, fd, data):
            sizes.append(len(data))
            return super().write(fd, data)

    with sample.create(journal, disk=Disk()) as writer:
        futures = [writer.append([(sample.ada, sample.note("x" * 60_000))], soon=True) for _ in range(60)]
        assert [future.result(10)[0].seq for future in futures] == list(range(1, 61))
    assert max(sizes) < 1_200_000
    assert reader.verify(journal).events == 61


def test_the_first_event_is_the_whole_checklist(sample, journal):
    with sample.create(journal) as writer:
        (opened,) = writer.events
    assert isinstance(opened.data, RunOpened)
    assert line.digest(bytes(opened.data.document)) == opened.data.digest
    assert isinstance(writer, Writer)
