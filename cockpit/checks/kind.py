"""What a kind of check is.

A kind is one file in this folder: a model of what it needs to know, a measurement, and the fields that conditions may
use, each documented. Lint, the JSON Schema, `cockpit kinds` and the docs follow from it. Others add kinds through the
entry point group `cockpit.checks`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cockpit.checklist.kinds import DocumentedKind


@dataclass(frozen=True)
class Reading:
    """What one try found."""

    values: Mapping[str, Any]
    """A value for each field of the kind that could be found; those that are missing fail their conditions."""
    summary: str
    """One line for the list: `200 in 18 ms`."""
    evidence: str = ""
    """What came back, for the detail; capped and made safe by the caller."""
    figure: float | None = None
    """The number to plot."""
    shown: Mapping[str, Any] | None = None
    """`values` as they may be shown, when some may not: conditions are decided on the one, explained with the other."""
    cut: bool = False
    """`evidence` ends before its time, perhaps within a secret: its end is not shown."""


class Unmeasurable(Exception):
    """It could not be measured: ERROR. The message says what failed in words of the field."""


class Closable(Protocol):
    """What a session can keep."""

    async def close(self) -> None:
        """Called once, at the end."""


@dataclass
class Session:
    """What measurements of one engine (or one `cockpit check`) share: connections that are kept.

    A kind keeps what it likes under its own key, and registers how to close it.
    """

    kept: dict[str, Any] = field(default_factory=dict)
    closing: list[Any] = field(default_factory=list)
    """Async callables, called once at the end."""

    def keep(self, key: str, make: Callable[[], Closable]) -> Any:
        """What is kept under `key`; made first, and closed at the end, when there is nothing yet."""
        if key not in self.kept:
            self.kept[key] = made = make()
            self.closing.append(made.close)
        return self.kept[key]

    async def close(self) -> None:
        """Close all that was kept; what hangs is left behind after two seconds."""
        for close in reversed(self.closing):
            try:
                async with asyncio.timeout(2):
                    await close()
            except Exception:  # noqa: BLE001, S112 - at the end nothing may keep us from closing the rest
                continue


class Kind(DocumentedKind, Protocol):
    """A kind of check: what a checklist needs to know of it, and how to measure.

    It may also have `imports`, the names of heavy modules that `read` uses: they are imported before the first
    measurement and outside of its time limit, so that nobody else pays for them and no server is blamed for them.
    """

    def request(self, spec: Any) -> str:
        """What will be asked, in one line: `GET http://127.0.0.1:8080/health`. Secrets are hidden by the caller."""
        ...

    async def read(self, spec: Any, session: Session, timeout: float) -> Reading:
        """Measure once. Raises Unmeasurable; the caller also enforces `timeout` (seconds)."""
        ...
