"""The chain that holds the lines of a journal together: pure, bytes only, and fast.

Each line ends with `,"h":"<64 hex>"}`, where h is SHA-256 over the raw hash before it and the bytes of the line without
that ending (its closing brace kept). The hash before the first is SHA-256 over `cockpit-journal-v1`, a newline and the
id of the run, so lines of one run cannot stand in another's journal. Nothing is parsed or written again to check it.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from binascii import hexlify
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

LONGEST = 64 * 1024
"""Bytes in one line, its newline included."""

LONGEST_FIRST = 4 * 1024 * 1024
"""Bytes in the first line, which carries the whole checklist."""

_BLOCK = 256 * 1024
_SECTOR = 512
_BEFORE_HASH, _AFTER_HASH = b',"h":"', b'"}'
_AFTER = len(_AFTER_HASH)
_HASH_AT = 64 + _AFTER
_ENDING = len(_BEFORE_HASH) + _HASH_AT
_END = re.compile(rb',"seq":(\d{1,18}),"v":\d{1,9},"h":"([0-9a-f]{64})"\}\Z')
_END_LONGEST = len(',"seq":,"v":,"h":""}') + 18 + 9 + 64


class Damage(NamedTuple):
    """Where a journal stops being what was written, and how that shows."""

    line: int
    """Counted from 1."""
    offset: int
    """Byte at which that line begins."""
    seq: int
    """The event that belongs there."""
    what: str

    def __str__(self) -> str:
        """In words."""
        return f"line {self.line} (byte {self.offset}, event {self.seq}): {self.what}"


def origin(run: str) -> bytes:
    """The hash before the first event of `run`."""
    return hashlib.sha256(b"cockpit-journal-v1\n" + run.encode()).digest()


def seal(content: bytes, before: bytes) -> tuple[bytes, bytes]:
    """The line that holds `content` (a JSON object) after the hash `before`, without newline; and its own hash."""
    head = hashlib.sha256(before + content).digest()
    return content[:-1] + _BEFORE_HASH + hexlify(head) + _AFTER_HASH, head


class Chain:
    """How far a journal has been checked."""

    __slots__ = ("head", "offset", "seq")

    def __init__(self, seq: int = 0, offset: int = 0, head: bytes = b"") -> None:
        """Begin at the start, or after `seq` events in `offset` bytes whose last hash is `head`."""
        self.seq = seq
        self.offset = offset
        self.head = head

    def take(self, lines: Sequence[bytes]) -> str:
        """Check the next lines, each without its newline. Returns what is wrong with the first bad one, or nothing.

        Whatever comes out, `seq`, `offset` and `head` stand after the last good line.
        """
        if self.seq == 0 and lines:
            try:
                self.head = origin(_run_of(lines[0]))
            except ValueError as problem:
                return str(problem)
        sha256, before = hashlib.sha256, self.head
        good, wrong = len(lines), ""
        for index, line in enumerate(lines):
            head = sha256(before + line[:-_ENDING] + b"}").digest()
            if line[-_ENDING:] != _BEFORE_HASH + hexlify(head) + _AFTER_HASH:
                good, wrong = index, _wrong(line, self.seq + index)
                break
            before = head
        odd = _misnumbered(lines[:good], self.seq)
        if odd is not None:
            good, wrong = odd, _wrong(lines[odd], self.seq + odd)
        if good:
            self.head = bytes.fromhex(lines[good - 1][-_HASH_AT:-_AFTER].decode())
        self.offset += sum(map(len, lines[:good])) + good
        self.seq += good
        return wrong

    def damage(self, what: str) -> Damage:
        """`what` is wrong with the line that comes next."""
        return Damage(self.seq + 1, self.offset, self.seq, what)

    def is_torn(self, tail: bytes) -> bool:
        """Whether `tail`, all that follows the last good line, is what an interrupted write leaves behind.

        A line without newline is torn, unless it is a good one and one byte more: then its newline was changed
        afterwards. A line that has its newline was written to its end; it is torn only when the file system lost
        whole sectors of it, and shows zeros there.
        """
        newline = tail.find(b"\n")
        if newline < 0:
            return bool(Chain(self.seq, self.offset, self.head).take([tail[:-1]]))
        lost = [(zeros.start(), self.offset + zeros.end()) for zeros in re.finditer(rb"\0+", tail)]
        return (
            newline == len(tail) - 1
            and bool(lost)
            and all((start == 0 or (self.offset + start) % _SECTOR == 0) and end % _SECTOR == 0 for start, end in lost)
        )


class Lines:
    """The whole lines of a file, some at a time. After the last, `rest` is what had no newline."""

    def __init__(self, file: BinaryIO, size: int = sys.maxsize) -> None:
        """Read from where `file` stands, at most `size` bytes."""
        self._file = file
        self._left = size
        self.rest = b""

    def __iter__(self) -> Iterator[list[bytes]]:
        """Lists of lines, without their newlines. Stops where a line is longer than any can be."""
        while len(self.rest) <= LONGEST_FIRST and (block := self._file.read(min(_BLOCK, self._left))):
            self._left -= len(block)
            lines = (self.rest + block).split(b"\n")
            self.rest = lines.pop()
            if lines:
                yield lines


def _run_of(first: bytes) -> str:
    try:
        record = json.loads(first)
        kind, run = record["kind"], record["data"]["run"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("it is not the first line of a journal") from None
    if kind != "run.opened" or not isinstance(run, str):
        raise ValueError("a journal begins with run.opened")
    return run


def _misnumbered(lines: Sequence[bytes], seq: int) -> int | None:
    """The index of the first of `lines`, all good by their hashes, that does not bear its number.

    The hashes hold the order, so the last number tells whether a writer miscounted, and the others are looked at only
    when it did. Whoever reads the events compares each number.
    """
    if not lines or _number(lines[-1]) == seq + len(lines) - 1:
        return None
    return next(index for index, line in enumerate(lines) if _number(line) != seq + index)


def _number(line: bytes) -> int | None:
    end = _END.search(line, max(0, len(line) - _END_LONGEST))
    return int(end[1]) if end else None


def _wrong(line: bytes, seq: int) -> str:
    number = _number(line)
    if number is None:
        return "it is not a whole line of a journal, with a hash at its end"
    if number != seq:
        return f"event {number} stands where event {seq} belongs: lines were taken out, put in or moved"
    return "its hash does not match: this line was changed, or comes from another journal"


def main(path: str, start: int) -> None:
    """Check the journal at `path` from about byte `start`, and say how far it is good: `seq offset head` a line.

    The first line says where it began: at byte 0, or at the first line but one after `start`, trusting the one before.
    """
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - this file runs alone: nothing more is imported
        chain = _begin(file, start)
        if chain is None:
            return
        file.seek(chain.offset)
        print(chain.seq, chain.offset, chain.head.hex(), flush=True)
        for lines in Lines(file):
            wrong = chain.take(lines)
            print(chain.seq, chain.offset, chain.head.hex(), flush=True)
            if wrong:
                return


def _begin(file: BinaryIO, start: int) -> Chain | None:
    if start == 0:
        return Chain()
    file.seek(start)
    cut, *lines = file.read(3 * LONGEST).split(b"\n", 2)
    if len(lines) < 2 or (number := _number(lines[0])) is None:
        return None
    return Chain(number + 1, start + len(cut) + len(lines[0]) + 2, bytes.fromhex(lines[0][-_HASH_AT:-_AFTER].decode()))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
