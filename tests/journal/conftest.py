"""Journals to test with."""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from cockpit.journal import event as ev
from cockpit.journal import line
from cockpit.journal.writer import Writer

DOCUMENT = b'{"name":"Trading Bot","parts":[],"note":"caf\xc3\xa9, \xf0\x9f\x9a\x80 and \x7f"}'


class Samples:
    """What a journal is made of."""

    ada = ev.Actor("ada", uid=1000, host="bastion", tty="pts/3", origin="10.0.0.7")
    engine = ev.Actor("ada", uid=1000, host="bastion", engine=True)
    measured = ev.CheckMeasured("health", "PASS", "200 in 18 ms", took=0.018, value=18.0)

    def opened(self, run: str = "20261124-0300-v1-a1b2", document: bytes = DOCUMENT) -> ev.RunOpened:
        return ev.RunOpened(run, "live", "v1", "production", msgspec.Raw(document), line.digest(document), "0.1.0")

    def note(self, text: str = "a remark") -> ev.NoteAdded:
        return ev.NoteAdded(text)

    def create(self, path: Path, **options: Any) -> Writer:
        return Writer.create(path, self.ada, options.pop("opened", self.opened()), engine=self.engine, **options)

    def resume(self, path: Path, **options: Any) -> Writer:
        return Writer.resume(path, engine=self.engine, **options)

    def written(self, path: Path, count: int, **options: Any) -> list[ev.Event]:
        """A journal with `run.opened` and `count` notes; returns its events."""
        with self.create(path, **options) as writer:
            added = [writer.append([(self.ada, self.note(f"number {number}"))]) for number in range(count)]
            return writer.events + [event for future in added for event in future.result(10)]

    def data(self) -> st.SearchStrategy[ev.Data]:
        """Data of any kind but the first event's."""
        return _data()

    def actors(self) -> st.SearchStrategy[ev.Actor]:
        return _of(ev.Actor)


@functools.cache
def _data() -> st.SearchStrategy[ev.Data]:
    return st.one_of([_of(kind) for kind in ev.KINDS.values() if kind is not ev.RunOpened])


@functools.cache
def _of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type that an event's data is made of. Made once: a strategy takes longer to make than its values."""
    plain = {
        str: st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        int: st.integers(-(2**63), 2**63 - 1),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        type(None): st.none(),
        dt.datetime: st.datetimes(timezones=st.just(dt.UTC)),
    }
    if kind in plain:
        return plain[kind]
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin is tuple:
        return st.lists(_of(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=3)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([_of(argument) for argument in arguments])
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: _of(hints[field.name]) for field in msgspec.structs.fields(kind)})


@pytest.fixture(scope="session")
def sample() -> Samples:
    return Samples()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"
