"""`cockpit replay`: a run played back from its journal alone."""

from __future__ import annotations

import argparse
import datetime as dt

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.engine.replayed import ReplayedRun


def replay(args: argparse.Namespace) -> int:
    """Play a run back on the screen; with `--plain`, or without a terminal, tell it line by line."""
    from cockpit.cli.looking import has_screen
    from cockpit.cli.record import events_of, journal_path

    events, damage = events_of(journal_path(args.record))
    run = ReplayedRun(events)
    run.set_speed(args.speed)
    if args.at:
        run.go_to(_place(args.at, run))
    if args.plain or not has_screen():
        status = _tell(run)
    else:
        from cockpit.screens.app import show_replay

        status = show_replay(run, theme=args.theme)
    if damage is not None:
        output.say(f"only what stands before the damage was played: {damage}")
        return Exit.NO
    return status


def _place(text: str, run: ReplayedRun) -> int | dt.datetime:
    """A number of an event, a time of day (of the day the run was opened, local), or a date and time."""
    if text.isdecimal():
        return int(text)
    opened = run.tape.events[0].at.astimezone()
    try:
        if "-" in text:
            return dt.datetime.fromisoformat(text).astimezone()
        at = dt.datetime.combine(opened.date(), dt.time.fromisoformat(text)).astimezone()
    except ValueError:
        raise Ended(
            Exit.WRONG, f"--at {text!r} is neither a time (22:15, 2026-12-01T22:15) nor an event's number"
        ) from None
    return at if at >= opened.replace(second=0, microsecond=0) else at + dt.timedelta(days=1)


def _tell(run: ReplayedRun) -> int:
    """Every event from the beginning to the place asked for, or to the end, and where the run stood then."""
    from cockpit.views.header import header
    from cockpit.views.line import text_of
    from cockpit.views.moment import moment
    from cockpit.views.signs import ASCII
    from cockpit.views.timeline import tell, titles, told_line

    if run.position == 0:
        run.go_to(run.tape.last)
    now = moment(run, glyphs=ASCII, replay=run)
    names = titles(now)
    for event in run.events:
        print(text_of(told_line(tell(event, names, None), now)).rstrip())
    for line in header(now, 100):
        output.say(text_of(line).rstrip())
    return Exit.GOOD
