"""Times, lengths and sentences as every format for people has them."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.report.story.model import Failure, ItemStory, Outcome, Said, Story

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

NONE = "\u2013"
"""Stands where there is nothing to tell: a dash."""

KINDS = {
    "live": "",
    "rehearsal": "Rehearsal: what changes production was shown, or replaced by a stand-in, and not done.",
    "drill": "Drill: a rehearsal with faults put in. What changes production was not done.",
}
"""What a reader has to know of the kind of run; nothing of a live one."""


@dataclass(frozen=True)
class Clock:
    """Writes times in the zone of the plan: the time of day, with the date when it is another day than `day`."""

    zone: dt.tzinfo
    day: dt.date

    @classmethod
    def of(cls, story: Story) -> Clock:
        """The clock of a run; UTC when this machine does not know the plan's zone."""
        try:
            zone: dt.tzinfo = zoneinfo.ZoneInfo(story.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            zone = dt.UTC
        return cls(zone, story.opened.astimezone(zone).date())

    def __call__(self, at: dt.datetime | None, *, seconds: bool = True) -> str:
        """`22:04:31`, or `2026-11-25 00:12:03`; a dash for no time."""
        if at is None:
            return NONE
        local = at.astimezone(self.zone)
        time = local.strftime("%H:%M:%S" if seconds else "%H:%M")
        return time if local.date() == self.day else f"{local:%Y-%m-%d} {time}"

    def date(self, at: dt.datetime) -> str:
        """`24 November 2026, 22:04 UTC`."""
        local = at.astimezone(self.zone)
        return f"{local.day} {local:%B %Y, %H:%M %Z}"

    @property
    def name(self) -> str:
        """What the zone is called."""
        return str(self.zone)


def span(seconds: float | None) -> str:
    """A length of time in its two largest units: `1 h 02 min`, `4 min 12 s`, `12 s`, `0.4 s`; a dash for none."""
    if seconds is None:
        return NONE
    if seconds < 0:
        return "-" + span(-seconds)
    if seconds < 10:
        return f"{seconds:.1f} s" if round(seconds, 1) % 1 else f"{round(seconds)} s"
    whole = round(seconds)
    for size, unit, below, smaller in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {unit} {rest:02} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def lateness(seconds: float | None) -> str:
    """`on time`, `4 min 12 s late`, `20 s early`; a dash when nothing was planned."""
    if seconds is None:
        return NONE
    if abs(seconds) < 1:
        return "on time"
    return f"{span(abs(seconds))} {'late' if seconds > 0 else 'early'}"


def figure(value: float | None, unit: str = "") -> str:
    """A number as people read it, a length of time in its unit."""
    if value is None:
        return NONE
    if unit == "s":
        return f"{value * 1000:.3g} ms" if 0 < abs(value) < 1 else f"{value:.4g} s"
    return f"{value:.4g}"


def plural(count: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def verdict_line(outcome: Outcome) -> str:
    """The verdict with its asterisks, on one line, marked when it is not final."""
    words = outcome.headline + ("" if outcome.final else " so far")
    if not outcome.good:
        words += ": " + ", ".join(outcome.blockers)
    if outcome.asterisks:
        words += f"{', with' if outcome.good else '; with'} {', '.join(outcome.asterisks)}"
    return words


def name_line(story: Story) -> str:
    """What was released where: `Trading Bot 2.4.0 in production`."""
    release = f" {story.release}" if story.release else ""
    return story.checklist + release + (f" in {story.environment}" if story.environment else "")


def found_line(item: ItemStory) -> str:
    """What is known of an item: what was measured, what was said."""
    words = []
    if item.measured is not None and item.established not in ("waived", "not applicable"):
        flaky = " (only after a retry)" if item.measured.flaky else ""
        words.append(item.measured.summary + flaky)
    if item.said is not None:
        wrong = "" if item.said.holds else " (not what is expected)"
        words.append(item.said.value + wrong)
    return "; ".join(word for word in words if word) or item.excluded


def source_line(item: ItemStory, clock: Clock) -> str:
    """Who or what says so, and when: `measured 22:04:31`, `ada on pts/3 from 10.0.0.7, 22:05:10`."""
    words = []
    if item.measured is not None and item.established not in ("waived", "not applicable"):
        words.append(f"{item.measured.kind or 'measured'}, {clock(item.measured.at)}")
    if item.said is not None:
        words.append(said_line(item.said, clock))
    return "; ".join(words)


def said_line(said: Said, clock: Clock) -> str:
    """Who said it, from where, and when."""
    where = f" {said.by.where}" if said.by.where else ""
    what = "" if said.what == "confirmed" else f"{said.what} by "
    until = f", until {clock(said.expires)}" if said.expires is not None else ""
    return f"{what}{said.by}{where}, {clock(said.at)}{until}"


def lasting_first(failures: Iterable[Failure]) -> list[Failure]:
    """What is not over first, then what is, each in the order in which it began."""
    return sorted(failures, key=lambda each: bool(each.resolved))


def proof_line(story: Story) -> str:
    """Whether the record can be relied on."""
    proof = story.proof
    if proof.damage:
        return f"DAMAGED: only the first {plural(proof.events, 'event')} can be relied on"
    return f"the chain holds over {plural(proof.events, 'event')}"
