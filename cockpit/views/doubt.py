"""A step in doubt: what is known of it, and the two answers."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.way import Current
from cockpit.views.detail import Entry
from cockpit.views.moment import Moment
from cockpit.views.printed import printed_entries
from cockpit.views.shown_by import shown_by

_PRINTED = 3


def doubt_entries(here: Current, now: Moment) -> Iterator[Entry]:
    """What ran, why its end is not known, whether it runs yet, what the probe says; then the answers."""
    step, doing = here.step, here.doing
    yield Entry(
        "DOUBT", "IN DOUBT: it was begun, and its end is not known; nothing goes on until you say what happened", "bad"
    )
    yield Entry("why", doing.summary or "no word of its end", "bad")
    action = (step.undo.action if step.undo is not None else None) if here.undo else step.action
    yield Entry("ran", doing.action or now.exact(action))
    yield Entry("where", ", ".join(doing.hosts) or "this machine")
    alive = now.printed(step.id, doing, undo=here.undo).alive
    if alive is None:
        yield Entry("process", "it is not known from here whether it runs", "dim")
    else:
        words = "IT STILL RUNS: wait for its end" if alive else "it does not run any more"
        yield Entry("process", words, "warn" if alive else "")
    if step.probe and not here.undo:
        yield from shown_by("probe", (step.probe,), now, since=doing.begun, findings=True)
    else:
        yield Entry("probe", "the plan has none: look for yourself", "dim")
    yield from printed_entries(step.id, doing, now, _PRINTED, undo=here.undo)
    yield Entry("answers", "D  yes, it happened: it is verified, and goes on", "strong")
    yield Entry("", "D  no, it did not: it counts as failed; retry, skip, roll back", "strong")
