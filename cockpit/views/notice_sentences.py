"""How people were told, a sentence for each kind of event."""

from __future__ import annotations

from cockpit.journal import event as ev
from cockpit.views.ages import duration
from cockpit.views.plan_sentences import Sentence, Tell
from cockpit.views.words import one_line


def _begun(data: ev.NoticeBegun, _: str) -> Sentence:
    again = f", attempt {data.attempt}" if data.attempt > 1 else ""
    words = f": {one_line(data.words)}" if data.words else ""
    return f"tells {data.to} of event {data.about}{again}{words}", "dim"


def _delivered(data: ev.NoticeDelivered, _: str) -> Sentence:
    return f"{data.to} was told of event {data.about} after {duration(data.took)}", "dim"


def _failed(data: ev.NoticeFailed, _: str) -> Sentence:
    if data.doubt:
        return f"whether {data.to} was told of event {data.about} is not known: {one_line(data.reason)}", "warn"
    more = "; it is tried again" if data.again else ""
    return f"{data.to} was not told of event {data.about}: {one_line(data.reason)}{more}", "warn" if more else "bad"


def _withheld(data: ev.NoticeWithheld, _: str) -> Sentence:
    return f"would have told {', '.join(data.to)}: {one_line(data.words)}", "dim"


NOTICE_SENTENCES: dict[type[ev.Data], Tell] = {
    ev.NoticeBegun: _begun,
    ev.NoticeDelivered: _delivered,
    ev.NoticeFailed: _failed,
    ev.NoticeWithheld: _withheld,
}
