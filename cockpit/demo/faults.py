"""The fault switch of a back end: what a captain practises on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Faults:
    """What is wrong with a back end on purpose."""

    slow_ms: float = 0.0
    """Milliseconds that each answer takes longer."""
    fail_rate: float = 0.0
    """Share of API requests that are answered 500, from 0 to 1."""
    down: bool = False
    """Everything is answered 503."""


class FaultSwitch:
    """Holds the faults of a running back end, and says which request is to fail."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._due = 0.0
        self._lock = threading.Lock()

    @property
    def faults(self) -> Faults:
        """What is wrong at the moment."""
        return self._faults

    def put_in(self, wanted: Mapping[str, Any]) -> Faults:
        """Change the faults that `wanted` names. Raises ValueError for a name or a value that is none."""
        faults = replace(self._faults, **_checked(wanted))
        with self._lock:
            self._faults = faults
            self._due = 0.0
        return faults

    def mend(self) -> Faults:
        """Take all faults out."""
        return self.put_in(asdict(Faults()))

    def fails(self) -> bool:
        """Whether the next API request is to fail: spread evenly, so that a rate of 0.25 is every fourth."""
        with self._lock:
            self._due += self._faults.fail_rate
            if self._due < 1:
                return False
            self._due -= 1
            return True


_MOST = {"slow_ms": 60_000, "fail_rate": 1}


def _checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "down" and isinstance(value, bool):
            checked[name] = value
        elif name in _MOST and _is_number(value) and 0 <= value <= _MOST[name]:
            checked[name] = float(value)
        else:
            there_are = "slow_ms (0 to 60000), fail_rate (0 to 1), down (true, false)"
            raise ValueError(f"no such fault: {name}={value!r}; there are {there_are}")
    return checked


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
