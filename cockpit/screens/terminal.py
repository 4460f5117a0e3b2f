"""What the terminal that is drawn on can show. Textual draws on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from cockpit.views.signs import Glyphs, glyphs_for


def encoding() -> str:
    """The encoding of what is drawn."""
    return getattr(sys.__stderr__, "encoding", None) or "ascii"


def glyphs(environ: Mapping[str, str]) -> Glyphs:
    """The characters that this terminal can show."""
    return glyphs_for(encoding(), environ)
