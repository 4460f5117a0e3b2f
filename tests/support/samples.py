"""Texts that are kept as references, beside the tests that hold the program to them."""

from __future__ import annotations

import os
from pathlib import Path

ACCEPT = "COCKPIT_ACCEPT_SAMPLES"
"""Set it to have the samples written anew; then read the difference before it is committed."""


def assert_as_in(sample: Path, text: str) -> None:
    """The text is the one that is kept in the file."""
    if os.environ.get(ACCEPT):
        sample.write_text(text, "utf-8")
    assert text == sample.read_text("utf-8"), f"{sample.name} differs; {ACCEPT}=1 writes it anew"
