"""Watches that did what they must not do, and the time that is left to veto what they ask for."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.procedure import Fired
from cockpit.views.ages import clock, countdown
from cockpit.views.line import Line, Look, line
from cockpit.views.moment import Moment
from cockpit.views.words import one_line


def pending(now: Moment) -> list[tuple[str, Fired]]:
    """What was fired and waits to be done, the most urgent first."""
    waiting = [
        (item, fired) for item, fired in now.state.procedure.fired.items() if not fired.taken and not fired.vetoed
    ]
    return sorted(waiting, key=lambda each: (each[1].due is None, each[1].due or each[1].at))


def alarm(now: Moment) -> Line:
    """The most urgent of them for the head of the screen; empty when there is none."""
    waiting = pending(now)
    if not waiting:
        return ()
    item, fired = waiting[0]
    more = f" (+{len(waiting) - 1})" if len(waiting) > 1 else ""
    return line((f" {item} {fired.criterion}: {fired.action.upper()} {_when(fired, now)}{more}, V vetoes ", "alarm"))


def advice(now: Moment) -> Line:
    """What was fired, asks for nothing that can be vetoed, and is still bad; empty when there is nothing."""
    for item, fired in now.state.procedure.fired.items():
        measured = now.state.item(item).measurement
        asks = fired.would or fired.action == "advise"
        if asks and measured is not None and measured.result.result not in ("PASS", "WARN"):
            told = f"would have asked for {fired.action.upper()}" if fired.would else "hold or roll back is ADVISED"
            return line((f" {item} {fired.criterion}: {told} ", "alarm"))
    return ()


def fired_lines(now: Moment) -> Iterator[Line]:
    """A row for each watch that fired."""
    for item, fired in now.state.procedure.fired.items():
        told, look = _told(fired, now)
        yield line(
            (f" {clock(fired.at, now.zone, seconds=True)} ", "dim"),
            (f"{item}: {fired.criterion} bad", "bad"),
            "  ",
            (told, look),
        )


def _told(fired: Fired, now: Moment) -> tuple[str, Look]:
    if fired.would:
        return f"would have asked for {fired.action}", "accent"
    if fired.vetoed:
        return f"{fired.action} vetoed: {one_line(fired.vetoed)}", "warn"
    if fired.action == "advise":
        return "advises to hold or roll back", "warn"
    if fired.taken:
        return f"{fired.action}: done", "warn"
    return f"{fired.action.upper()} {_when(fired, now)} unless vetoed (V)", "bad"


def _when(fired: Fired, now: Moment) -> str:
    left = (fired.due - now.now).total_seconds() if fired.due is not None else 0.0
    if left <= 0 and now.state.hold is not None:
        return "when the hold is released"
    return f"in {countdown(left)}"
