"""What an action prints, on its way to disk: secrets out, capped, and there as it comes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cockpit.text import Redactor

FIRST = 512 * 1024
"""Bytes from the beginning that are kept."""

LAST = 512 * 1024
"""Bytes from the end that are kept; what lies between is counted."""


class Printed:
    """The output file of one attempt."""

    def __init__(self, path: Path, redact: Redactor) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._redact = redact
        self._held = ""
        self._size = 0
        self._last = bytearray()
        self._dropped = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out(self._redact(self._held))
        if self._dropped:
            self._put(f"\n[{self._dropped} bytes left out]\n".encode())
        self._put(bytes(self._last))
        os.fsync(self._fd)
        os.close(self._fd)

    def write(self, data: bytes) -> None:
        """Take more. What may be the beginning of a secret is held back until it is known."""
        text = self._redact(self._held + data.decode("utf-8", "backslashreplace"))
        keep = min(len(text), max(0, self._redact.longest - 1))
        out, self._held = text[: len(text) - keep], text[len(text) - keep :]
        self._out(out)

    def of(self, host: str) -> Callable[[bytes], None]:
        """Take more of one of several hosts: each line says of which."""
        prefix = f"{host}: ".encode()

        def write(data: bytes) -> None:
            self.write(b"".join(prefix + line for line in data.splitlines(keepends=True)))

        return write

    def _out(self, text: str) -> None:
        data = text.encode()
        if self._size < FIRST:
            first, data = data[: FIRST - self._size], data[FIRST - self._size :]
            self._size += len(first)
            self._put(first)
        self._last += data
        if len(self._last) > LAST:
            self._dropped += len(self._last) - LAST
            del self._last[:-LAST]

    def _put(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]
