"""A disk that fails: what was acknowledged stays, what was not is said, and nothing is trusted blindly."""

import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cockpit
from cockpit.journal import disk as disks
from cockpit.journal import reader
from cockpit.journal.writer import NotRecorded


class FaultyDisk(disks.SystemDisk):
    """Fails at chosen calls: `faults` maps (call, number from 0) to an errno, or to the bytes that a write takes."""

    def __init__(self, faults=None):
        self.faults = dict(faults or {})
        self.calls = {"write": 0, "fdatasync": 0, "ftruncate": 0}

    def fail(self, call, how, after=0):
        """Let `call` fail at the next time but `after`."""
        self.faults[call, self.calls[call] + after] = how

    def _fault(self, call):
        how = self.faults.get((call, self.calls[call]))
        self.calls[call] += 1
        if isinstance(how, int) and how > 0:
            raise OSError(how, os.strerror(how))
        return how

    def write(self, fd, data):
        short = self._fault("write")
        return super().write(fd, data if short is None else data[: int(short * len(data))])

    def fdatasync(self, fd):
        self._fault("fdatasync")
        super().fdatasync(fd)

    def ftruncate(self, fd, size):
        self._fault("ftruncate")
        super().ftruncate(fd, size)


@pytest.fixture
def disk():
    return FaultyDisk()


@pytest.fixture
def writer(sample, journal, disk):
    with sample.create(journal, disk=disk) as writer:
        writer.append([(sample.ada, sample.note("before"))]).result(5)
        yield writer


def refused(writer, sample):
    with pytest.raises(NotRecorded) as refusal:
        writer.append([(sample.ada, sample.note("refused"))]).result(5)
    assert not writer.recording
    assert writer.problem == str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (errno.ENOSPC, "cannot grow: the disk is full"),
        (errno.EDQUOT, "cannot grow: Disk quota exceeded"),
        (errno.EFBIG, "cannot grow: File too large"),
        (errno.EINTR, "cannot grow: Interrupted system call"),
        (0.0, "only 0 of"),
        (0.5, "bytes could be written: the disk may be full"),
    ],
)
@pytest.mark.parametrize("recover", [False, True])
def test_without_room_an_event_is_refused_and_the_next_one_tries_again(
    sample, journal, writer, disk, how, says, recover
):
    size = journal.stat().st_size
    disk.fail("write", how)
    assert says in refused(writer, sample)
    assert journal.stat().st_size == size
    assert writer.trusted
    if recover:
        writer.recover().result(5)
    assert writer.append([(sample.ada, sample.note("after"))]).result(5)[0].seq == 2
    assert writer.recording
    assert writer.problem == ""
    assert [event.data.text for event in list(reader.read(journal))[1:]] == ["before", "after"]


@pytest.mark.parametrize(
    ("call", "how", "says"),
    [
        ("write", errno.EIO, "writing failed (Input/output error)"),
        ("write", errno.EROFS, "writing failed (Read-only file system)"),
        ("fdatasync", errno.EIO, "the flush to the disk failed (Input/output error)"),
        ("fdatasync", errno.ENOSPC, "the flush to the disk failed (No space left on device)"),
    ],
)
def test_after_a_failed_flush_nothing_is_added_until_it_was_read_back(sample, journal, writer, disk, call, how, says):
    disk.fail(call, how)
    assert says in refused(writer, sample)
    flushes = disk.calls["fdatasync"]
    assert "nothing is added until it has been read back" in refused(writer, sample)
    assert (disk.calls["fdatasync"], writer.trusted) == (flushes, False)
    recovered = writer.recover().result(5)
    assert writer.recording
    writer.append([(sample.ada, sample.note("after"))]).result(5)
    events = list(reader.read(journal))
    assert recovered == events[2:-1]
    assert "refused" not in [getattr(event.data, "text", "") for event in events]
    assert events[-1].data.text == "after"
    # What had been written without a flush is kept beside it, and told.
    assert [event.kind for event in events[2:-1]] == (["journal.recovered"] if call == "fdatasync" else [])


def test_cutting_back_that_fails_leaves_nothing_to_trust(sample, journal, writer, disk):
    disk.fail("write", 0.5)
    disk.fail("ftruncate", errno.EIO)
    assert "cutting it back failed" in refused(writer, sample)
    assert not writer.trusted
    writer.recover().result(5)
    assert writer.append([(sample.ada, sample.note("after"))]).result(5)[0].seq == 3
    assert reader.verify(journal, typed=True).ok


def test_a_recovery_that_fails_leaves_it_refused(sample, writer, disk):
    disk.fail("fdatasync", errno.EIO)
    refused(writer, sample)
    disk.fail("fdatasync", errno.EIO)
    with pytest.raises(NotRecorded, match="cannot be read back: Input/output error"):
        writer.recover().result(5)
    refused(writer, sample)
    writer.recover().result(5)
    assert writer.append([(sample.ada, sample.note("after"))]).result(5)


def append_foreign(path):
    with path.open("ab") as file:
        file.write(b"hello\n")


def replace(path):
    content = path.read_bytes()
    path.rename(path.with_name("moved"))
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (append_foreign, "somebody else changed it: it has"),
        (lambda path: os.truncate(path, path.stat().st_size - 10), "somebody else changed it: it has"),
        (replace, "another file was put in its place"),
        (lambda path: path.unlink(), "its file is gone"),
    ],
)
def test_a_file_that_somebody_else_changed_is_not_written_to_and_not_recovered(sample, journal, writer, change, says):
    change(journal)
    assert says in refused(writer, sample)
    with pytest.raises((reader.JournalUnreadable, NotRecorded)):
        writer.recover().result(5)
    assert not writer.trusted
    refused(writer, sample)


def test_recovery_notices_when_acknowledged_events_are_not_on_the_disk(sample, journal, writer, disk):
    disk.fail("fdatasync", errno.EIO)
    refused(writer, sample)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0])
    with pytest.raises(reader.JournalDamaged, match="acknowledged are not on the disk"):
        writer.recover().result(5)
    journal.write_bytes(lines[0] + lines[1].replace(b"before", b"behind"))
    with pytest.raises(reader.JournalDamaged, match="its hash does not match"):
        writer.recover().result(5)


EVERY_FAULT = [
    *itertools.product(["write", "fdatasync", "ftruncate"], [errno.EIO, errno.ENOSPC, errno.EINTR], range(6)),
    *itertools.product(["write"], [0.3], range(6)),
]


@pytest.mark.parametrize(("call", "how", "at"), EVERY_FAULT)
def test_whatever_call_fails_what_was_acknowledged_is_there_and_nothing_else(sample, journal, call, how, at):
    disk = FaultyDisk({(call, at): how})
    try:
        writer = sample.create(journal, disk=disk)
    except NotRecorded:
        assert not journal.exists()
        return
    with writer:
        acknowledged = list(writer.events)
        for number in range(8):
            try:
                acknowledged += writer.append([(sample.ada, sample.note(f"{number}"))]).result(5)
            except NotRecorded:
                if not writer.trusted:
                    writer.recover().result(5)
    kept = [event for event in reader.read(journal) if event.kind != "journal.recovered"]
    assert kept == acknowledged
    assert len(kept) >= 8


faults = st.dictionaries(
    st.tuples(st.sampled_from(["write", "fdatasync", "ftruncate"]), st.integers(0, 25)),
    st.sampled_from([errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, 0.0, 0.5, 0.99]),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(faults=faults, recover=st.booleans())
def test_any_row_of_failures_loses_nothing_that_was_acknowledged(sample, tmp_path_factory, faults, recover):
    journal = tmp_path_factory.mktemp("faults") / "journal.jsonl"
    disk = FaultyDisk({key: how for key, how in faults.items() if key[0] == "write" or isinstance(how, int)})
    acknowledged = []
    writer = None
    for number in range(12):
        try:
            if writer is None:
                resuming = journal.exists()
                writer = sample.resume(journal, disk=disk) if resuming else sample.create(journal, disk=disk)
                acknowledged += [] if resuming else writer.events
            acknowledged += writer.append([(sample.ada, sample.note(f"{number}"))]).result(5)
        except NotRecorded:
            if writer is not None and not writer.trusted:
                if recover and writer.recover().exception(5) is None:
                    continue
                writer.close()
                writer = None
    if writer is not None:
        writer.close()
    if acknowledged:
        events = list(reader.read(journal))
        assert [event for event in events if event in acknowledged] == acknowledged


def test_recovery_notices_another_history_that_is_as_good_in_itself(sample, journal, tmp_path):
    disk = FaultyDisk()
    with sample.create(journal, disk=disk) as writer:
        writer.append([(sample.ada, sample.note("ours"))]).result(5)
        sample.written(tmp_path / "other", 0)
        with sample.resume(tmp_path / "other") as other:
            other.append([(sample.ada, sample.note("them"))]).result(5)
        disk.fail("fdatasync", errno.EIO)
        refused(writer, sample)
        journal.write_bytes((tmp_path / "other").read_bytes())
        assert reader.verify(journal).ok
        with pytest.raises(reader.JournalDamaged, match="acknowledged are not on the disk"):
            writer.recover().result(5)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_refuses_and_goes_on_when_there_is_room(sample, small_disk):
    journal = small_disk / "journal.jsonl"
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 30_000)
    acknowledged = 0
    with sample.create(journal) as writer:
        while not (refusal := writer.append([(sample.ada, sample.note("x" * 200))]).exception(5)):
            acknowledged += 1
        assert isinstance(refusal, NotRecorded)
        assert "full" in str(refusal)
        assert not writer.recording
        assert reader.verify(journal).events == acknowledged + 1
        filler.unlink()
        writer.append([(sample.ada, sample.note())]).result(5)
        assert writer.recording
    assert reader.verify(journal, typed=True).events == acknowledged + 2


def test_a_limit_on_the_size_of_files_refuses_and_leaves_a_good_journal(sample, journal):
    script = f"""
import resource, pathlib
from cockpit.journal import event as ev, line, reader
from cockpit.journal.writer import Writer, NotRecorded
import msgspec
path = pathlib.Path({str(journal)!r})
ada = ev.Actor("ada")
opened = ev.RunOpened("r", "live", "v1", "production", msgspec.Raw(b"{{}}"), line.digest(b"{{}}"), "0")
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
with Writer.create(path, ada, opened, engine=ada) as writer:
    count = 1
    try:
        while True:
            writer.append([(ada, ev.NoteAdded("x" * 100))]).result(5)
            count += 1
    except NotRecorded as refusal:
        print(refusal)
    assert reader.verify(path).events == count > 5
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(cockpit.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=30, env=environment
    )
    assert "cannot grow" in done.stdout
