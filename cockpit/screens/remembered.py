"""What a person's screen is like, from one time to the next: the theme, and which panes are hidden or zoomed.

It is kept in a small file in the state home. It is read and written by a thread of its own: no screen waits for the
disk, and what cannot be read or kept is as if nothing had been remembered.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from pathlib import Path

import msgspec

from cockpit.journal.folder import state_home

READ_WITHIN = 0.3
"""Seconds that a start waits for the file: on a disk that hangs, the screen comes up without it."""


class Remembered(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered."""

    theme: str = ""
    panes: dict[str, str] = {}
    """How the lower pane of a board is shown, by the board: `zoomed`, `hidden`; and what it shows: `BOARD.shown`."""


class Memory:
    """Remembers; the newest is written, what came before it and was not yet is skipped."""

    def __init__(self, path: Path | None = None) -> None:
        """Keep it in `path`, or in the state home. Waits for at most `READ_WITHIN` seconds."""
        self._path = path or state_home() / "screen.json"
        self._queue: queue.SimpleQueue[Remembered] = queue.SimpleQueue()
        self._read = threading.Event()
        self.now = Remembered()
        """What is remembered at this moment."""
        self._found = Remembered()
        threading.Thread(target=self._keep, name="remembered", daemon=True).start()
        if self._read.wait(READ_WITHIN):
            self.now = self._found

    def keep(self, *, theme: str | None = None, **panes: str) -> None:
        """Remember these from now on."""
        self.now = Remembered(self.now.theme if theme is None else theme, {**self.now.panes, **panes})
        self._queue.put(self.now)

    def _keep(self) -> None:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            self._found = msgspec.json.decode(self._path.read_bytes(), type=Remembered)
        self._read.set()
        while True:
            newest = self._queue.get()
            with contextlib.suppress(queue.Empty):
                while True:
                    newest = self._queue.get_nowait()
            with contextlib.suppress(OSError):
                self._write(msgspec.json.encode(newest))

    def _write(self, data: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_name(f".{self._path.name}-{os.getpid()}")
        new.write_bytes(data)
        new.replace(self._path)
