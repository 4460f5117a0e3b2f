"""The log of a container as its daemon sends it: two streams in frames, lines cut where a frame ends."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator

LINE_LIMIT = 1024 * 1024
"""Bytes of a line that are taken together; a longer one is taken in pieces."""

_FRAME_HEADER = struct.Struct(">BxxxL")


def payloads(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The pieces of the two streams that the daemon sends over one connection, in frames (Docker API, "attach")."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _FRAME_HEADER.size:
            stream, size = _FRAME_HEADER.unpack_from(buffer)
            if len(buffer) < _FRAME_HEADER.size + size:
                break
            yield stream, bytes(buffer[_FRAME_HEADER.size : _FRAME_HEADER.size + size])
            del buffer[: _FRAME_HEADER.size + size]


def whole_lines(pieces: Iterable[bytes | tuple[int, bytes]]) -> Iterator[bytes]:
    """Whole lines, each of its own stream: a long line comes in several pieces, with those of the other between."""
    begun: defaultdict[int, bytes] = defaultdict(bytes)
    for piece in pieces:
        stream, data = piece if isinstance(piece, tuple) else (0, piece)
        *whole, rest = (begun[stream] + data).split(b"\n")
        yield from whole
        if len(rest) > LINE_LIMIT:
            yield rest
            rest = b""
        begun[stream] = rest
    yield from (rest for rest in begun.values() if rest)
