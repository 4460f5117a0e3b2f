"""What a kind of action is.

A kind is one file in this folder: a model of what it needs to know, a sentence that shows exactly what it will do, and
how it is done. It is carried out by a runner, a process of its own, which outlives the engine that started it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from cockpit.checklist.actions import DocumentedAction
from cockpit.connect.route import Route


@dataclass(frozen=True)
class Outcome:
    """How an action ended."""

    done: bool
    """It did what it was to do."""
    summary: str
    """One line: `exit status 0 after 2.1 s`, `connection refused by 10.0.0.5:22`."""
    status: int | None = None
    """Exit status, or status of an answer; None where there is none."""
    unknown: bool = False
    """It was cut off, and may or may not have happened: the step is in doubt."""
    nothing: bool = False
    """It failed before anything was done: nothing has to be undone."""


Print = Callable[[bytes], None]
"""Takes what an action prints, as it comes."""


class ActionKind(DocumentedAction, Protocol):
    """A kind of action: what a plan needs to know of it, and how it is carried out."""

    def request(self, spec: Any) -> str:
        """Exactly what will be done, as it is shown before it is done. Secrets are hidden by the caller."""
        ...

    async def carry_out(self, spec: Any, route: Route, output: Print, timeout: float) -> Outcome:
        """Do it once, over `route`, within `timeout` seconds. What it prints goes to `output` as it comes.

        Raises Unreachable when it could not be begun: then nothing has happened.
        """
        ...
