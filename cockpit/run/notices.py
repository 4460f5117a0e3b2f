"""How those were told who are to be told: part of the fold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
from immutables import Map

from cockpit.journal import event as ev
from cockpit.journal.event import Data, Event

_replace = msgspec.structs.replace


class Untold(msgspec.Struct, frozen=True):
    """A notification that is not known to be delivered."""

    about: int
    """`seq` of the event that it is about."""
    to: str
    reason: str
    at: dt.datetime
    doubt: bool = False
    """It may have arrived."""
    again: bool = False
    """It is tried again."""


class Notices(msgspec.Struct, frozen=True):
    """How the notifications of a run fared."""

    delivered: Map[str, int] = Map()
    """How many, by who was told."""
    latest: Map[str, dt.datetime] = Map()
    """When the last one was delivered, by who was told."""
    under_way: Map[tuple[int, str], int] = Map()
    """The attempt that has begun and not ended, by event and who is told."""
    untold: Map[tuple[int, str], Untold] = Map()
    """What failed, by event and who was to be told; what was delivered after all is not there any more."""
    withheld: int = 0
    """Notifications that a rehearsal did not send."""

    @property
    def given_up(self) -> tuple[Untold, ...]:
        """What is not tried again, the oldest first."""
        return tuple(sorted((one for one in self.untold.values() if not one.again), key=lambda one: one.about))


def concerns_notices(data: Data) -> bool:
    """Whether an event says something of notifications."""
    return type(data) in _CHANGES


def noticed(notices: Notices, event: Event) -> Notices:
    """How they fared, after `event`."""
    return _CHANGES[type(event.data)](notices, event, event.data)


def _begun(notices: Notices, _: Event, data: ev.NoticeBegun) -> Notices:
    return _replace(notices, under_way=notices.under_way.set((data.about, data.to), data.attempt))


def _delivered(notices: Notices, event: Event, data: ev.NoticeDelivered) -> Notices:
    key = (data.about, data.to)
    return _replace(
        notices,
        delivered=notices.delivered.set(data.to, notices.delivered.get(data.to, 0) + 1),
        latest=notices.latest.set(data.to, event.at),
        under_way=_without(notices.under_way, key),
        untold=_without(notices.untold, key),
    )


def _failed(notices: Notices, event: Event, data: ev.NoticeFailed) -> Notices:
    key = (data.about, data.to)
    untold = Untold(data.about, data.to, data.reason, event.at, data.doubt, data.again)
    return _replace(notices, under_way=_without(notices.under_way, key), untold=notices.untold.set(key, untold))


def _withheld(notices: Notices, _: Event, data: ev.NoticeWithheld) -> Notices:
    return _replace(notices, withheld=notices.withheld + len(data.to))


def _without(of: Map[tuple[int, str], Any], key: tuple[int, str]) -> Map[tuple[int, str], Any]:
    return of.delete(key) if key in of else of


_CHANGES: dict[type[Data], Callable[[Notices, Event, Any], Notices]] = {
    ev.NoticeBegun: _begun,
    ev.NoticeDelivered: _delivered,
    ev.NoticeFailed: _failed,
    ev.NoticeWithheld: _withheld,
}
