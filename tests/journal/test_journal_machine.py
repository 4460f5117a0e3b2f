"""Any order of writing, tearing, ending, going on and following: nothing acknowledged is lost, nothing is made up."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cockpit.journal import event as ev
from cockpit.journal import line, reader
from cockpit.journal.reader import JournalDamaged
from cockpit.journal.writer import NotRecorded, Writer

ADA = ev.Actor("ada", uid=1000)


class Journal(RuleBasedStateMachine):
    @initialize()
    def open(self):
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "journal.jsonl"
        document = line.canonical({"name": "a"})
        opened = ev.RunOpened("r", "live", "v1", "production", ev.msgspec.Raw(document), line.digest(document), "0")
        self.writer = Writer.create(self.path, ADA, opened, engine=ADA)
        self.acknowledged = list(self.writer.events)
        self.torn = 0
        self.damaged = False
        self.follower = reader.Follower(self.path)
        self.followed = []

    def teardown(self):
        if self.writer:
            self.writer.close()
        self.follower.close()
        shutil.rmtree(self.folder)

    @precondition(lambda self: self.writer and not self.damaged)
    @rule(
        texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5),
        soon=st.booleans(),
    )
    def append(self, texts, soon):
        futures = [self.writer.append([(ADA, ev.NoteAdded(text))], soon=soon) for text in texts[:-1]]
        futures.append(self.writer.append([(ADA, ev.NoteAdded(texts[-1]))]))
        for future, text in zip(futures, texts, strict=True):
            (event,) = future.result(5)
            assert event.data.text == text
            self.acknowledged.append(event)

    @precondition(lambda self: self.writer)
    @rule()
    def end(self):
        self.writer.close()
        self.writer = None

    @precondition(lambda self: self.writer is None and not self.damaged)
    @rule(piece=st.integers(1, 200))
    def tear(self, piece):
        """A crash in the middle of writing a line: a piece of it is there."""
        text, _, _ = line.compose(
            len(self.acknowledged),
            line.Stamp(self.acknowledged[-1].at, 1, ""),
            ADA,
            ev.NoteAdded("x" * 200),
            bytes.fromhex(self.acknowledged[-1].h),
        )
        if not self.torn:
            with self.path.open("ab") as file:
                file.write(text[:piece])
            self.torn = piece

    @precondition(lambda self: self.writer is None)
    @rule()
    def go_on(self):
        if self.damaged:
            try:
                Writer.resume(self.path, engine=ADA)
            except JournalDamaged:
                return
            raise AssertionError("a damaged journal was gone on with")
        self.writer = Writer.resume(self.path, engine=ADA)
        known = len(self.acknowledged)
        assert self.writer.events[:known] == self.acknowledged
        added = self.writer.events[known:]
        assert [event.data.size for event in added] == ([self.torn] if self.torn else [])
        self.acknowledged += added
        self.torn = 0

    @rule()
    def open_a_second_time(self):
        try:
            Writer.create(self.path, ADA, self.acknowledged[0].data, engine=ADA)
        except NotRecorded:
            return
        raise AssertionError("a journal was begun twice")

    @precondition(lambda self: self.writer is None and not self.damaged and not self.torn)
    @rule(data=st.data())
    def tamper(self, data):
        content = bytearray(self.path.read_bytes())
        place = data.draw(st.integers(7, len(content) - 2))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
        self.path.write_bytes(content)
        self.damaged = True

    @precondition(lambda self: not self.damaged)
    @rule()
    def follow(self):
        self.followed += self.follower.poll()
        assert self.followed == self.acknowledged

    @invariant()
    def what_the_file_holds(self):
        found = reader.verify(self.path, typed=True)
        assert found.ok is not self.damaged
        if not self.damaged:
            assert (found.torn.size if found.torn else 0) == self.torn
            assert list(reader.read(self.path)) == self.acknowledged


TestJournal = Journal.TestCase
TestJournal.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
