"""What tests of measurements are made of."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.checklist.model import Variable
from cockpit.connect.values import Values
from cockpit.journal.event import CheckMeasured

Measure = Callable[..., CheckMeasured]
"""The fixture `measured`."""


def no_values() -> Values:
    """Values of a checklist without variables."""
    return Values([], {})


def secret(value: str, name: str = "secret") -> Values:
    """Values with one secret."""
    return Values([Variable(name, secret=True, is_set=True, env="A_SECRET")], {"A_SECRET": value})


def ended_in_time(found: CheckMeasured, limit: float) -> bool:
    """Whether a measurement kept its limit, as nearly as a machine that does other work beside can show.

    Overshoot is some 10 to 60 ms on a quiet one; what ignores its limit takes seconds.
    """
    return found.took < limit + 1.5
