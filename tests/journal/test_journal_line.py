"""An event as a line."""

import datetime as dt
import hashlib
import json
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.journal import chain, line
from cockpit.journal import event as ev

STAMP = line.Stamp(dt.datetime(2026, 11, 24, 3, 0, 21, 703886, dt.UTC), 1083254714, "3f2b")
BEFORE = chain.origin("a run")

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_a_line_is_what_the_format_says(sample):
    text, _, head = line.compose(41, STAMP, sample.ada, sample.note("hi"), BEFORE)
    content = (
        b'{"at":"2026-11-24T03:00:21.703886Z","boot":"3f2b",'
        b'"by":{"host":"bastion","origin":"10.0.0.7","tty":"pts/3","uid":1000,"user":"ada"},'
        b'"data":{"text":"hi"},"kind":"note.added","mono":1083254714,"seq":41,"v":1}'
    )
    h = hashlib.sha256(BEFORE + content).hexdigest()
    assert text == content[:-1] + b',"h":"' + h.encode() + b'"}\n'
    assert head.hex() == h


def test_a_whole_second_has_its_six_decimals(sample):
    stamp = line.Stamp(STAMP.at.replace(microsecond=0), 1, "")
    assert line.compose(1, stamp, sample.ada, sample.note(), BEFORE)[0].startswith(
        b'{"at":"2026-11-24T03:00:21.000000Z"'
    )


@settings(deadline=None)  # a busy machine may take long over one example
@given(st.data())
def test_any_event_reads_back_as_it_was_given(sample, data):
    what, who = data.draw(sample.data()), data.draw(sample.actors())
    text, event, _ = line.compose(7, STAMP, who, what, BEFORE)
    assert ev.decode(text) == event
    assert (event.by, event.data, event.seq, event.at) == (who, what, 7, STAMP.at)


@given(JSON)
def test_canonical_json_is_printable_ascii_with_sorted_keys(value):
    text = line.canonical(value)
    assert all(0x20 <= byte < 0x7F for byte in text)
    parsed = json.loads(text)
    assert parsed == value
    assert list(_keys(parsed)) == [sorted(keys) for keys in _keys(parsed)]
    assert line.canonical(parsed) == text


def _keys(value):
    if isinstance(value, dict):
        yield list(value)
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def test_a_terminal_sees_no_control_character_of_an_event(sample):
    text, event, _ = line.compose(
        1, STAMP, sample.ada, sample.note("\x1b]52;c;cm0=\x07 \x7f \x9b2J \u202e \U000e0041"), BEFORE
    )
    assert all(0x20 <= byte < 0x7F for byte in text[:-1])
    assert event.data.text == "\x1b]52;c;cm0=\x07 \x7f \x9b2J \u202e \U000e0041"


def test_the_digest_can_be_checked_on_the_line_itself(sample):
    document = b'{"name": "caf\xc3\xa9", "a": [1.50, "\x7f"]}'
    _, event, _ = line.compose(0, STAMP, sample.ada, sample.opened(document=document), BEFORE)
    assert hashlib.sha256(bytes(event.data.document)).hexdigest() == line.digest(document) == event.data.digest
    assert json.loads(bytes(event.data.document)) == json.loads(document)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_that_json_cannot_say_is_refused(sample, figure):
    for data in (ev.CheckMeasured("a", "PASS", value=figure), ev.CheckMeasured("a", "PASS", took=figure)):
        with pytest.raises(line.Unrecordable, match=r"check\.measured cannot be recorded"):
            line.compose(1, STAMP, sample.ada, data, BEFORE)


@pytest.mark.parametrize(
    "data",
    [
        ev.NoteAdded("half a surrogate: \ud83d"),
        ev.NoteAdded(7),  # type: ignore[arg-type]
        ev.NoteAdded({1, 2}),  # type: ignore[arg-type]
        ev.Unknown("step.started", msgspec.Raw(b"{}")),
    ],
)
def test_what_would_not_read_back_is_refused(sample, data):
    with pytest.raises(line.Unrecordable, match="cannot be recorded"):
        line.compose(1, STAMP, sample.ada, data, BEFORE)


def test_an_actor_that_would_not_read_back_is_refused(sample):
    with pytest.raises(line.Unrecordable):
        line.compose(1, STAMP, ev.Actor("ada", uid="none"), sample.note(), BEFORE)  # type: ignore[arg-type]


def test_a_line_takes_64_kib_and_not_a_byte_more(sample):
    room = chain.LONGEST - len(line.compose(1, STAMP, sample.ada, sample.note(""), BEFORE)[0])
    assert len(line.compose(1, STAMP, sample.ada, sample.note("x" * room), BEFORE)[0]) == chain.LONGEST
    with pytest.raises(line.Unrecordable, match="takes 65537 bytes, and 65536 is the most"):
        line.compose(1, STAMP, sample.ada, sample.note("x" * (room + 1)), BEFORE)


def test_the_first_line_takes_4_mib(sample):
    document = b'"' + b"x" * (4 * 1024 * 1024 - 1000) + b'"'
    text, _, _ = line.compose(0, STAMP, sample.ada, sample.opened(document=document), BEFORE)
    assert 4 * 1024 * 1024 - 1000 < len(text) <= chain.LONGEST_FIRST
    with pytest.raises(line.Unrecordable, match="4194304 is the most"):
        line.compose(0, STAMP, sample.ada, sample.opened(document=document + b" ", run="x" * 1000), BEFORE)
