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
