"""What a command comes to when it is not allowed, and what rules have in common."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.journal.event import Data

TEXT_LIMIT = 4000
"""Characters in one value, note or reason: what stays readable, and far below the limit of a journal line."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a command is not allowed, in a sentence that is shown as it is."""

    reason: str


Decision = tuple[Data, ...] | Refusal
"""The events that a command comes to, or why it is refused."""


def too_long(**texts: str) -> Refusal | None:
    """The refusal of texts that do not fit."""
    for name, text in texts.items():
        if len(text) > TEXT_LIMIT:
            return Refusal(f"the {name} has {len(text)} characters, at most {TEXT_LIMIT} fit: attach a file instead")
    return None


def clock_time(at: dt.datetime) -> str:
    """A moment as refusals say it."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
