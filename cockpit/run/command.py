"""What somebody wants to happen. `cockpit.run.decide` says whether it may, and what then happened."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.journal.event import Evidence


class Command(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="do"):
    """A request from a viewer, a script or a timer."""


class Confirm(Command, frozen=True, tag="confirm"):
    """Say what was seen on an item."""

    item: str
    value: str
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


class Waive(Command, frozen=True, tag="waive"):
    """Accept an item undone or failing, until `expires`."""

    item: str
    reason: str
    expires: dt.datetime | None = None


class RuleOut(Command, frozen=True, tag="rule-out"):
    """Say that an item, or every item under a heading, is not applicable."""

    item: str
    reason: str = ""


class TakeBack(Command, frozen=True, tag="take-back"):
    """Take back what was said last on an item."""

    item: str
    reason: str = ""


class AddNote(Command, frozen=True, tag="note"):
    """Leave a remark, on an item or on the run."""

    text: str
    item: str = ""
    evidence: tuple[Evidence, ...] = ()


class Hold(Command, frozen=True, tag="hold"):
    """Stop the run where it stands."""

    reason: str


class Release(Command, frozen=True, tag="release"):
    """End the hold."""

    reason: str = ""


class TakeCommand(Command, frozen=True, tag="take-command"):
    """Become captain in place of whoever is."""

    reason: str = ""


class Close(Command, frozen=True, tag="close"):
    """End the run with the verdict that it has."""

    reason: str = ""


class Attest(Command, frozen=True, tag="attest"):
    """Put a signature of how far the journal has got into it. `signature` is as `ssh-keygen -Y sign` writes it."""

    seq: int
    head: str
    signature: str
    key: str


class Measure(Command, frozen=True, tag="measure"):
    """Measure an item now; empty: every item."""

    item: str = ""


AnyCommand = Confirm | Waive | RuleOut | TakeBack | AddNote | Hold | Release | TakeCommand | Close | Attest | Measure
