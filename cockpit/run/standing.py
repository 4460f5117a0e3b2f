"""How an item stands, and how the whole does: from the state and the time."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable

import msgspec

from cockpit.checklist.model import Branch, Check, Item
from cockpit.journal import event as ev
from cockpit.run.outcome import of_quick_commands_asterisks, of_the_plan_asterisks, of_the_plan_blockers
from cockpit.run.state import ItemState, State


class Standing(enum.StrEnum):
    """How an item stands."""

    OPEN = "open"
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    BLOCKED = "blocked"
    STALE = "stale"
    WAIVED = "waived"
    RULED_OUT = "n/a"
    EXCLUDED = "not counted"

    @classmethod
    def _missing_(cls, value: object) -> Standing:  # noqa: ARG003 - as the library has it
        """What a result means that this Cockpit does not know, of a journal of another one: nothing to rely on."""
        return cls.ERROR

    @property
    def settled(self) -> bool:
        """Nothing is left to do on it."""
        return self in _SETTLED

    @property
    def bad(self) -> bool:
        """It needs somebody's attention now."""
        return self in (Standing.FAIL, Standing.ERROR, Standing.STALE, Standing.BLOCKED)


_SETTLED = frozenset({Standing.PASS, Standing.WARN, Standing.WAIVED, Standing.RULED_OUT, Standing.EXCLUDED})
_WORST_FIRST = (Standing.FAIL, Standing.ERROR, Standing.STALE, Standing.BLOCKED, Standing.OPEN, Standing.WARN)


def standing(item: Item, known: ItemState, now: dt.datetime) -> Standing:
    """How `item` stands at `now`.

    A word that waives or rules out comes first, while it lasts. An item with a check stands as the check does; one
    that needs both stands as the worse of the two.
    """
    if item.excluded:
        return Standing.EXCLUDED
    said = known.word.said if known.word else None
    if isinstance(said, ev.ItemRuledOut):
        return Standing.RULED_OUT
    if isinstance(said, ev.ItemWaived) and (said.expires is None or now < said.expires):
        return Standing.WAIVED
    if item.check is None:
        return _confirmed(known)
    measured = measured_standing(item.check, known, now)
    if item.mode != "both":
        return measured
    return min(measured, _confirmed(known), key=_badness)


def measured_standing(check: Check, known: ItemState, now: dt.datetime) -> Standing:
    """How a check stands at `now`, whatever people said. One whose end is in doubt could not be measured."""
    measurement = known.measurement
    if known.asked is not None and known.asked.lost:
        return Standing.ERROR
    if measurement is None:
        return Standing.OPEN
    if check.max_age and (now - measurement.at).total_seconds() > check.max_age:
        return Standing.STALE
    return Standing(measurement.result.result.lower())


class Tally(msgspec.Struct, frozen=True):
    """How many items stand how. `total` leaves out what does not count in this run."""

    total: int = 0
    settled: int = 0
    counts: dict[Standing, int] = {}
    blocking: dict[Standing, int] = {}
    """Of those, how many keep the verdict from being good."""
    flaky: int = 0
    advisory_bad: int = 0
    """Advisory items that are not good: they block nothing, and are told apart."""
    optional_open: int = 0
    """Optional items that are open: they block nothing."""

    def __getitem__(self, which: Standing) -> int:
        """How many stand like that."""
        return self.counts.get(which, 0)


def tally(items: Iterable[Item], state: State, now: dt.datetime) -> Tally:
    """Count how `items` stand at `now`."""
    counts: dict[Standing, int] = {}
    blocking: dict[Standing, int] = {}
    settled = flaky = advisory_bad = optional_open = 0
    for item in items:
        known = state.item(item.id)
        stands = standing(item, known, now)
        counts[stands] = counts.get(stands, 0) + 1
        if stands is Standing.EXCLUDED:
            continue
        if stands.settled:
            settled += 1
            flaky += stands is Standing.PASS and known.measurement is not None and known.measurement.result.flaky
        elif item.check is not None and item.check.advisory:
            advisory_bad += 1
        elif stands is Standing.OPEN and not item.required:
            optional_open += 1
        else:
            blocking[stands] = blocking.get(stands, 0) + 1
    total = sum(counts.values()) - counts.get(Standing.EXCLUDED, 0)
    return Tally(total, settled, counts, blocking, flaky, advisory_bad, optional_open)


def group_standing(group: Branch, state: State, now: dt.datetime) -> Standing:
    """How a heading stands: it follows from its items, the worst one first."""
    counted = tally(group.items(), state, now)
    if not counted.total:
        return Standing.EXCLUDED
    for which in _WORST_FIRST:
        if counted[which]:
            return which
    if counted[Standing.RULED_OUT] == counted.total:
        return Standing.RULED_OUT
    return Standing.WAIVED if counted[Standing.WAIVED] else Standing.PASS


class Verdict(msgspec.Struct, frozen=True):
    """What the run comes to: good or not, and what keeps it from being plain."""

    good: bool
    asterisks: tuple[str, ...] = ()
    """What was waived, flaky, warned or not applicable, in words: green with any of these is not plain green."""
    blockers: tuple[str, ...] = ()
    """What keeps it from being good, in words, counted."""

    def __str__(self) -> str:
        """One line, as it is recorded."""
        if not self.good:
            return "NOT GOOD: " + ", ".join(self.blockers)
        return "GOOD" + (f", with {', '.join(self.asterisks)}" if self.asterisks else "")


def verdict(state: State, now: dt.datetime) -> Verdict:
    """What the run comes to at `now`."""
    counted = tally(state.document.items(), state, now)
    blockers = [f"{counted.blocking[which]} {which.value}" for which in _WORST_FIRST if which in counted.blocking]
    held = state.hold is not None
    if held:
        blockers.append("in hold")
    blockers += of_the_plan_blockers(state)
    asterisks = [
        words
        for count, words in (
            (counted[Standing.WAIVED], f"{counted[Standing.WAIVED]} waived"),
            (counted[Standing.WARN], f"{counted[Standing.WARN]} warned"),
            (counted.flaky, f"{counted.flaky} flaky"),
            (counted.advisory_bad, f"{counted.advisory_bad} advisory not good"),
            (counted.optional_open, f"{counted.optional_open} optional open"),
            (counted[Standing.RULED_OUT], f"{counted[Standing.RULED_OUT]} not applicable"),
        )
        if count
    ]
    asterisks += [*of_the_plan_asterisks(state), *of_quick_commands_asterisks(state)]
    good = not blockers
    return Verdict(good, tuple(asterisks), () if good else tuple(blockers))


def _confirmed(known: ItemState) -> Standing:
    word = known.word
    if word is None or not isinstance(word.said, ev.ItemConfirmed):
        return Standing.OPEN
    return Standing.PASS if word.said.holds else Standing.FAIL


def _badness(which: Standing) -> int:
    return _WORST_FIRST.index(which) if which in _WORST_FIRST else len(_WORST_FIRST)
