"""Where something was written."""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place in a file."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        """`file:line:column`, as editors understand it."""
        return f"{self.file}:{self.line}:{self.column}"
