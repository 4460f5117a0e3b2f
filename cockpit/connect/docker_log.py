"""The log of a container as its daemon sends it: two streams in frames, lines cut where a frame ends."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator

LINE_LIMIT = 1024 * 1024
"""Bytes of a line that are taken together; a longer one is taken in pieces."""

_FRAME_HEADER = struct.Struct(">BxxxL")
_STREAMS = 3
"""Numbers of streams that there are: input, output, errors."""


class NoLog(ValueError):
    """What comes is not in frames as a daemon sends them."""


def payloads(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The pieces of the two streams that the daemon sends over one connection, in frames (Docker API, "attach").

    A frame is handed on as it comes: nobody has to hold one that says it is 4 GiB long. Raises NoLog.
    """
    buffer = bytearray()
    stream = left = 0
    for chunk in chunks:
        buffer += chunk
        while buffer:
            if not left:
                if len(buffer) < _FRAME_HEADER.size:
                    break
                stream, left = _FRAME_HEADER.unpack_from(buffer)
                del buffer[: _FRAME_HEADER.size]
                if stream >= _STREAMS:
                    raise NoLog(f"a frame of stream {stream}")
                continue
            piece = bytes(buffer[:left])
            del buffer[:left]
            left -= len(piece)
            yield stream, piece


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
