"""Bytes come in pieces: wherever they are cut, the lines, their levels and what is hidden in them are the same."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.logs.daemon import _Parts
from cockpit.logs.intake import Intake
from cockpit.text import LINE_LIMIT, Redactor

SECRET = "correct-horse-battery"
STAMP = b"2026-01-02T12:00:00.123456789Z"

LINES = st.sampled_from(
    [
        b"",
        b"2026-11-24 12:00:00,123 INFO trader: filled",
        b"2026-11-24 12:00:00,123 ERROR trader: refused",
        b"Traceback (most recent call last):",
        b'  File "app.py", line 1',
        b'{"level":"error","msg":"bad"}',
        b"token=" + SECRET.encode() + b" used",
        b"\x1b[31mWARNING\x1b[0m red\r",
        b"\x1b[1;31mERROR\x1b[0m red \x1b]0;title\x1b\\",
        "Auftrag über 1.000 € \u202e\ufe0f".encode(),
        b"\xff\xfe no text \x00",
        b"x" * (LINE_LIMIT + 1),
        bytes(range(32, 127)) * 20,
    ]
)
CUTS = st.lists(st.integers(1, 3000), min_size=1, max_size=8)


class _Sink:
    """Keeps what comes."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int]] = []

    def add(self, _: str, texts: Sequence[str], __: float, *, levels: bytes = b"", at: Sequence[float] = ()) -> None:
        assert len(texts) == len(levels) == len(at)
        self.lines += zip(texts, levels, strict=True)

    def notice(self, *_: object) -> None:
        raise AssertionError


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    """`data` in pieces of these sizes, over and over."""
    at = 0
    for size in itertools.cycle(cuts):
        if at >= len(data):
            return
        yield data[at : at + size]
        at += size


def taken(came: Sequence[bytes]) -> list[tuple[str, int]]:
    """The lines of a stream and their levels."""
    sink = _Sink()
    intake = Intake("it", sink, Redactor({"token": SECRET}), clock=lambda: 1_800_000_000.0)
    for each in came:
        intake.stream(each)
    intake.end()
    return sink.lines


@given(st.lists(LINES, max_size=12), CUTS)
@settings(max_examples=150, deadline=None)
def test_a_stream_in_pieces_gives_the_same_lines_and_levels_as_in_one(lines: list[bytes], cuts: list[int]) -> None:
    data = b"".join(each + b"\n" for each in lines)
    whole = taken([data])
    assert taken(list(pieces(data, cuts))) == whole
    assert len(whole) == len(lines)
    assert not any(SECRET in text or (not text.isprintable() and "\ufe0f" not in text) for text, _ in whole)


@given(st.lists(st.tuples(st.sampled_from((1, 2)), LINES), max_size=12), CUTS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_frames_in_pieces_give_the_lines_that_the_daemon_sent(
    lines: list[tuple[int, bytes]], cuts: list[int], framed: bool
) -> None:
    bodies = [(stream, STAMP + b" " + line + b"\n") for stream, line in lines]
    data = b"".join((struct.pack(">BxxxL", stream, len(body)) if framed else b"") + body for stream, body in bodies)
    parts = _Parts(framed=framed)
    found = [*map(parts.add, pieces(data, cuts)), parts.rest()]
    wanted = [line if framed else line.removesuffix(b"\r") for _, line in lines]
    assert [line for each in found for line in each.lines] == wanted
    assert [stamp for each in found for stamp in each.stamps] == [STAMP] * len(lines)


@given(st.lists(st.sampled_from([SECRET, SECRET[:-1], SECRET[1:], "é", "\n", " "]), max_size=12))
@settings(max_examples=100, deadline=None)
def test_much_text_hides_the_same_as_little(parts: list[str]) -> None:
    redactor = Redactor({"token": SECRET})
    text = "".join(parts)
    filled = "." * 5000
    assert redactor(filled + text + filled) == filled + redactor(text) + filled
