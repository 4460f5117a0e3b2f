"""Reading and following."""

import json
import os
import tracemalloc

import pytest

from cockpit.journal import chain, reader
from cockpit.journal import event as ev


def test_what_was_written_is_what_is_read(sample, journal):
    events = sample.written(journal, 20)
    assert list(reader.read(journal)) == events
    assert [event.seq for event in events] == list(range(21))
    assert reader.verify(journal, typed=True).head == events[-1].h


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(), "is empty: nothing was ever recorded"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.write_bytes(os.urandom(10_000)), "does not begin as one"),
        (lambda path: path.write_text("# A checklist\n"), "does not begin as one"),
        (lambda path: path.symlink_to(path), "Too many levels"),
    ],
)
def test_what_is_no_journal_is_said_in_one_line(journal, make, message):
    make(journal)
    for use in (reader.verify, lambda path: list(reader.read(path)), reader.load):
        with pytest.raises(reader.NotAJournal, match=message) as refused:
            use(journal)
        assert str(journal) in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "first",
    [
        b'{"at":"2026-11-24T03:00:21.703886Z"}\n',
        b'{"at":"nonsense\n',
        b'{"at":"","kind":"note.added","data":{"run":"a"}}\n',
        b'{"at":"","kind":"run.opened","data":{"run":7}}\n',
        b'{"at":"","kind":"run.opened","data":' + b"[" * 100_000 + b"\n",
    ],
)
def test_a_first_line_that_opens_no_run_is_damage_on_line_1(journal, first):
    journal.write_bytes(first)
    found = reader.verify(journal)
    assert (found.events, found.problem.line, found.problem.offset) == (0, 1, 0)


def test_damage_is_told_with_line_byte_event_and_reason_after_all_before_it(sample, journal):
    events = sample.written(journal, 9)
    content = journal.read_bytes()
    place = content.index(b"number 5")
    journal.write_bytes(content.replace(b"number 5", b"number 6"))
    start = content.rindex(b"\n", 0, place) + 1
    read = []
    with pytest.raises(reader.JournalDamaged) as damaged:
        read.extend(reader.read(journal))
    assert damaged.value.damage[:3] == (7, start, 6)
    assert f"line 7 (byte {start}, event 6): its hash does not match" in str(damaged.value)
    assert read == events[:6]


def test_an_event_of_a_kind_from_the_future_is_kept_as_it_is(sample, journal):
    sample.written(journal, 1)
    head = bytes.fromhex(reader.verify(journal).head)
    line = b'{"at":"2026-11-24T03:00:21.703886Z","boot":"","by":{"user":"ada"},"data":{"x":[1]},"kind":"step.begun","mono":1,"seq":2,"v":3}'
    with journal.open("ab") as file:
        file.write(chain.seal(line, head)[0] + b"\n")
    assert reader.verify(journal, typed=True).ok
    *_, last = reader.read(journal)
    assert isinstance(last.data, ev.Unknown)
    assert (last.data.name, bytes(last.data.raw)) == ("step.begun", b'{"x":[1]}')


def test_a_line_that_is_no_event_is_found_by_the_typed_check_though_its_hash_is_good(sample, journal):
    sample.written(journal, 3)
    found = reader.verify(journal)
    line = b'{"at":"2026-11-24T03:00:21.703886Z","boot":"","by":{"user":"ada"},"data":{"text":7},"kind":"note.added","mono":1,"seq":4,"v":1}'
    with journal.open("ab") as file:
        file.write(chain.seal(line, bytes.fromhex(found.head))[0] + b"\n")
    assert reader.verify(journal).ok
    assert reader.verify(journal, typed=True).problem[:3] == (5, found.size, 4)
    with pytest.raises(reader.JournalDamaged, match="cannot be read as an event"):
        reader.load(journal)


def test_a_checklist_that_is_not_the_one_of_the_digest_is_found_by_the_typed_check(sample, journal):
    sample.written(journal, 0)
    record = json.loads(journal.read_bytes())
    del record["h"]
    record["data"]["document"]["name"] = "Another"
    content = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    journal.write_bytes(chain.seal(content, chain.origin(record["data"]["run"]))[0] + b"\n")
    assert reader.verify(journal).ok
    assert "digest" in reader.verify(journal, typed=True).problem.what


def test_a_file_without_line_ends_is_given_up_on_in_little_memory(sample, journal):
    sample.written(journal, 1)
    with journal.open("ab") as file:
        file.truncate(300_000_000)
    tracemalloc.start()
    found = reader.verify(journal)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.ok, found.events) == (False, 2)
    assert peak < 40_000_000


def test_a_follower_gets_each_event_once_as_it_is_written(sample, journal):
    with sample.create(journal) as writer, reader.Follower(journal) as follower:
        assert follower.poll() == writer.events
        assert follower.poll() == []
        for _ in range(3):
            events = writer.append([(sample.ada, sample.note()), (sample.ada, sample.note())]).result(5)
            assert follower.poll() == events
        assert follower.poll() == []


def test_a_follower_waits_for_the_end_of_a_line(sample, journal):
    events = sample.written(journal, 2)
    content = journal.read_bytes()
    journal.write_bytes(b"")
    got = []
    with reader.Follower(journal) as follower, journal.open("ab", buffering=0) as file:
        for step in range(0, len(content), 100):
            file.write(content[step : step + 100])
            got += follower.poll()
    assert got == events


def test_a_follower_goes_on_when_a_torn_line_was_set_aside(sample, journal):
    sample.written(journal, 2)
    with reader.Follower(journal) as follower:
        follower.poll()
        with journal.open("ab") as file:
            file.write(b'{"at":"2026-11-24T0')
        assert follower.poll() == []
        with sample.resume(journal):
            (recovered,) = follower.poll()
    assert recovered.kind == "journal.recovered"


def _replace(path):
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.rename(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_replace, "another file was put in its place"),
        (lambda path: path.unlink(), "the file is gone"),
        (lambda path: os.truncate(path, 100), "was cut back to 100 bytes"),
        (lambda path: path.write_bytes(path.read_bytes() + b"hello\n"), "not a whole line"),
        (lambda path: path.write_bytes(path.read_bytes() * 2), "event 0 stands where event 3 belongs"),
    ],
)
def test_a_follower_notices_what_is_done_to_the_file(sample, journal, change, message):
    sample.written(journal, 2)
    with reader.Follower(journal) as follower:
        assert len(follower.poll()) == 3
        change(journal)
        for _ in range(2):
            with pytest.raises(reader.JournalDamaged, match=message):
                follower.poll()


def test_a_follower_hands_out_what_is_good_before_it_complains(sample, journal):
    events = sample.written(journal, 5)
    with journal.open("ab") as file:
        file.write(b"hello\n")
    with reader.Follower(journal) as follower:
        assert follower.poll() == events
        with pytest.raises(reader.JournalDamaged):
            follower.poll()


def test_a_follower_of_a_file_that_is_not_there_says_so(journal):
    with pytest.raises(reader.NotAJournal, match="No such file"):
        reader.Follower(journal)
