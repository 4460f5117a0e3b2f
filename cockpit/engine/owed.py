"""Which notifications an engine that takes a run up still owes, and which are in doubt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cockpit.checklist.model import Addressee
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.run.state import State
from cockpit.views.notice import Notice, notice_of, wants


class Owed(NamedTuple):
    """A notification that somebody is to get."""

    about: Event
    notice: Notice
    to: Addressee
    attempts: int = 0
    """How many were made, each of which certainly did not arrive."""
    doubt: bool = False
    """An attempt was begun, and its end is not known."""


def due(event: Event, state: State) -> Iterator[Owed]:
    """Who is to be told of `event`; `state` is the one after it."""
    if not state.document.notify:
        return
    notice = notice_of(event, state)
    if notice is not None:
        yield from (Owed(event, notice, to) for to in state.document.notify if wants(to, notice))


def owed(events: Iterable[Event], state: State) -> list[Owed]:
    """What is due of all of `events` and was neither delivered, nor given up, nor withheld; `state` is the last one."""
    open_: dict[tuple[int, str], Owed] = {}
    for event in events:
        data = event.data
        match data:
            case ev.NoticeBegun():
                _change(open_, data.about, data.to, doubt=True, attempts=data.attempt)
            case ev.NoticeFailed(again=True):
                _change(open_, data.about, data.to, doubt=False, attempts=data.attempt)
            case ev.NoticeDelivered() | ev.NoticeFailed():
                open_.pop((data.about, data.to), None)
            case ev.NoticeWithheld():
                for to in data.to:
                    open_.pop((data.about, to), None)
            case _:
                open_.update({(event.seq, each.to.id): each for each in due(event, state)})
    return list(open_.values())


def _change(open_: dict[tuple[int, str], Owed], about: int, to: str, *, doubt: bool, attempts: int) -> None:
    known = open_.get((about, to))
    if known is not None:
        open_[about, to] = known._replace(doubt=doubt, attempts=attempts)
