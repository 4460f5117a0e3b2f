"""If we turned back now, in words: on the board of steps, on the way back, in the head before the moment passes."""

from __future__ import annotations

from cockpit.run.turning_back import TurningBack, turning_back
from cockpit.views.ages import clock, countdown
from cockpit.views.line import Line, line
from cockpit.views.moment import Moment
from cockpit.views.words import plural


def turning_words(now: Moment) -> str:
    """`way back 3 parts, 04:30, by 23:12`, 23:12 being the last moment to turn back; empty when nothing was done."""
    back = turning_back(now.state, now.now)
    if back is None:
        return ""
    cannot = f", {len(back.cannot)} cannot be undone" if back.cannot else ""
    if not back.parts:
        return f"no way back{cannot}"
    return f"way back {plural(back.parts, 'part')}{_takes(back)}{_by(back, now)}{cannot}"


def turning_warning(now: Moment) -> Line:
    """The last moment to turn back, when it is near; empty when it is not."""
    back = turning_back(now.state, now.now)
    if back is None or not (back.near or back.missed) or back.latest is None or back.end is None:
        return ()
    end = clock(back.end, now.zone, now.now)
    if back.missed:
        return line((f" TURNING BACK takes {_at_least(back)}: not within the window, until {end} ", "alarm"))
    latest = clock(back.latest, now.zone, now.now, seconds=True)
    return line((f" TURN BACK BY {latest} to be done by {end} ", "hold"))


def _takes(back: TurningBack) -> str:
    return f", {_at_least(back)}" if back.seconds else ", time not known"


def _at_least(back: TurningBack) -> str:
    return ("at least " if back.unknown else "") + countdown(back.seconds)


def _by(back: TurningBack, now: Moment) -> str:
    if back.latest is None:
        return ""
    if back.missed:
        return ", TOO LONG"
    return f", by {clock(back.latest, now.zone, now.now)}" if back.seconds else ""
