"""Whether this very plan was rehearsed: when, by whom, and how that ended."""

from __future__ import annotations

from cockpit.run.way import plan_of
from cockpit.views.ages import clock
from cockpit.views.detail import Entry
from cockpit.views.moment import Moment
from cockpit.views.words import one_line


def rehearsed_entry(now: Moment) -> Entry | None:
    """The last rehearsal, or that there was none, and what that means; None where nobody asks: the run is not live."""
    state = now.state
    if state.run_kind != "live" or not plan_of(state).steps:
        return None
    if state.rehearsed:
        last = state.rehearsed[0]
        more = f" (and {len(state.rehearsed) - 1} more)" if len(state.rehearsed) > 1 else ""
        at = clock(last.at, now.zone, now.now)
        return Entry("plan", f"rehearsed {at} by {last.by}, {last.run_kind}: {one_line(last.verdict)}{more}", "dim")
    if state.rehearsals:
        return Entry("plan", f"rehearsed in {', '.join(state.rehearsals[:3])}", "dim")
    if state.unrehearsed is not None:
        waived = state.unrehearsed
        return Entry("plan", f"NOT rehearsed, and waived by {waived.by.user}: {one_line(waived.reason)}", "warn")
    if plan_of(state).rehearsed:
        return Entry("plan", "NOT rehearsed, and it demands to be: rehearse it, or waive that with a reason (W)", "bad")
    return Entry("plan", "this very plan was not rehearsed", "warn")
