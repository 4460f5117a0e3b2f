"""What every event is made of: who did it, and what it says."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did it. Identity comes from the kernel, never from what a client says of itself."""

    user: str
    uid: int = -1
    host: str = ""
    tty: str = ""
    """The terminal (`pts/3`); empty when there is none."""
    origin: str = ""
    """Where the SSH session came from; empty on a local one."""
    position: str = ""
    engine: bool = False
    """The engine did it by itself: a timer, a measurement."""

    def __str__(self) -> str:
        """In words: `ada on pts/3 from 10.0.0.7`."""
        words = self.user + (f" on {self.tty}" if self.tty else "") + (f" from {self.origin}" if self.origin else "")
        return f"{words} ({self.position})" if self.position else words


class Data(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an event says. `kind` and `version` name it in the journal."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1
