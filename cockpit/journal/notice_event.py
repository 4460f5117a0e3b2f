"""How people were told of what happened: the kinds of event of notifications.

Each is about another event, named by its `seq`, and about one of those that the checklist's `notify` names.
"""

from __future__ import annotations

from typing import ClassVar

from cockpit.journal.data import Data


class NoticeBegun(Data, frozen=True):
    """An attempt at telling somebody begins: on disk before anything is sent, so that nothing is sent twice."""

    kind: ClassVar[str] = "notice.begun"

    about: int
    """`seq` of the event that is told of."""
    to: str
    """Id of who is told."""
    words: str = ""
    """What they are told; empty after the first attempt."""
    attempt: int = 1


class NoticeDelivered(Data, frozen=True):
    """The service took the notification."""

    kind: ClassVar[str] = "notice.delivered"

    about: int
    to: str
    attempt: int = 1
    took: float = 0.0
    """Seconds of this attempt."""


class NoticeFailed(Data, frozen=True):
    """An attempt ended without the notification being known to be delivered."""

    kind: ClassVar[str] = "notice.failed"

    about: int
    to: str
    reason: str
    attempt: int = 0
    """0: none was made."""
    again: bool = False
    """It is certain that nothing arrived, and another attempt follows."""
    doubt: bool = False
    """It may have arrived: it is not sent again."""


class NoticeWithheld(Data, frozen=True):
    """A rehearsal or a drill: nobody was told; in a live run these would have been."""

    kind: ClassVar[str] = "notice.withheld"

    about: int
    to: tuple[str, ...]
    words: str
