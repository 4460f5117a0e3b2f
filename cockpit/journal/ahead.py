"""A second process that checks the chain of a big journal ahead of whoever reads it, so that two cores share the work.

It only ever saves work: its word counts where it began at a place that is known to be good, and where it stops, for
whatever reason, the reader goes on checking by itself. The process runs `chain.py` alone, and reads the file itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from cockpit.journal import chain
from cockpit.journal.chain import Chain

WORTH_IT = 16 * 1024 * 1024
"""Bytes from which a journal is big enough: one of less is read before another process has started."""


class Ahead:
    """The process, and how far it got. Close it."""

    def __init__(self, path: Path, start: int = 0) -> None:
        """Check the journal at `path`, from byte 0 or from a line that begins soon after byte `start`."""
        self._process: subprocess.Popen[str] | None = None
        self.place: Chain | None = None
        """Up to where it is known to have found all good, at first where it began; None when it did not begin."""
        command = [sys.executable, "-I", "-S", chain.__file__, os.fspath(path.absolute()), str(start)]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        except OSError:
            return
        self.place = self._said()

    def carry(self, known: Chain, to: int = sys.maxsize) -> bool:
        """Move `known` to byte `to`, or to where the process ends; waits for it to get there.

        False, and nothing is moved, when it began elsewhere or did not find all up to `to` good.
        """
        place = self.place
        if place is None or (place.seq, place.offset, place.head) != (known.seq, known.offset, known.head):
            return False
        while place.offset < to and (said := self._said()) is not None:
            self.place = place = said
        if to not in (place.offset, sys.maxsize):
            return False
        known.seq, known.offset, known.head = place.seq, place.offset, place.head
        return True

    def close(self) -> None:
        """End the process, if it has not ended."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _said(self) -> Chain | None:
        assert self._process is not None
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said.endswith("\n"):
            return None
        seq, offset, head = said.split(" ")
        return Chain(int(seq), int(offset), bytes.fromhex(head))
