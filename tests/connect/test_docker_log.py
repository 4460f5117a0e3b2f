"""The log of a container as frames, some of which no daemon would send."""

from __future__ import annotations

import struct

import pytest

from cockpit.connect.docker_log import NoLog, payloads, whole_lines


def frame(stream: int, data: bytes, size: int | None = None) -> bytes:
    return struct.pack(">BxxxL", stream, len(data) if size is None else size) + data


def test_frames_are_taken_apart_wherever_they_are_cut() -> None:
    sent = frame(1, b"one\ntw") + frame(2, b"err\n") + frame(1, b"") + frame(1, b"o\n")
    for size in range(1, len(sent)):
        chunks = [sent[at : at + size] for at in range(0, len(sent), size)]
        assert list(whole_lines(payloads(chunks))) == [b"one", b"err", b"two"]


def test_a_frame_that_says_it_is_huge_is_handed_on_as_it_comes() -> None:
    sent = iter([frame(1, b"x" * 10, size=(1 << 32) - 1), b"y" * 10, b"z" * 10])
    assert [data for _, data in payloads(sent)] == [b"x" * 10, b"y" * 10, b"z" * 10]


def test_what_is_of_no_stream_is_no_log() -> None:
    with pytest.raises(NoLog, match="a frame of stream 7"):
        list(payloads([frame(7, b"x")]))
