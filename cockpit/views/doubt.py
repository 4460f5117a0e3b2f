"""A step in doubt: what is known of it, and the two answers."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.doubt import probed
from cockpit.run.way import Current
from cockpit.views.detail import Entry
from cockpit.views.line import Look
from cockpit.views.moment import Moment
from cockpit.views.printed import printed_entries
from cockpit.views.shown_by import shown_by

_PRINTED = 3

RUNS = {
    True: "SOMETHING OF IT STILL RUNS: wait for its end",
    False: "nothing of it runs here any more",
    None: "it is not known from here whether it runs",
}
"""Whether the process of an action runs, in words."""

_PROBE_LOOKS: dict[str, Look] = {"PASS": "good", "WARN": "good", "FAIL": "bad"}

_LOOKS: dict[bool | None, Look] = {True: "warn", False: "", None: "dim"}


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
    yield Entry("process", RUNS[alive], _LOOKS[alive])
    probe = probed(now.state, here)
    yield Entry("probe", str(probe), _PROBE_LOOKS.get(probe.result, "warn" if probe.item else "dim"))
    if probe.item:
        yield from shown_by("", (probe.item,), now, since=doing.since, findings=True)
    yield from printed_entries(step.id, doing, now, _PRINTED, undo=here.undo)
    yield Entry("answers", "D  yes, it happened: it is verified, and goes on", "strong")
    yield Entry("", "D  no, it did not: it counts as failed; retry, skip, roll back", "strong")
