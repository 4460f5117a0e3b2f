"""What an action prints, on its way to disk: secrets out, capped, and there as it comes."""

from __future__ import annotations

import codecs
import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from cockpit.actions.folder import let_group_read
from cockpit.text import Redactor

FIRST = 512 * 1024
"""Bytes from the beginning that are kept."""

LAST = 512 * 1024
"""Bytes from the end that are kept; what lies between is counted. While more comes it is up to twice as much."""

LONGEST_LINE = 4096
"""Characters of a line of one of several hosts; a longer one is taken in pieces."""


class Printed:
    """The output file of one attempt: a context manager.

    What cannot be written (a full disk) is counted, and holds up nothing: the action goes on.
    """

    def __init__(self, path: Path, redact: Redactor) -> None:
        """Make the file. Raises OSError; FileExistsError when there is one."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        let_group_read(self._fd, path.parent)
        self._redact = redact
        self._streams: list[Stream] = []
        self._size = 0
        self._printed = 0
        self._lost = 0
        self._reason = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stream(self, host: str = "") -> Stream:
        """What one of several hosts prints, each line marked with its name; or what the only one does."""
        made = Stream(self._put, self._redact, host)
        self._streams.append(made)
        return made

    def close(self) -> None:
        """Write what was held back, flush it, and write no more."""
        if self._fd < 0:
            return
        for stream in self._streams:
            stream.close()
        self._shorten(LAST)
        self._write(b"")
        with contextlib.suppress(OSError):
            os.fsync(self._fd)
        os.close(self._fd)
        self._fd = -1

    def _put(self, text: str) -> None:
        data = text.encode()
        self._printed += len(data)
        self._write(data)
        self._shorten(2 * LAST)

    def _write(self, data: bytes) -> None:
        """Append; what was lost before is told first."""
        told, self._lost = self._lost, 0
        note = f"\n[{told} bytes could not be written: {self._reason}]\n".encode() if told else b""
        left = note + data
        try:
            while left:
                written = os.pwrite(self._fd, left, self._size)
                self._size, left = self._size + written, left[written:]
        except OSError as error:
            self._lost = len(left) if len(left) <= len(data) else told + len(data)
            self._reason = error.strerror or type(error).__name__

    def _shorten(self, most: int) -> None:
        """Take out what lies between the first and the last, when there is more than `most` after the first.

        In place: on a full disk there is no room for a second file.
        """
        if self._size <= FIRST + most:
            return
        with contextlib.suppress(OSError):
            last = os.pread(self._fd, LAST, self._size - LAST)
            kept = f"\n[{self._printed - FIRST - LAST} bytes left out]\n".encode() + last
            os.pwrite(self._fd, kept, FIRST)
            os.ftruncate(self._fd, FIRST + len(kept))
            self._size = FIRST + len(kept)


class Stream:
    """What one program prints: it has its own characters, secrets and lines, which others do not come between."""

    def __init__(self, put: Callable[[str], None], redact: Redactor, host: str) -> None:
        self._put = put
        self._redact = redact
        self._decode = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode
        self._held = ""
        self._prefix = f"{host}: " if host else ""
        self._line = ""

    def __call__(self, data: bytes) -> None:
        """Take more. What may be the beginning of a secret is held back until it is known."""
        shown, self._held = self._redact.of_stream(self._held + self._decode(data))
        self._out(shown)

    def close(self) -> None:
        """Hand on what was held back: it was no secret."""
        self._out(self._redact(self._held + self._decode(b"", final=True)))
        self._held = ""
        if self._line:
            self._put(f"{self._prefix}{self._line}\n")
            self._line = ""

    def _out(self, text: str) -> None:
        if self._prefix:
            *whole, self._line = (self._line + text).split("\n")
            while len(self._line) > LONGEST_LINE:
                whole.append(self._line[:LONGEST_LINE])
                self._line = self._line[LONGEST_LINE:]
            text = "".join(f"{self._prefix}{line}\n" for line in whole)
        if text:
            self._put(text)


def redactor(secrets: Iterable[tuple[str, str]]) -> Redactor:
    """What hides secrets: pairs of name and value."""
    made = Redactor()
    for name, value in secrets:
        made.add(name, value)
    return made
