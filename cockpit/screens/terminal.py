"""Whether this terminal can show a screen, and how: asked before Textual is imported."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Protocol

from cockpit.views.signs import Glyphs, glyphs_for


class _Stream(Protocol):
    def isatty(self) -> bool: ...


def unfit(environ: Mapping[str, str], stdin: _Stream | None = None, stderr: _Stream | None = None) -> str:
    """Why no screen can be shown here, in a sentence; empty when one can.

    The screen is drawn on standard error and keys come from standard input: both must be a terminal.
    """
    for name, stream in (("standard input", stdin or sys.stdin), ("standard error", stderr or sys.stderr)):
        if not stream.isatty():
            return f"{name} is not a terminal: use --plain, or ssh -t"
    if environ.get("TERM", "") in ("", "dumb"):
        return f"TERM={environ.get('TERM', '')} cannot show a screen: use --plain"
    return ""


def encoding() -> str:
    """The encoding of what is drawn."""
    return getattr(sys.__stderr__, "encoding", None) or "ascii"


def glyphs(environ: Mapping[str, str]) -> Glyphs:
    """The characters that this terminal can show."""
    return glyphs_for(encoding(), environ)
