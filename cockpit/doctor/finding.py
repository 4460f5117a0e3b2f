"""What the doctor says of one thing."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["OK", "hurts", "cannot tell"]


class Finding(msgspec.Struct, frozen=True):
    """One thing, how it stands, and how to mend it."""

    about: str
    """In a word or two: `clock`, `state home`."""
    state: State
    what: str
    """One sentence."""
    mend: str = ""
    """One sentence; empty when nothing has to be done."""


def ok(about: str, what: str) -> Finding:
    """All is well."""
    return Finding(about, "OK", what)


def hurts(about: str, what: str, mend: str) -> Finding:
    """It will hurt."""
    return Finding(about, "hurts", what, mend)


def unknown(about: str, what: str, mend: str) -> Finding:
    """It could not be found out."""
    return Finding(about, "cannot tell", what, mend)
