"""What is known of an action in doubt: what the plan names to measure, and what that says. Pure."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.run.procedure import Doing
from cockpit.run.state import Measurement, State
from cockpit.run.way import Current

_SAYS = {
    "PASS": "it happened",
    "WARN": "it happened",
    "FAIL": "it did not happen",
}


class Probed(msgspec.Struct, frozen=True):
    """What the probe of a step in doubt says."""

    item: str
    """The check that is its probe; empty: the plan names none."""
    measurement: Measurement | None = None
    """Its measurement since the doubt; None until there is one."""

    @property
    def result(self) -> str:
        """`PASS`, `FAIL`, ...; empty until it was measured."""
        return self.measurement.result.result if self.measurement is not None else ""

    def __str__(self) -> str:
        """In words: `the probe says it happened: PASS, colour is green`."""
        if not self.item:
            return "the plan has no probe for it: look for yourself"
        if self.measurement is None:
            return "the probe has not been measured yet"
        found = self.measurement.result
        summary = f", {found.summary}" if found.summary else ""
        says = _SAYS.get(found.result)
        if says is None:
            return f"the probe cannot tell: {found.result}{summary}"
        return f"the probe says {says}: {found.result}{summary}"


def probed(state: State, here: Current) -> Probed:
    """What the probe says of an action in doubt. A probe is of a step, and tells nothing of its compensation."""
    name = "" if here.undo else here.step.probe
    known = state.item(name).measurement if name else None
    return Probed(name, known if known is not None and shows(known, here.doing) else None)


def shows(measurement: Measurement, doing: Doing) -> bool:
    """Whether it was begun after the action ended, or came into doubt: one under way then shows nothing of it.

    The order is that of events; the time tells how long the measurement was under way.
    """
    begun = measurement.at - dt.timedelta(seconds=measurement.result.took)
    return measurement.seen_seq > doing.ended_seq and begun > doing.since
