"""Who is told of what happens, and how that went."""

from __future__ import annotations

from cockpit.checklist.model import Addressee
from cockpit.views.ages import clock
from cockpit.views.line import Line, apart, line, pad
from cockpit.views.moment import Moment
from cockpit.views.words import one_line

_LABEL = 9
_NAME, _SERVICE = 24, 13


def found_addressees(now: Moment, words: str) -> list[Addressee]:
    """Those that a filter finds: every word in the name, the service or what they are told of."""
    asked = words.casefold().split()
    texts = {
        told.id: f"{told.id} {told.service} {' '.join(told.on)} told".casefold() for told in now.state.document.notify
    }
    return [told for told in now.state.document.notify if all(word in texts[told.id] for word in asked)]


def addressee_row(told: Addressee, now: Moment, cells: int) -> Line:
    """One of them: name, service, how it went."""
    left = line(f" {pad(told.id, _NAME, now.glyphs.mark)} ", (pad(told.service, _SERVICE), "dim"), _how(told, now))
    return apart(left, (), cells, now.glyphs.mark)


def addressee_lines(told: Addressee, now: Moment) -> list[Line]:
    """Everything about one of them."""
    lines = [
        line((f" {told.id}", "strong"), (f"  {told.service}", "dim")),
        line((f"   {pad('told of', _LABEL)}", "dim"), ", ".join(told.on)),
        line((f"   {pad('how', _LABEL)}", "dim"), _how(told, now)),
    ]
    for one in sorted(now.state.notices.untold.values(), key=lambda one: one.about):
        if one.to == told.id:
            word = "tried again" if one.again else ("may have arrived" if one.doubt else "not delivered")
            said = f"event {one.about} at {clock(one.at, now.zone, now.now)}: {word}, {one_line(one.reason)}"
            lines.append(line((f"   {pad('', _LABEL)}", "dim"), (said, "warn" if one.again else "bad")))
    return lines


def _how(told: Addressee, now: Moment) -> str:
    if now.state.run_kind != "live":
        return f"not told: a {now.state.run_kind}"
    notices = now.state.notices
    latest = notices.latest.get(told.id)
    if latest is None:
        return "nothing delivered yet"
    return f"{notices.delivered.get(told.id, 0)} delivered, the last at {clock(latest, now.zone, now.now)}"
